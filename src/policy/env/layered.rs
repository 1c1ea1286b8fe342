//! The environment of two policies that hold together.

use std::collections::BTreeMap;

use super::{EnvRules, NameGlob};

impl EnvRules {
    /// What is left of a system's policy when this one holds under it. What either denies is denied; what comes from outside
    /// has to be let in by both. What the system's policy sets stays: it may be there to keep a program from something. Of what
    /// this one sets, the names stay that the system's policy lets clients set, so `PATH` never does.
    pub(in super::super) fn under(&self, system: &Self) -> Self {
        let mut deny = system.deny.clone();
        deny.extend(self.deny.iter().filter(|glob| !system.deny.contains(glob)).cloned());
        let own = self.set.iter().filter(|(name, _)| !self.is_idle(name, system));
        let mut set: BTreeMap<_, _> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        set.extend(system.set.clone());
        Self { set, pass: common(&system.pass, &self.pass), client: common(&system.client, &self.client), deny }
    }

    /// The names that this policy sets to what jobs do not get under a system's policy. Programs are found in its `PATH`
    /// without a word.
    pub(in super::super) fn idle_under(&self, system: &Self) -> Vec<&str> {
        let idle =
            self.set.iter().filter(|(name, value)| self.is_idle(name, system) && system.set.get(*name) != Some(value));
        idle.map(|(name, _)| name.as_str()).collect()
    }

    fn is_idle(&self, name: &str, system: &Self) -> bool {
        system.set.contains_key(name) || !system.client_may_set(name)
    }
}

/// Patterns for names that fit one of each. Where two patterns overlap and neither covers the other, there is none.
fn common(one: &[NameGlob], other: &[NameGlob]) -> Vec<NameGlob> {
    let mut both: Vec<NameGlob> = Vec::new();
    for glob in one.iter().flat_map(|one| other.iter().filter_map(|other| narrower(one, other))) {
        if !both.contains(glob) {
            both.push(glob.clone());
        }
    }
    both
}

/// The pattern that the other one covers. A star of one can only stand where a star of the other covers it.
fn narrower<'g>(one: &'g NameGlob, other: &'g NameGlob) -> Option<&'g NameGlob> {
    if one.is_match(other.as_str()) { Some(other) } else { other.is_match(one.as_str()).then_some(one) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn globs(texts: &[&str]) -> Vec<NameGlob> {
        texts.iter().map(|text| NameGlob::new(text).expect(text)).collect()
    }

    fn rules(set: &[(&str, &str)], client: &[&str], deny: &[&str]) -> EnvRules {
        let set = set.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        EnvRules { set, pass: globs(client), client: globs(client), deny: globs(deny) }
    }

    #[test]
    fn what_the_system_sets_stays_and_what_the_project_sets_needs_its_leave() {
        let system = rules(
            &[("PATH", "/usr/bin"), ("PAGER", "cat"), ("MODE", "safe")],
            &["CI", "RUST_*", "MODE", "TOKEN"],
            &["TOKEN"],
        );
        let project = rules(
            &[
                ("PATH", "/evil"),
                ("CI", "1"),
                ("PAGER", "less"),
                ("GIT_SSH", "x"),
                ("RUST_LOG", "info"),
                ("MODE", "any"),
                ("TOKEN", "t"),
            ],
            &["CI"],
            &["PAGER", "LANG"],
        );
        let both = project.under(&system);
        let set: Vec<_> = both.set.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(set, ["CI=1", "MODE=safe", "PAGER=cat", "PATH=/usr/bin", "RUST_LOG=info"]);
        assert_eq!(project.idle_under(&system), ["GIT_SSH", "MODE", "PAGER", "PATH", "TOKEN"]);
        assert!(both.client_may_set("CI") && !both.client_may_set("RUST_LOG") && !both.client_may_set("PAGER"));
        assert_eq!(both.deny, globs(&["TOKEN", "PAGER", "LANG"]));
    }

    #[test]
    fn patterns_that_cover_each_other_give_the_narrower_one() {
        for (one, other, both) in [
            ("CARGO_*", "CARGO_TERM_*", "CARGO_TERM_*"),
            ("*", "*_KEY", "*_KEY"),
            ("A*B", "AxB", "AxB"),
            ("A*B", "A*", "A*B"),
            ("LANG", "LANG", "LANG"),
        ] {
            assert_eq!(common(&globs(&[one]), &globs(&[other])), globs(&[both]), "{one} {other}");
            assert_eq!(common(&globs(&[other]), &globs(&[one])), globs(&[both]), "{other} {one}");
        }
        for (one, other) in [("A*", "*B"), ("LANG", "LC_*"), ("A", "B")] {
            assert!(common(&globs(&[one]), &globs(&[other])).is_empty(), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_common_to_lists_fits_both(one in prop::collection::vec("[AB*]{1,3}", 0..4), other in prop::collection::vec("[AB*]{1,3}", 0..4), name in "[AB]{0,5}") {
            let [one, other] = [one, other].map(|texts| globs(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
            let fits = |list: &[NameGlob]| list.iter().any(|glob| glob.is_match(&name));
            prop_assert!(!fits(&common(&one, &other)) || fits(&one) && fits(&other));
            prop_assert_eq!(fits(&common(&one, &one)), fits(&one));
        }
    }
}
