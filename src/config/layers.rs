//! Which policies hold together: the machine's, and one that is named under it.

use std::path::{Path, PathBuf};

use super::policy::{FALLBACK, LoadFailure, LoadedPolicy, Named, SYSTEM, asked, is_absent, load};

/// Where policies are looked for. Found once; whether there is a machine's policy is looked at anew with every load.
#[derive(Clone, Debug)]
pub struct Layers {
    /// The file of the machine's policy.
    machine: PathBuf,
    /// What was asked for.
    named: Option<Named>,
}

/// The policies that hold, and may be used.
#[derive(Clone, Debug)]
pub struct LoadedLayers {
    /// The machine's; where there is none, the one that was asked for, or the fallback.
    pub top: LoadedPolicy,
    /// The one that was asked for, under the machine's.
    pub below: Option<LoadedPolicy>,
}

/// The machine's own policy, where there is one.
pub fn machines() -> Result<Option<LoadedPolicy>, LoadFailure> {
    let path = Path::new(SYSTEM);
    if is_absent(path) { Ok(None) } else { load(&Named::File(path.to_owned())).map(Some) }
}

impl Layers {
    /// The policy that was named, else `STOCKADE_POLICY`, and the machine's above it. No variable and no flag names another
    /// file in place of the machine's: it would be a way around it.
    pub fn find(named: Option<&str>, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        Self::under(Path::new(SYSTEM), named, environment)
    }

    /// The same with another file for the machine's policy, for tests of this library.
    pub(crate) fn under(machine: &Path, named: Option<&str>, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        Self { machine: machine.to_owned(), named: asked(named, environment) }
    }

    /// The file of the machine's policy, whether it is there or not.
    pub fn machine(&self) -> &Path {
        &self.machine
    }

    /// Reads and compiles the policies. What is wrong with any of them keeps all of them from being used.
    pub fn load(&self) -> Result<LoadedLayers, LoadFailure> {
        let machine = (!is_absent(&self.machine)).then(|| Named::File(self.machine.clone()));
        let named = self.named.as_ref().filter(|named| machine.is_none() || !self.is_machines(named));
        let fallback = Named::Shipped(FALLBACK.to_owned());
        match (&machine, named) {
            (Some(machine), Some(named)) => both(load(machine), load(named)),
            (only, other) => {
                let top = load(only.as_ref().or(other).unwrap_or(&fallback))?;
                Ok(LoadedLayers { top, below: None })
            }
        }
    }

    /// What is asked for, for people: the layers, top first.
    pub fn shown(&self) -> String {
        let machine = (!is_absent(&self.machine)).then(|| self.machine.display().to_string());
        let named = self.named.as_ref().map(ToString::to_string);
        let shown: Vec<_> = machine.into_iter().chain(named).collect();
        if shown.is_empty() { FALLBACK.to_owned() } else { shown.join(" and ") }
    }

    /// Whether a name stands for the machine's file, on whatever way. Twice the same policy is one.
    fn is_machines(&self, named: &Named) -> bool {
        match named {
            Named::Shipped(_) => false,
            Named::File(path) => {
                let real = path.canonicalize().ok();
                real.is_some() && real == self.machine.canonicalize().ok()
            }
        }
    }
}

impl LoadedLayers {
    /// The policies, the machine's first.
    pub fn all(&self) -> impl Iterator<Item = &LoadedPolicy> {
        std::iter::once(&self.top).chain(&self.below)
    }

    /// Where the log lies, as far as a policy says it: the top one alone.
    pub fn audit_dir(&self) -> Option<&str> {
        self.top.set.audit_dir.as_deref()
    }
}

