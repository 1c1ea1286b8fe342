//! The job engine through the library: limits, the queue, ends of every kind, and what is on record afterwards.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop at anything odd"
)]

mod house;
mod scripts;
mod server;
mod foreground;

use std::{future::ready, sync::Arc, time::Duration};

use house::{House, PATIENCE, ran_on_threads};
use stockade::{
    diagnostic::Code,
    job::{Cursor, Haste, JobView},
    model::{
        outcome::{ExitStatus, Reason, Status},
        request::{Principal, Via},
    },
};

const DEAF: &str = "python3 -c 'import signal,time; signal.signal(15, signal.SIG_IGN); print(\"ready\", flush=True); time.sleep(1000)'";

fn reason(job: &JobView) -> Reason {
    job.outcome.as_ref().unwrap().reason.clone()
}

/// Starts work and sees that it waits: whatever it does first has been done when this returns.
macro_rules! begun {
    ($work:expr) => {{
        let mut work = Box::pin($work);
        tokio::select! {
            biased;
            _ = &mut work => panic!("it does not wait"),
            () = ready(()) => {}
        }
        work
    }};
}

// ---- limits and the queue

#[test]
fn jobs_beyond_the_limit_wait_in_order_and_beyond_the_queue_are_refused() {
    ran_on_threads(async {
        let house = House::new("jobs = 1\nqueue = 2").await;
        let first = house.start("cat gate").await;
        let queued = [
            house.start("python3 -c 'open(\"order\",\"a\").write(\"b\")'").await,
            house.start("python3 -c 'open(\"order\",\"a\").write(\"c\")'").await,
        ];
        assert_eq!(first.status, Status::Running);
        assert!(queued.iter().all(|job| job.status == Status::Queued), "{queued:?}");
        assert_eq!(house.refused("true").await.code, Code::QueueFull);
        house.open_gate();
        for job in [&first, &queued[0], &queued[1]] {
            assert_eq!(house.ended(job.id).await.status, Status::Completed);
        }
        assert_eq!(std::fs::read_to_string(house.workspace().join("order")).unwrap(), "bc");
        for _ in 0..5 {
            let job = house.start("true").await;
            assert_eq!(house.ended(job.id).await.status, Status::Completed, "places are free again");
        }
        house.close().await;
    });
}

#[test]
fn a_queued_job_that_is_killed_never_starts_and_gives_its_place_back() {
    ran_on_threads(async {
        let house = House::new("jobs = 1\nqueue = 1").await;
        let first = house.start("cat gate").await;
        let second = house.start("touch made").await;
        assert_eq!(house.refused("true").await.code, Code::QueueFull);
        assert_eq!(house.interact_refused(second.id, b"x").await.code, Code::StdinBlocked);
        let killed = house.kill(second.id).await;
        assert_eq!((killed.status, reason(&killed), killed.started), (Status::Killed, Reason::Cancelled, None));
        let third = house.start("true").await;
        assert_eq!(third.status, Status::Queued);
        assert_eq!(house.kill(first.id).await.status, Status::Killed);
        assert_eq!(house.ended(third.id).await.status, Status::Completed);
        assert!(!house.workspace().join("made").exists());
        house.close().await;
        assert_eq!(house.kinds_of(&second), ["exec.request", "exec.decision", "exec.kill", "exec.exit"]);
    });
}

#[test]
fn a_place_comes_back_from_a_refusal_and_from_a_launch_that_fails() {
    ran_on_threads(async {
        let house = House::with_launcher("jobs = 1\nqueue = 0", "/nonexistent/stockade").await;
        for _ in 0..3 {
            assert_eq!(house.refused("id").await.code, Code::NoRule);
            let job = house.start("true").await;
            let job = house.ended(job.id).await;
            assert!(matches!(reason(&job), Reason::LaunchFailed(_)) && job.status == Status::Failed, "{job:?}");
        }
        house.close().await;
    });
}

#[test]
fn a_rate_is_kept_to() {
    ran_on_threads(async {
        let house = House::new("rate = \"2/h\"").await;
        for _ in 0..2 {
            let job = house.start("true").await;
            house.ended(job.id).await;
        }
        assert_eq!(house.refused("true").await.code, Code::RateLimited);
        house.close().await;
    });
}

