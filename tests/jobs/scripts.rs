//! Scripts: what runs, what is refused half-way, and what is on record of either.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;
use stockade::{
    diagnostic::Code,
    job::{Cursor, JobView},
    model::outcome::{ExitStatus, Reason, Status},
};

use super::{
    DEAF,
    house::{House, PATIENCE, ran_on_threads},
    reason,
};

/// What a script may not do once its words are known.
const KEEP: &str = r#"wall = "1m"
[[rule]]
id = "keep"
decision = "deny"
command = '(touch|cat) (.* )?(keep|-.*)( .*)?'
reason = "it is kept"
hint = "leave it"
"#;

/// The acts of a job as the log has them.
fn acts(house: &House, job: &JobView) -> Vec<Value> {
    house.records_of(job).into_iter().filter(|record| record["kind"] == "exec.judged").collect()
}

/// Act, text and decision of each.
fn told(acts: &[Value]) -> Vec<String> {
    let text = |act: &Value, field: &str| act[field].as_str().unwrap().to_owned();
    acts.iter().map(|act| ["act", "canonical", "decision"].map(|field| text(act, field)).join(" ")).collect()
}

fn exit(job: &JobView) -> Option<ExitStatus> {
    job.outcome.as_ref().unwrap().exit
}

#[test]
fn the_commands_of_a_pipeline_run_together_and_each_is_on_record() {
    ran_on_threads(async {
        let house = House::new("").await;
        fs::write(house.workspace().join("lines"), "1\n2\n3\n").unwrap();
        let job = house.start("cat lines | head -n 1").await;
        let job = house.ended(job.id).await;
        assert_eq!(
            (reason(&job), exit(&job), job.status),
            (Reason::Exited, Some(ExitStatus::Code(0)), Status::Completed)
        );
        assert_eq!(house.stdout(job.id), "1\n");
        let mut acts = told(&acts(&house, &job));
        acts.sort();
        assert_eq!(acts, ["execute cat lines allow", "execute head -n 1 allow"]);
        let kinds = house.kinds_of(&job);
        let at = |kind: &str| kinds.iter().position(|other| other == kind).unwrap();
        assert!(at("exec.start") < at("exec.judged") && at("exec.judged") < at("exec.exit"), "{kinds:?}");
        assert_eq!(kinds.last().unwrap(), "exec.exit");
        house.close().await;
    });
}

#[test]
fn what_follows_a_refusal_does_not_happen_and_what_came_before_did() {
    ran_on_threads(async {
        let house = House::new(KEEP).await;
        fs::write(house.workspace().join("keep"), "").unwrap();
        let job = house.start("touch first; cat k*; touch second").await;
        let job = house.ended(job.id).await;
        assert_eq!((job.status, exit(&job)), (Status::Failed, None));
        let outcome = job.outcome.clone().unwrap();
        let text = "`cat keep` was refused (denied-by-rule): it is kept; hint: leave it; before it ran: `touch first`";
        assert_eq!(outcome.reason.detail(), Some(text));
        assert_eq!(outcome.reason.refusal().unwrap().hint.as_deref(), Some("leave it"));
        assert_eq!(outcome.survivors, 0);
        assert!(house.workspace().join("first").exists());
        assert!(!house.workspace().join("second").exists());
        let acts = acts(&house, &job);
        assert_eq!(told(&acts), ["execute touch first allow", "execute cat keep deny"]);
        assert_eq!((&acts[1]["code"], &acts[1]["rules"][0]["id"]), (&"denied-by-rule".into(), &"keep".into()));
        let end = house.records_of(&job).pop().unwrap();
        assert_eq!(
            (&end["kind"], &end["reason"], &end["detail"]),
            (&"exec.exit".into(), &"refused".into(), &text.into())
        );
        assert_eq!((&end["status"], &end["exit_code"]), (&"failed".into(), &Value::Null));
        house.close().await;
    });
}

#[test]
fn directories_and_files_are_judged_and_on_record() {
    ran_on_threads(async {
        let house = House::new("").await;
        fs::create_dir(house.workspace().join("d")).unwrap();
        fs::write(house.workspace().join("in"), "text").unwrap();
        let job = house.start("cd d && cat < ../in > out; cat <<< word >> out").await;
        let job = house.ended(job.id).await;
        assert_eq!(exit(&job), Some(ExitStatus::Code(0)), "{job:?}");
        assert_eq!(fs::read_to_string(house.workspace().join("d/out")).unwrap(), "textword\n");
        let acts = acts(&house, &job);
        let wanted = ["enter cd d", "open < ../in", "open > out", "execute cat", "open >> out", "execute cat"];
        assert_eq!(told(&acts), wanted.map(|act| format!("{act} allow")));
        house.close().await;
    });
}

