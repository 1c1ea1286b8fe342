//! The doctor's report as one JSON object. Its keys stay.

use serde_json::{Map, Value, json};

use crate::{
    diagnostic::json as finding_json,
    doctor::{Attack, Given, RIGHTS, Row, Status},
    model::enforcement::{Layer, Level},
};

use super::{Examined, Report, holds, human::places, is_own};

pub(super) fn report(report: &Report) -> Value {
    let facts = report
        .facts
        .0
        .iter()
        .map(|fact| json!({ "key": fact.key, "what": fact.what, "value": fact.value, "source": fact.source }));
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "conclusion": conclusion(report),
        "layers": report.table.iter().map(given).collect::<Vec<_>>(),
        "landlock": landlock(report.support.landlock_abi),
        "facts": facts.collect::<Vec<_>>(),
        "policy": policy(&report.policy),
        "attack": attack(report),
    })
}

fn conclusion(report: &Report) -> &'static str {
    match &report.attack {
        Some(Err(error)) if is_own(error) => "failed",
        Some(Ok(attack)) if !holds(attack) => "broken",
        Some(Ok(attack)) if attack.refusal.is_some() => "refused",
        Some(Err(_)) => "refused",
        Some(Ok(_)) | None if report.policy.starts() => "ok",
        Some(Ok(_)) | None => "refused",
    }
}

fn given(given: &Given) -> Value {
    json!({
        "name": given.part.as_str(),
        "level": given.level.as_str(),
        "missing": given.level.missing(),
        "note": given.note,
        "lost": given.advice.as_ref().map(|advice| &advice.lost),
        "advice": given.advice.as_ref().map(|advice| &advice.todo),
    })
}

fn landlock(version: u32) -> Value {
    let right = |since: u32| since <= version;
    let rights = RIGHTS
        .iter()
        .map(|one| json!({ "since": one.since, "what": one.what, "without": one.without, "here": right(one.since) }));
    json!({ "version": version, "rights": rights.collect::<Vec<_>>() })
}

fn policy(policy: &Examined) -> Value {
    let findings: Vec<_> = policy.findings.iter().map(|(source, finding)| finding_json(source, finding)).collect();
    let Some(setup) = &policy.setup else {
        return json!({ "name": null, "starts": false, "findings": findings, "require": [], "places": {} });
    };
    let text = |paths: Vec<std::path::PathBuf>| -> Vec<String> {
        paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    };
    let places: Map<_, _> =
        places(setup).into_iter().map(|(name, paths)| (name.to_owned(), json!(text(paths)))).collect();
    json!({
        "name": setup.policy.name,
        "starts": policy.starts(),
        "findings": findings,
        "require": setup.policy.sandbox.require.iter().map(|layer| layer.as_str()).collect::<Vec<_>>(),
        "places": places,
    })
}

fn attack(report: &Report) -> Value {
    match &report.attack {
        None => json!({ "ran": false, "error": null, "refusal": null, "survivors": 0, "enforcement": [], "acts": [] }),
        Some(Err(error)) => json!({
            "ran": false, "error": error.to_string(), "refusal": null, "survivors": 0, "enforcement": [], "acts": [],
        }),
        Some(Ok(Attack { rows, enforcement, refusal, survivors })) => json!({
            "ran": true,
            "error": null,
            "refusal": refusal,
            "survivors": survivors,
            "enforcement": enforcement.0.iter().map(level).collect::<Vec<_>>(),
            "acts": rows.iter().map(act).collect::<Vec<_>>(),
        }),
    }
}

fn level((layer, level): &(Layer, Level)) -> Value {
    json!({ "name": layer.as_str(), "level": level.as_str(), "missing": level.missing() })
}

fn act(row: &Row) -> Value {
    let (by, why) = match &row.status {
        Status::Held(by) | Status::Broken(by) => (by.as_slice(), None),
        Status::Open(why) | Status::NotTried(why) => (&[][..], Some(why.as_str())),
        Status::Allowed(why) => (&[][..], Some(*why)),
    };
    let status = row.status.as_str().to_lowercase().replace(' ', "_");
    json!({ "id": row.id, "group": row.group.as_str(), "what": row.what, "status": status, "by": by, "why": why })
}
