//! One call of a tool: who calls, and for how long it may wait.

use std::{fmt, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    diagnostic::Code,
    job::{Cursor, JobView, WaitEnd},
    model::{denial::Denial, ids::JobId, request::Principal},
    service::Stockade,
};

use super::text::shorten;

/// What a tool has to work with.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The house.
    pub(super) service: Stockade,
    /// Who calls.
    pub(super) who: Principal,
    /// The name that the client gives itself.
    pub(super) client: Option<String>,
    /// Cancelled when nobody waits for the answer any more. It ends waits and never a job.
    pub(super) gone: CancellationToken,
}

/// Longest wait of one call. Clients give up after 60 seconds or so.
pub(super) const MAX_WAIT_SECONDS: f64 = 45.0;

/// Why a call that waited came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    /// The job has ended.
    Exited,
    /// There is output.
    Output,
    /// There was output, and then none for a moment.
    Idle,
    /// The time was over.
    Timeout,
    /// The client gave the call up, or the server stops.
    Cancelled,
}

impl Returned {
    /// The word in answers.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Output => "output",
            Self::Idle => "idle",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Call {
    /// Waits until the job has ended, for as long as was asked; gives the job as it is then.
    pub(super) async fn wait_for_end(&self, id: JobId, seconds: f64) -> Result<(JobView, Returned), Denial> {
        let waited = tokio::select! {
            waited = self.service.wait(&self.who, id, wait_time(seconds)) => waited?,
            () = self.gone.cancelled() => return Ok((self.service.status(&self.who, id)?, Returned::Cancelled)),
        };
        let returned = match waited.end {
            WaitEnd::Exited => Returned::Exited,
            WaitEnd::Timeout => Returned::Timeout,
        };
        Ok((waited.job, returned))
    }

    /// The job, after a wait for its end where one was asked for.
    pub(super) async fn look(&self, id: JobId, wait: Option<f64>) -> Result<(JobView, Option<Returned>), Denial> {
        match wait {
            None => Ok((self.service.status(&self.who, id)?, None)),
            Some(seconds) => self.wait_for_end(id, seconds).await.map(|(job, returned)| (job, Some(returned))),
        }
    }

    /// Waits until there is output after the cursor, the job has ended, or the time is over.
    pub(super) async fn wait_for_output(&self, id: JobId, since: Cursor, limit: Duration) -> Result<(), Denial> {
        tokio::select! {
            waited = self.service.wait_output(&self.who, id, since, limit) => waited,
            () = self.gone.cancelled() => Ok(()),
        }
    }
}

/// Seconds of an argument that was checked against its schema.
pub(super) fn wait_time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.clamp(0.0, MAX_WAIT_SECONDS)).unwrap_or_default()
}

/// Reads a job's identifier. One that cannot be any job's is answered like one that is nobody's.
pub(super) fn job_id(text: &str) -> Result<JobId, Denial> {
    text.parse().map_err(|_| {
        Denial::new(Code::UnknownJob, format!("no job `{}`", shorten(text, 40).escape_debug()))
            .with_hint("give a `job_id` as `execute` returned it; `list` shows your jobs")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_longer_than_the_cap() {
        assert_eq!(wait_time(0.25), Duration::from_millis(250));
        assert_eq!(wait_time(-1.0), Duration::ZERO);
        assert_eq!(wait_time(1e300), Duration::from_secs(45));
        assert_eq!(wait_time(f64::NAN), Duration::ZERO);
    }

    #[test]
    fn what_is_no_identifier_is_no_job() {
        let denial = job_id("nope\n").unwrap_err();
        assert_eq!((denial.code, denial.reason.as_str()), (Code::UnknownJob, "no job `nope\\n`"));
        assert!(denial.hint.is_some());
        let id = JobId::new();
        assert_eq!(job_id(&id.to_string()), Ok(id));
    }
}