#[test]
fn a_job_of_somebody_else_does_not_exist() {
    ran_on_threads(async {
        let house = House::new("").await;
        let job = house.start("cat gate").await;
        let other = Principal { id: house.who.id.clone(), via: Via::Stdio };
        let (stockade, id) = (&house.stockade, job.id);
        assert!(stockade.list(&other).is_empty());
        let answers = [
            stockade.status(&other, id).err(),
            stockade.output(&other, id, Cursor::default(), 1).err(),
            stockade.tail(&other, id, 1, 1).err(),
            stockade.kill(&other, id).await.err(),
            stockade.wait(&other, id, PATIENCE).await.err(),
            stockade.wait_output(&other, id, Cursor::default(), PATIENCE).await.err(),
            stockade.interact(&other, id, b"x".to_vec(), false).await.err(),
        ];
        assert!(
            answers.iter().all(|answer| answer.as_ref().is_some_and(|d| d.code == Code::UnknownJob)),
            "{answers:?}"
        );
        assert_eq!(house.status(id).status, Status::Running);
        house.close().await;
    });
}

// ---- ends

#[test]
fn a_kill_that_comes_during_the_launch_counts() {
    ran_on_threads(async {
        let house = House::with_slow_launcher("jobs = 1\nqueue = 0").await;
        let starting = tokio::spawn({
            let (stockade, request) = (house.stockade.clone(), house.request("sleep 1000"));
            async move { stockade.execute(request).await }
        });
        let gate = house.launcher_waits().await;
        let id = house.stockade.list(&house.who)[0].id;
        let kill = begun!(house.kill(id));
        gate.open();
        let killed = kill.await;
        assert_eq!((killed.status, reason(&killed)), (Status::Killed, Reason::Cancelled));
        assert_eq!(killed.outcome.unwrap().survivors, 0);
        starting.await.unwrap().unwrap();
        house.close().await;
    });
}

#[test]
fn a_job_that_does_not_listen_is_killed_after_the_grace() {
    ran_on_threads(async {
        let house = House::new("grace = \"50ms\"").await;
        let job = house.start(DEAF).await;
        house.said(job.id, "ready\n").await;
        let killed = house.kill(job.id).await;
        assert_eq!(killed.outcome.as_ref().unwrap().exit, Some(ExitStatus::Signal(9)));
        house.close().await;
        let record = house.records_of(&job).into_iter().find(|record| record["kind"] == "exec.kill").unwrap();
        assert_eq!(record["signals"], serde_json::json!(["TERM", "KILL"]), "{record}");
    });
}

#[test]
fn without_grace_nobody_is_asked() {
    ran_on_threads(async {
        let house = House::new("grace = \"0\"").await;
        let job = house.start("sleep 1000").await;
        let killed = house.kill(job.id).await;
        assert_eq!(killed.outcome.as_ref().unwrap().exit, Some(ExitStatus::Signal(9)));
        house.close().await;
    });
}

#[test]
fn haste_takes_the_rest_of_the_grace_away() {
    ran_on_threads(async {
        let house = House::new("grace = \"1h\"").await;
        let job = house.start(DEAF).await;
        house.said(job.id, "ready\n").await;
        let kill = begun!(house.kill(job.id));
        let hasty = house.stockade.end(&house.who, job.id, Reason::Shutdown, Haste::AtOnce).await.unwrap();
        assert_eq!(reason(&hasty), Reason::Cancelled, "the first reason stays");
        assert_eq!(kill.await.status, Status::Killed);
        house.close().await;
    });
}

#[test]
fn kills_and_ends_at_the_same_time_leave_one_end_and_a_free_place() {
    ran_on_threads(async {
        let house = House::new("jobs = 2\nqueue = 0\nrate = \"0\"").await;
        for _ in 0..40 {
            let job = house.start("true").await;
            let (one, two) = tokio::join!(house.kill(job.id), house.kill(job.id));
            assert!(one.status.is_final() && one.status == two.status);
            assert!(matches!(reason(&one), Reason::Exited | Reason::Cancelled), "{one:?}");
        }
        house.close().await;
        let exits = house.records().iter().filter(|record| record["kind"] == "exec.exit").count();
        assert_eq!(exits, 40);
    });
}

