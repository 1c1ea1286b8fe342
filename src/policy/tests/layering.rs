//! Two policies that hold together.

use proptest::prelude::*;

use super::{
    properties::{rules, strictness, text},
    stage::{acts, tell, whole},
    *,
};
use crate::model::{denial::Denial, workspace::Workspace};

/// Compiles one file, whatever warnings there are.
#[track_caller]
fn compiled(name: &str, text: &str) -> PolicySet {
    let sources = [Source::new(format!("{name}.toml"), format!("version = 1\nname = '{name}'\n{text}"))];
    let (set, findings) = compile(&sources);
    set.unwrap_or_else(|| panic!("{findings:#?}\n{text}"))
}

fn alone(set: &PolicySet) -> Arc<PolicySet> {
    Arc::new(set.clone())
}

/// Both on the stage of these tests.
fn both(system: &PolicySet, project: &PolicySet) -> Arc<PolicySet> {
    let place = |set: &PolicySet| (set.clone(), stage::workspace());
    Arc::new(layered(place(system), place(project)).0)
}

#[track_caller]
fn of(system: &str, project: &str) -> Arc<PolicySet> {
    both(&compiled("machine", system), &compiled("team", project))
}

fn rule(id: &str, about: &str) -> String {
    format!("[[rule]]\nid = '{id}'\nreason = 'because'\n{about}\n")
}

fn allow(id: &str, programs: &str) -> String {
    rule(id, &format!("decision = 'allow'\ngrants = ['any']\nprogram = {programs}"))
}

fn denial(policy: &Arc<PolicySet>, text: &str) -> Denial {
    match decide(policy, &request(), &whole(text)).0 {
        Decision::Deny(denial) => denial,
        other @ (Decision::Allow(_) | Decision::Ask(_)) => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn table(policy: &Arc<PolicySet>, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(tell(policy, &whole(text)), *expected, "{text}");
    }
}

// ---- answers, and who gives them

#[test]
fn the_strictest_answer_counts_and_says_whose_it_is() {
    let system = allow("all", "['git', 'ls', 'cat', 'make']")
        + &rule("no-push", "decision = 'deny'\ncommand = 'git push( .*)?'")
        + &rule("ask-make", "decision = 'ask'\nprogram = 'make'");
    let project = allow("some", "['git', 'ls', 'make', 'cargo']")
        + &rule("no-log", "decision = 'deny'\ncommand = 'git (log|push)'")
        + &rule("ask-ls", "decision = 'ask'\nprogram = 'ls'");
    table(
        &of(&system, &project),
        &[
            ("git status", "allow all some"),
            ("git status; git a", "allow all some all some"),
            ("git push", "deny denied-by-rule system/no-push `git push`"),
            ("git log", "deny denied-by-rule project/no-log `git log`"),
            ("ls", "ask ask-ls"),
            ("make", "ask ask-make"),
            ("cat x", "deny no-rule project/default `cat x`"),
            ("cargo b", "deny no-rule system/default `cargo b`"),
            ("curl x", "deny no-rule system/default `curl x`"),
            ("ls; git log", "deny denied-by-rule project/no-log `git log`"),
            ("sudo x", "deny blocklisted builtin/privilege `sudo x`"),
        ],
    );
}

#[test]
fn a_refusal_for_want_of_a_rule_says_in_which_layer() {
    let set = of(&allow("all", "['git', 'ls']"), &allow("ls", "'ls'"));
    let denial = denial(&set, "git log");
    assert_eq!(denial.reason, "no rule allows `git log` in the project layer");
    let rule = denial.rule.unwrap();
    assert_eq!((rule.to_string().as_str(), rule.at), ("project/default", None));
}

#[test]
fn a_rule_keeps_its_place_in_its_file() {
    let set = of(&allow("all", "'ls'"), &(allow("all", "'ls'") + &rule("no", "decision = 'deny'\ncommand = 'ls x'")));
    let rule = denial(&set, "ls x").rule.unwrap();
    assert_eq!((rule.to_string().as_str(), rule.at.as_deref()), ("project/no", Some("team.toml:9:1")));
    let Decision::Allow(permit) = decide(&set, &request(), &whole("ls")).0 else { panic!("refused") };
    let names: Vec<_> = permit.rules().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["system/all", "project/all"]);
}

