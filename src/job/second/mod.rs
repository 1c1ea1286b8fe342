//! The second judgement: each act of a running script, at the moment at which it is about to happen, by the files that are
//! about to be used.
//!
//! `fit` holds a question against the tree, `acts` judges it, `refusal` and `trouble` put a refusal into words. What comes
//! in is from inside the sandbox. One refusal ends the script: everything after it is refused as well.

mod acts;
mod fit;
mod refusal;
mod trouble;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    audit::{self, Acted, Event, Pending, RecordError},
    command::ResolvedScript,
    host::{Handles, Identity},
    model::{
        denial::Denial,
        generation::Generation,
        ids::ExecId,
        outcome::{Reason, RefusedAct},
        request::Request,
        workspace::Workspace,
    },
    plan::SandboxPlan,
    policy::PolicySet,
    sandbox::{Caller, Doorbell},
    script::{Answer, Question},
};

use acts::Grounds;
use fit::Asked;

/// What the first judgement was about and went by.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The script with its facts.
    pub script: ResolvedScript,
    /// The policy. Another one that takes its place meanwhile is for other requests.
    pub policy: Arc<PolicySet>,
    /// Its place in the order of policies.
    pub generation: Generation,
    /// Its places.
    pub workspace: Arc<Workspace>,
}

/// Judges the acts of one script.
#[derive(Debug)]
pub(super) struct Second {
    grounds: Grounds,
    exec: ExecId,
    audit: audit::Writer,
    state: Mutex<State>,
    refused: watch::Sender<Option<Reason>>,
}

#[derive(Debug, Default)]
struct State {
    asked: Asked,
    /// The commands that were let run, in order.
    ran: refusal::Before,
}

impl Second {
    pub(super) fn new(
        mut judged: Judged,
        request: Request,
        plan: &SandboxPlan,
        handles: &Handles,
        audit: audit::Writer,
    ) -> Self {
        // Beside their names, the places that the sandbox hides and protects, links resolved.
        let workspace = Arc::make_mut(&mut judged.workspace);
        workspace.hide.extend_from_slice(&plan.files.hide);
        workspace.protect.extend_from_slice(&plan.files.protect);
        // A program that cannot be told from others is not among those that may run.
        let known = handles.programs.iter().filter_map(|(path, fd)| Some((path.clone(), Identity::of(fd).ok()?)));
        let programs: BTreeMap<_, _> = known.collect();
        let (exec, rules) = (request.id, plan.rules.clone());
        let grounds = Grounds { judged, request, rules, programs };
        Self { grounds, exec, audit, state: Mutex::default(), refused: watch::Sender::new(None) }
    }

    /// Answers a question. An act that may happen is on record before this returns; a program's execution durably so.
    async fn answer(&self, question: &Question, files: &[std::os::fd::OwnedFd]) -> Answer {
        match self.judge(question, files) {
            Err(Refused) => Answer::Refused,
            Ok(None) => Answer::Go,
            Ok(Some(pending)) => match pending.durable().await {
                Ok(()) if !self.is_refused() => Answer::Go,
                Ok(()) => Answer::Refused,
                Err(error) => {
                    self.unrecorded(&mut self.state(), &error);
                    Answer::Refused
                }
            },
        }
    }

    /// One judgement at a time, so that the records have the order of the judgements.
    fn judge(&self, question: &Question, files: &[std::os::fd::OwnedFd]) -> Result<Option<Pending>, Refused> {
        let mut state = self.state();
        if self.is_refused() {
            return Err(Refused);
        }
        let fits = state.asked.fit(&self.grounds.judged.script.script, question, files.len());
        let (acted, verdict) = match fits {
            Ok(()) => self.grounds.judge(question, files),
            Err(what) => (acts::unknown(question.command), Err(acts::odd(&what))),
        };
        match verdict {
            Ok(rules) => self.allow(&mut state, Acted { answer: audit::Answer::Allow, rules, ..acted }),
            Err(denial) => {
                self.refuse(&state, acted, denial);
                Err(Refused)
            }
        }
    }

    fn allow(&self, state: &mut State, acted: Acted) -> Result<Option<Pending>, Refused> {
        let executed = (acted.act == audit::Act::Execute).then(|| acted.canonical.clone());
        let recorded = match &executed {
            Some(_) => self.audit.submit(Some(self.exec), Event::Act(acted)).map(Some),
            None => self.audit.queue(Some(self.exec), Event::Act(acted)).map(|()| None),
        };
        match recorded {
            Ok(pending) => {
                executed.iter().for_each(|command| state.ran.push(command));
                Ok(pending)
            }
            Err(error) => {
                self.unrecorded(state, &error);
                Err(Refused)
            }
        }
    }