#[test]
fn a_daemon_that_holds_the_pipes_ends_with_its_job_and_no_output_is_lost() {
    ran_on_threads(async {
        let house = House::new("").await;
        let script = "python3 -c 'import os,sys,time\nif os.fork() == 0:\n os.setsid()\n time.sleep(1000)\nsys.stdout.write(\"x\" * 900000)'";
        let job = house.start(script).await;
        let ended = house.ended(job.id).await;
        let outcome = ended.outcome.unwrap();
        assert_eq!((ended.status, outcome.stragglers, outcome.survivors), (Status::Completed, 1, 0));
        assert_eq!(ended.stdout.bytes, 900_000);
        house.close().await;
    });
}

#[test]
fn time_limits_end_jobs() {
    ran_on_threads(async {
        let house = House::new("idle = \"300ms\"").await;
        let silent = house.start("sleep 1000").await;
        assert_eq!(reason(&house.ended(silent.id).await), Reason::IdleTimeout);
        let mut request = house.request("sleep 1000");
        request.timeout = Some(Duration::from_millis(50));
        let job = house.stockade.execute(request).await.unwrap();
        assert_eq!(reason(&house.ended(job.id).await), Reason::Timeout);
        house.close().await;
    });
}

#[test]
fn input_has_a_limit_and_an_end() {
    ran_on_threads(async {
        let house = House::new("stdin = \"10B\"").await;
        let job = house.start("cat").await;
        house.interact(job.id, b"12345678", false).await;
        assert_eq!(house.interact_refused(job.id, b"901").await.code, Code::StdinLimit);
        house.interact(job.id, b"90", true).await;
        let ended = house.ended(job.id).await;
        assert_eq!(ended.status, Status::Completed);
        assert_eq!(house.stdout(job.id), "1234567890");
        assert_eq!(house.interact_refused(job.id, b"").await.code, Code::JobEnded);
        house.close().await;
    });
}

#[test]
fn the_log_has_inputs_in_the_order_in_which_the_job_gets_them() {
    ran_on_threads(async {
        let house = Arc::new(House::new("").await);
        let job = house.start("cat").await;
        let mut typists = tokio::task::JoinSet::new();
        for n in 1..=9u8 {
            let (house, id) = (Arc::clone(&house), job.id);
            typists.spawn(async move { house.interact(id, &vec![b'0' + n; usize::from(n)], false).await });
        }
        typists.join_all().await;
        house.interact(job.id, b"", true).await;
        house.ended(job.id).await;
        let recorded: String = house
            .records_of(&job)
            .iter()
            .filter(|record| record["kind"] == "exec.stdin")
            .map(|record| record["bytes"].to_string())
            .map(|count| count.repeat(count.parse().unwrap()))
            .collect();
        assert_eq!(house.stdout(job.id), recorded);
        house.close().await;
    });
}

// ---- the server's end, and the log's

#[test]
fn the_servers_end_is_the_end_of_all_jobs_and_each_is_recorded() {
    ran_on_threads(async {
        let house = House::new("jobs = 1\nqueue = 5\ngrace = \"50ms\"").await;
        let running = house.start(DEAF).await;
        house.said(running.id, "ready\n").await;
        let queued = house.start("touch made").await;
        house.stockade.shutdown(Reason::Shutdown).await;
        for job in [&running, &queued] {
            let ended = house.status(job.id);
            assert_eq!((ended.status, reason(&ended)), (Status::Killed, Reason::Shutdown));
            assert_eq!(house.kinds_of(job).last().unwrap(), "exec.exit");
        }
        assert!(matches!(house.refused("true").await.code, Code::ShuttingDown | Code::AuditUnavailable));
        assert!(!house.workspace().join("made").exists());
        assert_eq!(house.records().last().unwrap()["kind"], "log.close");
    });
}

#[test]
fn a_shutdown_in_haste_does_not_wait_for_the_grace() {
    ran_on_threads(async {
        let house = House::new("grace = \"1h\"").await;
        let job = house.start(DEAF).await;
        house.said(job.id, "ready\n").await;
        house.stockade.hurry();
        assert_eq!(house.status(job.id).status, Status::Running, "there is no shutdown yet");
        let end = begun!(house.close());
        house.stockade.hurry();
        end.await;
        assert_eq!(reason(&house.status(job.id)), Reason::Shutdown);
    });
}

