//! The text of a starter policy: a head that says what it is, and for each kind of project a rule with examples and tests.

use crate::cli::connect::quoted;

use super::kind::Kind;

/// What a starter policy is made for.
#[derive(Clone, Debug)]
pub(super) struct Starter<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The shipped policy or the file that it extends.
    pub(super) base: &'a str,
    /// The project's directory.
    pub(super) project: &'a str,
    /// Where it will lie.
    pub(super) file: &'a str,
    /// What the project is built with.
    pub(super) kinds: &'a [Kind],
    /// The PATH of jobs, where it is not the base's.
    pub(super) path: Option<String>,
}

impl Starter<'_> {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut text = HEAD
            .replace("{suits}", &self.suits())
            .replace("{name}", self.name)
            .replace("\"{base}\"", &toml_edit::Value::from(self.base).to_string())
            .replace("{file}", &quoted(self.file))
            .replace("{project}", self.project);
        for kind in self.kinds {
            text += rules(*kind);
            text += &self.everyday(*kind);
        }
        if let Some(path) = &self.path {
            text += PATH_NOTE;
            text += &format!("PATH = {}\n", toml_edit::Value::from(path));
        }
        text
    }

    fn suits(&self) -> String {
        match self.base {
            DEVELOPER => DEVELOPER_SUITS.trim_end().to_owned(),
            DEFAULT => DEFAULT_SUITS.trim_end().to_owned(),
            base => format!("# It adds to `{base}`, which says whom it suits and what it does not stop."),
        }
    }

    /// A test of what has to stay possible, where the base is known.
    fn everyday(&self, kind: Kind) -> String {
        let (run, rule) = match self.base {
            DEVELOPER => (kind.everyday(), kind.allowed_by()),
            DEFAULT if self.kinds.first() == Some(&kind) => ("ls -la | head -n 5", "default/look-at-files"),
            _ => return String::new(),
        };
        format!(
            "\n[[test]]\nname = \"`{run}` is allowed\"\nrun = \"{run}\"\nexpect = {{ decision = \"allow\", rule = \"{rule}\" }}\n"
        )
    }
}

/// The line by which a policy says whose it is.
pub(super) fn belongs_to(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix(OWNER))
}

/// The line that has to stand in a policy of that project.
pub(super) fn owner_line(project: &str) -> String {
    format!("{OWNER}{project}")
}

/// A name that a policy may have, made of a directory's name.
pub(super) fn policy_name(directory: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = directory.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() {
        "project".to_owned()
    } else if is_taken(name) {
        format!("{name}-project")
    } else {
        name.to_owned()
    }
}

/// Whether a name means a layer of another kind in answers.
pub(super) fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name) || crate::policy::shipped_names().any(|shipped| shipped == name)
}

fn rules(kind: Kind) -> &'static str {
    match kind {
        Kind::Rust => include_str!("../../../policy/starter/rust.toml"),
        Kind::Node => include_str!("../../../policy/starter/node.toml"),
        Kind::Python => include_str!("../../../policy/starter/python.toml"),
        Kind::Go => include_str!("../../../policy/starter/go.toml"),
        Kind::Generic => include_str!("../../../policy/starter/generic.toml"),
    }
}

const HEAD: &str = include_str!("../../../policy/starter/head.toml");

const PATH_NOTE: &str = "
# Where programs are looked up. The first directories are those in which `init` found what the project is built with; change
# them when that moves, as it does with a version manager. The rest is what the policy above says.
[env.set]
";

const OWNER: &str = "# Project: ";

const DEVELOPER: &str = "developer";

/// The shipped policy for looking around.
pub(super) const DEFAULT: &str = "default";

/// The layers of which `docs/policy.md` says that they are no files.
const TAKEN: &[&str] = &["builtin", "settings", "shell", "sandbox", "workspace", "env"];

const DEVELOPER_SUITS: &str = "\
# Whom it suits: an agent that edits the project, builds it and tests it. It takes all of the shipped policy `developer`, and
# adds the rules below.
#
# What it does not stop: anything inside the project. A job can change, run and delete what lies there, the history included,
# and it can read toolchains, caches and /etc. It reaches no network, and writes nothing but the project and a /tmp of its own.
# The rules give clear answers; THE SANDBOX IS WHAT HOLDS.
";