    /// Records a refusal and ends the script. The record of its end, which is durable before it is told, covers this one.
    fn refuse(&self, state: &State, acted: Acted, denial: Denial) {
        let act = refusal::tell(&acted.canonical, denial.clone(), &state.ran);
        let code = denial.code;
        if matches!(code, crate::diagnostic::Code::ActMismatch | crate::diagnostic::Code::JudgementDiffers) {
            tracing::error!(exec = %self.exec, %code, reason = %denial.reason, "an act of a script is not what was judged");
        }
        let event = Acted {
            answer: audit::Answer::Deny,
            code: Some(code),
            rules: denial.rule.into_iter().collect(),
            reason: Some(denial.reason),
            ..acted
        };
        if let Err(error) = self.audit.queue(Some(self.exec), Event::Act(event)) {
            tracing::error!(exec = %self.exec, %error, "the refusal of an act could not be recorded");
        }
        self.end(act);
    }

    fn unrecorded(&self, state: &mut State, error: &RecordError) {
        self.end(refusal::tell("", error.denial(), &state.ran));
    }

    /// Something came in that no process of the script says.
    fn nonsense(&self, error: &io::Error) {
        let state = self.state();
        if !self.is_refused() {
            let unasked = error.kind() == io::ErrorKind::QuotaExceeded;
            let denial = if unasked { trouble::unasked(error) } else { acts::odd(&error.to_string()) };
            self.refuse(&state, acts::unknown(0), denial);
        }
    }

    /// The first refusal stays.
    fn end(&self, act: RefusedAct) {
        self.refused.send_if_modified(|refused| {
            let first = refused.is_none();
            if first {
                *refused = Some(Reason::Refused(Box::new(act)));
            }
            first
        });
    }

    fn is_refused(&self) -> bool {
        self.refused.borrow().is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panic leaves half-done is a question that was asked and not answered, which is refused when it comes again.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The act does not happen. Why is known to the job.
struct Refused;

/// A script that is being judged. Dropped, it answers no more; who gets no answer does not go on.
#[derive(Debug)]
pub(super) struct Asking {
    second: Arc<Second>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Asking {
    /// Answers whoever rings.
    pub(super) fn start(second: Second, doorbell: Doorbell) -> Self {
        let (second, stop) = (Arc::new(second), CancellationToken::new());
        let task = tokio::spawn(serve(Arc::clone(&second), doorbell, stop.clone()));
        Self { second, stop, task: AbortOnDropHandle::new(task) }
    }

    /// Resolves once an act was refused.
    pub(super) async fn refused(&self) -> Reason {
        let mut refused = self.second.refused.subscribe();
        // The sender lives as long as `self`, so the only way to return is a value.
        match refused.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone()) {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Answers no more, and says what was refused. Nothing is recorded afterwards.
    pub(super) async fn close(self) -> Option<Reason> {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(exec = %self.second.exec, %error, "the judgement of a script has failed");
        }
        self.second.refused.borrow().clone()
    }
}

async fn serve(second: Arc<Second>, mut doorbell: Doorbell, stop: CancellationToken) {
    let mut callers = JoinSet::new();
    let mut left = fit::questions(&second.grounds.judged.script.script);
    let mut open = true;
    loop {
        let room = open && callers.len() < AT_ONCE;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = callers.join_next() => heard(&second, done),
            caller = doorbell.next(), if room => match caller {
                Ok(Some(caller)) if left > 0 => {
                    left -= 1;
                    callers.spawn(hear(Arc::clone(&second), caller));
                }
                Ok(Some(_)) => {
                    open = false;
                    second.nonsense(&io::Error::other("more questions than it can have"));
                }
                Ok(None) => open = false,
                Err(error) => {
                    open = false;
                    second.nonsense(&error);
                }
            },
        }
    }
    callers.shutdown().await;
    // The process may have ended before its last byte was looked at.
    if open && let Some(error) = doorbell.last_word() {
        second.nonsense(&error);
    }
}

async fn hear(second: Arc<Second>, mut caller: Caller) -> io::Result<()> {
    // Nothing from a caller that was killed before its question was out.
    let Some((question, files)) = caller.question().await? else { return Ok(()) };
    let answer = second.answer(&question, &files).await;
    // A caller that was killed meanwhile needs no answer.
    let _ = caller.answer(answer);
    Ok(())
}

fn heard(second: &Second, done: Result<io::Result<()>, JoinError>) {
    match done {
        Ok(Ok(())) => {}
        Ok(Err(error)) => second.nonsense(&error),
        Err(error) => second.nonsense(&io::Error::other(error)),
    }
}

/// Questions of one script that are heard at the same time. Each may be some megabytes long.
const AT_ONCE: usize = 8;

#[cfg(test)]
mod tests;
