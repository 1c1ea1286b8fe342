//! The environment of a job.

use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// An environment without what keeps Git quiet, which is in each.
fn bare(
    env: Result<BTreeMap<String, String>, crate::model::denial::Denial>,
) -> Result<BTreeMap<String, String>, crate::model::denial::Denial> {
    env.map(|mut env| {
        assert_eq!(env.get("GIT_CONFIG_KEY_0").map(String::as_str), Some("core.fsmonitor"));
        env.retain(|name, _| !name.starts_with("GIT_"));
        env
    })
}

const ENV: &str = "[env]\npass = ['LANG', 'LC_*', 'GH_*']\nset = { PATH = '/bin', CI = '1' }\nclient = ['RUST_*', 'CI', '*_TOKEN', 'LANG']\ndeny = ['*_TOKEN']\n";

#[test]
fn an_environment_starts_empty() {
    let own =
        map(&[("LANG", "C"), ("LC_ALL", "C"), ("GH_TOKEN", "s"), ("GH_HOST", "h"), ("SECRET", "s"), ("PATH", "/own")]);
    let env = policy(ENV).env.build(&own, &map(&[("RUST_LOG", "debug")]));
    let expected =
        [("CI", "1"), ("GH_HOST", "h"), ("LANG", "C"), ("LC_ALL", "C"), ("PATH", "/bin"), ("RUST_LOG", "debug")];
    assert_eq!(bare(env), Ok(map(&expected)));
    assert_eq!(bare(policy("").env.build(&own, &map(&[]))), Ok(map(&[("PATH", "/usr/local/bin:/usr/bin:/bin")])));
}

#[test]
fn a_client_sets_what_the_policy_lets_it() {
    let env = policy(ENV).env.clone();
    assert_eq!(env.build(&map(&[("LANG", "C")]), &map(&[("CI", "0"), ("LANG", "de")])).expect("allowed")["LANG"], "de");
    for (name, words) in [
        ("MY_TOKEN", "denies"),
        ("EDITOR", "does not let"),
        ("PATH", "what code runs"),
        ("LD_PRELOAD", "what code runs"),
        ("BASH_FUNC_x%%", "what code runs"),
        ("", "cannot be"),
        ("RUST_=X", "cannot be"),
        ("RUST_\0", "cannot be"),
    ] {
        let denial = env.build(&map(&[]), &map(&[(name, "1")])).expect_err(name);
        assert_eq!(denial.code, crate::diagnostic::Code::EnvRefused);
        assert!(denial.reason.contains(words), "{}", denial.reason);
        assert!(denial.hint.expect("a hint").contains("`RUST_*`"));
    }
    assert!(env.build(&map(&[]), &map(&[("RUST_LOG", "a\0b")])).is_err());
}

#[test]
fn what_decides_which_code_runs_never_comes_in() {
    let env = policy("[env]\npass = ['*']\nclient = ['*']\nset = { PATH = '/bin' }").env.clone();
    for name in ["LD_PRELOAD", "LD_LIBRARY_PATH", "GCONV_PATH", "BASH_ENV", "ENV", "BASH_FUNC_ls%%", "IFS", "PATH"] {
        assert_eq!(bare(env.build(&map(&[(name, "x")]), &map(&[]))), Ok(map(&[("PATH", "/bin")])), "{name}");
        assert!(env.build(&map(&[]), &map(&[(name, "x")])).is_err(), "{name}");
    }
}

#[test]
fn a_policy_that_names_them_is_wrong() {
    for (text, expected) in [
        ("[env]\nset = { LD_PRELOAD = 'x' }", r#"bad-value at "LD_PRELOAD": `set` has the variable `LD_PRELOAD`"#),
        ("[env]\nclient = ['BASH_ENV']", r#"bad-value at "'BASH_ENV'": `BASH_ENV` can never be let in"#),
        ("[env]\npass = ['PATH']", r#"bad-value at "'PATH'": `PATH` comes from `set` alone"#),
        ("[env]\ndeny = ['PA*']", r#"bad-value at "'PA*'": `deny` names `PA*`"#),
        ("[env]\ndeny = ['PWD*']", r#"bad-value at "'PWD*'": `deny` names `PWD*`"#),
        ("[env]\nset = { PWD = '/' }", r#"bad-value at "PWD": `set` has the variable `PWD`"#),
        ("[env]\nclient = ['PWD']", r#"bad-value at "'PWD'": `PWD` comes from the server alone"#),
        ("[env]\nset = { A = 1 }", r#"wrong-type at "1": `set` wants a string"#),
    ] {
        assert_eq!(findings(&format!("version = 1\n{text}")), [expected]);
    }
}

#[test]
fn deny_beats_set_and_says_so() {
    let text = "version = 1\n[env]\nset = { GIT_PAGER = 'cat' }\ndeny = ['GIT_*']";
    assert_eq!(findings(text), [r#"env-set-denied at "GIT_PAGER": `GIT_PAGER` is set, and `deny` names `GIT_*`"#]);
    let (set, _) = compile(&[Source::new("x", text)]);
    assert!(!set.expect("a warning does not reject").env.set.contains_key("GIT_PAGER"));
}
