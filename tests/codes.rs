//! Holds `docs/codes.md` to the table of codes.

use std::{fs, path::Path};

use stockade::diagnostic::Code;

const INTRODUCTION: &str = "# Codes

Every finding about a policy and every refusal of a command has one of these codes. A code keeps its name and its meaning.
`stockade policy codes CODE` prints the paragraph of one of them. `STOCKADE_BLESS=1 cargo test --test codes` writes this page.
";

#[test]
fn the_page_of_codes_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codes.md");
    let entries = Code::ALL.iter().map(|code| format!("\n## `{code}`\n\n{}\n", code.explanation()));
    let wanted = INTRODUCTION.to_owned() + &entries.collect::<String>();
    if std::env::var_os("STOCKADE_BLESS").is_some() {
        fs::write(&path, wanted).unwrap();
        return;
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(written == wanted, "the page is stale; run `STOCKADE_BLESS=1 cargo test --test codes`");
}
