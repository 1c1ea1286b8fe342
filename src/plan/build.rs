//! From a permit to a plan.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    command::ResolvedScript,
    diagnostic::Code,
    model::{
        denial::Denial,
        enforcement::{Layer, Level},
        support::Support,
        workspace::Workspace,
    },
    policy::{Permit, PolicySet},
};

use super::{FilePlan, Need, Run, SandboxPlan, describe::Enclosure};

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
    Ok(SandboxPlan {
        run: run(script),
        env: around.env.clone(),
        cwd: script.cwd.clone(),
        files: files(policy, around),
        network: policy.sandbox.network,
        limits: policy.limits,
        wall: wall(policy.limits.wall, around.timeout),
        layers: layers(&policy.sandbox.require, around.support)?,
        stdin: permit.stdin().clone(),
        rules: permit.rules().to_vec(),
        policy_digest: policy.digest.clone(),
    })
}

/// What a job started in a directory would be surrounded by, in the words of a plan: for people who ask about a command that
/// is not permitted. It is no plan, and nothing can run by it.
pub fn outline(policy: &PolicySet, cwd: &Path, around: Surroundings<'_>) -> Result<String, Denial> {
    let surroundings = Enclosure {
        cwd,
        env: around.env,
        files: &files(policy, around),
        network: policy.sandbox.network,
        layers: &layers(&policy.sandbox.require, around.support)?,
        limits: &policy.limits,
        wall: wall(policy.limits.wall, around.timeout),
    };
    Ok(surroundings.describe())
}

fn files(policy: &PolicySet, around: Surroundings<'_>) -> FilePlan {
    FilePlan {
        read: around.workspace.read.clone(),
        write: around.workspace.write.clone(),
        hide: around.hide.to_vec(),
        protect: around.protect.to_vec(),
        tmp: policy.sandbox.tmp,
    }
}

/// One literal command is executed as it is; everything else is for the executor. What a script names by a path is looked up
/// when its turn comes: what came before may have made it, or made it anew.
fn run(script: &ResolvedScript) -> Run {
    match (script.script.alone(), script.commands.as_slice()) {
        (Some(_), [command]) => Run::Program { program: command.program.real.clone(), argv: command.argv.clone() },
        (Some(_) | None, commands) => {
            let fixed = |index| commands.iter().find(|command| command.index == index && !command.program.by_path);
            let count = script.script.commands().count();
            let programs = (0..count).map(|index| fixed(index).map(|command| command.program.real.clone())).collect();
            Run::Script { script: script.script.clone(), programs }
        }
    }
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
    use crate::{
        command::{ResolvedCommand, ResolvedProgram, constructs, parse},
        model::{limits::Limits, size::ByteSize},
        policy::{Network, StdinGrant},
    };

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

    /// A script whose programs all lie in `/bin`.
    fn resolved(text: &str) -> ResolvedScript {
        let script = parse(text).unwrap();
        let programs = script.commands().enumerate().filter(|(_, command)| command.builtin().is_none());
        let commands = programs.map(|(index, command)| {
            let name = command.words[0].literal().unwrap();
            let real = Path::new("/bin").join(&name);
            let by_path = name.contains('/');
            ResolvedCommand {
                index,
                argv: command.words.iter().map(|word| word.literal().unwrap_or_else(|| word.canonical())).collect(),
                unknown: Vec::new(),
                program: ResolvedProgram { name, by_path, path: real.clone(), real, writable: false },
                canonical: command.canonical(),
                cwds: vec!["/w".into()],
                named: BTreeMap::new(),
                span: command.span,
            }
        });
        let commands = commands.collect();
        let (files, directories, variables) = (Vec::new(), Vec::new(), Vec::new());
        ResolvedScript {
            constructs: constructs(&script),
            script,
            cwd: "/w".into(),
            roots: vec!["/w".into()],
            commands,
            files,
            directories,
            variables,
        }
    }

    #[test]
    fn one_literal_command_is_a_program_and_all_else_a_script() {
        for text in ["a 'b c'", "  a  # b\n", "./a"] {
            assert!(matches!(run(&resolved(text)), Run::Program { .. }), "{text}");
        }
        for text in ["a; b", "a > f", "A=1 a", "a *", "a $X", "! a", "(a)", "a | b", "cd x", ":", "a $(b)", "a <<< x"] {
            assert!(matches!(run(&resolved(text)), Run::Script { .. }), "{text}");
        }
    }

    #[test]
    fn programs_stand_at_the_places_of_their_commands() {
        let Run::Script { programs, .. } = run(&resolved("cd x && a $(b) || ./c; :")) else { panic!() };
        assert_eq!(programs, [None, Some("/bin/b".into()), Some("/bin/a".into()), None, None]);
    }

    #[test]
    fn different_scripts_never_share_a_description() {
        let texts = [
            "a",
            "a b",
            "a 'b c'",
            "a; b",
            "a\nb c",
            "a && b",
            "a || b",
            "a | b",
            "(a; b)",
            "a > b",
            "a >> b",
            "a < b",
            "a 2> b",
            "a *",
            "a '*'",
            "a $X",
            "a '$X'",
            "a \"$X\"",
            "A=b a",
            "! a",
            "a $(b)",
            "a \"$(b)\"",
            "a '$(b)'",
            "cd a",
            "cd a; b",
            "a <<< b",
            "a <<'E'\nb\nE\n",
            "a <<'E'\nb\nc\nE\n",
            "a 'script     b'",
            "a 'x\nprograms   -'; b",
            "a 'x'; b",
        ];
        let mut seen = BTreeMap::new();
        for text in texts {
            let plan = SandboxPlan { run: run(&resolved(text)), ..empty() };
            let other = seen.insert(plan.describe(), text);
            assert_eq!(other, None, "`{text}` is described like another one");
            assert_eq!(seen.get(&plan.describe()), Some(&text));
        }
        let digests: std::collections::BTreeSet<_> =
            texts.iter().map(|text| SandboxPlan { run: run(&resolved(text)), ..empty() }.digest()).collect();
        assert_eq!(digests.len(), texts.len());
    }

    fn empty() -> SandboxPlan {
        SandboxPlan {
            run: Run::Program { program: "/".into(), argv: Vec::new() },
            env: BTreeMap::new(),
            cwd: "/w".into(),
            files: FilePlan { read: vec![], write: vec![], hide: vec![], protect: vec![], tmp: ByteSize(1) },
            network: Network::None,
            limits: Limits::default(),
            wall: Duration::ZERO,
            layers: Vec::new(),
            stdin: StdinGrant::None,
            rules: Vec::new(),
            policy_digest: "00".into(),
        }
    }
}
