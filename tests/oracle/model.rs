//! The claim: what runs, in which order and with what, as far as the tree says it. A second reading of the tree, written
//! apart from the executor's.

use std::collections::{BTreeMap, BTreeSet};

use stockade::command::{
    AndOr, Builtin, Connector, List, Node, Pipeline, Redirect, Redirection, Script, SimpleCommand,
};

use super::{
    expand::Atom,
    record::Event,
    world::{BASE, World},
};

/// Why a model ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The list ends with this status.
    Exit(Status),
    /// The claim does not say what happens, or the harness could not tell.
    Skip(&'static str),
}

/// A status. What a failure of the shell's own gives is a matter of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Code(u8),
    Failed,
}

/// What is claimed of a script.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) events: Vec<Event>,
    pub(crate) status: Status,
    pub(crate) files: Vec<String>,
    /// Whether all happens in the order of `events`.
    pub(crate) ordered: bool,
    /// Whether a here-document is empty: bash then opens /dev/null.
    pub(crate) empty_document: bool,
    /// Why dash is known to do something else with every text of this script.
    pub(crate) not_dash: Option<&'static str>,
    /// The programs.
    pub(crate) names: Vec<String>,
}

/// What a descriptor is.
#[derive(Clone, Debug)]
pub(crate) struct Fd {
    /// Mode and name, as the stub says them.
    shown: String,
    pipe: Option<usize>,
}

pub(crate) type Fds = BTreeMap<u8, Fd>;

/// A process of the script.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) cwd: String,
    pub(crate) fds: Fds,
    last: Status,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) world: World,
    events: Vec<Event>,
    pipes: Vec<String>,
    /// Names looked for and names made, by the member of a pipeline under way. A pattern looks for all.
    pub(crate) looked: BTreeSet<String>,
    made: BTreeSet<String>,
    pub(crate) claim: Claim,
}

/// What is claimed of a script, or why nothing is.
pub(crate) fn claim(script: &Script) -> Result<Claim, &'static str> {
    let claim = Claim {
        events: vec![],
        status: Status::Failed,
        files: vec![],
        ordered: true,
        empty_document: false,
        not_dash: None,
        names: vec![],
    };
    let (events, pipes) = (vec![], vec![]);
    let (looked, made) = (BTreeSet::new(), BTreeSet::new());
    let mut model = Model { world: World::new(), events, pipes, looked, made, claim };
    for command in script.commands() {
        model.program(command)?;
    }
    let fd = |shown: &str| Fd { shown: shown.to_owned(), pipe: None };
    let fds = BTreeMap::from([(0, fd("r-/dev/null")), (1, fd("w-/dev/null")), (2, fd("wa/log/err"))]);
    let mut scope = Scope { cwd: "/w".to_owned(), fds, last: Status::Code(0) };
    let status = match model.list(&script.root, &mut scope) {
        Ok(status) | Err(Stop::Exit(status)) => status,
        Err(Stop::Skip(why)) => return Err(why),
    };
    Ok(Claim { events: model.events, status, files: model.world.listing(), ..model.claim })
}