#[test]
fn a_refusal_in_one_command_of_a_pipeline_ends_the_others() {
    ran_on_threads(async {
        let house = House::new(KEEP).await;
        fs::write(house.workspace().join("keep"), "").unwrap();
        let job = house.start("sleep 1000 | cat k* | sleep 1000").await;
        let job = house.ended(job.id).await;
        assert!(matches!(reason(&job), Reason::Refused(_)), "{job:?}");
        assert_eq!(job.outcome.as_ref().unwrap().survivors, 0);
        house.close().await;
    });
}

#[test]
fn a_pattern_that_would_be_an_option_ends_the_script() {
    ran_on_threads(async {
        let house = House::new("").await;
        fs::write(house.workspace().join("-rf"), "").unwrap();
        let job = house.start("touch first && cat *").await;
        let job = house.ended(job.id).await;
        let Reason::Refused(act) = reason(&job) else { panic!("{job:?}") };
        let text = &act.text;
        assert!(
            text.contains("(option-like-name)") && text.contains("`-rf`") && text.contains("`touch first`"),
            "{text}"
        );
        assert_eq!(acts(&house, &job)[1]["act"], "give_up");
        house.close().await;
    });
}

#[test]
fn a_script_can_be_killed_and_times_out_like_any_job() {
    ran_on_threads(async {
        let house = House::new("wall = \"500ms\"").await;
        let job = house.start("sleep 1000 | sleep 1000; touch after").await;
        let job = house.ended(job.id).await;
        assert_eq!(reason(&job), Reason::Timeout);
        assert_eq!(job.outcome.as_ref().unwrap().survivors, 0);
        assert!(!house.workspace().join("after").exists());
        house.close().await;
    });
}

/// Ends in good order when it is asked to.
const CAREFUL: &str = "python3 -c 'import signal, sys, time\ndef end(*_):\n time.sleep(0.3)\n open(\"saved\", \"w\")\n sys.exit()\nsignal.signal(15, end)\nprint(\"ready\", file=sys.stderr, flush=True)\ntime.sleep(1000)'";

#[test]
fn the_programs_of_a_killed_script_have_the_grace() {
    ran_on_threads(async {
        for text in ["CAREFUL; touch after", "CAREFUL | cat; touch after", "(CAREFUL || true) && touch after"] {
            let house = House::new("grace = \"20s\"").await;
            let job = house.start(&text.replace("CAREFUL", CAREFUL)).await;
            house.stockade.wait_output(&house.who, job.id, Cursor { stdout: 0, stderr: 5 }, PATIENCE).await.unwrap();
            let job = house.kill(job.id).await;
            assert_eq!((reason(&job), exit(&job)), (Reason::Cancelled, Some(ExitStatus::Signal(15))), "{text}");
            let outcome = job.outcome.as_ref().unwrap();
            assert_eq!((outcome.stragglers, outcome.survivors), (0, 0), "{text}");
            assert!(house.workspace().join("saved").exists(), "{text}");
            assert!(!house.workspace().join("after").exists(), "{text}");
            let record = house.records_of(&job).into_iter().find(|record| record["kind"] == "exec.kill").unwrap();
            assert_eq!(record["signals"], serde_json::json!(["TERM"]), "{text}");
            house.close().await;
        }
    });
}

#[test]
fn a_killed_script_without_anything_to_save_does_not_use_up_the_grace() {
    ran_on_threads(async {
        for text in ["sleep 1000; touch after", "sleep 1000 | sleep 1000; touch after", "cat gate; touch after"] {
            let house = House::new("grace = \"1h\"").await;
            let job = house.start(&format!("cat <<< ready && {text}")).await;
            house.said(job.id, "ready\n").await;
            let job = house.kill(job.id).await;
            assert_eq!((reason(&job), exit(&job)), (Reason::Cancelled, Some(ExitStatus::Signal(15))), "{text}");
            assert!(!house.workspace().join("after").exists(), "{text}");
            house.close().await;
        }
    });
}

#[test]
fn a_stopped_program_of_a_script_is_woken_to_end() {
    ran_on_threads(async {
        let house = House::new("grace = \"1h\"").await;
        let stop = "python3 -c 'import os\nprint(\"ready\", flush=True)\nos.kill(os.getpid(), 19)'; touch after";
        let job = house.start(stop).await;
        house.said(job.id, "ready\n").await;
        let job = house.kill(job.id).await;
        assert_eq!(exit(&job), Some(ExitStatus::Signal(15)));
        assert!(!house.workspace().join("after").exists());
        house.close().await;
    });
}

#[test]
fn a_program_of_a_script_that_is_deaf_is_killed_after_the_grace() {
    ran_on_threads(async {
        let house = House::new("grace = \"100ms\"").await;
        let job = house.start(&format!("{DEAF}; touch after")).await;
        house.said(job.id, "ready\n").await;
        let job = house.kill(job.id).await;
        assert_eq!(exit(&job), Some(ExitStatus::Signal(9)));
        assert!(!house.workspace().join("after").exists());
        house.close().await;
    });
}

