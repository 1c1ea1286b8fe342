//! The executor at work: each case runs a script in a process of its own. A process that forks must have one thread, which
//! the usual harness has not, so this target has its own: `cargo test --test script [PART OF A NAME]`.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may stop at anything odd, and this one is its own harness"
)]

mod bash;
mod files;
mod judged;
mod lists;
mod patterns;
mod processes;
mod signals;
mod stage;
mod streams;
mod substitutions;

use std::{panic::catch_unwind, process::ExitCode};

/// A case and its name.
type Case = (&'static str, fn());

/// The cases of a module, named by their functions.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        pub const CASES: &[crate::Case] = &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
}
pub(crate) use cases;

fn main() -> ExitCode {
    let wanted: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let all = [
        bash::CASES,
        files::CASES,
        judged::CASES,
        lists::CASES,
        patterns::CASES,
        processes::CASES,
        signals::CASES,
        streams::CASES,
        substitutions::CASES,
    ];
    let chosen = all
        .into_iter()
        .flatten()
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())));
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, case) in chosen {
        match catch_unwind(case) {
            Ok(()) => passed += 1,
            Err(_) => failed.push(*name),
        }
        println!("test {name} ... {}", if failed.last() == Some(name) { "FAILED" } else { "ok" });
    }
    println!("\ntest result: {passed} passed; {} failed", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
