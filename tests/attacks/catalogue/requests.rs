//! Rows 67 to 95: environments, programs, what runs later, requests, and our own processes.

use super::{
    EVERYWHERE, FULL,
    Layer::{Inheritance, Judgement, Keeper, Landlock, Mounts, Namespaces, Privileges, Seccomp, Server},
    Row, SERVER, State, stopped, unstopped,
};

pub(super) const ROWS: &[Row] = &[
    stopped(
        67,
        "set variables that decide which code runs",
        &[Judgement, Inheritance],
        SERVER,
        &[
            "src/policy/tests/environment.rs::what_decides_which_code_runs_never_comes_in",
            "src/policy/tests/environment.rs::an_environment_starts_empty",
            "src/policy/tests/scripts.rs::a_variable_before_a_command_is_one_of_the_client",
            "requests::row_86_no_parameter_loosens_anything",
            "launch::arguments_and_environment_arrive_as_they_were",
        ],
    ),
    stopped(
        68,
        "read secrets in an inherited environment",
        &[Inheritance],
        FULL,
        &["conversation::row_68_no_secret_of_the_servers_environment_is_inherited"],
    ),
    stopped(
        69,
        "put another program in the place of one that is allowed",
        &[Judgement, Server],
        SERVER,
        &[
            "tests/cli/main.rs::a_file_of_the_workspace_does_not_run_under_a_name_that_the_policy_allows",
            "src/host/resolve.rs::a_name_is_looked_up_in_the_policys_path_alone",
            "src/job/second/tests.rs::a_program_that_is_not_the_one_that_was_judged_is_refused",
        ],
    ),
    stopped(
        70,
        "have an allowed program run a denied one",
        &[Judgement],
        SERVER,
        &[
            "src/policy/blocklist/mod.rs::every_refusal_holds_behind_wrappers_and_by_path",
            "src/policy/programs/tests/metamorphic.rs::a_wrapper_hides_nothing",
            "src/policy/tests/deciding.rs::a_deny_rule_looks_inside_and_an_allow_rule_does_not",
            "tests/verdicts.rs::what_abuses_an_allowed_program_is_denied",
        ],
    ),
    unstopped(
        71,
        "run code that no rule names, by a loader, an interpreter or memory",
        State::Open(
            "what a program does by itself is for the sandbox; a list of programs that the kernel holds to is not built yet",
        ),
        &[],
    ),
    stopped(
        72,
        "make calls by the numbers of another architecture, or with high bits",
        &[Seccomp],
        EVERYWHERE,
        &[
            "power::row_72_calls_of_another_architecture_kill",
            "files::row_55_no_file_gets_a_bit_that_makes_it_run_as_its_owner",
            "src/sandbox/seccomp/program.rs::another_architecture_kills_and_x32_does_not_exist",
        ],
    ),
    stopped(
        73,
        "plant a hook in a repository",
        &[Mounts],
        FULL,
        &[
            "files::row_73_protected_places_in_the_workspace_stay",
            "files::row_73_a_workspace_that_is_protected_itself_opens_nothing_around_it",
            "files::row_73_a_link_that_a_job_leaves_opens_nothing_for_the_next",
            "files::row_73_a_closed_directory_does_not_end_the_protection_of_what_it_holds",
        ],
    )
    .but("`protect` holds for what is there when a job starts; a name that is absent then can be made"),
    stopped(
        74,
        "leave something that runs later, at a login or a build",
        &[Mounts, Landlock],
        FULL,
        &["workspace::row_74_nothing_is_planted_in_a_home"],
    )
    .but(
        "the workspace is the job's: build files and package scripts in it that `protect` does not name can be changed",
    ),
    stopped(
        75,
        "poison a cache that others take code from",
        &[Landlock, Mounts],
        EVERYWHERE,
        &["workspace::row_75_caches_beside_the_workspace_stay"],
    ),
    stopped(
        76,
        "take names in /tmp that others use",
        &[Mounts, Landlock],
        EVERYWHERE,
        &["neighbours::row_76_names_in_tmp_are_not_those_of_others", "files::temporary_places_are_the_jobs_own"],
    ),
    stopped(
        77,
        "read another job's output, environment and files",
        &[Namespaces, Landlock, Mounts],
        EVERYWHERE,
        &["neighbours::row_77_files_environment_and_streams_of_another_job_are_out_of_reach"],
    ),
    stopped(
        78,
        "guess the name of another client's job",
        &[Server],
        SERVER,
        &[
            "requests::row_78_a_job_of_another_client_does_not_exist",
            "tests/jobs/main.rs::a_job_of_somebody_else_does_not_exist",
            "src/model/ids.rs::an_id_has_one_spelling",
        ],
    ),
    stopped(
        79,
        "wear the server out by requests and texts",
        &[Judgement, Server],
        SERVER,
        &[
            "tests/language.rs::f1_long_texts_are_bounded",
            "src/command/tests/properties.rs::hostile_texts_at_the_limit_cost_little",
            "tests/mcp.rs::more_calls_than_fit_are_refused_and_a_kill_still_works",
            "tests/mcp.rs::a_line_over_the_limit_is_answered",
            "src/mcp/message.rs::deep_nesting_is_refused_and_not_a_crash",
            "tests/jobs/main.rs::a_rate_is_kept_to",
        ],
    ),
    stopped(
        80,
        "hide something in odd characters or sheer length",
        &[Judgement],
        SERVER,
        &[
            "requests::row_80_odd_characters_arrive_as_they_are_or_not_at_all",
            "src/command/refusal.rs::a_message_quotes_little_and_nothing_hidden",
            "src/audit/datum.rs::every_character_reads_back",
        ],
    ),
    stopped(
        81,
        "name a working directory that is none",
        &[Server],
        SERVER,
        &[
            "requests::row_81_a_working_directory_that_is_none_is_refused_at_once",
            "src/host/resolve.rs::the_working_directory_stays_inside_after_links_are_resolved",
        ],
    ),
    stopped(
        82,
        "have the server open what never opens",
        &[Server, Keeper],
        SERVER,
        &["requests::row_82_what_never_opens_holds_nobody_up"],
    ),
    stopped(
        83,
        "leave what cannot be cleared away",
        &[Namespaces, Mounts],
        FULL,
        &["workspace::row_83_what_a_job_leaves_is_cleared_away_without_following_it"],
    ),
    stopped(
        84,
        "leave files that the server takes for its own",
        &[Server],
        SERVER,
        &[
            "conversation::row_84_no_settings_are_read_from_the_workspace",
            "tests/cli/main.rs::a_policy_that_others_can_write_stops_the_start",
        ],
    ),
    stopped(85, "play an end, a refusal or a record", &[Server], SERVER, &["conversation::row_85_no_end_is_played"]),
    stopped(
        86,
        "ask for less sandbox",
        &[Server],
        SERVER,
        &[
            "requests::row_86_no_parameter_loosens_anything",
            "src/mcp/schema.rs::arguments_are_plain_and_closed",
            "src/policy/tests/deciding.rs::settings_narrow_and_never_widen",
        ],
    ),
    stopped(
        87,
        "edit the policy and have it loaded",
        &[Landlock, Mounts, Server],
        FULL,
        &[
            "conversation::row_87_no_job_widens_the_policy",
            "tests/cli/reload.rs::every_check_of_the_start_is_made_again",
        ],
    ),
    unstopped(
        88,
        "tell the machine by its clock, its processors and its kernel",
        State::OutOfScope("a job learns what machine it is on; not which processes run there, nor its name"),
        &[
            "traces::row_88_no_process_of_the_host_is_told_of",
            "power::only_the_jobs_own_processes_are_seen",
            "power::the_host_name_is_the_sandboxes_and_the_hosts_stays",
        ],
    ),
    unstopped(
        89,
        "learn or change something by the hardware's side effects",
        State::OutOfScope("a sandbox of processes shares the hardware"),
        &[],
    ),
    stopped(
        90,
        "reach the kernel's rarely used parts",
        &[Seccomp, Namespaces],
        EVERYWHERE,
        &[
            "surface::row_90_calls_that_no_job_needs_do_not_reach_the_kernel",
            "src/sandbox/seccomp/program.rs::every_entry_answers_as_its_clauses_say",
        ],
    ),
    stopped(
        91,
        "load code into the launcher, or take its place",
        &[Inheritance, Server],
        EVERYWHERE,
        &[
            "helper::row_91_no_library_is_loaded_into_the_launcher",
            "helper::row_91_a_program_in_the_place_of_the_launcher_is_not_run",
            "src/sandbox/channel.rs::what_makes_no_sense_is_an_error",
        ],
    ),
    stopped(
        92,
        "use the server up until it lets something through",
        &[Server],
        SERVER,
        &[
            "requests::row_92_a_server_at_the_end_of_its_means_refuses",
            "tests/jobs/main.rs::jobs_beyond_the_limit_wait_in_order_and_beyond_the_queue_are_refused",
            "tests/jobs/main.rs::when_the_log_fails_every_job_ends_and_nothing_new_runs",
            "src/job/second/tests.rs::what_cannot_be_recorded_does_not_happen",
        ],
    ),
    stopped(
        93,
        "run where a layer is missing",
        &[Server],
        SERVER,
        &[
            "requests::row_93_a_layer_that_is_missing_is_a_refusal_or_is_told",
            "launch::a_required_layer_that_is_only_partly_there_fails",
            "launch::without_mounts_a_plan_that_needs_them_fails",
            "src/plan/build.rs::a_required_layer_that_is_missing_is_a_denial",
        ],
    ),
    stopped(
        94,
        "act before confinement is complete",
        &[Privileges, Landlock, Seccomp],
        EVERYWHERE,
        &["power::row_94_the_first_instruction_is_confined"],
    ),
    stopped(
        95,
        "keep a thread with what the others have given up",
        &[Privileges, Seccomp, Landlock],
        EVERYWHERE,
        &[
            "helper::row_95_no_thread_keeps_what_the_others_have_given_up",
            "src/sys/fork.rs::a_process_with_threads_is_not_forked",
        ],
    ),
];
