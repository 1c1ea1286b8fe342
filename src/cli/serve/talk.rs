//! What whoever asked for a reload is told on standard error.

use crate::{
    cli::output::Printer,
    service::{PolicyView, Reloaded, SetupError},
};

/// Tells how a reload went, with every finding when it failed. On a thread of its own: a standard error that nobody reads
/// may hold this up, and nothing else.
pub(super) async fn reloaded(reloaded: Result<Reloaded, SetupError>, now: PolicyView) {
    let tell = move || {
        let mut printer = Printer::for_process();
        if let Err(error) = &reloaded {
            printer.unprepared(error);
        }
        printer.talk(line(&reloaded, &now));
    };
    if let Err(error) = tokio::task::spawn_blocking(tell).await {
        tracing::error!(%error, "a reload could not be told");
    }
}

fn line(reloaded: &Result<Reloaded, SetupError>, now: &PolicyView) -> String {
    match reloaded {
        Ok(Reloaded { policy, rules, rules_before }) => format!(
            "the policy `{}` was loaded anew: generation {}, {}, rules {rules} (before {rules_before})",
            policy.name,
            policy.id.generation,
            policy.id.short_digest()
        ),
        Err(_) => format!(
            "the policy could not be loaded anew: generation {} of `{}`, {}, stays in use",
            now.id.generation,
            now.name,
            now.id.short_digest()
        ),
    }
}
