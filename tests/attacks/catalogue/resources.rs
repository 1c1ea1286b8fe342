//! Rows 21 to 41: what can be used up, files, and terminals.

use super::{
    EVERYWHERE, FULL,
    Layer::{Inheritance, Judgement, Keeper, Landlock, Limits, Log, Mounts, Namespaces, Privileges, Seccomp, Server},
    Level, Row, SERVER, User, stopped,
};

pub(super) const ROWS: &[Row] = &[
    stopped(
        21,
        "start processes and threads without end",
        &[Namespaces, Limits],
        FOR_OTHERS_TOO,
        &[
            "life::row_21_a_fork_bomb_ends_at_the_limit_for_root_too",
            "exhaust::row_21_threads_run_out_for_the_job_alone",
        ],
    ),
    stopped(
        22,
        "take the memory",
        &[Limits, Mounts],
        EVERYWHERE,
        &[
            "exhaust::row_22_a_process_has_the_memory_that_the_plan_gives_it",
            "exhaust::row_22_the_kernel_takes_the_job_first",
            "files::a_private_tmp_has_a_limit",
        ],
    )
    .but("the limit is for each process and private place; many processes and memory files have none together"),
    stopped(
        23,
        "take the descriptors",
        &[Limits, Mounts],
        EVERYWHERE,
        &[
            "exhaust::row_23_descriptors_run_out_for_the_job_alone",
            "exhaust::row_23_watches_run_out_for_the_job_alone",
            "launch::limits_are_what_the_plan_says",
        ],
    )
    .but("pipe pages and descriptors in flight are counted for the user, and several jobs together take all inotify"),
    stopped(
        24,
        "get ahead of everybody at the processor",
        &[Privileges, Limits],
        EVERYWHERE,
        &["exhaust::row_24_no_job_gets_ahead_of_others", "tests/jobs/main.rs::time_limits_end_jobs"],
    )
    .but("a job has no share: until its time is over it gets as much of the processors as anybody else"),
    stopped(
        25,
        "flood the output",
        &[Server],
        FULL,
        &[
            "flood::row_25_a_flood_of_output_takes_no_memory_and_breaks_no_answer",
            "src/job/ring.rs::a_full_ring_drops_the_oldest_bytes_and_counts_them",
        ],
    ),
    stopped(
        26,
        "never end the output, or close it and go on",
        &[Server, Keeper],
        FULL,
        &["flood::row_26_streams_that_are_closed_or_never_end_hold_no_end_up"],
    ),
    stopped(
        27,
        "fill the disk",
        &[Limits, Mounts],
        EVERYWHERE,
        &[
            "exhaust::row_27_no_file_grows_beyond_the_limit",
            "exhaust::row_27_a_private_place_runs_out_of_names_before_the_machine_does",
            "files::a_private_tmp_has_a_limit",
        ],
    )
    .but("the limit in the workspace is for each file; many files fill its disk"),
    stopped(
        28,
        "write records into the log, or fill it",
        &[Log],
        SERVER,
        &[
            "conversation::row_28_nothing_that_a_client_writes_is_a_record",
            "src/audit/tests.rs::what_people_write_stays_in_one_line_and_reads_back",
            "src/audit/tests.rs::ten_megabytes_become_one_line_that_says_so",
            "tests/audit.rs::a_full_disk_leaves_room_for_the_ends",
            "tests/cli/main.rs::nothing_runs_when_the_log_is_full",
        ],
    ),
    stopped(
        29,
        "change the policy or the log",
        &[Landlock, Mounts, Server],
        FULL,
        &[
            "files::row_29_policy_and_log_stay_as_they_are",
            "tests/cli/main.rs::a_policy_inside_a_writable_root_stops_the_start",
        ],
    ),
    stopped(
        30,
        "read the policy, the log or what other jobs said",
        &[Landlock, Mounts],
        EVERYWHERE,
        &["neighbours::row_30_nothing_outside_the_granted_places_is_read"],
    ),
    stopped(
        31,
        "reach a file outside through a link",
        &[Landlock, Mounts],
        EVERYWHERE,
        &["files::row_31_links_lead_nowhere"],
    ),
    stopped(
        32,
        "give a file outside a second name in the workspace",
        &[Landlock, Mounts],
        EVERYWHERE,
        &["links::row_32_no_file_outside_gets_a_name_in_the_workspace"],
    ),
    stopped(
        33,
        "move or exchange directories over the workspace's border",
        &[Landlock, Mounts],
        EVERYWHERE,
        &["links::row_33_nothing_is_moved_over_the_border_of_the_workspace"],
    ),
    stopped(
        34,
        "exchange something between the look at it and its use",
        &[Server, Landlock, Mounts],
        FULL,
        &[
            "race::row_34_nobody_wins_by_exchanging_a_directory",
            "launch::a_place_that_became_a_link_fails",
            "tests/jobs/scripts.rs::a_program_that_is_swapped_before_its_turn_is_refused",
            "tests/jobs/scripts.rs::a_target_that_becomes_a_link_is_never_written_through",
        ],
    ),
    stopped(
        35,
        "reach a file by another name of the root",
        &[Landlock, Namespaces],
        EVERYWHERE,
        &["files::row_35_other_names_of_the_root_lead_nowhere"],
    ),
    stopped(
        36,
        "go on from a directory that a helper outside hands over",
        &[Landlock, Inheritance],
        EVERYWHERE,
        &["ipc::row_36_a_directory_that_is_handed_over_leads_nowhere"],
    ),
    stopped(
        37,
        "find a file by its number, or on the disk itself",
        &[Privileges, Seccomp, Landlock, Mounts],
        EVERYWHERE,
        &["links::row_37_no_file_is_found_by_its_number_or_on_the_disk"],
    ),
    // By whoever runs the tests: the place has to lie outside of the temporary ones.
    stopped(
        38,
        "exchange the file behind a rule",
        &[Landlock, Mounts],
        &[Level::Full(User::Root)],
        &["files::row_38_a_hidden_file_that_is_replaced_outside_stays_hidden"],
    ),
    stopped(
        39,
        "spell a path or a name so that the policy does not see it",
        &[Judgement, Landlock, Mounts],
        SERVER,
        &[
            "src/policy/blocklist/place.rs::precious_places_are_seen_through_their_spellings",
            "src/policy/programs/tests/metamorphic.rs::quotes_hide_nothing",
            "src/host/locate.rs::links_are_followed_as_far_as_there_is_something",
            "tests/verdicts.rs::what_abuses_an_allowed_program_is_denied",
            "files::row_31_links_lead_nowhere",
        ],
    ),
    stopped(
        40,
        "type into somebody's terminal, or write on it",
        &[Inheritance, Seccomp, Landlock, Mounts],
        EVERYWHERE,
        &["streams::row_40_no_terminal_can_be_had_typed_into_or_written_on"],
    ),
    stopped(
        41,
        "play with the terminal of whoever reads a log or a finding",
        &[Log, Server],
        SERVER,
        &[
            "src/audit/datum.rs::control_characters_are_escaped",
            "src/audit/chain.rs::what_was_found_is_safe_for_a_terminal",
            "src/diagnostic/render.rs::nothing_hidden_reaches_a_text_form",
            "src/script/message.rs::a_name_cannot_play_with_a_terminal",
        ],
    ),
];

/// Without a PID namespace root has no limit (getrlimit(2)).
const FOR_OTHERS_TOO: &[Level] =
    &[Level::Full(User::Root), Level::Full(User::Other), Level::WithoutNamespaces(User::Other)];
