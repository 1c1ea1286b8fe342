//! What is really on around a job, and whether that is enough.
//!
//! The report is made from what the steps do, not from what the plan asks for. Each step either does all that the report
//! says or fails the launch, so a report that reaches the server is true.

use crate::model::enforcement::{Enforcement, Layer, Level};

use super::{
    error::require,
    landlock,
    namespaces::Namespaces,
    step::Failure,
    wire::{LaunchOrder, Network, Wanted},
};

/// What a launch will apply: the plan, cut down to what this machine gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Applied {
    /// The namespaces that were entered.
    pub(super) namespaces: Namespaces,
    /// What the job may reach.
    pub(super) network: Network,
    /// The version of Landlock that will restrict the command; nothing when none will.
    pub(super) landlock: Option<u32>,
    /// Whether the filter will be installed.
    pub(super) seccomp: bool,
}

impl Applied {
    /// Whether the job gets a loopback, in a network of its own.
    pub(super) fn own_loopback(&self) -> bool {
        self.network == Network::Loopback && self.namespaces.network
    }
}

/// The report on a launch that applies this. A required layer that is not fully there is a failed launch: `Partial` is a
/// weaker sandbox than the policy asks for, and nothing is weakened quietly.
pub(super) fn report(order: &LaunchOrder, applied: &Applied) -> Result<Enforcement, Failure> {
    let mut rows = Vec::with_capacity(Layer::ALL.len());
    for layer in Layer::ALL {
        let level = match (order.wants(layer), level(layer, applied)) {
            (None, Level::None(_)) => Level::None("the plan leaves it out".into()),
            (Some(Wanted::Required), Level::Partial(missing) | Level::None(missing)) => {
                return Err(Failure::new(require(layer), missing));
            }
            (None | Some(Wanted::Required | Wanted::Preferred), level) => level,
        };
        rows.push((layer, level));
    }
    Ok(Enforcement(rows))
}

fn level(layer: Layer, applied: &Applied) -> Level {
    match layer {
        Layer::Namespaces if applied.namespaces.own_view => Level::Full,
        Layer::Namespaces => {
            Level::None("the kernel permits no user namespaces here; no private /tmp, /proc is shared".into())
        }
        Layer::Network if applied.namespaces.network => Level::Full,
        Layer::Network if applied.seccomp => {
            Level::Partial("no network namespace; internet sockets are refused".into())
        }
        Layer::Network => Level::None("no network namespace".into()),
        Layer::Landlock => landlock::level(applied.landlock.unwrap_or(0)),
        Layer::Seccomp if applied.seccomp => Level::Full,
        Layer::Seccomp => Level::None("no filter".into()),
        // Their steps have no lesser form: they succeed or the launch fails.
        Layer::Privileges | Layer::Rlimits => Level::Full,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn order(layers: &[(Layer, Wanted)]) -> LaunchOrder {
        LaunchOrder {
            run: super::super::wire::Run::Program { program: "/bin/true".into(), argv: vec![] },
            env: vec![],
            cwd: PathBuf::new(),
            files: super::super::wire::Files::default(),
            network: Network::None,
            limits: super::super::wire::Limits::default(),
            layers: layers.iter().map(|(layer, wanted)| (layer.as_str().to_owned(), *wanted)).collect(),
        }
    }

    const ALL: Applied = Applied {
        namespaces: Namespaces { own_view: true, network: true },
        network: Network::None,
        landlock: Some(7),
        seccomp: true,
    };

    #[test]
    fn everything_applied_is_full() {
        let wanted: Vec<_> = Layer::ALL.into_iter().map(|layer| (layer, Wanted::Required)).collect();
        let report = report(&order(&wanted), &ALL).unwrap();
        assert!(report.0.iter().all(|(_, level)| *level == Level::Full), "{report:?}");
    }

    #[test]
    fn a_required_layer_that_is_partial_or_missing_fails_by_name() {
        let poor = [
            (Layer::Namespaces, Applied { namespaces: Namespaces::NONE, ..ALL }),
            (Layer::Network, Applied { namespaces: Namespaces { own_view: true, network: false }, ..ALL }),
            (Layer::Landlock, Applied { landlock: Some(5), ..ALL }),
            (Layer::Landlock, Applied { landlock: None, ..ALL }),
            (Layer::Seccomp, Applied { seccomp: false, ..ALL }),
        ];
        for (layer, applied) in poor {
            let failure = report(&order(&[(layer, Wanted::Required)]), &applied).unwrap_err();
            assert_eq!(failure.step, format!("require {}", layer.as_str()));
            let preferred = report(&order(&[(layer, Wanted::Preferred)]), &applied).unwrap();
            assert_ne!(preferred.level(layer), Level::Full);
            assert!(preferred.level(layer).missing().is_some_and(|text| !text.is_empty()));
        }
    }

    #[test]
    fn a_loopback_is_the_jobs_own_or_the_launch_fails() {
        let own = Applied { network: Network::Loopback, ..ALL };
        let hosts = Applied { namespaces: Namespaces { own_view: true, network: false }, ..own };
        assert!(own.own_loopback() && !ALL.own_loopback() && !hosts.own_loopback());
        for layers in [&[] as &[_], &[(Layer::Network, Wanted::Preferred)], &[(Layer::Network, Wanted::Required)]] {
            let order = LaunchOrder { network: Network::Loopback, ..order(layers) };
            assert_eq!(report(&order, &own).unwrap().level(Layer::Network), Level::Full);
            for applied in [hosts, Applied { namespaces: Namespaces::NONE, ..own }] {
                assert_eq!(report(&order, &applied).unwrap_err().step, "require network");
            }
        }
    }
}
