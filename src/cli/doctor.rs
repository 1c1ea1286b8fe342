//! `stockade doctor`: what this machine gives, what a policy makes of it, and whether its sandbox holds.

mod human;
mod json;

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    diagnostic::{Diagnostic, Source},
    doctor::{Attack, AttackError, Facts, Given, Status, Subject, attack, log_problem, table},
    model::support::Support,
    sandbox::{LaunchError, Launcher},
    service::{Origin, Setup},
};

use super::{chosen::Chosen, exit::Exit, output::Printer, serve::block_on, signals::Signals};

/// Say what this machine gives, what a policy makes of it, and whether its sandbox holds
///
/// Prints how much of each layer is here, found out by trying; facts that bear on it; whether the policy starts here; and
/// what came of an attack of Stockade's on itself: about fifty acts, each of which first has to get through without a
/// sandbox and must come to nothing in a job of the policy. Nothing of all this stays, and nothing is recorded in the log.
///
/// Of an act it says `held`; `BROKEN`, when it got through although something is here that should hold it; `open`, when it
/// got through because this machine has nothing that would; or `not tried`, when it does not even work without a sandbox.
///
/// Exit code 0 when all that the policy requires is here and no act broke through; 1 when something is missing or broken;
/// 125 when the doctor itself failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stockade doctor                                the policy that would be used here
  stockade doctor --policy developer
  stockade doctor --policy ./team.toml --json    one JSON object, for scripts
  stockade doctor --quick                        without the attack")]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    /// Leave the attack out
    #[arg(long)]
    quick: bool,
}

/// All that the doctor found.
struct Report {
    facts: Facts,
    support: Support,
    table: Vec<Given>,
    policy: Examined,
    /// Nothing when it was left out, or there was no policy.
    attack: Option<Result<Attack, AttackError>>,
}

/// What becomes of a policy here.
struct Examined {
    /// Nothing when it does not load.
    setup: Option<Setup>,
    /// Everything that keeps it from starting.
    findings: Vec<(Source, Diagnostic)>,
}

impl Examined {
    fn starts(&self) -> bool {
        self.setup.is_some() && self.findings.is_empty()
    }
}

impl Report {
    /// 125 only when nothing can be said about the sandbox: a job that cannot be started is something that was found.
    fn exit(&self) -> Exit {
        match &self.attack {
            Some(Err(error)) if is_own(error) => Exit::Failure,
            Some(Err(_)) => Exit::Findings,
            Some(Ok(attack)) if !holds(attack) || attack.refusal.is_some() => Exit::Findings,
            Some(Ok(_)) | None if !self.policy.starts() => Exit::Findings,
            Some(Ok(_)) | None => Exit::Success,
        }
    }
}

fn is_own(error: &AttackError) -> bool {
    match error {
        AttackError::Own { .. } => true,
        AttackError::Launch(error) => !matches!(error, LaunchError::Step { .. }),
        AttackError::Plan(_) => false,
    }
}

/// Whether nothing broke through and nothing stayed.
fn holds(attack: &Attack) -> bool {
    attack.survivors == 0 && !attack.rows.iter().any(|row| matches!(row.status, Status::Broken(_)))
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> Exit {
    let report = match block_on(until_interrupted(examine(args, printer))) {
        Ok(Ok(report)) => report,
        Ok(Err(Stop::Failed(error))) | Err(error) => return printer.failure(&error),
        Ok(Err(Stop::Signal(number))) => return Exit::Command(128 + number),
    };
    if args.json {
        printer.data(json::report(&report));
    } else {
        human::lines(&report).into_iter().for_each(|line| printer.data(line));
        printer.findings(report.policy.findings.iter().map(|(source, finding)| (source, finding)));
    }
    report.exit()
}

/// Why there is no report.
enum Stop {
    Failed(std::io::Error),
    Signal(u8),
}

/// What is given up half-way cleans up behind itself; only then does this program end.
async fn until_interrupted(work: impl Future<Output = std::io::Result<Report>>) -> Result<Report, Stop> {
    let mut signals = Signals::listen().map_err(Stop::Failed)?;
    let done = tokio::select! {
        done = work => done,
        number = signals.next() => return Err(Stop::Signal(number)),
    };
    if done.as_ref().is_ok_and(|report| report.exit() != Exit::Failure) {
        return done.map_err(Stop::Failed);
    }
    // A call that a signal interrupts fails before anybody is told of the signal.
    tokio::select! {
        number = signals.next() => Err(Stop::Signal(number)),
        () = sleep(MOMENT) => done.map_err(Stop::Failed),
    }
}

async fn examine(args: &Args, printer: &mut Printer) -> std::io::Result<Report> {
    let mut tell = |step: &str| printer.talk(format_args!("stockade doctor: {step}"));
    tell("trying each layer");
    let launcher = Launcher::from_current_exe()?;
    let support = launcher.probe()?;
    let facts = Facts::of_this_machine();
    let table = table(&support, &facts);
    let policy = policy(args, &launcher, &support);
    let attack = match &policy.setup {
        Some(setup) if !args.quick => Some(attack(subject(setup), &mut tell, |_| {}).await),
        Some(_) | None => None,
    };
    Ok(Report { facts, support, table, policy, attack })
}

fn subject(setup: &Setup) -> Subject<'_> {
    Subject {
        policy: &setup.policy,
        workspace: &setup.workspace,
        support: &setup.support,
        environment: &setup.environment,
        launcher: &setup.launcher,
    }
}