#[test]
fn a_job_that_is_starting_when_the_server_ends_is_waited_for() {
    ran_on_threads(async {
        let house = House::with_slow_launcher("grace = \"50ms\"").await;
        let starting = tokio::spawn({
            let (stockade, request) = (house.stockade.clone(), house.request("sleep 1000"));
            async move { stockade.execute(request).await }
        });
        let gate = house.launcher_waits().await;
        let end = begun!(house.stockade.shutdown(Reason::Shutdown));
        gate.open();
        end.await;
        let job = starting.await.unwrap().unwrap();
        assert_eq!(reason(&house.status(job.id)), Reason::Shutdown);
        assert_eq!(house.kinds_of(&job).last().unwrap(), "exec.exit", "recorded before the log was closed");
    });
}

#[test]
fn when_the_log_fails_every_job_ends_and_nothing_new_runs() {
    ran_on_threads(async {
        let house = House::new("jobs = 1\nqueue = 5\ngrace = \"50ms\"").await;
        let running = house.start(DEAF).await;
        house.said(running.id, "ready\n").await;
        let queued = house.start("touch made").await;
        house.remove_log();
        let denial = house.refused("touch made").await;
        assert_eq!(denial.code, Code::AuditUnavailable);
        for job in [&running, &queued] {
            let ended = house.ended(job.id).await;
            assert_eq!((ended.status, reason(&ended)), (Status::Killed, Reason::AuditFailed));
        }
        assert_eq!(house.refused("touch made").await.code, Code::AuditUnavailable);
        assert!(!house.workspace().join("made").exists());
        house.stockade.shutdown(Reason::Shutdown).await;
    });
}

// ---- output

#[test]
fn a_follower_gets_every_byte_however_slow_it_is() {
    ran_on_threads(async {
        let house = House::new("output = \"100KB\"\nidle = \"20s\"").await;
        let script = "python3 -c 'import sys\nfor n in range(3000):\n sys.stdout.write(\"%01000d\" % n); sys.stderr.write(\"%0500d\" % n)'";
        let follower = house.stockade.execute_followed(house.request(script)).await.unwrap();
        let (mut out, mut err, mut dropped) = (Vec::new(), Vec::new(), 0);
        while let Some(output) = follower.next(50_000).await {
            assert!(output.stdout.bytes.len() + output.stderr.bytes.len() <= 50_000);
            dropped += output.stdout.dropped + output.stderr.dropped;
            out.extend(output.stdout.bytes);
            err.extend(output.stderr.bytes);
        }
        assert_eq!((out.len(), err.len(), dropped), (3_000_000, 1_500_000, 0));
        for n in [0, 1, 1500, 2999] {
            assert!(out[n * 1000..(n + 1) * 1000].ends_with(format!("{n:04}").as_bytes()));
        }
        assert_eq!(follower.view().status, Status::Completed);
        house.close().await;
    });
}

#[test]
fn a_job_whose_follower_goes_away_runs_on() {
    ran_on_threads(async {
        let house = House::new("output = \"100KB\"").await;
        let follower = house.stockade.execute_followed(house.request("head -c 5000000 /dev/zero")).await.unwrap();
        assert!(follower.next(1000).await.is_some());
        let id = follower.view().id;
        drop(follower);
        let ended = house.ended(id).await;
        assert_eq!((ended.status, ended.stdout.bytes), (Status::Completed, 5_000_000));
        house.close().await;
    });
}

#[test]
fn a_held_up_job_is_killed_like_any_other() {
    ran_on_threads(async {
        let house = House::new("output = \"100KB\"\ngrace = \"50ms\"").await;
        let follower = house.stockade.execute_followed(house.request("head -c 5000000000 /dev/zero")).await.unwrap();
        let id = follower.view().id;
        house.stockade.wait_output(&house.who, id, Cursor { stdout: 99_999, stderr: 0 }, PATIENCE).await.unwrap();
        let kill = begun!(house.kill(id));
        let mut taken = 0;
        while let Some(output) = follower.next(usize::MAX).await {
            taken += output.stdout.bytes.len() as u64;
        }
        let killed = kill.await;
        assert_eq!(
            (killed.status, killed.stdout.bytes),
            (Status::Killed, taken),
            "what it wrote until then is not lost"
        );
        house.close().await;
    });
}