impl Model {
    fn program(&mut self, command: &SimpleCommand) -> Result<(), &'static str> {
        if command.builtin().is_some() {
            return Ok(());
        }
        let name = command.words[0].literal().unwrap();
        if name.contains('/') || name == "." || name == ".." {
            return Err("a program named by a path");
        }
        if name.len() > 255 {
            return Err("a name longer than a file's");
        }
        if ["echo", "printf", "test", "[", "true", "false", "kill", "pwd"].contains(&name.as_str()) {
            self.not_dash("dash answers the name itself");
        }
        self.claim.names.push(name);
        Ok(())
    }

    pub(crate) fn not_dash(&mut self, why: &'static str) {
        self.claim.not_dash.get_or_insert(why);
    }

    pub(crate) fn list(&mut self, list: &List, scope: &mut Scope) -> Result<Status, Stop> {
        for item in &list.items {
            self.and_or(item, scope)?;
        }
        Ok(scope.last)
    }

    fn and_or(&mut self, item: &AndOr, scope: &mut Scope) -> Result<(), Stop> {
        self.pipeline(&item.first, scope)?;
        for link in &item.rest {
            if (link.connector == Connector::And) == (scope.last == Status::Code(0)) {
                self.pipeline(&link.pipeline, scope)?;
            }
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, scope: &mut Scope) -> Result<(), Stop> {
        let status = match pipeline.commands.as_slice() {
            [Node::Simple(command)] => self.simple(command, scope)?,
            nodes => self.members(nodes, scope)?,
        };
        scope.last = match (pipeline.negated, status) {
            (false, status) => status,
            (true, Status::Code(0)) => Status::Code(1),
            (true, _) => Status::Code(0),
        };
        Ok(())
    }

    /// Runs the members one after the other: what one writes, a later one reads.
    fn members(&mut self, nodes: &[Node], scope: &Scope) -> Result<Status, Stop> {
        let mut status = scope.last;
        let mut input = None;
        let mut touched = Vec::new();
        let outer = (std::mem::take(&mut self.looked), std::mem::take(&mut self.made));
        self.claim.ordered &= nodes.len() == 1;
        for (at, node) in nodes.iter().enumerate() {
            let mut inner = scope.clone();
            if let Some(pipe) = input.take() {
                inner.fds.insert(0, pipe_end("r-pipe", pipe));
            }
            if at + 1 < nodes.len() {
                let pipe = self.pipe(String::new());
                inner.fds.insert(1, pipe_end("w-pipe", pipe));
                input = Some(pipe);
            }
            status = self.apart(inner, |model, scope| match node {
                Node::Simple(command) => model.simple(command, scope),
                Node::Subshell(subshell) => model.list(&subshell.list, scope),
            })?;
            touched.push((std::mem::take(&mut self.looked), std::mem::take(&mut self.made)));
        }
        if races(&touched) {
            return Err(Stop::Skip("a file made and looked for in one pipeline"));
        }
        (self.looked, self.made) = outer;
        for (looked, made) in touched {
            self.looked.extend(looked);
            self.made.extend(made);
        }
        Ok(status)
    }

    /// Runs in a process of its own.
    fn apart(
        &mut self,
        mut scope: Scope,
        run: impl FnOnce(&mut Self, &mut Scope) -> Result<Status, Stop>,
    ) -> Result<Status, Stop> {
        match run(self, &mut scope) {
            Err(Stop::Exit(status)) => Ok(status),
            other => other,
        }
    }

    /// What a list prints, without the newlines at its end.
    pub(crate) fn output(&mut self, list: &List, scope: &Scope, fds: &Fds) -> Result<String, Stop> {
        let pipe = self.pipe(String::new());
        let mut inner = scope.clone();
        inner.fds.clone_from(fds);
        inner.fds.insert(1, pipe_end("w-pipe", pipe));
        self.apart(inner, |model, scope| model.list(list, scope))?;
        Ok(self.pipes[pipe].trim_end_matches('\n').to_owned())
    }

    fn pipe(&mut self, content: String) -> usize {
        self.pipes.push(content);
        self.pipes.len() - 1
    }

    fn simple(&mut self, command: &SimpleCommand, scope: &mut Scope) -> Result<Status, Stop> {
        let argv = self.argv(&command.words, scope)?;
        let mut env = BTreeMap::new();
        for assignment in &command.assignments {
            if !["A", "B", "HOME", "X", "V"].contains(&assignment.name.as_str()) {
                return Err(Stop::Skip("a variable that a shell may use itself"));
            }
            let value = self.text(&assignment.value, scope, &scope.fds)?;
            env.insert(assignment.name.clone(), value);
        }
        let Some(fds) = self.redirected(command, scope)? else {
            if command.builtin().is_some_and(|builtin| builtin != Builtin::Cd) {
                self.not_dash("dash ends when a redirection of a special builtin fails");
            }
            return Ok(Status::Failed);
        };
        match command.builtin() {
            Some(Builtin::Null) => Ok(Status::Code(0)),
            Some(Builtin::Exit) => Err(Stop::Exit(match argv.get(1) {
                None if command.words.len() > 1 => return Err(Stop::Skip("`exit` with a substitution")),
                None => scope.last,
                Some(code) => Status::Code(code.parse().map_err(|_| Stop::Skip("`exit` with another operand"))?),
            })),
            Some(Builtin::Cd) => self.cd(&argv, scope, &fds),
            None => Ok(self.program_runs(argv, env, scope, &fds)),
        }
    }

    fn cd(&mut self, argv: &[String], scope: &mut Scope, fds: &Fds) -> Result<Status, Stop> {
        let [_, name] = argv else { return Err(Stop::Skip("`cd` with another number of operands")) };
        if name.is_empty() || name.starts_with('-') {
            return Err(Stop::Skip("`cd` with an empty name or an option"));
        }
        match self.world.follow(&scope.cwd, name)? {
            Some(place) if place.path == "/" => Err(Stop::Skip("a path outside the work directory")),
            Some(place) if place.directory == Some(true) => {
                scope.cwd = place.path;
                Ok(Status::Code(0))
            }
            _ => {
                if name.split('/').skip(1).any(|part| part == "..") {
                    self.not_dash("dash takes `name/..` away without looking");
                }
                says(fds).map(|()| Status::Failed)
            }
        }
    }

    fn program_runs(&mut self, argv: Vec<String>, env: BTreeMap<String, String>, scope: &Scope, fds: &Fds) -> Status {
        let mut stdin = None;
        if let Some(Fd { shown, pipe: Some(pipe) }) = fds.get(&0)
            && shown.starts_with('r')
        {
            stdin = Some(std::mem::take(&mut self.pipes[*pipe]));
        }
        if let ("o" | "out", Some(Fd { shown, pipe: Some(pipe) })) = (argv[0].as_str(), fds.get(&1))
            && shown.starts_with('w')
        {
            self.pipes[*pipe].push_str(&format!("{}\n", argv[1..].join(" ")));
        }
        let status = Status::Code(u8::from(argv[0] == "f"));
        let base = |name: &str, value: &str| BASE.contains(&(name, value));
        let env = env.into_iter().filter(|(name, value)| !base(name, value));
        let env = env.map(|(name, value)| format!("{name}={value}")).collect();
        let fds = fds.iter().map(|(fd, what)| format!("{fd}{}", what.shown)).collect();
        self.events.push(Event { argv, env, cwd: scope.cwd.clone(), fds, stdin });
        status
    }

    /// The command's descriptors, or nothing where a redirection fails.
    fn redirected(&mut self, command: &SimpleCommand, scope: &Scope) -> Result<Option<Fds>, Stop> {
        let mut later = command.redirections.iter().skip(1).filter_map(Redirection::word);
        if later.any(|word| word.pieces.iter().any(super::expand::substitutes)) {
            self.not_dash("dash expands all redirections before the first");
        }
        let mut fds = scope.fds.clone();
        for redirection in &command.redirections {
            let Some(fd) = self.redirect(redirection, scope, &fds)? else {
                says(&fds)?;
                return Ok(None);
            };
            match fd {
                Some(fd) => fds.insert(redirection.fd, fd),
                None => fds.remove(&redirection.fd),
            };
        }
        Ok(Some(fds))
    }

    /// What the descriptor becomes: nothing, or closed, or this.
    fn redirect(&mut self, redirection: &Redirection, scope: &Scope, fds: &Fds) -> Result<Option<Option<Fd>>, Stop> {
        let (word, mode) = match &redirection.to {
            Redirect::Read(word) => (word, "r-"),
            Redirect::Write(word) => (word, "w-"),
            Redirect::Append(word) => (word, "wa"),
            Redirect::Copy(from) => return Ok(fds.get(from).cloned().map(Some)),
            Redirect::Close => return Ok(Some(None)),
            Redirect::HereDocument(document) => {
                self.claim.empty_document |= document.body.is_empty();
                if !document.body.is_ascii() {
                    self.not_dash("dash loses bytes of a here-document");
                }
                let pipe = self.pipe(document.body.clone());
                return Ok(Some(Some(pipe_end("r-pipe", pipe))));
            }
            Redirect::HereString(word) => {
                let text = self.text(word, scope, fds)?;
                let pipe = self.pipe(format!("{text}\n"));
                return Ok(Some(Some(pipe_end("r-pipe", pipe))));
            }
        };
        let name = self.text(word, scope, fds)?;
        if name.starts_with("/dev/") && name != "/dev/null" {
            return Err(Stop::Skip("a path outside the work directory"));
        }
        let Some(place) = self.world.follow(&scope.cwd, &name)? else {
            self.looked.insert(name);
            return Ok(None);
        };
        if place.path == "/" {
            return Err(Stop::Skip("a path outside the work directory"));
        }
        self.looked.insert(place.path.clone());
        let mode = if place.path == "/dev/null" && mode == "wa" { "wa" } else { mode };
        match (mode, place.directory) {
            ("r-", None) | ("w-" | "wa", Some(true)) => return Ok(None),
            ("w-" | "wa", None) => {
                self.looked.remove(&place.path);
                self.world.make(&place.path);
                self.made.insert(place.path.clone());
            }
            _ => {}
        }
        Ok(Some(Some(Fd { shown: format!("{mode}{}", place.path), pipe: None })))
    }
}

/// A message of the shell's own, which no claim foresees where it flows into a pipe.
fn says(fds: &Fds) -> Result<(), Stop> {
    let pipe = fds.get(&2).is_some_and(|fd| fd.pipe.is_some());
    if pipe { Err(Stop::Skip("a message of the shell in a pipe")) } else { Ok(()) }
}

fn pipe_end(shown: &str, pipe: usize) -> Fd {
    Fd { shown: shown.to_owned(), pipe: Some(pipe) }
}

/// Whether one member makes a file that another looks for.
fn races(touched: &[(BTreeSet<String>, BTreeSet<String>)]) -> bool {
    touched.iter().enumerate().any(|(at, (_, made))| {
        touched.iter().enumerate().any(|(other, (looked, _))| {
            other != at && made.iter().any(|path| looked.contains("*") || looked.contains(path))
        })
    })
}

/// A part of a pattern as it is written.
pub(crate) fn written(atoms: &[Atom]) -> String {
    atoms.iter().map(Atom::written).collect()
}