#[test]
fn both_layers_are_in_the_trace() {
    let set = of(
        &allow("all", "['git', 'sudo', 'env']"),
        &rule("some", "decision = 'allow'\nprogram = 'git'\ncommand = 'git log'"),
    );
    let (_, trace) = decide(&set, &request(), &whole("git push; sudo x; env git log"));
    let shown: Vec<Vec<_>> = trace
        .commands
        .iter()
        .map(|command| command.matched.iter().map(|(rule, word)| format!("{rule} {word}")).collect())
        .collect();
    assert_eq!(shown[0], ["system/all allow"]);
    assert_eq!(trace.commands[0].nearest.as_ref().map(|(rule, _)| rule.to_string()).as_deref(), Some("project/some"));
    assert_eq!(shown[1], ["builtin/privilege deny", "system/all allow"], "once, for both");
    let inside: Vec<_> =
        trace.commands[2].inside.iter().map(|inner| (inner.canonical.as_str(), inner.matched.len())).collect();
    assert_eq!(inside, [("git log", 2)]);
}

#[test]
fn tables_are_cut_together_and_a_refusal_names_the_layer_that_refuses() {
    let system = allow("all", "['ls', 'cat']")
        + "[env]\nclient = ['A', 'B']\n[shell]\nallow = ['pipe', 'redirect', 'assignment', 'glob']";
    let project = allow("all", "['ls', 'cat']")
        + "[env]\nclient = ['B', 'C']\n[shell]\nallow = ['redirect', 'assignment', 'and', 'glob']\nunknown = 'deny'\npaths = 'sandbox'";
    let set = of(&system, &project);
    table(
        &set,
        &[
            ("B=1 ls", "allow all all"),
            ("A=1 ls", "deny env-refused project/env/client `A=1`"),
            ("C=1 ls", "deny env-refused system/env/client `C=1`"),
            ("ls | cat", "deny construct-denied project/shell/pipe `cat`"),
            ("ls && ls", "deny construct-denied system/shell/and `&&`"),
            ("ls; ls", "deny construct-denied system/shell/seq `ls`"),
            ("ls > x", "allow all all"),
            ("cat < /etc/hosts", "deny redirection-outside system/shell/paths `< /etc/hosts`"),
        ],
    );
    let mut unknown = whole("ls x");
    unknown.commands[0].unknown = vec![1];
    unknown.commands[0].cwds.clear();
    assert_eq!(tell(&set, &unknown), "deny unknown-at-start project/shell/unknown `ls x`");
    let (system, project) = (compiled("machine", &system), compiled("team", &project));
    assert!(tell(&alone(&system), &unknown).starts_with("allow"));
    let request = Request { env: [("C".to_owned(), "1".to_owned())].into(), ..request() };
    let refused = both(&system, &project).environment(&BTreeMap::new(), &request.env).unwrap_err();
    assert_eq!(refused.rule.unwrap().to_string(), "system/env/client");
    assert_eq!(alone(&system).environment(&BTreeMap::new(), &request.env).unwrap_err().rule, None);
}

/// The stage with other places to read and write, for one of the layers.
fn placed(set: &PolicySet, read: &[&str], write: &[&str]) -> (PolicySet, Workspace) {
    let paths = |texts: &[&str]| texts.iter().map(PathBuf::from).collect();
    (set.clone(), Workspace { read: paths(read), write: paths(write), ..stage::workspace() })
}

