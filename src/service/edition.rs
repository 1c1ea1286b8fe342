//! Which policy holds, and whether its files could be loaded again when that was asked for.

use std::sync::{Arc, PoisonError, RwLock};

use crate::model::generation::{Generation, PolicyId};

use super::Setup;

/// A policy in use, with all that judgements depend on, under the number by which decisions name it. It never changes: a
/// request that has taken one is judged by it from its first step to its last.
#[derive(Debug)]
pub(super) struct Edition {
    pub(super) id: PolicyId,
    pub(super) setup: Setup,
}

impl Edition {
    /// The one of the server's start.
    pub(super) fn first(setup: Setup) -> Arc<Self> {
        Arc::new(Self::new(Generation::FIRST, setup))
    }

    /// One that may take the place of this one.
    pub(super) fn after(&self, setup: Setup) -> Arc<Self> {
        Arc::new(Self::new(self.id.generation.next(), setup))
    }

    fn new(generation: Generation, setup: Setup) -> Self {
        Self { id: PolicyId { generation, digest: setup.policy.digest.clone() }, setup }
    }
}

/// The policy in use. Readers take it as a whole and keep what they took.
#[derive(Debug)]
pub(super) struct Standing(RwLock<State>);

#[derive(Debug)]
struct State {
    edition: Arc<Edition>,
    /// Why a newer state of the policy's files is not in use.
    problem: Option<Arc<str>>,
}

impl Standing {
    pub(super) fn new(edition: Arc<Edition>) -> Self {
        Self(RwLock::new(State { edition, problem: None }))
    }

    /// The policy in use.
    pub(super) fn edition(&self) -> Arc<Edition> {
        self.read(|state| Arc::clone(&state.edition))
    }

    /// What readers are told of it.
    pub(super) fn view(&self) -> PolicyView {
        self.read(|state| PolicyView {
            name: state.edition.setup.policy.name.clone(),
            id: state.edition.id.clone(),
            problem: state.problem.clone(),
        })
    }

    /// Puts another one in its place.
    pub(super) fn replace(&self, edition: Arc<Edition>) {
        self.write(State { edition, problem: None });
    }

    /// Leaves it in its place, and says why.
    pub(super) fn keep(&self, problem: &str) {
        self.write(State { edition: self.edition(), problem: Some(problem.into()) });
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, state: State) {
        // The lock is held for one assignment, so a panic cannot leave half of it; the old state is dropped after it.
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *place, state);
        drop(place);
        drop(old);
    }
}

/// The policy in use, as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyView {
    /// Its name.
    pub name: String,
    /// Which one it is.
    pub id: PolicyId,
    /// Why a newer state of its files is not in use: they were to be loaded again, and that failed.
    pub problem: Option<Arc<str>>,
}
