//! Which jobs there are and whose they are, and which of the finished ones are forgotten.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    diagnostic::Code,
    model::{
        denial::Denial,
        ids::JobId,
        limits::{Limits, Rate},
        outcome::Reason,
        request::Principal,
        size::TimeSpan,
    },
};

use super::record::Record;

/// The jobs of one server. Every change is complete in itself.
#[derive(Debug)]
pub(super) struct Table {
    limits: Limits,
    /// The longest of all limits that it ever had: a job keeps its own.
    grace: Duration,
    jobs: HashMap<JobId, Arc<Record>>,
    /// In the order of arrival.
    order: VecDeque<JobId>,
    /// When each principal made its latest requests.
    requests: HashMap<Principal, VecDeque<Instant>>,
    closing: Option<Reason>,
}

impl Table {
    /// No jobs yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            grace: limits.grace,
            jobs: HashMap::new(),
            order: VecDeque::new(),
            requests: HashMap::new(),
            closing: None,
        }
    }

    /// Goes by other limits from here on.
    pub(super) fn adopt(&mut self, limits: Limits) {
        self.limits = limits;
        self.grace = self.grace.max(limits.grace);
    }

    /// The longest time that a job may take to end after it was told to.
    pub(super) fn longest_grace(&self) -> Duration {
        self.grace
    }

    /// Takes in a new job.
    pub(super) fn enter(&mut self, job: &Arc<Record>) {
        self.jobs.insert(job.id, Arc::clone(job));
        self.order.push_back(job.id);
    }

    /// A job, if it belongs to the principal. A job of somebody else does not exist.
    pub(super) fn find(&self, who: &Principal, id: JobId) -> Result<Arc<Record>, Denial> {
        self.jobs.get(&id).filter(|job| job.owner == *who).cloned().ok_or_else(|| {
            Denial::new(Code::UnknownJob, format!("there is no job `{id}`"))
                .with_hint("`list` shows your jobs; finished ones are forgotten after a while")
        })
    }

    /// The principal's jobs, newest first.
    pub(super) fn own(&self, who: &Principal) -> Vec<Arc<Record>> {
        let newest_first = self.order.iter().rev().filter_map(|id| self.jobs.get(id));
        newest_first.filter(|job| job.owner == *who).cloned().collect()
    }

    /// Why no more jobs are taken.
    pub(super) fn closing(&self) -> Option<&Reason> {
        self.closing.as_ref()
    }

    /// Takes no more jobs from here on; gives those that there are.
    pub(super) fn close(&mut self, why: &Reason) -> Vec<Arc<Record>> {
        self.closing.get_or_insert_with(|| why.clone());
        self.jobs.values().cloned().collect()
    }

    /// Forgets finished jobs that are too old, and of too many or too large ones those that ended first. The one that ended
    /// last stays, however large: somebody is about to ask for it.
    pub(super) fn sweep(&mut self) {
        let ended = |job: &Arc<Record>| Some((job.ended_for()?, job.id, job.kept_bytes()));
        for id in to_forget(self.jobs.values().filter_map(ended).collect(), self.limits.retention) {
            self.jobs.remove(&id);
        }
        let Self { jobs, order, .. } = self;
        if order.len() > jobs.len() {
            order.retain(|id| jobs.contains_key(id));
        }
    }

    /// Counts a request, if the rate allows one more.
    pub(super) fn count_request(&mut self, who: &Principal, rate: Rate) -> Result<(), Denial> {
        let now = Instant::now();
        let recent = self.requests.entry(who.clone()).or_default();
        while recent.pop_front_if(|at| now.duration_since(*at) >= rate.per).is_some() {}
        if recent.len() >= usize::try_from(rate.count).unwrap_or(usize::MAX) {
            let text = format!("more than {} jobs were asked for within {}", rate.count, TimeSpan(rate.per));
            return Err(Denial::new(Code::RateLimited, text)
                .with_hint("wait a while; run several steps in one job where that makes sense"));
        }
        recent.push_back(now);
        Ok(())
    }
}

/// Of finished jobs, each with the time since its end and its size, those that are no longer kept.
fn to_forget<T>(mut finished: Vec<(Duration, T, usize)>, retention: Duration) -> Vec<T> {
    finished.sort_by_key(|(age, ..)| *age);
    let (mut bytes, mut forgotten) = (0usize, Vec::new());
    for (rank, (age, id, size)) in finished.into_iter().enumerate() {
        bytes = bytes.saturating_add(size);
        if age >= retention || rank >= KEPT_JOBS || (rank > 0 && bytes > KEPT_BYTES) {
            forgotten.push(id);
        }
    }
    forgotten
}

/// Finished jobs kept at most, whatever the retention time.
const KEPT_JOBS: usize = 1000;

/// Output of finished jobs kept at most.
const KEPT_BYTES: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::request::Via;

    const HOUR: Duration = Duration::from_secs(3600);

    fn job(age: u64, size: usize) -> (Duration, u64, usize) {
        (Duration::from_secs(age), age, size)
    }

    #[test]
    fn what_ended_too_long_ago_is_forgotten() {
        assert_eq!(to_forget(vec![job(3601, 0), job(10, 0), job(3600, 0), job(3599, 0)], HOUR), [3600, 3601]);
    }

    #[test]
    fn of_too_many_those_that_ended_first_are_forgotten() {
        let many = (0..KEPT_JOBS as u64 + 2).map(|age| job(age, 0)).collect();
        assert_eq!(to_forget(many, HOUR), [KEPT_JOBS as u64, KEPT_JOBS as u64 + 1]);
    }

    #[test]
    fn of_too_large_ones_those_that_ended_first_are_forgotten_and_the_last_never() {
        assert_eq!(to_forget(vec![job(2, KEPT_BYTES / 2), job(1, KEPT_BYTES / 2), job(3, 1)], HOUR), [3]);
        assert_eq!(to_forget(vec![job(1, 2 * KEPT_BYTES), job(2, 0)], HOUR), [2]);
    }

    #[test]
    fn the_longest_grace_stays() {
        let limits = |grace| Limits { grace: Duration::from_secs(grace), ..Limits::default() };
        let mut table = Table::new(limits(5));
        table.adopt(limits(60));
        table.adopt(limits(1));
        assert_eq!(table.longest_grace(), Duration::from_secs(60));
    }

    #[test]
    fn a_rate_is_counted_for_each_principal_and_forgotten_with_time() {
        let mut table = Table::new(Limits::default());
        let [one, two] = ["uid:1", "uid:2"].map(|id| Principal { id: id.into(), via: Via::Stdio });
        let rate = Rate { count: 2, per: HOUR };
        assert!(table.count_request(&one, rate).is_ok() && table.count_request(&one, rate).is_ok());
        let denial = table.count_request(&one, rate).unwrap_err();
        assert_eq!(
            (denial.code, denial.reason.as_str()),
            (Code::RateLimited, "more than 2 jobs were asked for within 1h")
        );
        assert!(table.count_request(&two, rate).is_ok());
        assert!(table.count_request(&one, Rate { per: Duration::ZERO, ..rate }).is_ok());
    }
}
