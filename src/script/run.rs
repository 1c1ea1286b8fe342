//! Lists, pipelines and subshells.

use std::{collections::BTreeMap, os::fd::OwnedFd};

use rustix::{
    pipe::{PipeFlags, pipe_with},
    process::{DumpableBehavior, set_dumpable_behavior},
};

use crate::sys::fork::Fork;

use super::{
    halt::Halt,
    question::{Act, Judge, Question, Trouble},
    shell::{End, Shell, Status, ending, finish},
    signals,
    streams::internal,
    tree::{After, AndOr, ListId, Node, Pipeline, Tree},
};

/// The status of a script that was refused half-way, and of each of its processes.
pub const STOPPED: u8 = 126;

/// Runs a script and gives its status, for the calling process to end with at once. A script that a signal ended does not
/// come back: the process dies of that signal.
///
/// The process must have one thread, be the leader of its session, and have nothing but the job's streams at the numbers
/// below 10: whatever else it holds, the judge's descriptor too, stands at 10 or above and is closed on exec.
pub fn run(tree: &Tree, env: BTreeMap<String, String>, judge: &mut dyn Judge) -> u8 {
    let halt = match prepare() {
        Ok(halt) => halt,
        Err(error) => {
            let act = Act::GiveUp(Trouble::System(format!("prepare the script: {error}")));
            // As in `give_up`, and there is no other process to stop yet.
            let _ = judge.judge(&Question { command: 0, act }, &[]);
            return STOPPED;
        }
    };
    let open = [true, true, true, false, false, false, false, false, false, false];
    let mut shell = Shell { tree, judge, env, open, last: 0, current: 0, halt, beside: Vec::new() };
    ending(shell.script())
}

/// A job's programs are of the same user as this process. Not dumpable, it cannot be looked into, stopped or robbed of its
/// descriptors by them (ptrace(2), proc(5)): its connection to the judge is what they must not have. A program becomes
/// dumpable again at its exec.
fn prepare() -> std::io::Result<Halt> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    signals::hold()?;
    Halt::new()
}

impl Shell<'_> {
    fn script(&mut self) -> Status {
        let root = self.tree.root();
        let root = self.broken("read the script", root.ok_or("it is empty"))?;
        self.list(root)
    }

    /// Runs a list in this process.
    pub(super) fn list(&mut self, id: ListId) -> Status {
        let list = self.tree.list(id);
        let list = self.broken("read the script", list.ok_or("a list is missing"))?;
        for item in &list.items {
            self.and_or(item)?;
        }
        Ok(self.last)
    }

    fn and_or(&mut self, item: &AndOr) -> Result<(), End> {
        self.pipeline(&item.first)?;
        for (after, pipeline) in &item.rest {
            let wanted = match after {
                After::Success => self.last == 0,
                After::Failure => self.last != 0,
            };
            if wanted {
                self.pipeline(pipeline)?;
            }
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<(), End> {
        self.check()?;
        let status = match pipeline.nodes.as_slice() {
            [Node::Simple(simple)] => self.alone(simple)?,
            [Node::Subshell(list)] => self.apart(|shell| shell.list(*list))?,
            nodes => self.members(nodes)?,
        };
        self.last = if pipeline.negated { u8::from(status == 0) } else { status };
        Ok(())
    }

    /// Runs each member in a process of its own, all at the same time, and waits for all of them.
    fn members(&mut self, nodes: &[Node]) -> Status {
        let mut members = Vec::new();
        let mut input = None;
        for (at, node) in nodes.iter().enumerate() {
            let (next, output) = if at + 1 < nodes.len() { self.pipe()?.into() } else { (None, None) };
            match self.fork()? {
                Fork::Child => {
                    // Held open here, the next one's end would keep this one from noticing that nobody reads any more.
                    drop(next);
                    finish(self.member(node, input, output));
                }
                Fork::Parent(pid) => members.push(pid),
            }
            input = next;
        }
        drop(input);
        let mut status = 0;
        for pid in members {
            status = self.wait(pid)?;
        }
        Ok(status)
    }

    fn member(&mut self, node: &Node, input: Option<OwnedFd>, output: Option<OwnedFd>) -> Status {
        if let Some(input) = input {
            self.take_input(&input)?;
        }
        if let Some(output) = output {
            self.take_output(&output)?;
        }
        match node {
            Node::Simple(simple) => self.simple(simple),
            Node::Subshell(list) => self.list(*list),
        }
    }

    /// A pipe: where to read, where to write.
    pub(super) fn pipe(&mut self) -> Result<Ends, End> {
        let made = pipe_with(PipeFlags::CLOEXEC).map_err(std::io::Error::from);
        let made = made.and_then(|(reader, writer)| Ok(Ends { reader: internal(reader)?, writer: internal(writer)? }));
        self.broken("make a pipe", made)
    }
}

/// The ends of a pipe.
pub(super) struct Ends {
    pub(super) reader: OwnedFd,
    pub(super) writer: OwnedFd,
}

impl From<Ends> for (Option<OwnedFd>, Option<OwnedFd>) {
    fn from(ends: Ends) -> Self {
        (Some(ends.reader), Some(ends.writer))
    }
}
