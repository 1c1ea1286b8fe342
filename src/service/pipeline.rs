//! The journey of one request, on one screen.
//!
//! Every way out is recorded, refusals like starts; nothing runs without a durable record of the decision; and a permit,
//! a plan and a receipt are each consumed by the step that follows, so that no step can be left out or repeated.

use std::sync::Arc;

use crate::{
    audit::{Decided, Event, Requested},
    job::{Accepted, Judged},
    model::{denial::Denial, ids::ExecId, request::Request},
};

use super::{
    house::House,
    judge::{Judgement, Verdict, judge},
};

/// Judges a request, records the decision, and gives all that the job engine needs to carry it out.
pub(super) async fn accept(house: &House, request: Request) -> Result<Accepted, Denial> {
    let exec = request.id;
    house.audit.queue(Some(exec), Event::Request(Requested::new(&request, None))).map_err(|error| error.denial())?;
    // Taken once: a policy that takes its place meanwhile is for the requests after this one.
    let edition = house.standing.edition();
    let Judgement { script, trace, verdict } = judge(&edition.setup, &request);
    let (script, policy) = (script.as_ref(), &edition.id);
    let denied = |denial: &Denial| Decided::deny(denial, script, &trace, policy);
    let (plan, handles, judged, workspace) = match verdict {
        Verdict::Allow(allowed) => *allowed,
        Verdict::Ask(question) => {
            let decided = Decided::ask(&question, script, &trace, policy);
            return Err(refuse(house, exec, decided, question.unanswered()).await);
        }
        Verdict::Deny(denial) => return Err(refuse(house, exec, denied(&denial), denial).await),
    };
    let place = match house.jobs.admit(&request.principal, &edition.setup.policy.limits) {
        Ok(place) => place,
        Err(denial) => return Err(refuse(house, exec, denied(&denial), denial).await),
    };
    let decided = Decided::allow(&plan.rules, script, &trace, policy);
    let receipt = house.audit.begin(exec, decided, &plan).await.map_err(|error| error.denial())?;
    let policy = Arc::clone(&edition.setup.policy);
    let judged = Judged { script: judged, policy, generation: edition.id.generation, workspace };
    Ok(Accepted { place, request, plan, handles, receipt, judged })
}

/// Records a refusal. It is durable before the client hears of it; a refusal that cannot be recorded is one all the same.
async fn refuse(house: &House, exec: ExecId, decided: Decided, denial: Denial) -> Denial {
    match house.audit.record(Some(exec), Event::Decision(decided)).await {
        Ok(()) => denial,
        Err(error) => error.denial(),
    }
}