/// Two policies, or all that is wrong with either.
fn both(
    top: Result<LoadedPolicy, LoadFailure>,
    below: Result<LoadedPolicy, LoadFailure>,
) -> Result<LoadedLayers, LoadFailure> {
    match (top, below) {
        (Ok(top), Ok(below)) => Ok(LoadedLayers { top, below: Some(below) }),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
        (Err(mut one), Err(other)) => {
            let before = one.sources.len();
            one.sources.extend(other.sources);
            one.findings.extend(other.findings.into_iter().map(|(at, finding)| (at + before, finding)));
            Err(one)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use tempfile::TempDir;

    use super::*;
    use crate::diagnostic::Code;

    /// A directory with a machine's policy in it.
    struct Machine(TempDir);

    impl Machine {
        fn new(policy: &str) -> Self {
            let machine = Self(TempDir::new().unwrap());
            machine.file("policy.toml", policy);
            machine
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, format!("version = 1\n{text}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            path
        }

        fn layers(&self, named: Option<&str>) -> Layers {
            Layers::under(&self.0.path().join("policy.toml"), named, &|_| None)
        }

        /// The names of the policies that hold.
        fn hold(&self, named: Option<&str>) -> Vec<String> {
            self.layers(named).load().unwrap().all().map(|loaded| loaded.set.name.clone()).collect()
        }

        fn codes(&self, named: Option<&str>) -> Vec<Code> {
            let failure = self.layers(named).load().unwrap_err();
            failure
                .findings
                .iter()
                .map(|(at, finding)| {
                    assert!(*at < failure.sources.len());
                    finding.code
                })
                .collect()
        }
    }

    #[test]
    fn the_machines_policy_holds_whatever_is_named() {
        let machine = Machine::new("name = 'machine'\n");
        let own = machine.file("own.toml", "name = 'own'\n");
        let own = own.to_str().unwrap();
        assert_eq!(machine.hold(None), ["machine"]);
        assert_eq!(machine.hold(Some(own)), ["machine", "own"]);
        let variable = |name: &str| (name == "STOCKADE_POLICY").then(|| own.to_owned());
        let layers = Layers::under(&machine.0.path().join("policy.toml"), None, &variable);
        assert_eq!(layers.load().unwrap().below.unwrap().set.name, "own");
    }

    #[test]
    fn without_a_machines_policy_one_holds_alone() {
        let machine = Machine::new("name = 'machine'\n");
        let own = machine.file("own.toml", "name = 'own'\n");
        fs::remove_file(machine.0.path().join("policy.toml")).unwrap();
        assert_eq!(machine.hold(Some(own.to_str().unwrap())), ["own"]);
        assert_eq!(machine.hold(None), ["default"]);
    }

    #[test]
    fn the_machines_policy_under_another_name_is_one_policy() {
        let machine = Machine::new("name = 'machine'\n");
        let link = machine.0.path().join("link.toml");
        symlink("policy.toml", &link).unwrap();
        for name in [link, machine.0.path().join("policy.toml"), machine.0.path().join("./policy.toml")] {
            assert_eq!(machine.hold(name.to_str()), ["machine"], "{name:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_either_keeps_both_from_being_used() {
        let machine = Machine::new("nonsense = 1\n");
        let good = machine.file("good.toml", "name = 'good'\n");
        let bad = machine.file("bad.toml", "[limits]\njobs = 0\n");
        assert_eq!(machine.codes(None), [Code::UnknownKey]);
        assert_eq!(machine.codes(good.to_str()), [Code::UnknownKey]);
        assert_eq!(machine.codes(bad.to_str()), [Code::UnknownKey, Code::BadValue]);
        machine.file("policy.toml", "name = 'machine'\n");
        assert_eq!(machine.codes(bad.to_str()), [Code::BadValue]);
        assert_eq!(machine.codes(Some("absent")), [Code::UnknownBase]);
    }

    #[test]
    fn a_machines_policy_that_is_not_to_be_trusted_or_read_is_not_passed_over() {
        let machine = Machine::new("name = 'machine'\n");
        let path = machine.0.path().join("policy.toml");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(machine.codes(Some("default")), [Code::FileWritable]);
        fs::remove_file(&path).unwrap();
        symlink("/nonexistent", &path).unwrap();
        assert_eq!(machine.codes(Some("default")), [Code::FileUnreadable]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(machine.codes(Some("default")), [Code::FileUnreadable]);
        // A name that cannot be looked up at all, as behind a directory that may not be entered.
        let unseen = machine.0.path().join("x".repeat(300));
        assert!(Layers::under(&unseen, Some("default"), &|_| None).load().is_err());
    }
}