const DEFAULT_SUITS: &str = "\
# Whom it suits: an agent that looks around in the project and changes nothing. It takes all of the shipped policy `default`,
# and adds the rules below.
#
# What it does not stop: reading. A job sees what the user of the server can read in the project, below /usr and in /etc. It
# writes nothing but a /tmp of its own, and reaches no network.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diagnostic::Source,
        policy::{compile, exercise, format, lint, shipped},
    };

    const KINDS: [Kind; 5] = [Kind::Rust, Kind::Node, Kind::Python, Kind::Go, Kind::Generic];

    fn text(base: &str, kinds: &[Kind]) -> String {
        let path = (kinds.len() == 1).then(|| "~/.nvm/v22/bin:/usr/bin".to_owned());
        let (project, file) = ("/home/u/it's mine", "/home/u/.config/stockade/mine.toml");
        Starter { name: "mine", base, project, file, kinds, path }.text()
    }

    /// Every kind alone, and all of them together, on every shipped policy.
    fn all() -> Vec<(String, String)> {
        let each = KINDS.iter().map(std::slice::from_ref).chain([&KINDS[..]]);
        each.flat_map(|kinds| ["developer", "default"].map(|base| (base.to_owned(), text(base, kinds)))).collect()
    }

    #[track_caller]
    fn holds(base: &str, text: &str) {
        let sources = [shipped(base).unwrap(), Source::new("mine.toml", text)];
        let (set, findings) = compile(&sources);
        assert!(set.is_some() && findings.is_empty(), "{findings:#?}\n{text}");
        let own = |(file, _): &&(usize, crate::diagnostic::Diagnostic)| *file == 1;
        let lints: Vec<_> = lint(&sources);
        assert_eq!(lints.iter().find(own), None);
        let result = exercise(&sources);
        assert!(result.complete && result.tried.iter().all(|tried| tried.holds));
        assert_eq!(result.findings.iter().find(own), None, "a rule of the starter is not exercised");
    }

    #[test]
    fn every_starter_loads_and_its_tests_hold_without_a_warning() {
        for (base, text) in all() {
            holds(&base, &text);
        }
    }

    #[test]
    fn every_starter_is_laid_out_as_fmt_would() {
        for (_, text) in all() {
            assert_eq!(format(&text).unwrap(), text);
        }
    }

    #[test]
    fn what_stands_in_comments_to_be_used_can_be_used() {
        for (base, text) in all().into_iter().filter(|(base, _)| base == "developer") {
            let mut inside = false;
            let mut used = 0;
            let lines = text.lines().map(|line| {
                inside = line == "# [[rule]]" || (inside && line.starts_with("# "));
                used += usize::from(line == "# [[rule]]");
                if inside { line.strip_prefix("# ").unwrap_or(line) } else { line }
            });
            let text = lines.collect::<Vec<_>>().join("\n") + "\n";
            assert!(used > 0);
            holds(&base, &text);
        }
    }

    #[test]
    fn a_starter_says_whose_it_is() {
        assert_eq!(belongs_to(&text("developer", &KINDS)), Some("/home/u/it's mine"));
        assert_eq!(belongs_to("version = 1\n"), None);
        assert_eq!(owner_line("/x"), "# Project: /x");
    }

    #[test]
    fn a_base_that_is_a_file_is_named_by_its_path() {
        let text = text("/etc/stockade/a \"b\".toml", &[Kind::Go]);
        let read: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(read["extends"].as_str(), Some("/etc/stockade/a \"b\".toml"));
    }

    #[test]
    fn no_placeholder_is_left() {
        for (_, text) in all() {
            for placeholder in ["{suits}", "{name}", "{base}", "{file}", "{project}"] {
                assert!(!text.contains(placeholder), "{text}");
            }
        }
    }

    #[test]
    fn names_of_policies_are_made_of_names_of_directories() {
        for (directory, name) in [
            ("web", "web"),
            ("my project (2)", "my-project--2"),
            ("Größe", "Gr--e"),
            (".", "project"),
            ("", "project"),
            (".dotfiles", "dotfiles"),
            ("shell", "shell-project"),
            ("developer", "developer-project"),
        ] {
            assert_eq!(policy_name(directory), name);
        }
    }
}
