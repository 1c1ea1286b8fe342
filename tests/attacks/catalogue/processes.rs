//! Rows 1 to 20: the server, its streams, the life and death of processes.

use super::{
    EVERYWHERE, FULL,
    Layer::{Inheritance, Keeper, Landlock, Mounts, Namespaces, Privileges, Seccomp, Server},
    Row, stopped,
};

pub(super) const ROWS: &[Row] = &[
    stopped(
        1,
        "read the server's environment by its names in /proc",
        &[Privileges, Landlock, Namespaces, Server],
        EVERYWHERE,
        &["server::row_1_the_environment_of_the_server_is_not_readable"],
    ),
    stopped(
        2,
        "read or change the server's memory",
        &[Landlock, Seccomp, Namespaces, Server],
        EVERYWHERE,
        &["memory::row_2_memory_and_descriptors_of_the_server_are_out_of_reach"],
    ),
    stopped(
        3,
        "trace the server, the job's init or another job",
        &[Landlock, Seccomp, Namespaces, Server],
        EVERYWHERE,
        &[
            "memory::row_3_memory_and_descriptors_of_another_job_are_out_of_reach",
            "memory::row_2_memory_and_descriptors_of_the_server_are_out_of_reach",
            "script::no_program_reaches_what_its_script_asks_with",
        ],
    ),
    stopped(
        4,
        "take descriptors out of the server or another job",
        &[Seccomp, Landlock, Namespaces, Server],
        EVERYWHERE,
        &[
            "memory::row_2_memory_and_descriptors_of_the_server_are_out_of_reach",
            "memory::row_3_memory_and_descriptors_of_another_job_are_out_of_reach",
        ],
    ),
    stopped(
        5,
        "send the server a signal, or everybody",
        &[Landlock, Namespaces, Inheritance],
        EVERYWHERE,
        &["server::row_5_no_signal_reaches_the_server"],
    ),
    stopped(
        6,
        "have the kernel signal the server, as the owner of a socket",
        &[Landlock, Namespaces],
        EVERYWHERE,
        &["server::row_6_no_event_of_a_descriptor_is_told_to_the_server"],
    ),
    stopped(
        7,
        "lower the server's limits",
        &[Seccomp, Namespaces],
        EVERYWHERE,
        &["server::row_7_limits_and_priorities_of_the_server_stay"],
    ),
    stopped(
        8,
        "put the server behind others at the processor and the disk",
        &[Namespaces, Seccomp],
        EVERYWHERE,
        &[
            "server::row_8_the_server_keeps_its_place_at_the_processor",
            "server::row_7_limits_and_priorities_of_the_server_stay",
        ],
    ),
    stopped(
        9,
        "write to the server's files in /proc",
        &[Landlock, Namespaces, Mounts, Server],
        EVERYWHERE,
        &["server::row_9_no_file_of_the_server_in_proc_can_be_written"],
    ),
    stopped(
        10,
        "speak to the client in the server's name",
        &[Inheritance, Landlock, Namespaces, Server],
        EVERYWHERE,
        &[
            "streams::row_10_nobody_speaks_for_the_server_or_reads_what_it_was_sent",
            "conversation::row_10_no_answer_is_forged",
        ],
    ),
    stopped(
        11,
        "take requests that are meant for the server",
        &[Inheritance, Landlock, Namespaces, Server],
        EVERYWHERE,
        &[
            "streams::row_10_nobody_speaks_for_the_server_or_reads_what_it_was_sent",
            "conversation::row_11_no_request_is_stolen",
        ],
    ),
    stopped(
        12,
        "use descriptors that the server forgot to close",
        &[Inheritance],
        EVERYWHERE,
        &["server::row_12_descriptors_of_the_server_do_not_leak"],
    ),
    stopped(
        13,
        "hold the job's output open after its end",
        &[Keeper],
        EVERYWHERE,
        &[
            "life::row_14_a_daemon_dies_with_its_job",
            "tests/jobs/main.rs::a_daemon_that_holds_the_pipes_ends_with_its_job_and_no_output_is_lost",
        ],
    ),
    stopped(
        14,
        "outlive the job as a daemon",
        &[Keeper, Namespaces],
        EVERYWHERE,
        &["life::row_14_a_daemon_dies_with_its_job"],
    ),
    stopped(
        15,
        "ignore signals, or stop itself",
        &[Keeper],
        EVERYWHERE,
        &[
            "life::row_16_a_hundred_hostile_trees_are_killed_without_a_survivor",
            "tests/jobs/main.rs::a_job_that_does_not_listen_is_killed_after_the_grace",
        ],
    ),
    stopped(
        16,
        "hop from one process to the next, ahead of the kill",
        &[Keeper, Namespaces],
        EVERYWHERE,
        &["life::row_16_a_hundred_hostile_trees_are_killed_without_a_survivor"],
    ),
    stopped(
        17,
        "kill the job's init, or look into it",
        &[Landlock, Namespaces, Seccomp],
        EVERYWHERE,
        &["power::row_17_the_init_can_be_neither_killed_nor_read", "life::an_init_that_is_killed_takes_its_job_along"],
    ),
    stopped(
        18,
        "join the process group of the server or of another job",
        &[Inheritance, Namespaces],
        EVERYWHERE,
        &["neighbours::row_18_no_group_of_another_can_be_joined"],
    ),
    stopped(
        19,
        "run on after the server was killed",
        &[Keeper, Namespaces],
        EVERYWHERE,
        &["life::row_19_a_server_that_is_killed_leaves_no_job"],
    ),
    stopped(
        20,
        "wear out whoever looks on, with programs or with questions",
        &[Server],
        FULL,
        &[
            "flood::row_20_a_flood_of_programs_holds_nobody_up",
            "src/sandbox/doorbell.rs::nonsense_is_an_error",
            "src/sandbox/doorbell.rs::a_line_that_others_set_to_block_never_makes_the_server_wait",
            "src/job/second/tests.rs::nothing_runs_twice",
        ],
    ),
];
