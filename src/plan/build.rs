//! From a permit to a plan.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::{
    command::ResolvedScript,
    diagnostic::Code,
    model::{
        denial::Denial,
        enforcement::{Layer, Level},
        support::Support,
        workspace::Workspace,
    },
    policy::Permit,
};

use super::{FilePlan, Need, Run, SandboxPlan};

/// What a plan depends on beside the permit and the script.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The policy's places on this machine.
    pub workspace: &'a Workspace,
    /// What the kernel can do.
    pub support: &'a Support,
    /// Of the workspace's hidden places, those that exist now, free of links.
    pub hide: &'a [PathBuf],
    /// Of its protected places, those that exist now, free of links.
    pub protect: &'a [PathBuf],
    /// The whole environment of the job, built by the policy's rules.
    pub env: &'a BTreeMap<String, String>,
    /// The request's own wall-clock limit.
    pub timeout: Option<Duration>,
}

/// Turns a permit into a plan. A required layer that the kernel does not have is a denial, not a weaker sandbox.
pub fn build(permit: Permit, script: &ResolvedScript, around: Surroundings<'_>) -> Result<SandboxPlan, Denial> {
    let policy = permit.policy();
    let command =
        script.commands.first().ok_or_else(|| Denial::new(Code::EmptyCommand, "the command holds no word"))?;
    Ok(SandboxPlan {
        run: Run::Program { program: command.program.real.clone(), argv: command.argv.clone() },
        env: around.env.clone(),
        cwd: script.cwd.clone(),
        files: FilePlan {
            read: around.workspace.read.clone(),
            write: around.workspace.write.clone(),
            hide: around.hide.to_vec(),
            protect: around.protect.to_vec(),
            tmp: policy.sandbox.tmp,
        },
        network: policy.sandbox.network,
        limits: policy.limits,
        wall: wall(policy.limits.wall, around.timeout),
        layers: layers(&policy.sandbox.require, around.support)?,
        stdin: permit.stdin().clone(),
        rules: permit.rules().to_vec(),
        policy_digest: policy.digest.clone(),
    })
}

/// The shorter of two limits, where zero and absence are no limit. A request can shorten the policy's, not lengthen it:
/// a request for zero would otherwise be the shortest of all, and take the limit away.
fn wall(policy: Duration, request: Option<Duration>) -> Duration {
    match request.filter(|asked| !asked.is_zero()) {
        Some(asked) if policy.is_zero() => asked,
        Some(asked) => asked.min(policy),
        None => policy,
    }
}

/// The layers to apply. One that is only preferred and that the machine does not have is left out, and reported so.
fn layers(require: &[Layer], support: &Support) -> Result<Vec<(Layer, Need)>, Denial> {
    let mut layers = Vec::new();
    for layer in Layer::ALL {
        let required = ALWAYS.contains(&layer) || require.contains(&layer);
        match (required, support.level(layer)) {
            (true, level) => {
                meets(layer, &level)?;
                layers.push((layer, Need::Required));
            }
            (false, Level::Full | Level::Partial(_)) => layers.push((layer, Need::Preferred)),
            (false, Level::None(_)) => {}
        }
    }
    Ok(layers)
}

/// Whether what the machine gives is enough for a required layer: all of it. A part is a weaker sandbox than the policy
/// asks for.
pub fn meets(layer: Layer, level: &Level) -> Result<(), Denial> {
    let (gives, why) = match level {
        Level::Full => return Ok(()),
        Level::Partial(why) => ("gives only in part", why),
        Level::None(why) => ("cannot give", why),
    };
    let name = layer.as_str();
    Err(Denial::new(
        Code::LayerMissing,
        format!("the policy requires the layer `{name}`, which this machine {gives}: {why}"),
    )
    .with_hint(format!("use a newer kernel, or take `{name}` out of `[sandbox] require` and accept a weaker sandbox")))
}

/// The layers that no policy can switch off.
const ALWAYS: [Layer; 2] = [Layer::Privileges, Layer::Rlimits];

#[cfg(test)]
mod tests {
    use super::*;

    fn without(layer: Layer) -> Support {
        let mut support = Support::full();
        for (l, level) in &mut support.layers {
            if *l == layer {
                *level = Level::None("not built in".into());
            }
        }
        support
    }

    #[test]
    fn a_required_layer_that_is_missing_is_a_denial() {
        let denial = layers(&[Layer::Landlock], &without(Layer::Landlock)).unwrap_err();
        assert_eq!(denial.code, Code::LayerMissing);
        assert!(denial.reason.contains("`landlock`") && denial.reason.contains("not built in"), "{}", denial.reason);
    }

    #[test]
    fn a_layer_that_is_not_required_may_be_missing() {
        let layers = layers(&[Layer::Landlock], &without(Layer::Namespaces)).unwrap();
        assert!(
            !layers.iter().any(|(layer, _)| *layer == Layer::Namespaces),
            "left out, so that its steps are not tried"
        );
        assert!(layers.contains(&(Layer::Landlock, Need::Required)));
        assert!(layers.contains(&(Layer::Network, Need::Preferred)));
    }

    #[test]
    fn a_part_of_a_required_layer_is_not_enough() {
        let mut support = Support::full();
        support.layers.retain(|(layer, _)| *layer != Layer::Landlock);
        support.layers.push((Layer::Landlock, Level::Partial("no scopes".into())));
        assert!(layers(&[Layer::Landlock], &support).unwrap_err().reason.contains("only in part"));
        assert!(layers(&[], &support).unwrap().contains(&(Layer::Landlock, Need::Preferred)));
    }

    #[test]
    fn privileges_and_rlimits_are_required_whatever_the_policy_says() {
        for layer in ALWAYS {
            assert!(layers(&[], &without(layer)).is_err(), "{layer:?}");
        }
    }

    #[test]
    fn a_request_shortens_the_wall_clock_limit_and_never_lengthens_it() {
        let s = Duration::from_secs;
        assert_eq!(wall(s(10), None), s(10));
        assert_eq!(wall(s(10), Some(s(3))), s(3));
        assert_eq!(wall(s(10), Some(s(60))), s(10));
        assert_eq!(wall(s(0), Some(s(60))), s(60));
        assert_eq!(wall(s(10), Some(s(0))), s(10), "zero is no limit, and the policy has one");
        assert_eq!(wall(s(0), Some(s(0))), s(0));
    }
}
