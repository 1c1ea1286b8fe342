//! The launcher: the same binary, started anew by the server with a socket as its standard input. It has one thread, no
//! environment, and nothing in memory that is worth stealing.
//!
//! It runs in two processes. The first enters the namespaces and forks the second, the init of the job, as a child of the
//! server, then ends: a PID namespace takes in only processes that are forked after it was made.

use std::{
    fs,
    os::fd::{AsFd as _, OwnedFd},
    process::ExitCode,
};

use rustix::pipe::{PipeFlags, pipe_with};

use crate::{
    model::enforcement::Layer,
    sys::{
        fork::{Fork, Sibling, fork_sibling},
        landlock::abi_version,
    },
};

use super::{
    channel::{Inbox, PLAN_LIMIT, send},
    descriptors, enforcement,
    init::{self, Job, Streams},
    loopback,
    namespaces::{self, Namespaces},
    privileges, probe,
    rlimits::CoreLimit,
    step::{At as _, Failure},
    wire::{LaunchOrder, Up, Wanted},
};

/// The main function of the hidden subcommand `launch`. Not for people: without a server's socket it fails.
pub fn launch() -> ExitCode {
    // Nobody reads this process's standard error; what cannot be said over the socket cannot be said.
    let Ok(socket) = descriptors::only_the_socket() else { return ExitCode::FAILURE };
    if std::env::args_os().nth(2).is_some_and(|word| word == PROBE) {
        return probe::answer(&socket);
    }
    match prepare(&socket) {
        Ok(Side::Init(job)) => init::run(*job, socket),
        Ok(Side::Outside) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = send(&socket, &Up::Failed(failure), &[]);
            ExitCode::FAILURE
        }
    }
}

/// The hidden subcommand that makes a launcher of this program.
pub const LAUNCH_SUBCOMMAND: &str = "launch";

/// The word after it that asks for a probe.
pub(super) const PROBE: &str = "probe";

/// Which of the two processes goes on.
enum Side {
    /// The init of the job.
    Init(Box<Job>),
    /// The one that has done its part.
    Outside,
}

/// The steps up to the fork of the init, each with the reason for its place. The init's own are in `init`, those of the
/// command in `command`.
fn prepare(socket: &OwnedFd) -> Result<Side, Failure> {
    // After inherited descriptors are closed, so that the plan's are the only ones.
    let (order, streams) = receive(socket)?;
    // Before anything can take long: a launcher must not keep the server's directory busy.
    rustix::process::chdir("/").at("leave the directory")?;
    // Before the mounts, behind which these files are read-only or another's.
    let core = CoreLimit::of_this_machine();
    prefer_for_oom().at("raise oom_score_adj")?;
    // Before the user namespace, in which groups can no longer be left.
    privileges::leave_groups()?;
    // Before the fork, because a new PID namespace takes in children alone.
    let applied = enforcement::Applied {
        namespaces: namespaces::enter(&choices(&order))?,
        network: order.network,
        landlock: order.wants(Layer::Landlock).map(|_| abi_version()).transpose().at("landlock version")?,
        seccomp: order.wants(Layer::Seccomp).is_some(),
    };
    // Before the fork, so that a required layer that is missing leaves nothing to clean up.
    let report = enforcement::report(&order, &applied)?;
    if applied.own_loopback() {
        // Inside the network namespace, and while there are capabilities.
        loopback::switch_on()?;
    }
    let (wait, go) = pipe_with(PipeFlags::CLOEXEC).at("make a pipe")?;
    match fork_sibling().at("fork the init")? {
        Fork::Child => {
            drop(go);
            wait_until_known(&wait)?;
            Ok(Side::Init(Box::new(Job { order, streams, applied, report, core })))
        }
        Fork::Parent(Sibling { pid, pidfd }) => {
            let pid = u32::try_from(pid).map_err(|_| Failure::new("fork the init", "a number that makes no sense"))?;
            send(socket, &Up::Forked { pid }, &[pidfd.as_fd()]).at("hand over the init")?;
            rustix::io::write(&go, &[GO]).at("let the init go on")?;
            Ok(Side::Outside)
        }
    }
}