/// The policy as a server would load it here.
fn policy(args: &Args, launcher: &Launcher, support: &Support) -> Examined {
    match Origin::find(&args.chosen.options()).and_then(|origin| origin.survey(launcher.clone(), support.clone())) {
        Ok((setup, mut missing)) => {
            missing.extend(log_problem(&setup.log_dir));
            let source = Source::new(setup.policy.name.clone(), "");
            Examined { setup: Some(setup), findings: missing.into_iter().map(|one| (source.clone(), one)).collect() }
        }
        Err(error) => Examined { setup: None, findings: error.findings },
    }
}

const MOMENT: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        diagnostic::Code,
        doctor::{Group, Row},
        model::{
            denial::Denial,
            enforcement::{Enforcement, Layer, Level},
            workspace::Workspace,
        },
        policy::compile,
    };

    fn setup() -> Setup {
        let (policy, findings) = compile(&[Source::new("t", "version = 1\nname = \"t\"\n")]);
        let workspace = Workspace {
            roots: vec!["/ws".into()],
            search_path: vec![],
            read: vec![],
            write: vec![],
            hide: vec![],
            protect: vec![],
            home: "/".into(),
            layers: Vec::new(),
        };
        Setup {
            policy: policy.unwrap_or_else(|| panic!("{findings:?}")).into(),
            workspace: workspace.into(),
            support: Support::full().into(),
            environment: BTreeMap::new().into(),
            launcher: Launcher::at("/bin/true"),
            log_dir: "/log".into(),
            cleanup_interval: Duration::from_secs(1),
        }
    }

    fn report(attack: Option<Result<Attack, AttackError>>) -> Report {
        let policy = Examined { setup: Some(setup()), findings: vec![] };
        Report { facts: Facts::default(), support: Support::full(), table: vec![], policy, attack }
    }

    fn attack(status: Status) -> Attack {
        let rows = vec![Row { id: "tcp", group: Group::Network, what: "connect", status }];
        let layers = Layer::ALL.into_iter().map(|layer| (layer, Level::Full)).collect();
        Attack { rows, enforcement: Enforcement(layers), refusal: None, survivors: 0 }
    }

    #[track_caller]
    fn ends(report: &Report, exit: Exit, conclusion: &str) {
        assert_eq!(report.exit(), exit);
        assert_eq!(json::report(report)["conclusion"], conclusion);
        assert!(human::lines(report).last().is_some_and(|line| line.starts_with("conclusion: ")));
    }

    #[test]
    fn what_holds_or_is_known_to_be_open_is_well() {
        for status in [
            Status::Held(vec!["network"]),
            Status::Open("no network".to_owned()),
            Status::NotTried("no loopback".to_owned()),
            Status::Allowed("it may"),
        ] {
            ends(&report(Some(Ok(attack(status)))), Exit::Success, "ok");
        }
        ends(&report(None), Exit::Success, "ok");
    }

    #[test]
    fn what_breaks_through_or_stays_is_not() {
        let broken = report(Some(Ok(attack(Status::Broken(vec!["network"])))));
        ends(&broken, Exit::Findings, "broken");
        assert!(human::lines(&broken).iter().any(|line| line.contains("BROKEN") && line.contains("network")));
        let stays = Attack { survivors: 1, ..attack(Status::Held(vec![])) };
        ends(&report(Some(Ok(stays))), Exit::Findings, "broken");
    }

    #[test]
    fn what_does_not_start_is_not() {
        let refused = Attack { refusal: Some("step `hide /x`".to_owned()), ..attack(Status::Held(vec![])) };
        ends(&report(Some(Ok(refused))), Exit::Findings, "refused");
        let denial = Denial::new(Code::LayerMissing, "no rlimits");
        ends(&report(Some(Err(AttackError::Plan(denial)))), Exit::Findings, "refused");
        let mut missing = report(Some(Ok(attack(Status::Held(vec![])))));
        missing.policy.findings.push((Source::new("t", ""), Diagnostic::error(Code::LayerMissing, "no landlock")));
        ends(&missing, Exit::Findings, "refused");
        missing.policy.setup = None;
        missing.attack = None;
        ends(&missing, Exit::Findings, "refused");
    }

    #[test]
    fn a_doctor_that_fails_says_nothing_about_the_sandbox() {
        let own = AttackError::Own { doing: "make a directory", why: "no space".to_owned() };
        ends(&report(Some(Err(own))), Exit::Failure, "failed");
        ends(&report(Some(Err(AttackError::Launch(LaunchError::Died)))), Exit::Failure, "failed");
    }
}