#[test]
fn a_log_that_fails_under_a_script_stops_it() {
    ran_on_threads(async {
        let house = House::new("").await;
        let job = house.start("cat gate; touch after").await;
        // Opens when `cat` does.
        let gate = fs::OpenOptions::new().write(true).open(house.workspace().join("gate")).unwrap();
        house.remove_log();
        drop(gate);
        let job = house.ended(job.id).await;
        assert!(matches!(reason(&job), Reason::Refused(_) | Reason::AuditFailed), "{job:?}");
        assert!(!house.workspace().join("after").exists());
        house.close().await;
    });
}

#[test]
fn what_the_script_built_is_judged_by_its_path_when_its_turn_comes() {
    ran_on_threads(async {
        let rule = "wall = \"1m\"\n[[rule]]\nid = \"made\"\ndecision = \"allow\"\nprogram = \"./made\"\ngrants = [\"any\"]\nreason = \"for the test\"";
        let house = House::new(rule).await;
        let make =
            r##"python3 -c 'import os; open("made","w").write("#!/bin/cat\nhello\n"); os.chmod("made", 0o700)'"##;
        let job = house.start(&format!("{make} && ./made")).await;
        let job = house.ended(job.id).await;
        assert_eq!(
            (house.stdout(job.id).as_str(), exit(&job)),
            ("#!/bin/cat\nhello\n", Some(ExitStatus::Code(0))),
            "{job:?}"
        );
        let made = house.workspace().canonicalize().unwrap().join("made");
        assert_eq!(acts(&house, &job)[1]["program"], made.to_str().unwrap());
        house.close().await;
    });
}

/// What PATH gave when the script was judged is what runs, or nothing does.
#[test]
fn a_program_that_is_swapped_before_its_turn_is_refused() {
    ran_on_threads(async {
        for swapped in [false, true] {
            let house = House::with_program("", "tool", "#!/bin/cat\nold\n").await;
            let job = house.start("cat gate; tool").await;
            // Opens when `cat` does, so the script was judged before.
            let gate = fs::OpenOptions::new().write(true).open(house.workspace().join("gate")).unwrap();
            if swapped {
                house.swap_program("tool", "#!/bin/cat\nnew\n");
            }
            drop(gate);
            let job = house.ended(job.id).await;
            if swapped {
                let Reason::Refused(refused) = reason(&job) else { panic!("{job:?}") };
                let text = &refused.text;
                assert!(text.starts_with("`tool` was refused (program-changed)"), "{text}");
                assert_eq!(told(&acts(&house, &job)), ["execute cat gate allow", "execute tool deny"]);
            }
            assert_eq!(house.stdout(job.id), if swapped { "" } else { "#!/bin/cat\nold\n" });
            house.close().await;
        }
    });
}

/// A name that is a file at one moment and a link out of the workspace at the next.
#[test]
fn a_target_that_becomes_a_link_is_never_written_through() {
    ran_on_threads(async {
        let house = House::new("wall = \"1m\"").await;
        let workspace = house.workspace();
        let outside = workspace.parent().unwrap().join("outside");
        fs::write(&outside, "kept").unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let swapper = std::thread::spawn({
            let (stop, target, spare, outside) =
                (Arc::clone(&stop), workspace.join("target"), workspace.join("spare"), outside.clone());
            move || {
                let mut swaps = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    fs::write(&spare, "").unwrap();
                    fs::rename(&spare, &target).unwrap();
                    std::os::unix::fs::symlink(&outside, &spare).unwrap();
                    fs::rename(&spare, &target).unwrap();
                    let _ = fs::remove_file(&target);
                    swaps += 1;
                }
                swaps
            }
        });
        let (mut refused, mut ran) = (0, 0);
        for _ in 0..60 {
            let job = house
                .stockade
                .execute(house.request("cat <<< a > target; cat <<< b >> target; cat <<< c > target"))
                .await;
            match job {
                // The first judgement saw the link.
                Err(denial) => {
                    assert_eq!(denial.code, Code::RedirectionOutside);
                    refused += 1;
                }
                Ok(job) => {
                    let job = house.ended(job.id).await;
                    if matches!(reason(&job), Reason::Refused(_)) {
                        refused += 1;
                    } else {
                        assert_eq!(reason(&job), Reason::Exited);
                        ran += 1;
                    }
                }
            }
            assert_eq!(fs::read_to_string(&outside).unwrap(), "kept");
        }
        stop.store(true, Ordering::Relaxed);
        let swaps = swapper.join().unwrap();
        assert!(refused > 0 && ran > 0 && swaps > 60, "no race: {refused} refused, {ran} ran, {swaps} swaps");
        house.close().await;
    });
}
