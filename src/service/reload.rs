//! A policy that takes the place of the one in use, or does not.
//!
//! Everything is read, compiled and checked before anything changes; the change is on record before a request is judged by
//! it; and whatever goes wrong leaves the last good policy in its place, with the reason for all to see.

use std::{path::PathBuf, sync::Arc};

use crate::{
    audit::{Event, PolicyFinding, PolicyReload, PolicyReloadFailed},
    diagnostic::{Code, Diagnostic},
};

use super::{Origin, PolicyView, Setup, SetupError, edition::Edition, house::House};

/// A policy that has taken the place of another one.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// The new one.
    pub policy: PolicyView,
    /// How many rules it has.
    pub rules: usize,
    /// How many rules the one before had.
    pub rules_before: usize,
}

/// Loads the policy anew. One load at a time; nothing else waits for it.
pub(super) async fn reload(house: &House, origin: &Arc<Origin>) -> Result<Reloaded, SetupError> {
    let mut written = house.written.lock().await;
    let before = house.standing.edition();
    let setup = match load(Arc::clone(origin), before.setup.clone(), written.clone()).await {
        Ok(setup) => setup,
        Err(error) => return Err(keep(house, &before, error).await),
    };
    let after = before.after(setup);
    let reload = PolicyReload::new(&before.setup.policy, &after.id, &after.setup.policy);
    let (rules, rules_before) = (reload.load.rules, reload.rules_before);
    if let Err(error) = house.audit.record(None, Event::PolicyReload(reload)).await {
        let error = origin.about_policy(vec![error.denial().into()]);
        return Err(keep(house, &before, error).await);
    }
    remember(&mut written, &after.setup);
    house.standing.replace(Arc::clone(&after));
    house.jobs.adopt(after.setup.policy.limits);
    tell_files(&after);
    Ok(Reloaded { policy: house.standing.view(), rules, rules_before })
}

/// Talk about a policy that comes into use, with the digest of each file.
pub(super) fn tell_files(edition: &Edition) {
    let Edition { id, setup } = edition;
    tracing::info!(
        name = setup.policy.name,
        generation = id.generation.number(),
        digest = id.digest,
        "a policy is in use"
    );
    for (layer, policy) in setup.policy.layers() {
        tracing::info!(layer, name = policy.name, digest = policy.digest, "a policy that holds together with others");
    }
    for (file, digest) in setup.policy.files() {
        tracing::info!(file, digest, "a file of the policy");
    }
    for (layer, line) in setup.policy.idle() {
        tracing::info!(layer, "{line}");
    }
}

/// Adds the places where jobs of a policy can write to those of all policies before.
pub(super) fn remember(written: &mut Vec<PathBuf>, setup: &Setup) {
    for place in &setup.workspace.write {
        if !written.contains(place) {
            written.push(place.clone());
        }
    }
}

/// Reads, compiles and checks, on a thread where that keeps nobody waiting.
async fn load(origin: Arc<Origin>, now: Setup, written: Vec<PathBuf>) -> Result<Setup, SetupError> {
    let about = Arc::clone(&origin);
    tokio::task::spawn_blocking(move || origin.again(&now, &written)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the load of the policy has failed inside");
        Err(about.about_policy(vec![Diagnostic::error(Code::ReloadFailed, "the policy could not be loaded anew")]))
    })
}

/// Leaves the policy in use where it is, and says so: to readers, and in the log.
async fn keep(house: &House, kept: &Edition, error: SetupError) -> SetupError {
    house.standing.keep(&error.in_short());
    let findings = error.findings.iter().map(|(source, finding)| PolicyFinding::new(source, finding)).collect();
    let failed = PolicyReloadFailed { kept: kept.id.clone(), findings };
    if let Err(error) = house.audit.record(None, Event::PolicyReloadFailed(failed)).await {
        tracing::error!(%error, "a policy that does not load could not be recorded");
    }
    error
}
