//! Judging: the decision on one command by a policy of a thousand rules, and loading that policy.
//!
//! ```text
//! cargo bench --bench decide
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reports to a person and may stop at anything odd"
)]
#![expect(clippy::indexing_slicing, reason = "the sample is never empty")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    hint::black_box,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use stockade::{
    command::{NamedPlace, ResolvedCommand, ResolvedProgram, ResolvedScript, canonical, constructs, parse},
    diagnostic::Source,
    model::{
        ids::ExecId,
        request::{Principal, Request, Via},
        workspace::Reach,
    },
    policy::{PolicySet, compile, decide},
};

const RULES: usize = 1_000;

/// What agents ask for: allowed by a rule, by a pattern, through a wrapper, and not at all.
const COMMANDS: [&str; 7] = [
    "ls -la src",
    "git log --oneline -n 20 src/",
    "cargo test --workspace -- --nocapture",
    "timeout 60 nice cargo build --release",
    "find . -name '*.rs' -type f -newer x -size +10k",
    "tool-500 run --fast a b",
    "nothing of the kind",
];

fn main() {
    // `cargo test --benches` passes no `--bench`: then a few rounds show that the benchmark still works.
    let full = std::env::args().any(|arg| arg == "--bench");
    let source = Source::new("thousand.toml", thousand(true));
    let bare = Source::new("thousand.toml", thousand(false));
    let rounds = if full { 20 } else { 1 };
    report("load 1,000 rules", rounds, 1, Duration::from_millis(100), || {
        black_box(compile(std::slice::from_ref(&bare)));
    });
    // Each example is judged at every load.
    report("load 1,000 rules with 2,000 examples", rounds, 1, Duration::from_millis(100), || {
        black_box(compile(std::slice::from_ref(&source)));
    });
    let (policy, findings) = compile(&[source]);
    assert!(findings.is_empty(), "{findings:?}");
    let policy = Arc::new(policy.unwrap());
    let request = request();
    for text in COMMANDS {
        let script = script(text, &policy);
        let rounds = if full { 1_000 } else { 5 };
        report(text, rounds, 50, Duration::from_micros(20), || {
            drop(black_box(decide(&policy, &request, black_box(&script))));
        });
    }
}

/// Rules of all kinds, most of which are about other programs than the one that is asked for, as in a large policy.
fn thousand(examples: bool) -> String {
    let mut text = String::from("version = 1\nname = 'thousand'\n[sandbox]\nwrite = ['workspace']\n");
    for (id, program) in
        [("ls", "ls"), ("git", "git"), ("cargo", "cargo"), ("find", "find"), ("nice", "nice"), ("timeout", "timeout")]
    {
        write!(text, "[[rule]]\nid = '{id}'\ndecision = 'allow'\nprogram = '{program}'\nreason = 'r'\n").unwrap();
    }
    for n in 0..RULES - 6 {
        let decision = if n % 10 == 9 { "deny" } else { "allow" };
        let about = match n % 4 {
            0 => format!("program = 'tool-{n}'\ncommand = 'tool-{n} (run|check|list)( --[a-z]+)*( [^ ]+)*'"),
            1 => format!("command = 'tool-{n} (run|check)( .*)?'"),
            2 => format!(
                "program = ['tool-{n}', 'tool-{n}x']\nargs.subcommand = ['run', 'check']\nargs.options = ['--fast', '--size=[0-9]+']"
            ),
            _ if decision == "deny" => format!("program = 'tool-{n}'\nargs.any_option = ['--force', '-f']"),
            _ => format!("program = 'tool-{n}'\nargs.any_option = ['--force', '-f']\ngrants = ['any']"),
        };
        let (matching, not_matching) = match n % 4 {
            3 => (format!("tool-{n} run -f"), format!("tool-{n} run")),
            _ => (format!("tool-{n} run"), format!("tool-{n} erase")),
        };
        let tried = format!("examples.match = ['{matching}']\nexamples.no_match = ['{not_matching}']\n");
        let tried = if examples { tried } else { String::new() };
        write!(text, "[[rule]]\nid = 'r{n}'\ndecision = '{decision}'\n{about}\nreason = 'r'\n{tried}").unwrap();
    }
    text
}

/// A command with its facts, as the host finds them where every program is in /usr/bin and every file in the workspace.
fn script(text: &str, policy: &PolicySet) -> ResolvedScript {
    let tree = parse(text).unwrap();
    let argv: Vec<String> = tree.commands().next().unwrap().words.iter().map(|word| word.literal().unwrap()).collect();
    let path = PathBuf::from("/usr/bin").join(&argv[0]);
    let place = |name: String| {
        let place = NamedPlace { path: PathBuf::from("/w").join(&name), reach: Reach::Write, inside: true };
        (name, Some(place))
    };
    let named: BTreeMap<_, _> = policy.named_files(&argv, &[]).into_iter().map(place).collect();
    let program = ResolvedProgram { name: argv[0].clone(), by_path: false, real: path.clone(), path, writable: false };
    let command = ResolvedCommand {
        index: 0,
        canonical: canonical(&argv),
        argv,
        unknown: vec![],
        program,
        cwds: vec!["/w".into()],
        named,
        span: Default::default(),
    };
    ResolvedScript {
        constructs: constructs(&tree),
        script: tree,
        cwd: "/w".into(),
        roots: vec!["/w".into()],
        commands: vec![command],
        files: vec![],
        directories: vec![],
        variables: vec![],
    }
}

fn request() -> Request {
    Request::new(ExecId::new(), Timestamp::UNIX_EPOCH, Principal { id: "uid:1000".into(), via: Via::Cli }, "")
}

/// Measures rounds of some turns each, and says whether the median keeps what is promised.
fn report(name: &str, rounds: usize, turns: u32, promised: Duration, mut turn: impl FnMut()) {
    let mut round = || {
        let start = Instant::now();
        for _ in 0..turns {
            turn();
        }
        start.elapsed() / turns
    };
    let mut times: Vec<Duration> = (0..rounds).map(|_| round()).collect();
    times.sort();
    let median = times[rounds / 2];
    let kept = if median < promised { "kept" } else { "BROKEN" };
    println!("{median:>10.1?} of {promised:?} {kept:<6} p90 {:>10.1?}  {name}", times[rounds * 9 / 10]);
}
