//! `[env]`: the environment of a job, made from nothing.

mod layered;

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Code, Diagnostic},
    model::denial::Denial,
};

use super::{
    findings::{Findings, Spanned, over},
    git,
    name::{NameGlob, fits, is_possible},
    reader::{Reader, few},
    similar::closest,
};

/// `[env]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvRules {
    /// Variables with fixed values. Always holds `PATH`, in which programs are looked up and whose
    /// directories may start with `~/`: `config` expands them. What `deny` names is not here.
    pub set: BTreeMap<String, String>,
    pass: Vec<NameGlob>,
    client: Vec<NameGlob>,
    deny: Vec<NameGlob>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RawEnv {
    pass: Option<Vec<Spanned<NameGlob>>>,
    set: BTreeMap<String, (Spanned<String>, String)>,
    client: Option<Vec<Spanned<NameGlob>>>,
    deny: Option<Vec<Spanned<NameGlob>>>,
}

/// What no policy can let in: variables that make the dynamic loader or the C library load files of another's choice
/// (ld.so(8), iconv(3), tunables), and those by which a shell runs code before the command (bash(1), dash(1)).
const NEVER: &[&str] = &[
    "LD_*",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "BASH_ENV",
    "ENV",
    "BASH_FUNC_*",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "IFS",
];

/// Programs are looked up in the policy's own PATH, so nobody else may say what it is.
const PATH: &str = "PATH";
/// The server says where a job starts.
const PWD: &str = "PWD";
/// What requests may set when a policy says nothing: names that choose how a program talks, and nothing that it does.
const DEFAULT_CLIENT: &[&str] = &[
    "CI", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "LANG", "LC_*", "LINES", "NO_COLOR", "RUST_BACKTRACE", "RUST_LOG",
    "TERM", "TZ",
];
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

impl EnvRules {
    /// The environment of a job: what the policy passes of the server's own, then what it sets, then what the client may
    /// and does set. `deny` and the built-in list beat all three.
    pub fn build(
        &self,
        own: &BTreeMap<String, String>,
        client: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Denial> {
        let mut env = BTreeMap::new();
        for (name, value) in own {
            if self.passes(name) && !value.contains('\0') {
                env.insert(name.clone(), value.clone());
            }
        }
        env.extend(self.set.iter().map(|(name, value)| (name.clone(), value.clone())));
        for (name, value) in client {
            if !self.client_may_set(name) {
                return Err(self.refusal(name));
            }
            if value.contains('\0') {
                let reason = format!("the value of the variable `{}` holds a NUL character", name.escape_debug());
                return Err(Denial::new(Code::EnvRefused, reason));
            }
            env.insert(name.clone(), value.clone());
        }
        git::quiet(&mut env);
        Ok(env)
    }

    /// Whether the server's own variable of that name reaches jobs.
    fn passes(&self, name: &str) -> bool {
        self.may_come_from_outside(name) && any(&self.pass, name)
    }

    /// Whether a client may set that variable.
    pub fn client_may_set(&self, name: &str) -> bool {
        self.may_come_from_outside(name) && any(&self.client, name)
    }

    /// The patterns of the server's own variables that reach jobs.
    pub(super) fn pass_patterns(&self) -> impl Iterator<Item = &str> {
        self.pass.iter().map(NameGlob::as_str)
    }

    /// The patterns of the variables that clients may set.
    pub(super) fn client_patterns(&self) -> impl Iterator<Item = &str> {
        self.client.iter().map(NameGlob::as_str)
    }

    /// The patterns of the variables that never get in.
    pub(super) fn deny_patterns(&self) -> impl Iterator<Item = &str> {
        self.deny.iter().map(NameGlob::as_str)
    }

    /// Whether a pattern of `pass` or `client` lets a variable in.
    pub(super) fn lets_in(&self, pattern: &str, name: &str) -> bool {
        fits(pattern, name) && self.may_come_from_outside(name)
    }

    fn may_come_from_outside(&self, name: &str) -> bool {
        is_possible(name) && name != PATH && name != PWD && !is_never(name) && !any(&self.deny, name)
    }

    /// The refusal of a variable that a client may not set.
    pub(super) fn refusal(&self, name: &str) -> Denial {
        let shown = name.escape_debug();
        let reason = if !is_possible(name) {
            format!("`{shown}` cannot be the name of a variable")
        } else if is_never(name) || name == PATH {
            format!("the variable `{shown}` decides what code runs, and no request may set it")
        } else if name == PWD {
            "the variable `PWD` is the working directory, and no request may set it".to_owned()
        } else if any(&self.deny, name) {
            format!("the policy denies the variable `{shown}`")
        } else {
            format!("the policy does not let requests set the variable `{shown}`")
        };
        let allowed: Vec<_> = self.client.iter().map(NameGlob::as_str).collect();
        let hint = if allowed.is_empty() {
            "the policy lets requests set no variables; leave it out".to_owned()
        } else {
            let meant = closest(name, allowed.iter().copied()).map(|near| format!("did you mean `{near}`? "));
            format!("{}requests may set {}", meant.unwrap_or_default(), few(&allowed))
        };
        Denial::new(Code::EnvRefused, reason).with_hint(hint)
    }
}

impl RawEnv {
    pub(super) fn read(mut table: Reader<'_, '_>) -> Self {
        let set = table.map("set").unwrap_or_default();
        let raw = Self {
            pass: globs(&mut table, "pass"),
            client: globs(&mut table, "client"),
            deny: globs(&mut table, "deny"),
            set: set.into_iter().map(|(name, value)| (name.value.clone(), (name, value.value))).collect(),
        };
        let findings = table.findings();
        for (name, value) in raw.set.values() {
            check_set(name, value, findings);
        }
        for glob in raw.client.iter().flatten().chain(raw.pass.iter().flatten()) {
            check_outside(glob, findings);
        }
        for (name, label) in [
            (PATH, "this covers `PATH`, in which programs are looked up"),
            (PWD, "this covers `PWD`, the directory in which a job starts"),
        ] {
            for glob in raw.deny.iter().flatten().filter(|glob| glob.value.is_match(name)) {
                let message = format!("`deny` names `{}`", glob.value.as_str());
                findings.error(Code::BadValue, glob, message, label);
            }
        }
        table.finish();
        raw
    }

