//! F6: how a command is spelled changes nothing of what the policy says about it.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use stockade::{
    command::{ResolvedCommand, ResolvedProgram, ResolvedScript, Script, Word, canonical, parse},
    model::{
        ids::ExecId,
        request::{Principal, Request, Via},
    },
    policy::{self, Decision, PolicySet},
};

use super::spelling::{Choices, literal_command, spell};

static POLICY: LazyLock<Arc<PolicySet>> = LazyLock::new(|| {
    let source = policy::shipped("developer").expect("it comes with the program");
    Arc::new(policy::compile(&[source]).0.expect("it compiles"))
});

/// Asserts that two spellings of a literal command are one command to the policy.
pub fn one_verdict(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let command = literal_command(&mut choices);
    let [first, second] = [spell(&command, &mut choices), spell(&command, &mut choices)];
    let (Ok(one), Ok(other)) = (parse(&first), parse(&second)) else { return };
    assert_eq!(verdict(&one), verdict(&other), "{first:?} and {second:?}");
}

fn verdict(script: &Script) -> String {
    let command = script.commands().next().expect("one literal command");
    let argv: Vec<String> = command.words.iter().filter_map(Word::literal).collect();
    let word = argv[0].clone();
    let path = Path::new("/usr/bin").join(&word);
    let program = ResolvedProgram {
        name: word.rsplit('/').next().unwrap_or_default().to_owned(),
        by_path: word.contains('/'),
        real: path.clone(),
        path,
        writable: false,
    };
    let canonical = canonical(&argv);
    let resolved = ResolvedCommand {
        index: 0,
        argv,
        unknown: vec![],
        program,
        canonical: canonical.clone(),
        cwds: vec!["/workspace".into()],
        named: Default::default(),
        span: Default::default(),
    };
    let script = ResolvedScript {
        script: script.clone(),
        cwd: "/workspace".into(),
        roots: vec!["/workspace".into()],
        commands: vec![resolved],
        files: vec![],
        directories: vec![],
        variables: vec![],
        constructs: stockade::command::constructs(script),
    };
    match policy::decide(&POLICY, &request(), &script).0 {
        Decision::Allow(permit) => format!("{canonical}: allow {:?}", permit.rules()),
        Decision::Ask(question) => format!("{canonical}: ask {:?}", question.rule),
        Decision::Deny(denial) => format!("{canonical}: deny {} {:?}", denial.code, denial.rule),
    }
}

fn request() -> Request {
    Request::new(ExecId::new(), jiff::Timestamp::UNIX_EPOCH, Principal { id: "uid:1000".into(), via: Via::Cli }, "")
}