/// The init says nothing before the server knows of it: its first word would come before its handle.
fn wait_until_known(wait: &OwnedFd) -> Result<(), Failure> {
    let mut word = [0];
    match rustix::io::read(wait, &mut word).at("wait for the launcher")? {
        1 if word == [GO] => Ok(()),
        _ => Err(Failure::new("wait for the launcher", "it died")),
    }
}

fn receive(socket: &OwnedFd) -> Result<(LaunchOrder, Streams), Failure> {
    let mut inbox = Inbox::new(PLAN_LIMIT);
    let order: LaunchOrder = loop {
        if let Some(order) = inbox.take().at("read the plan")? {
            break order;
        }
        if !inbox.receive(socket).at("receive the plan")? {
            return Err(Failure::new("receive the plan", "the server went away"));
        }
    };
    let mut next =
        || inbox.take_descriptor().ok_or_else(|| Failure::new("receive the plan", "a descriptor is missing"));
    let streams = Streams { what: next()?, cwd: next()?, stdin: next()?, stdout: next()?, stderr: next()? };
    Ok((order, streams))
}

/// What to try, best first. What the plan requires is in every choice; a layer that it leaves out is in none.
fn choices(order: &LaunchOrder) -> Vec<Namespaces> {
    let (view, network) = (order.wants(Layer::Namespaces), order.wants(Layer::Network));
    let best = Namespaces { own_view: view.is_some(), network: network.is_some() };
    let mut choices = vec![best];
    if network != Some(Wanted::Required) {
        choices.push(Namespaces { network: false, ..best });
        if view != Some(Wanted::Required) {
            choices.push(Namespaces::NONE);
        }
    }
    choices.dedup();
    choices
}

/// Of a job and the server the kernel shall take the job when memory runs out. Only raised: a server that runs with more
/// passes that on.
fn prefer_for_oom() -> std::io::Result<()> {
    let path = "/proc/self/oom_score_adj";
    let inherited: i32 = fs::read_to_string(path)?.trim().parse().map_err(std::io::Error::other)?;
    fs::write(path, inherited.max(OOM_SCORE).to_string())
}

const OOM_SCORE: i32 = 500;
const GO: u8 = b'G';

#[cfg(test)]
mod tests {
    use super::{super::wire::Network, *};

    fn order(layers: &[(Layer, Wanted)]) -> LaunchOrder {
        LaunchOrder {
            run: super::super::wire::Run::Program { program: "/bin/true".into(), argv: vec![] },
            env: vec![],
            cwd: "/".into(),
            files: super::super::wire::Files::default(),
            network: Network::None,
            limits: super::super::wire::Limits::default(),
            layers: layers.iter().map(|(layer, wanted)| (layer.as_str().to_owned(), *wanted)).collect(),
        }
    }

    #[test]
    fn what_is_required_is_in_every_choice() {
        use Wanted::{Preferred, Required};
        let (both, view, none) = (
            Namespaces { own_view: true, network: true },
            Namespaces { own_view: true, network: false },
            Namespaces::NONE,
        );
        for (ns, net, want) in [
            (Required, Required, vec![both]),
            (Required, Preferred, vec![both, view]),
            (Preferred, Required, vec![both]),
            (Preferred, Preferred, vec![both, view, none]),
        ] {
            assert_eq!(choices(&order(&[(Layer::Namespaces, ns), (Layer::Network, net)])), want, "{ns:?} {net:?}");
        }
    }

    #[test]
    fn a_loopback_is_never_looked_for_in_the_hosts_network() {
        for network in [None, Some(Wanted::Preferred), Some(Wanted::Required)] {
            let layers: Vec<_> = network.map(|wanted| (Layer::Network, wanted)).into_iter().collect();
            let order = LaunchOrder { network: Network::Loopback, ..order(&layers) };
            assert!(choices(&order).iter().all(|choice| choice.network), "{network:?}");
        }
    }

    #[test]
    fn what_the_plan_leaves_out_is_in_no_choice() {
        assert_eq!(choices(&order(&[])), [Namespaces::NONE]);
        let view = Namespaces { own_view: true, network: false };
        assert_eq!(choices(&order(&[(Layer::Namespaces, Wanted::Required)])), [view]);
    }
}