#[test]
fn a_file_out_of_reach_names_the_layer_whose_jobs_do_not_reach_it() {
    let any = compiled("any", &(allow("all", "'cat'") + "[shell]\npaths = 'any'"));
    let (set, common) = layered(
        placed(&any, &["/usr", "/builds"], &["/builds"]),
        placed(&any, &["/etc", "/builds"], &["/builds/project/out"]),
    );
    let set = Arc::new(set);
    let seen = |text: &str| {
        let mut script = whole(text);
        for file in &mut script.files {
            file.place = file.place.take().map(|(path, _)| (path.clone(), common.reach(&path)));
        }
        tell(&set, &script)
    };
    for (text, expected) in [
        ("cat < /usr/x", "deny redirection-outside project/sandbox/read `< /usr/x`"),
        ("cat < /etc/x", "deny redirection-outside system/sandbox/read `< /etc/x`"),
        ("cat < x", "allow all all"),
        ("cat > x", "deny redirection-outside project/sandbox/write `> x`"),
        ("cat > out/x", "allow all all"),
        ("cat > /etc/x", "deny redirection-outside system/sandbox/write `> /etc/x`"),
        ("cat > .git/config", "deny redirection-outside system/workspace/protect `> .git/config`"),
    ] {
        assert_eq!(seen(text), expected, "{text}");
    }
}

#[test]
fn no_facts_of_a_project_speak_for_the_system() {
    let rule = rule("tool", "decision = 'allow'\nprogram = 'tool'");
    let facts = "[[program]]\nnames = ['tool']\nsource = 'tool(1)'\noperands = ['data...']\n";
    let (bare, known) = (compiled("machine", &rule), compiled("team", &(rule.clone() + facts)));
    assert_eq!(tell(&alone(&known), &whole("tool x")), "allow tool");
    assert_eq!(tell(&both(&bare, &known), &whole("tool x")), "deny no-rule system/default `tool x`");
    assert_eq!(tell(&both(&known, &bare), &whole("tool x")), "deny no-rule project/default `tool x`");
    assert_eq!(tell(&both(&known, &known), &whole("tool x")), "allow tool tool");
}

#[test]
fn all_files_that_either_layer_looks_at_are_looked_up() {
    let facts = "[[program]]\nnames = ['tool']\nsource = 'tool(1)'\noperands = ['data...']\n";
    let (bare, known) = (compiled("machine", ""), compiled("team", facts));
    let argv = ["tool", "x"].map(String::from);
    assert_eq!(known.named_files(&argv, &[]).len(), 0);
    assert_eq!(both(&bare, &known).named_files(&argv, &[]), both(&known, &bare).named_files(&argv, &[]));
    assert_eq!(both(&known, &bare).named_files(&argv, &[]).len(), 1);
}

#[test]
fn directories_of_rules_are_seen_from_the_roots_of_their_own_layer() {
    let system = allow("all", "'ls'") + &rule("no", "decision = 'deny'\nprogram = 'ls'\ncwd = ['project']");
    let (system, project) = (compiled("machine", &system), compiled("team", &allow("all", "'ls'")));
    let places = |root: &str| Workspace { roots: vec![root.into()], ..stage::workspace() };
    let (set, common) = layered((system, places("/builds")), (project, places(stage::ROOT)));
    assert_eq!(common.roots, [PathBuf::from(stage::ROOT)]);
    assert_eq!(tell(&Arc::new(set), &whole("ls")), "deny denied-by-rule system/no `ls`");
}

// ---- what only the system's policy says

#[test]
fn only_the_system_switches_entries_of_the_blocklist_off() {
    let rules = allow("all", "'sudo'");
    let off = rules.clone() + "[[blocklist]]\noff = 'privilege'\nreason = 'r'\n";
    let (plain, off) = (compiled("machine", &rules), compiled("team", &off));
    assert_eq!(tell(&alone(&off), &whole("sudo x")), "allow all");
    assert_eq!(tell(&both(&plain, &off), &whole("sudo x")), "deny blocklisted builtin/privilege `sudo x`");
    assert_eq!(tell(&both(&off, &plain), &whole("sudo x")), "allow all all");
    let told = both(&plain, &off);
    let told: Vec<_> = told.idle().collect();
    assert_eq!(
        told,
        [("project", "the blocklist's entry `privilege` stays on: only the system's policy switches entries off")]
    );
    assert_eq!(both(&off, &off).idle().count(), 0);
}

