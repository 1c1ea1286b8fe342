//! Parsing: a typical command, and a text at the limit of length.
//!
//! ```text
//! cargo bench --bench parse
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reports to a person and may stop at anything odd"
)]
#![expect(clippy::indexing_slicing, reason = "the sample is never empty")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use stockade::command::{MAX_TEXT, parse};

/// What agents write.
const TYPICAL: [&str; 7] = [
    "cargo test --workspace 2>&1 | tail -20",
    "cd src && ls *.rs",
    "grep -rn 'a;b|c' src || true",
    "git commit -m 'fix; $(not run)'",
    "docker build -t \"app:$(git rev-parse --short HEAD)\" .",
    "RUST_LOG=debug cargo run --bin server -- --port 8080 > out.log 2>&1",
    "cat <<'EOF' > notes.txt\nfirst line\nsecond $line\nEOF\n",
];

fn main() {
    // `cargo test --benches` passes no `--bench`: then a few rounds show that the benchmark still works.
    let full = std::env::args().any(|arg| arg == "--bench");
    for text in TYPICAL {
        report(&text.replace('\n', "\\n"), text, if full { 2_000 } else { 5 }, 50, Duration::from_micros(10));
    }
    let line = "echo 'some words' \"and $HOME\" plain *.txt\\ x 2>&1 | grep -v a || true\n";
    let body = format!("cat <<'EOF'\n{}EOF\n", "a line of a file that is written\n".repeat((MAX_TEXT - 20) / 33));
    for (name, text) in [
        ("64 KiB in one here-document", body),
        ("64 KiB in one quoted word", format!("echo '{}'", "x y ".repeat((MAX_TEXT - 7) / 4))),
        ("64 KiB in 4,000 words", format!("echo {}", "argument-no-12 ".repeat((MAX_TEXT - 5) / 16))),
        ("80 lines of three commands", line.repeat(80)),
        ("64 KiB in 250 substitutions", format!("echo {}", format!("\"$(a {})\" ", "x".repeat(240)).repeat(250))),
    ] {
        report(name, &text, if full { 200 } else { 2 }, 1, Duration::from_millis(2));
    }
}

/// Measures rounds of some parses each, and says whether the median keeps what is promised.
fn report(name: &str, text: &str, rounds: usize, parses: u32, promised: Duration) {
    assert!(parse(text).is_ok(), "{name}: {:?}", parse(text));
    let round = || {
        let start = Instant::now();
        for _ in 0..parses {
            black_box(parse(black_box(text)).unwrap());
        }
        start.elapsed() / parses
    };
    let mut times: Vec<Duration> = (0..rounds).map(|_| round()).collect();
    times.sort();
    let median = times[rounds / 2];
    let kept = if median < promised { "kept" } else { "BROKEN" };
    println!("{median:>10.1?} of {promised:?} {kept:<6} p90 {:>10.1?}  {name}", times[rounds * 9 / 10]);
}
