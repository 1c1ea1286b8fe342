//! Patterns that let in variables by which programs find code to load or to run.

use crate::diagnostic::Code;

use super::{super::findings::Findings, Subject, warn};

/// Variables of which each makes a common program load or run what somebody else chose, from their manual pages:
/// python(1), pytest, node(1), npm, perlrun(1), ruby(1), java(1), Maven, Gradle, lua(1), php(1), Cargo, rustup, go(1),
/// make(1), git(1), ssh(1), tar(1), rsync(1), rg(1), less(1), man(1), bash(1) on CDPATH.
#[rustfmt::skip]
const LOADING: &[&str] = &[
    "PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONINSPECT", "PYTHONBREAKPOINT", "PYTEST_ADDOPTS", "PYTEST_PLUGINS",
    "NODE_PATH", "NODE_OPTIONS", "npm_config_script_shell", "npm_config_node_options", "NPM_CONFIG_USERCONFIG",
    "PERL5LIB", "PERL5OPT", "PERL5DB", "RUBYLIB", "RUBYOPT", "GEM_HOME", "GEM_PATH", "BUNDLE_GEMFILE",
    "CLASSPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JAVA_HOME", "MAVEN_OPTS", "GRADLE_OPTS",
    "LUA_PATH", "LUA_CPATH", "LUA_INIT", "PHPRC", "PHP_INI_SCAN_DIR", "TCLLIBPATH", "JULIA_LOAD_PATH", "R_PROFILE_USER",
    "RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTDOC", "CARGO_BUILD_RUSTC_WRAPPER", "CARGO_HOME",
    "RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "GOFLAGS", "GOTOOLCHAIN", "GOENV", "CC", "CXX", "LD", "MAKEFLAGS", "GNUMAKEFLAGS",
    "GIT_EXEC_PATH", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS", "GIT_DIR", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS", "SSH_ASKPASS",
    "TAR_OPTIONS", "RSYNC_RSH", "RIPGREP_CONFIG_PATH", "LESSOPEN", "LESSCLOSE", "MANPAGER",
    "PAGER", "EDITOR", "VISUAL", "BROWSER", "SHELL", "CDPATH", "HOME", "XDG_CONFIG_HOME",
];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let env = &subject.set.env;
    for (key, globs) in
        [("env.pass", env.pass_patterns().collect::<Vec<_>>()), ("env.client", env.client_patterns().collect())]
    {
        for glob in globs {
            if !glob.contains('*') {
                // The server's own value is its operator's choice; a request's is a stranger's.
                if key == "env.client" && LOADING.contains(&glob) && env.client_may_set(glob) {
                    named(subject, glob, findings);
                }
                continue;
            }
            let let_in = LOADING.iter().find(|name| env.lets_in(glob, name));
            let (Some(name), Some(place)) = (let_in, subject.located.entry(key, glob)) else { continue };
            let key = key.trim_start_matches("env.");
            let message = format!("`{glob}` in `{key}` lets `{name}` in");
            let label = "programs load or run what this variable names".to_owned();
            let hint = format!("name the variables one by one, or add `{name}` to `deny`");
            warn(findings, Code::WideEnv, &place, [message, label, hint]);
        }
    }
}

fn named(subject: &Subject<'_>, name: &str, findings: &mut Findings) {
    // The default list holds none of these.
    let Some(place) = subject.located.entry("env.client", name) else { return };
    let message = format!("requests may set `{name}`, which decides what code runs");
    let label = "an allowed command does something else than it says".to_owned();
    let hint = "take it out of `client`, and give it a fixed value in `set` if jobs need it".to_owned();
    warn(findings, Code::EnvRunsCode, &place, [message, label, hint]);
}
