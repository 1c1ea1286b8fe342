//! One policy file as written: every key with its place, every finding of the file, nothing joined or defaulted yet.

use toml::de::DeTable;

use crate::diagnostic::{Code, Diagnostic, Source, Span};

use super::{
    case::RawCase,
    env::RawEnv,
    findings::{Findings, Spanned, over},
    limits::RawLimits,
    path::check_rooted,
    programs::RawProgram,
    reader::Reader,
    rule::RawRule,
    sandbox::RawSandbox,
    shell::RawShell,
    switch::RawSwitch,
    workspace::RawWorkspace,
};

/// A policy file, or several of them joined.
#[derive(Clone, Debug, Default)]
pub(super) struct RawPolicy {
    pub(super) name: String,
    pub(super) extends: Option<Spanned<String>>,
    pub(super) rules: Vec<RawRule>,
    /// Entries of the blocklist that are off, of the last file alone.
    pub(super) off: Vec<RawSwitch>,
    /// Those that its bases would switch off.
    pub(super) off_in_base: Vec<RawSwitch>,
    /// Facts about programs.
    pub(super) programs: Vec<RawProgram>,
    /// Of the last file alone: each file's tests are judged by what the file and its bases say.
    pub(super) cases: Vec<RawCase>,
    pub(super) workspace: RawWorkspace,
    pub(super) env: RawEnv,
    pub(super) sandbox: RawSandbox,
    pub(super) shell: RawShell,
    pub(super) limits: RawLimits,
    pub(super) audit_dir: Option<Spanned<String>>,
}

/// The only version of the policy language.
const VERSION: u64 = 1;

/// Names of layers that are not files, and of sections that answers name like layers.
const RESERVED: &[&str] = &["builtin", "settings", "shell", "sandbox", "workspace", "env"];

impl RawPolicy {
    /// Reads one file. What is wrong with it is in the findings.
    pub(super) fn read(source: &Source, file: usize, findings: &mut Findings) -> Self {
        let mut own = Findings::default();
        let (root, syntax) = DeTable::parse_recoverable(&source.text);
        let raw = Self::read_root(Reader::new(source, root.get_ref(), "a policy", Span::new(0, 0), file, &mut own));
        let lines = add_syntax(source, file, &syntax, findings);
        if !lines.is_empty() {
            // The parser skips what it does not understand, so a key may only seem to be missing, and what stands on a
            // broken line may only seem to be wrong.
            own.retain(|(_, finding)| {
                let line = finding.primary.as_ref().map(|label| source.position(label.span.start).0);
                finding.code != Code::MissingKey && line.is_none_or(|line| !lines.contains(&line))
            });
        }
        for (file, finding) in own.into_sorted() {
            findings.add(file, finding);
        }
        raw
    }

    /// The name of the policy that a file extends; findings are left to `read`.
    pub(super) fn extends(source: &Source) -> Option<String> {
        let (root, _) = DeTable::parse_recoverable(&source.text);
        root.get_ref().get("extends")?.get_ref().as_str().map(str::to_owned)
    }

    /// Joins this file with its base: rules add up, `set` of the environment joins name by name, any other key replaces
    /// the base's.
    pub(super) fn over(self, mut base: Self) -> Self {
        base.rules.extend(self.rules);
        base.programs.extend(self.programs);
        Self {
            name: self.name,
            extends: self.extends,
            rules: base.rules,
            off: self.off,
            off_in_base: base.off.into_iter().chain(base.off_in_base).collect(),
            programs: base.programs,
            cases: self.cases,
            workspace: self.workspace.over(base.workspace),
            env: self.env.over(base.env),
            sandbox: self.sandbox.over(base.sandbox),
            shell: self.shell.over(base.shell),
            limits: self.limits.over(base.limits),
            audit_dir: over(self.audit_dir, base.audit_dir),
        }
    }

