//! The catalogue of hostile acts: what each is stopped by, where that holds, and which tests show it; or why it is not.
//!
//! The rows are data, in files by subject. From them comes the table in SECURITY.md: `STOCKADE_BLESS=1 cargo test --test
//! attacks catalogue` writes it.

mod kernel;
mod processes;
mod requests;
mod resources;

use std::{fs, path::Path};

/// One act.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    number: usize,
    act: &'static str,
    /// What stops it, the outermost first.
    layers: &'static [Layer],
    state: State,
    /// Where the tests show it.
    holds: &'static [Level],
    /// `file::name` below tests/attacks, or a path from the root of the project.
    tests: &'static [&'static str],
}

/// Whether an act is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Stopped,
    /// Stopped but for this.
    Partly(&'static str),
    /// There is nothing here that it could be done to.
    Absent(&'static str),
    /// Not stopped yet.
    Open(&'static str),
    /// Not meant to be stopped.
    OutOfScope(&'static str),
}

/// What can stop an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// The command language and the policy: it does not start.
    Judgement,
    /// No capabilities, no_new_privs.
    Privileges,
    Landlock,
    Seccomp,
    Namespaces,
    Mounts,
    /// Limits of each process and of the private places.
    Limits,
    /// What is inherited: descriptors, environment, streams, session.
    Inheritance,
    /// The init of a job, and whoever ends a job.
    Keeper,
    /// The server's care for itself.
    Server,
    /// How the log is made.
    Log,
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Self::Judgement => "judgement",
            Self::Privileges => "no privileges",
            Self::Landlock => "Landlock",
            Self::Seccomp => "seccomp",
            Self::Namespaces => "namespaces",
            Self::Mounts => "mounts",
            Self::Limits => "limits",
            Self::Inheritance => "nothing inherited",
            Self::Keeper => "the job's init",
            Self::Server => "the server",
            Self::Log => "the log",
        }
    }
}

/// Where a test shows that an act is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// With every layer, for root or for others.
    Full(User),
    /// On a machine that permits no namespaces.
    WithoutNamespaces(User),
    /// Before there is a job, or beside it.
    InTheServer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    Other,
}

const EVERYWHERE: &[Level] = &[
    Level::Full(User::Root),
    Level::Full(User::Other),
    Level::WithoutNamespaces(User::Root),
    Level::WithoutNamespaces(User::Other),
];
const FULL: &[Level] = &[Level::Full(User::Root), Level::Full(User::Other)];
const SERVER: &[Level] = &[Level::InTheServer];

fn holds(levels: &[Level]) -> String {
    use Level::{Full, InTheServer, WithoutNamespaces};
    let at = |level: fn(User) -> Level, name: &str| {
        let users = [(User::Root, "root"), (User::Other, "others")].into_iter();
        let users: Vec<_> = users.filter(|(user, _)| levels.contains(&level(*user))).map(|(_, name)| name).collect();
        match users[..] {
            [] => None,
            [_, _] => Some(name.to_owned()),
            [one, ..] => Some(format!("{name}, for {one}")),
        }
    };
    let server = levels.contains(&InTheServer).then(|| "in the server".to_owned());
    let all = [at(Full, "full"), at(WithoutNamespaces, "without namespaces"), server];
    all.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

const fn stopped(
    number: usize,
    act: &'static str,
    layers: &'static [Layer],
    holds: &'static [Level],
    tests: &'static [&'static str],
) -> Row {
    Row { number, act, layers, state: State::Stopped, holds, tests }
}

impl Row {
    /// The same, but for something.
    const fn but(self, missing: &'static str) -> Self {
        Self { state: State::Partly(missing), ..self }
    }
}

/// One that no layer stops, and why.
const fn unstopped(number: usize, act: &'static str, state: State, tests: &'static [&'static str]) -> Row {
    Row { number, act, layers: &[], state, holds: &[], tests }
}

fn rows() -> Vec<Row> {
    [processes::ROWS, resources::ROWS, kernel::ROWS, requests::ROWS].concat()
}

/// Rows that are not stopped as a whole at full level although they could be. The list only gets shorter.
const PENDING: [usize; 7] = [22, 23, 24, 27, 71, 73, 74];

#[test]
fn every_row_is_there_once_and_in_order() {
    let numbers: Vec<_> = rows().iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=95).collect::<Vec<_>>());
}