    /// `set` is joined name by name; the lists are replaced.
    pub(super) fn over(mut self, base: Self) -> Self {
        for (name, value) in base.set {
            self.set.entry(name).or_insert(value);
        }
        Self {
            pass: over(self.pass, base.pass),
            set: self.set,
            client: over(self.client, base.client),
            deny: over(self.deny, base.deny),
        }
    }

    pub(super) fn finish(self, findings: &mut Findings) -> EnvRules {
        let deny = self.deny.unwrap_or_default();
        let mut set = BTreeMap::new();
        for (name, (place, value)) in self.set {
            match deny.iter().find(|glob| glob.value.is_match(&name)) {
                None => {
                    set.insert(name, value);
                }
                Some(glob) => {
                    let message = format!("`{name}` is set, and `deny` names `{}`", glob.value.as_str());
                    let finding = Diagnostic::warning(Code::EnvSetDenied, message)
                        .at(place.span, "deny beats set: jobs do not get it")
                        .with_hint("leave one of the two out");
                    findings.add(place.file, finding);
                }
            }
        }
        set.entry(PATH.to_owned()).or_insert_with(|| DEFAULT_PATH.to_owned());
        EnvRules { set, pass: values(self.pass), client: self.client.map_or_else(default_client, |client| values(Some(client))), deny: values(Some(deny)) }
    }
}

fn any(globs: &[NameGlob], name: &str) -> bool {
    globs.iter().any(|glob| glob.is_match(name))
}

fn is_never(name: &str) -> bool {
    NEVER.iter().any(|pattern| fits(pattern, name))
}

fn values(globs: Option<Vec<Spanned<NameGlob>>>) -> Vec<NameGlob> {
    globs.unwrap_or_default().into_iter().map(|glob| glob.value).collect()
}

fn default_client() -> Vec<NameGlob> {
    DEFAULT_CLIENT.iter().filter_map(|name| NameGlob::new(name).ok()).collect()
}

fn globs(table: &mut Reader<'_, '_>, key: &'static str) -> Option<Vec<Spanned<NameGlob>>> {
    let texts = table.texts(key)?;
    let findings = table.findings();
    let mut globs = Vec::new();
    for text in texts {
        match NameGlob::new(&text.value) {
            Ok(glob) => globs.push(text.map(|_| glob)),
            Err(problem) => {
                let message = format!("`{key}` has the entry `{}`", text.value.escape_debug());
                findings.error(Code::BadValue, &text, message, problem);
            }
        }
    }
    Some(globs)
}

fn check_set(name: &Spanned<String>, value: &str, findings: &mut Findings) {
    let shown = name.value.escape_debug();
    let problem = if !is_possible(&name.value) {
        "not the name of a variable"
    } else if is_never(&name.value) {
        "it decides what code runs; no policy can let it in"
    } else if name.value == PWD {
        "it is the directory in which a job starts; the server sets it"
    } else if value.contains('\0') {
        "the value holds a NUL character"
    } else if name.value == git::COUNT && !value.parse().is_ok_and(|count: usize| count <= git::COUNT_MAX) {
        "it is how many settings for Git there are: a whole number up to 1000"
    } else {
        return;
    };
    findings.error(Code::BadValue, name, format!("`set` has the variable `{shown}`"), problem);
}

/// Patterns such as `*` may cover forbidden names, which are then left out; to name one outright is a mistake.
fn check_outside(glob: &Spanned<NameGlob>, findings: &mut Findings) {
    let name = glob.value.as_str();
    if name == PATH {
        let hint = "write it in `set`";
        findings.error_with_hint(Code::BadValue, glob, "`PATH` comes from `set` alone", "not from outside", hint);
    } else if name == PWD {
        findings.error(
            Code::BadValue,
            glob,
            "`PWD` comes from the server alone",
            "the directory in which a job starts",
        );
    } else if is_never(name) {
        let message = format!("`{name}` can never be let in");
        findings.error(Code::BadValue, glob, message, "it decides what code runs");
    }
}