    fn read_root(mut root: Reader<'_, '_>) -> Self {
        version(&mut root);
        let name = name(&mut root);
        let extends = root.text("extends");
        let (source, file) = (root.source(), root.file());
        let mut rules = Vec::new();
        for (entries, span) in root.tables("rule") {
            let reader = Reader::new(source, entries, "a rule", span, file, root.findings());
            rules.extend(RawRule::read(reader, &name));
        }
        let mut programs = Vec::new();
        for (entries, span) in root.tables("program") {
            programs.push(RawProgram::read(source, entries, span, file, root.findings()));
        }
        let mut off = Vec::new();
        for (entries, span) in root.tables("blocklist") {
            off.extend(RawSwitch::read(Reader::new(source, entries, "`[[blocklist]]`", span, file, root.findings())));
        }
        let mut cases = Vec::new();
        for (entries, span) in root.tables("test") {
            let reader = Reader::new(source, entries, "a test", span, file, root.findings());
            cases.extend(RawCase::read(reader));
        }
        let raw = Self {
            name,
            extends,
            rules,
            off,
            off_in_base: Vec::new(),
            programs,
            cases,
            workspace: root.table("workspace", "`[workspace]`").map(RawWorkspace::read).unwrap_or_default(),
            env: root.table("env", "`[env]`").map(RawEnv::read).unwrap_or_default(),
            sandbox: root.table("sandbox", "`[sandbox]`").map(RawSandbox::read).unwrap_or_default(),
            shell: root.table("shell", "`[shell]`").map(RawShell::read).unwrap_or_default(),
            limits: root.table("limits", "`[limits]`").map(RawLimits::read).unwrap_or_default(),
            audit_dir: root.table("audit", "`[audit]`").and_then(audit_dir),
        };
        root.unsupported("layer", "leave it out; a policy is joined to another by `extends`");
        root.unsupported("profile", "leave it out; every client is judged by the same rules");
        root.finish();
        raw
    }
}

fn version(root: &mut Reader<'_, '_>) {
    if !root.holds("version") {
        root.missing("version", "write `version = 1` at the top");
    }
    let Some(version) = root.whole("version") else { return };
    if version.value != VERSION {
        let message = format!("`version` has the value `{}`", version.value);
        root.findings().error(Code::BadValue, &version, message, "this program reads version 1 of the policy language");
    }
}

/// The policy's name; without one, its file's name up to the first dot.
fn name(root: &mut Reader<'_, '_>) -> String {
    let stem = |path: &str| path.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or(path).to_owned();
    let named = root.parsed("name", |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if RESERVED.contains(&text) {
            Err("the name is taken by a layer that is not a file")
        } else if text.is_empty() || !text.chars().all(fits) {
            Err("a name holds letters, digits, `-`, `_` and `.`")
        } else {
            Ok(text.to_owned())
        }
    });
    named.map_or_else(|| stem(&root.source().name), |name| name.value)
}

fn audit_dir(mut table: Reader<'_, '_>) -> Option<Spanned<String>> {
    let dir = table.text("dir");
    if let Some(dir) = &dir {
        check_rooted("dir", std::slice::from_ref(dir), table.findings());
        if dir.value == super::path::WORKSPACE {
            let label = "jobs can write there; the log has to lie outside";
            table.findings().error(Code::BadValue, dir, "`dir` is the workspace", label);
        }
    }
    table.finish();
    dir
}

/// Adds the errors of the TOML parser and returns the lines that they are about.
fn add_syntax(source: &Source, file: usize, errors: &[toml::de::Error], findings: &mut Findings) -> Vec<usize> {
    let mut lines = Vec::new();
    for error in errors {
        let span = error.span().map_or(Span::new(0, 0), Span::from);
        lines.push(source.position(span.start).0);
        let finding = Diagnostic::error(Code::PolicySyntax, "the file is not valid TOML")
            .at(span, error.message().replace('\n', " "));
        findings.add(file, finding);
    }
    lines
}
