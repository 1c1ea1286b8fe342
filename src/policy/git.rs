//! The environment that keeps Git from running what a repository's settings name, in every job: Git runs in many of them
//! without being named. Settings from the environment beat those of files (git(1), `GIT_CONFIG_COUNT`).
//!
//! Two ways stay open, because Git has no setting against them: `diff.external` of a repository's own settings, which an
//! empty value does not switch off but breaks, and the filters and drivers that attributes choose. The sandbox holds what
//! they run, and the shipped policies protect a checkout's `.git/config`.

use std::collections::BTreeMap;

/// Settings by their names.
const SETTINGS: &[(&str, &str)] = &[
    // Programs that run when the state of the work tree is asked for, and around commits.
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    // Nobody is there to answer.
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("core.sshCommand", "ssh -o BatchMode=yes"),
    ("core.gitProxy", "none"),
    ("protocol.ext.allow", "never"),
];

/// Variables that beat what `core.editor`, `pager.*` and their like name.
const VARIABLES: &[(&str, &str)] =
    &[("GIT_EDITOR", "true"), ("GIT_SEQUENCE_EDITOR", "true"), ("GIT_PAGER", "cat"), ("GIT_TERMINAL_PROMPT", "0")];

/// How many settings the environment holds.
pub(super) const COUNT: &str = "GIT_CONFIG_COUNT";

/// A policy can hold so many of its own.
pub(super) const COUNT_MAX: usize = 1000;

/// Adds to what a policy sets. Of two settings of one name Git takes the last, so a policy's own come first; its own
/// variables stay.
pub(super) fn quiet(env: &mut BTreeMap<String, String>) {
    let own = env.get(COUNT).and_then(|count| count.parse().ok()).unwrap_or(0_usize);
    for (at, (name, value)) in SETTINGS.iter().enumerate() {
        env.insert(format!("GIT_CONFIG_KEY_{}", own + at), (*name).to_owned());
        env.insert(format!("GIT_CONFIG_VALUE_{}", own + at), (*value).to_owned());
    }
    env.insert(COUNT.to_owned(), (own + SETTINGS.len()).to_string());
    for (name, value) in VARIABLES {
        env.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policys_own_settings_stay_and_ours_come_last() {
        let mut env = BTreeMap::from(
            [(COUNT, "1"), ("GIT_CONFIG_KEY_0", "user.name"), ("GIT_CONFIG_VALUE_0", "ci"), ("GIT_EDITOR", "ed")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        quiet(&mut env);
        assert_eq!(env[COUNT], (1 + SETTINGS.len()).to_string());
        assert_eq!(
            (env["GIT_CONFIG_KEY_0"].as_str(), env["GIT_CONFIG_KEY_1"].as_str()),
            ("user.name", "core.fsmonitor")
        );
        assert_eq!((env["GIT_EDITOR"].as_str(), env["GIT_PAGER"].as_str()), ("ed", "cat"));
    }
}