#[test]
fn at_full_level_only_what_is_pending_is_open() {
    let open = rows().into_iter().filter(|row| matches!(row.state, State::Partly(_) | State::Open(_)));
    assert_eq!(open.map(|row| row.number).collect::<Vec<_>>(), PENDING);
    for row in rows().iter().filter(|row| matches!(row.state, State::Stopped | State::Partly(_))) {
        let full = row.holds.iter().any(|level| matches!(level, Level::Full(_) | Level::InTheServer));
        assert!(full && !row.layers.is_empty() && !row.tests.is_empty(), "row {} says nothing", row.number);
    }
}

#[test]
fn every_test_that_is_named_exists() {
    for row in rows() {
        for name in row.tests {
            assert!(body(name).is_some(), "row {}: `{name}` is not a test", row.number);
        }
    }
}

/// A row can only claim what its tests do. Those of the table are in a form that shows it.
#[test]
fn every_level_that_is_claimed_is_tried() {
    for row in rows() {
        let attacks: Vec<_> =
            row.tests.iter().filter(|name| !name.contains('/')).filter_map(|name| body(name)).collect();
        let some = |words: &[&str]| attacks.iter().any(|text| words.iter().any(|word| text.contains(word)));
        for level in row.holds {
            let tried = match level {
                Level::InTheServer => true,
                Level::Full(User::Root) => !attacks.is_empty(),
                Level::Full(User::Other) => some(&["as_everybody("]),
                Level::WithoutNamespaces(User::Root) => some(&WITHOUT),
                Level::WithoutNamespaces(User::Other) => some(&WITHOUT) && some(&["as_everybody("]),
            };
            assert!(tried, "row {}: {level:?} is claimed and no test of the row tries it", row.number);
        }
    }
}

/// How a test says that it runs without namespaces: by lists that hold that depth, or by its name.
const WITHOUT: [&str; 3] = ["BOTH", "in ALL", "NoNamespaces"];

/// Every attack of this program that has the number of a row is in the table, at that row.
#[test]
fn every_attack_is_in_its_row() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
    let mut found = 0;
    for entry in fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let module = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        for name in fs::read_to_string(&entry).unwrap().lines().filter_map(|line| line.strip_prefix("fn row_")) {
            let name = format!("row_{}", name.split('(').next().unwrap());
            let number: usize = name.split('_').nth(1).unwrap().parse().unwrap();
            let full = format!("{module}::{name}");
            let row = rows().into_iter().find(|row| row.number == number).unwrap();
            assert!(row.tests.contains(&full.as_str()), "row {number} does not name `{full}`");
            found += 1;
        }
    }
    assert!(found > 80, "only {found} attacks were found");
}

/// The text of a test, up to the next one. Nothing when there is no such test.
fn body(name: &str) -> Option<String> {
    let (file, name) = name.rsplit_once("::").unwrap();
    let file = if file.contains('/') { file.to_owned() } else { format!("tests/attacks/{file}.rs") };
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).ok()?;
    let (before, rest) = text.split_once(&format!("fn {name}("))?;
    let start = before.rfind("\n\n").unwrap_or(0);
    // A property's attribute stands around the whole of them.
    let is_test = before.get(start..).is_some_and(|text| text.contains("test]")) || before.contains("proptest!");
    is_test.then(|| rest.split("#[test]").next().unwrap_or(rest).to_owned())
}

#[test]
fn the_table_in_security_md_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("STOCKADE_BLESS").is_some() {
        fs::write(&path, wanted).unwrap();
        return;
    }
    assert!(page == wanted, "the table is stale; run `STOCKADE_BLESS=1 cargo test --test attacks catalogue`");
}

const BEGIN: &str = "<!-- the catalogue begins: written by tests/attacks/catalogue -->\n";
const END: &str = "<!-- the catalogue ends -->\n";

fn table() -> String {
    let head = "\n| row | act | stopped by | where | test |\n|---|---|---|---|---|\n";
    let line = |row: &Row| {
        let layers: Vec<_> = row.layers.iter().map(|layer| layer.name()).collect();
        let whether = match row.state {
            State::Stopped => holds(row.holds),
            State::Partly(missing) => format!("{}. Not stopped: {missing}", holds(row.holds)),
            State::Absent(why) => format!("nothing to do it to: {why}"),
            State::Open(why) => format!("**not stopped**: {why}"),
            State::OutOfScope(why) => format!("out of scope: {why}"),
        };
        let tests: Vec<_> = row.tests.iter().map(|name| format!("`{name}`")).collect();
        format!("| {} | {} | {} | {whether} | {} |\n", row.number, row.act, layers.join(", "), tests.join(", "))
    };
    format!("{head}{}\n", rows().iter().map(line).collect::<String>())
}
