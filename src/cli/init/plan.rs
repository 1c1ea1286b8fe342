//! All that `init` will do, before it does any of it. What cannot be done as a whole is refused as a whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    cli::connect::{Client, Connection, Merged, merge},
    config::{secure, state},
    diagnostic::{Code, Diagnostic, Source},
    model::workspace::{Reach, Workspace},
};

use super::{
    Args,
    kind::{self, Kind},
    policy::{self, Base},
    scene::Scene,
};

/// What will be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) kinds: Vec<Kind>,
    pub(super) base: String,
    pub(super) connection: Connection,
    /// Where the log of the server will lie.
    pub(super) log: PathBuf,
    /// The policy first: a client must not be told of one that is not there.
    pub(super) steps: Vec<Step>,
    /// What a person has to see to.
    pub(super) warnings: Vec<Diagnostic>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) purpose: Purpose,
    pub(super) path: PathBuf,
    pub(super) fate: Fate,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Policy,
    Client(Client),
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is made, with this text.
    Create(String),
    /// It gets this text.
    Change(String),
    /// It says already what it should.
    Stay,
    /// A person has to change it: why.
    ByHand(String),
}

/// Why nothing is done: findings with the texts that they are about.
pub(super) type Refusal = Vec<(Source, Diagnostic)>;

/// Plans everything, or says all that stands against it.
pub(super) fn plan(args: &Args, scene: &Scene) -> Result<Plan, Refusal> {
    let has = |name: &str| scene.has(name);
    let kinds = if args.kind.is_empty() { kind::kinds(&has) } else { sorted(&args.kind) };
    let clients = match (args.no_client, args.client.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => kind::clients(&has, scene.codex.is_dir()),
        (false, false) => sorted(&args.client),
    };
    let base = Base::find(args.policy.as_deref())?;
    let policy = policy::plan(args, scene, &base, &kinds)?;
    let connection = Connection {
        program: Scene::text(&scene.program),
        policy: Scene::text(&scene.policy),
        directory: Some(Scene::text(&scene.project)),
        state: scene.state.clone(),
    };
    let mut steps = vec![policy.step];
    let mut refusal = Vec::new();
    for client in clients {
        let step = configuration(client, scene, &connection, args.force);
        match step.and_then(|step| out_of_reach(&policy.workspace, client, step)) {
            Ok(step) => steps.push(step),
            Err(finding) => refusal.push(without_text(finding)),
        }
    }
    if refusal.is_empty() {
        Ok(Plan { kinds, base: policy.base, connection, log: policy.log, steps, warnings: policy.warnings })
    } else {
        Err(refusal)
    }
}

/// A finding that no text is about.
pub(super) fn without_text(finding: Diagnostic) -> (Source, Diagnostic) {
    (Source::new("", ""), finding)
}

fn sorted<T: Copy + Ord>(asked: &[T]) -> Vec<T> {
    let mut sorted = asked.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

fn configuration(client: Client, scene: &Scene, connection: &Connection, force: bool) -> Result<Step, Diagnostic> {
    let path = file(client, scene)?;
    let text = read(&path)?;
    let merged =
        merge(text.as_deref().unwrap_or_default(), Connection::place(client), &connection.entry(client), force);
    let fate = match (merged, &text) {
        (Merged::Same, _) => Fate::Stay,
        (Merged::Text(text), None) => Fate::Create(text),
        (Merged::Text(text), Some(_)) => Fate::Change(text),
        (Merged::Unfit(why), _) => Fate::ByHand(why),
        (Merged::Differs, _) => return Err(differs(client, &path)),
    };
    Ok(Step { purpose: Purpose::Client(client), path, fate })
}

/// Where a client's configuration lies. A file of the project must not lead out of it: a checkout could otherwise choose which
/// file of the user is changed.
fn file(client: Client, scene: &Scene) -> Result<PathBuf, Diagnostic> {
    if client == Client::Codex && !scene.has(".codex") {
        return Ok(scene.codex.join("config.toml"));
    }
    let path = scene.project.join(client.file());
    let real = state::settle(&path);
    if real.starts_with(&scene.project) {
        Ok(path)
    } else {
        let message = format!("`{}` leads out of the project, to `{}`", path.display(), real.display());
        Err(Diagnostic::error(Code::NotWritten, message).with_hint("put a file or a directory in place of the link"))
    }
}

/// A client starts what its configuration names, outside of the sandbox: jobs must not be able to change it.
fn out_of_reach(workspace: &Workspace, client: Client, step: Step) -> Result<Step, Diagnostic> {
    let real = state::settle(&step.path);
    if workspace.is_own(&real) || workspace.reach(&real) < Reach::Write {
        return Ok(step);
    }
    let message = format!("jobs could change `{}`, which says what {} starts", step.path.display(), client.label());
    let name = Path::new(client.file()).iter().next().unwrap_or_default().display().to_string();
    Err(Diagnostic::error(Code::FileExposed, message)
        .with_hint(format!("add `{name}` to `[workspace] protect` of the policy")))
}

fn differs(client: Client, path: &Path) -> Diagnostic {
    let message = format!("`{}` has a server `stockade` that is started in another way", path.display());
    let hint = match client {
        Client::Codex => {
            "`--force` replaces that entry; or make a directory `.codex` in the project, for a configuration of its own"
        }
        Client::ClaudeCode | Client::Cursor | Client::VsCode => "`--force` replaces that entry, and nothing else",
    };
    Diagnostic::error(Code::NotWritten, message).with_hint(hint)
}

/// The text of a file that may be absent.
pub(super) fn read(path: &Path) -> Result<Option<String>, Diagnostic> {
    let unreadable = |why: String| {
        Diagnostic::error(Code::FileUnreadable, format!("`{}` {why}", path.display()))
            .with_hint("move it away, or make it a file that can be read")
    };
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(unreadable("is not a regular file".to_owned())),
        Ok(metadata) if metadata.len() > secure::MAX_FILE => {
            return Err(unreadable(format!("is larger than {} bytes", secure::MAX_FILE)));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A link to nothing is not an absent file: what it leads to would be made.
            let dangling = path.symlink_metadata().is_ok();
            return if dangling { Err(unreadable("is a link to nothing".to_owned())) } else { Ok(None) };
        }
        Err(error) => return Err(unreadable(format!("cannot be read: {error}"))),
    }
    fs::read_to_string(path).map(Some).map_err(|error| unreadable(format!("cannot be read: {error}")))
}
