//! What happens, as records of the log. The types are the program's own; `encode.rs` turns them into the fields on disk.

use std::path::PathBuf;

use crate::{
    command::{Access, ResolvedScript},
    diagnostic::Code,
    model::{
        denial::{Denial, RuleRef},
        enforcement::Enforcement,
        generation::PolicyId,
        ids::JobId,
        limits::Limits,
        outcome::{Outcome, Reason, StreamTotals},
        request::{Principal, Request},
        support::Support,
    },
    policy::{Question, Trace},
};

use super::{
    digest::KeyedDigest,
    policy::{PolicyLoad, PolicyReload, PolicyReloadFailed},
};

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The server is about to serve.
    ServerStart(ServerStart),
    /// A policy is in use from here on.
    PolicyLoad(PolicyLoad),
    /// Another policy takes its place from here on, for requests that come later.
    PolicyReload(PolicyReload),
    /// Another policy was to take its place and could not.
    PolicyReloadFailed(PolicyReloadFailed),
    /// Somebody asked for a command.
    Request(Requested),
    /// The request was judged. [`super::Writer::begin`] records those that run.
    Decision(Decided),
    /// A job's command was started.
    Start(Started),
    /// An act of a running script was judged, before it happened.
    Act(Acted),
    /// Input was given to a job.
    Stdin(Typed),
    /// A job was killed.
    Kill(Killed),
    /// A job ended.
    Exit(Exited),
}

/// The server and the machine under it.
#[derive(Clone, Debug)]
pub struct ServerStart {
    /// The program's version.
    pub version: String,
    /// What the kernel can do; layers that it gives in part or not at all are listed once more by name.
    pub support: Support,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The text of the command.
    pub command: String,
    /// The directory that was asked for.
    pub cwd: Option<PathBuf>,
    /// The names of the variables that the client wants to set. Never their values.
    pub env_names: Vec<String>,
    /// Who asks.
    pub principal: Principal,
    /// The name that the client gives itself.
    pub claimed_client: Option<String>,
    /// The identifier of the call in the client's protocol.
    pub rpc_id: Option<String>,
    /// The client's name for the job.
    pub name: Option<String>,
}

/// The word of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may run.
    Allow,
    /// A person would have to say yes.
    Ask,
    /// It may not run.
    Deny,
}

/// A judgement with its grounds.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The answer.
    pub answer: Answer,
    /// The kind of refusal.
    pub code: Option<Code>,
    /// The rules that gave the answer.
    pub rules: Vec<RuleRef>,
    /// Why, in one line.
    pub reason: Option<String>,
    /// What was judged, when the text could be parsed and its names resolved.
    pub commands: Vec<Judged>,
    /// The files that it would open by redirections.
    pub files: Vec<Opened>,
    /// Every rule that matched, with its decision word.
    pub matched: Vec<(RuleRef, String)>,
    /// The policy that was judged by.
    pub policy: PolicyId,
}

/// One simple command as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The file that would be executed.
    pub program: PathBuf,
    /// The argument vector.
    pub argv: Vec<String>,
    /// The argument vector as the text that rules see.
    pub canonical: String,
}

/// One file that a redirection opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The file, links resolved. Nothing when it is not known before its turn.
    pub path: Option<PathBuf>,
    /// What for.
    pub access: Access,
}

/// A job whose command was started.
#[derive(Clone, Debug)]
pub struct Started {
    /// The job.
    pub job: JobId,
    /// The process that holds the job, as the server sees it.
    pub pid: u32,
    /// The files that are executed, as far as that is known.
    pub programs: Vec<PathBuf>,
    /// What is really on around it.
    pub enforcement: Enforcement,
    /// The limits that apply to it; `wall` is the job's own.
    pub limits: Limits,
}

/// An act of a running script, as it was judged. What an act of its kind does not have is empty.
#[derive(Clone, Debug)]
pub struct Acted {
    /// What was about to happen.
    pub act: Act,
    /// The simple command, by its place in the script.
    pub command: usize,
    /// The file that would be executed.
    pub program: Option<PathBuf>,
    /// The argument vector.
    pub argv: Vec<String>,
    /// The act as the text that rules and people see.
    pub canonical: String,
    /// The names of the variables that stand before the command. Never their values.
    pub variables: Vec<String>,
    /// The working directory in which it would be executed.
    pub cwd: Option<PathBuf>,
    /// The directory that would be entered, or the file that would be opened.
    pub path: Option<PathBuf>,
    /// What the file would be opened for.
    pub access: Option<Access>,
    /// The answer.
    pub answer: Answer,
    /// The kind of refusal.
    pub code: Option<Code>,
    /// The rules that gave the answer.
    pub rules: Vec<RuleRef>,
    /// Why, in one line.
    pub reason: Option<String>,
}