#[test]
fn where_the_log_lies_and_where_programs_are_found_is_the_systems() {
    let system = compiled("machine", "[env]\nset = { PATH = '/usr/bin', MODE = 'safe' }");
    let project = compiled(
        "team",
        "[audit]\ndir = '/var/log/own'\n[env]\nset = { PATH = '/opt', MODE = 'x', PAGER = 'less', CI = '1' }",
    );
    let set = both(&system, &project);
    assert_eq!((set.audit_dir.as_deref(), set.env.set["PATH"].as_str()), (None, "/usr/bin"));
    assert_eq!(set.env.set.keys().map(String::as_str).collect::<Vec<_>>(), ["CI", "MODE", "PATH"]);
    let told: Vec<_> = set.idle().map(|(_, line)| line.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(
        told,
        [
            "`[audit] dir` does not count",
            "`[env] set` of `MODE` does not count",
            "`[env] set` of `PAGER` does not count",
            "`[env] set` of `PATH` does not count"
        ]
    );
    assert_eq!(both(&project, &system).audit_dir.as_deref(), Some("/var/log/own"));
}

#[test]
fn what_is_required_hidden_and_protected_adds_up() {
    let system =
        compiled("machine", "[workspace]\nprotect = ['a', 'b']\n[sandbox]\nrequire = ['landlock']\ntmp = '1MiB'");
    let project = compiled(
        "team",
        "[workspace]\nprotect = ['b', 'c']\n[sandbox]\nrequire = ['seccomp', 'landlock']\ntmp = '2MiB'",
    );
    let set = both(&system, &project);
    assert_eq!(set.places.protect, ["a", "b", "c"]);
    assert_eq!(set.sandbox.require.iter().map(|layer| layer.as_str()).collect::<Vec<_>>(), ["landlock", "seccomp"]);
    assert_eq!(set.sandbox.tmp.0, 1 << 20);
    assert_eq!(
        (set.places.roots.as_slice(), set.sandbox.write.as_slice()),
        (&[stage::ROOT.to_owned()][..], &["workspace".to_owned()][..])
    );
}

#[test]
fn the_narrower_input_counts() {
    let python = |grant: &str| compiled("p", &(allow("py", "'python3'") + &format!("stdin = '{grant}'\n")));
    let input = |system: &str, project: &str| match decide(
        &both(&python(system), &python(project)),
        &request(),
        &whole("python3"),
    )
    .0
    {
        Decision::Allow(permit) => permit.stdin().clone(),
        other @ (Decision::Ask(_) | Decision::Deny(_)) => panic!("{other:?}"),
    };
    assert_eq!(input("any", "any"), StdinGrant::Any);
    assert_eq!(input("any", "none"), StdinGrant::None);
    assert_eq!(input("none", "any"), StdinGrant::None);
    assert_eq!(input("any", "a+"), input("a+", "a+"));
    assert!(matches!(input("a+", "any"), StdinGrant::Matching(pattern) if pattern.as_str() == "a+"));
    assert_eq!(input("a+", "b"), StdinGrant::None, "what is common to two patterns cannot be written");
}

#[test]
fn settings_narrow_both_layers() {
    let by = Narrowing {
        jobs: Some(2),
        commands: Some(vec![regex::Regex::new("\\A(?:ls)\\z").unwrap()]),
        ..Narrowing::default()
    };
    let set = of(&allow("all", "'ls'"), &(allow("all", "['ls', 'cat']") + "[limits]\njobs = 5\nwall = '0'"));
    let set = Arc::new(PolicySet::clone(&set).narrowed(&by));
    assert_eq!(tell(&set, &whole("ls")), "allow all all");
    assert_eq!(tell(&set, &whole("ls x")), "deny narrowed-by-settings settings/MCP_BG_ALLOWED_COMMANDS `ls x`");
    assert_eq!((set.limits.jobs, set.limits.wall), (2, crate::model::limits::Limits::default().wall));
}

#[test]
fn the_policies_are_named_and_told_apart() {
    let (one, other) = (compiled("machine", &allow("a", "'ls'")), compiled("team", ""));
    let (set, turned) = (both(&one, &other), both(&other, &one));
    assert_eq!((set.name.as_str(), set.rules().len()), ("machine+team", 1));
    assert_eq!(set.files().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["machine.toml", "team.toml"]);
    let layers: Vec<_> = set.layers().map(|(layer, set)| (layer, set.digest.clone())).collect();
    assert_eq!(layers, [("system", one.digest.clone()), ("project", other.digest.clone())]);
    let digests = [&set.digest, &turned.digest, &one.digest, &other.digest];
    assert!(digests.iter().enumerate().all(|(at, digest)| !digests[..at].contains(digest)));
    assert_eq!(alone(&one).layers().count(), 0);
}

// ---- what holds for all of them

/// Tables that say something about what scripts may do, and about limits.
fn tables() -> impl Strategy<Value = String> {
    let constructs = prop::sample::subsequence(vec!["seq", "and", "or", "pipe", "redirect", "assignment"], 0..=6);
    let unknown = prop::sample::select(vec!["at_exec", "deny"]);
    let paths = prop::sample::select(vec!["workspace", "sandbox", "any"]);
    let client = prop::sample::subsequence(vec!["A", "B", "A*", "*"], 0..=4);
    let wall = prop::sample::select(vec!["0", "5s", "10m"]);
    let rate = prop::sample::select(vec!["0", "1/s", "60/min", "5/10s", "100/h"]);
    let counts = (1_usize..5, 0_usize..3, 0_u64..3);
    (constructs, unknown, paths, client, wall, rate, counts).prop_map(
        |(constructs, unknown, paths, client, wall, rate, (jobs, queue, processes))| {
            format!(
                "[shell]\nallow = {constructs:?}\nunknown = '{unknown}'\npaths = '{paths}'\n[env]\npass = {client:?}\nclient = {client:?}\n\
                 [limits]\nwall = '{wall}'\nidle = '{wall}'\nrate = '{rate}'\njobs = {jobs}\nqueue = {queue}\nprocesses = {processes}\n"
            )
        },
    )
}

fn any_policy() -> impl Strategy<Value = (Vec<String>, String)> {
    (rules(), tables())
}

const OFF: &str =
    "[[blocklist]]\noff = 'remove-system'\nreason = 'r'\n[[blocklist]]\noff = 'privilege'\nreason = 'r'\n";

fn set(name: &str, (rules, tables): &(Vec<String>, String), off: bool) -> PolicySet {
    compiled(name, &format!("{}{}{tables}", rules.concat(), if off { OFF } else { "" }))
}

/// The answer, and whether the input that one grants is no more than what the other grants.
fn input(decision: &Decision) -> StdinGrant {
    match decision {
        Decision::Allow(permit) => permit.stdin().clone(),
        Decision::Ask(_) | Decision::Deny(_) => StdinGrant::None,
    }
}

fn is_within(grant: &StdinGrant, of: &StdinGrant) -> bool {
    *grant == StdinGrant::None || *of == StdinGrant::Any || grant == of
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_layer_more_never_loosens(one in any_policy(), other in any_policy(), text in text(), off in any::<bool>(), off_below in any::<bool>()) {
        let (system, below) = (set("machine", &one, off), set("team", &other, off_below));
        // The blocklist stands above both, as the system's policy leaves it.
        let project = set("team", &other, off);
        let joined = both(&system, &below);
        let script = whole(&text);
        let answer = |set: &PolicySet| decide(&alone(set), &request(), &script).0;
        let (by_system, by_project, by_both) = (answer(&system), answer(&project), decide(&joined, &request(), &script).0);
        let strictest = strictness(&by_system).max(strictness(&by_project));
        prop_assert!(strictness(&by_both) >= strictest, "{by_system:?} {by_project:?} {by_both:?}");
        for alone in [&by_system, &by_project] {
            prop_assert!(strictness(&by_both) > 0 || is_within(&input(&by_both), &input(alone)), "{by_both:?} {alone:?}");
        }
        // Nothing but the patterns that neither covers is taken away beside.
        if one.1 == other.1 {
            prop_assert_eq!(strictness(&by_both), strictest);
        }
        let code = |decision: &Decision| match decision {
            Decision::Deny(denial) => Some(denial.code),
            Decision::Allow(_) | Decision::Ask(_) => None,
        };
        if let Some(refused) = code(&by_both).filter(|_| strictest == 2) {
            prop_assert!([code(&by_system), code(&by_project)].contains(&Some(refused)), "{by_system:?} {by_project:?} {by_both:?}");
        }
    }

    #[test]
    fn the_same_layer_twice_changes_no_answer(one in any_policy(), text in text(), off in any::<bool>()) {
        let set = set("machine", &one, off);
        let script = whole(&text);
        let (before, after) = (decide(&alone(&set), &request(), &script).0, decide(&both(&set, &set), &request(), &script).0);
        prop_assert_eq!(strictness(&before), strictness(&after));
        prop_assert_eq!(input(&before), input(&after));
        match (before, after) {
            (Decision::Deny(before), Decision::Deny(after)) => {
                prop_assert_eq!((before.code, before.span), (after.code, after.span));
                prop_assert!(after.reason.starts_with(&before.reason));
            }
            (Decision::Ask(before), Decision::Ask(after)) => prop_assert_eq!((before.rule.id, before.reason), (after.rule.id, after.reason)),
            (Decision::Allow(before), Decision::Allow(after)) => {
                let ids = |permit: &Permit| permit.rules().iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
                let twice: Vec<_> = ids(&before).into_iter().flat_map(|id| [id.clone(), id]).collect();
                prop_assert_eq!(twice, ids(&after));
            }
            (before, after) => prop_assert!(false, "{before:?} {after:?}"),
        }
    }

    #[test]
    fn the_order_of_rules_in_either_file_never_matters(one in any_policy(), other in any_policy(), text in text(), by in 0_usize..6) {
        let turned = |(rules, tables): &(Vec<String>, String)| {
            let mut rules = rules.clone();
            let by = by.min(rules.len());
            rules.rotate_left(by);
            (rules, tables.clone())
        };
        let script = whole(&text);
        let told = |one: &(Vec<String>, String), other: &(Vec<String>, String)| tell(&both(&set("machine", one, false), &set("team", other, false)), &script);
        prop_assert_eq!(told(&one, &other), told(&turned(&one), &turned(&other)));
    }

    #[test]
    fn acts_get_the_answer_that_their_script_got(one in any_policy(), other in any_policy(), text in text()) {
        let joined = both(&set("machine", &one, false), &set("team", &other, false));
        // Variables and constructs are judged before the start alone.
        let script = ResolvedScript { variables: vec![], constructs: vec![], ..whole(&text) };
        let first = decide(&joined, &request(), &script).0;
        let second: Vec<_> = acts(&script).iter().map(|act| decide(&joined, &request(), act).0).collect();
        prop_assert_eq!(strictness(&first), second.iter().map(strictness).max().unwrap_or(0));
    }

    #[test]
    fn no_setting_of_two_layers_is_looser_than_that_of_either(one in any_policy(), other in any_policy(), name in "[AB]{1,3}") {
        let (system, project) = (set("machine", &one, false), set("team", &other, false));
        let joined = both(&system, &project);
        for alone in [&system, &project] {
            prop_assert!(!joined.env.client_may_set(&name) || alone.env.client_may_set(&name));
            let own = BTreeMap::from([(name.clone(), "1".to_owned())]);
            let passed = |set: &PolicySet| set.environment(&own, &BTreeMap::new()).unwrap().contains_key(&name);
            prop_assert!(!passed(&joined) || passed(alone));
            for (both, alone) in settings(&joined).into_iter().zip(settings(alone)) {
                match (both.value, alone.value) {
                    (SettingValue::Amount(_, both), SettingValue::Amount(_, alone)) => prop_assert!(both <= alone),
                    (SettingValue::List(both_list), SettingValue::List(alone)) if both.key == "shell.allow" => {
                        prop_assert!(both_list.iter().all(|entry| alone.contains(entry)));
                    }
                    _ => {}
                }
            }
        }
    }
}
