//! Cargo: it needs no network where nothing has to be fetched.

use crate::place::Place;

const LIBRARY: &str = r#"
/// Twice as much.
///
/// ```
/// assert_eq!(small::twice(2), 4);
/// ```
pub fn twice(n: u32) -> u32 {
    n * 2
}

#[cfg(test)]
mod tests {
    #[test]
    fn twice_is_two_times() {
        assert_eq!(super::twice(21), 42);
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tested"), env!("BUILT")).unwrap();
    }
}
"#;

/// A crate with a build script, a dependency in the workspace, a binary and tests of each kind.
fn package(place: &Place) {
    place.write(
        "Cargo.toml",
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nhelp = { path = \"help\" }\n",
    );
    place.write("help/Cargo.toml", "[package]\nname = \"help\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    place.write("help/src/lib.rs", "pub fn name() -> &'static str { \"help\" }\n");
    place.write("build.rs", "fn main() { println!(\"cargo:rustc-env=BUILT=by a build script\"); }\n");
    place.write("src/lib.rs", LIBRARY);
    place.write("src/main.rs", "fn main() { println!(\"{} {}\", help::name(), small::twice(4)); }\n");
}

#[test]
fn a_crate_is_built_tested_checked_and_run() {
    let place = Place::at_home();
    package(&place);
    place.does("cargo build --offline");
    assert!(place.has("target/debug/small"));
    let tested = place.does("cargo test --offline");
    assert_eq!(tested.matches("test result: ok. 1 passed").count(), 2, "a test and an example: {tested}");
    assert_eq!(place.read("tested"), "by a build script");
    assert_eq!(place.does("cargo run --offline --quiet"), "help 8\n");
    place.does("cargo build --offline --release && cargo doc --offline --no-deps");
    assert!(place.has("target/release/small") && place.has("target/doc/small/fn.twice.html"));
}

#[test]
fn a_test_that_fails_fails() {
    let place = Place::at_home();
    package(&place);
    place.write("tests/odd.rs", "#[test] fn odd() { assert_eq!(small::twice(1), 3); }\n");
    assert!(place.fails("cargo test --offline --quiet").contains("test failed"));
}

#[test]
fn a_new_package_is_made_and_laid_out() {
    let place = Place::at_home();
    place.does("cargo new --vcs none fresh && cd fresh && cargo check --offline && cargo fmt --check");
    place.write("fresh/src/main.rs", "fn main( ) { }");
    place.does("cd fresh && cargo fmt");
    assert_eq!(place.read("fresh/src/main.rs"), "fn main() {}\n");
}
