//! Patterns that let in variables by which programs find code to load or to run.

use crate::diagnostic::Code;

use super::{super::findings::Findings, Subject, warn};

/// Variables of which each makes a common program load or run what somebody else chose, from their manual pages:
/// python(1), node(1), perlrun(1), ruby(1), java(1), git(1), less(1), bash(1) on CDPATH.
const LOADING: &[&str] = &[
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "NODE_PATH",
    "NODE_OPTIONS",
    "PERL5LIB",
    "PERL5OPT",
    "RUBYLIB",
    "RUBYOPT",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "GIT_EXEC_PATH",
    "GIT_SSH_COMMAND",
    "GIT_EXTERNAL_DIFF",
    "LESSOPEN",
    "PAGER",
    "EDITOR",
    "VISUAL",
    "SHELL",
    "CDPATH",
];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let env = &subject.set.env;
    for (key, globs) in
        [("env.pass", env.pass_patterns().collect::<Vec<_>>()), ("env.client", env.client_patterns().collect())]
    {
        let Some(place) = subject.located.setting(key) else { continue };
        for glob in globs.into_iter().filter(|glob| glob.contains('*')) {
            let let_in = LOADING.iter().find(|name| env.lets_in(glob, name));
            let Some(name) = let_in else { continue };
            let key = key.trim_start_matches("env.");
            let message = format!("`{glob}` in `{key}` lets `{name}` in");
            let label = "programs load or run what this variable names".to_owned();
            let hint = format!("name the variables one by one, or add `{name}` to `deny`");
            warn(findings, Code::WideEnv, &place, [message, label, hint]);
        }
    }
}