/// A kind of act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A directory is entered.
    Enter,
    /// A file is opened for a redirection.
    Open,
    /// A program is executed.
    Execute,
    /// The script cannot go on.
    GiveUp,
    /// Something was asked that the script does not say.
    Unknown,
}

impl Act {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Open => "open",
            Self::Execute => "execute",
            Self::GiveUp => "give_up",
            Self::Unknown => "unknown",
        }
    }
}

/// Input that is about to be given to a job.
#[derive(Clone, Debug)]
pub struct Typed {
    /// Who gives it.
    pub principal: Principal,
    /// How many bytes.
    pub bytes: u64,
    /// What [`super::Writer::keyed_digest`] makes of them. The log never holds the bytes.
    pub digest: KeyedDigest,
    /// Whether the input ends with them.
    pub eof: bool,
}

/// A kill.
#[derive(Clone, Debug)]
pub struct Killed {
    /// Why.
    pub reason: Reason,
    /// The signals that were sent, in order, such as `TERM`.
    pub signals: Vec<String>,
    /// Processes of the job that were seen alive afterwards.
    pub survivors: u32,
}

/// The end of a job.
#[derive(Clone, Debug)]
pub struct Exited {
    /// How it ended.
    pub outcome: Outcome,
    /// What it wrote to standard output.
    pub stdout: StreamTotals,
    /// What it wrote to standard error.
    pub stderr: StreamTotals,
}

impl Requested {
    /// A request as it came in, with the identifier of the call in the client's protocol.
    pub fn new(request: &Request, rpc_id: Option<String>) -> Self {
        Self {
            command: request.command.clone(),
            cwd: request.cwd.clone(),
            env_names: request.env.keys().cloned().collect(),
            principal: request.principal.clone(),
            claimed_client: request.claimed_client.clone(),
            rpc_id,
            name: request.name.clone(),
        }
    }
}

impl Decided {
    /// A script that may run.
    pub fn allow(rules: &[RuleRef], script: Option<&ResolvedScript>, trace: &Trace, policy: &PolicyId) -> Self {
        Self { rules: rules.to_vec(), ..Self::new(Answer::Allow, script, trace, policy) }
    }

    /// A script about which a person would have to be asked.
    pub fn ask(question: &Question, script: Option<&ResolvedScript>, trace: &Trace, policy: &PolicyId) -> Self {
        Self {
            code: Some(Code::AskUnavailable),
            rules: vec![question.rule.clone()],
            reason: Some(question.reason.clone()),
            ..Self::new(Answer::Ask, script, trace, policy)
        }
    }

    /// A request that is refused, with as much of the script as was understood.
    pub fn deny(denial: &Denial, script: Option<&ResolvedScript>, trace: &Trace, policy: &PolicyId) -> Self {
        Self {
            code: Some(denial.code),
            rules: denial.rule.iter().cloned().collect(),
            reason: Some(denial.reason.clone()),
            ..Self::new(Answer::Deny, script, trace, policy)
        }
    }

    fn new(answer: Answer, script: Option<&ResolvedScript>, trace: &Trace, policy: &PolicyId) -> Self {
        let commands = script.iter().flat_map(|script| &script.commands).map(|command| Judged {
            program: command.program.real.clone(),
            argv: command.argv.clone(),
            canonical: command.canonical.clone(),
        });
        let files = script
            .iter()
            .flat_map(|script| &script.files)
            .map(|file| Opened { path: file.place.as_ref().map(|(path, _)| path.clone()), access: file.access });
        let matched = trace.commands.iter().flat_map(|command| &command.matched);
        Self {
            answer,
            code: None,
            rules: Vec::new(),
            reason: None,
            commands: commands.collect(),
            files: files.collect(),
            matched: matched.map(|(rule, word)| (rule.clone(), (*word).to_owned())).collect(),
            policy: policy.clone(),
        }
    }
}

impl Answer {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}
