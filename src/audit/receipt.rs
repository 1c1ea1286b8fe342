//! Evidence that a decision to run something is on disk.

use crate::model::ids::ExecId;

use super::{chain::Link, digest::Hash};

/// Names the durable record that allows one execution. Only [`super::Writer::begin`] makes one, and whoever starts a
/// process has to hand one over.
#[derive(Debug)]
#[must_use = "the decision is recorded as carried out; not carrying it out has to be recorded too"]
pub struct Receipt {
    exec: ExecId,
    link: Link,
    plan_digest: String,
}

impl Receipt {
    pub(super) fn new(exec: ExecId, link: Link, plan_digest: String) -> Self {
        Self { exec, link, plan_digest }
    }

    /// The request that may run.
    pub fn exec(&self) -> ExecId {
        self.exec
    }

    /// The record's number in its stream.
    pub fn seq(&self) -> u64 {
        self.link.seq
    }

    /// The hash of the record's line.
    pub fn hash(&self) -> Hash {
        self.link.hash
    }

    /// Digest of the plan that was recorded, in hexadecimal.
    pub fn plan_digest(&self) -> &str {
        &self.plan_digest
    }
}
