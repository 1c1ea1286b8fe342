//! The rows of `policy/programs/uses/`: what commands have to come out as.

use super::*;

mod metamorphic;

macro_rules! rows {
    ($($name:ident),* $(,)?) => {
        /// Each family with its rows.
        const ALL: &[(&str, &str)] = &[$((
            concat!("policy/programs/uses/", stringify!($name), ".txt"),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/policy/programs/uses/", stringify!($name), ".txt")),
        )),*];

        $(#[test]
        fn $name() {
            let name = concat!("/", stringify!($name), ".txt");
            let (file, text) = ALL.iter().find(|(file, _)| file.ends_with(name)).unwrap();
            check(file, text);
        })*
    };
}

rows![build, editors, files, git, javascript, languages, network, system, wrappers];

fn check(file: &str, text: &str) {
    let rows: Vec<_> =
        text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(!rows.is_empty(), "{file} has no row");
    let wrong: Vec<_> = rows
        .iter()
        .filter_map(|(at, line)| {
            let (expected, command) = line.split_once(" | ").expect("EXPECTED | COMMAND");
            let problem = problem(expected.trim(), command)?;
            Some(format!("{file}:{}: {line}\n    {problem}", at + 1))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows fail:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// Why a row does not hold.
fn problem(expected: &str, text: &str) -> Option<String> {
    let script = match crate::command::parse(text) {
        Ok(script) => script,
        Err(error) => return Some(format!("the language refuses it: {}", error.message)),
    };
    let command = script.commands().next()?;
    let uses = Programs::default().uses(&Words::of(command, &script), &[], None);
    let has = |name: &str| uses.needs.iter().any(|(need, _)| need.as_str() == name);
    let named = |path: &str, written: bool| uses.files.iter().any(|file| file.text == path && file.written == written);
    let holds = match expected.split_once(' ') {
        None if expected == "harmless" => {
            let needs = uses.needs.iter().any(|(need, _)| *need != Need::Run);
            uses.modelled && !needs && uses.unlisted.is_empty() && !uses.open
        }
        None if expected == "unknown" => !uses.modelled || !uses.unlisted.is_empty(),
        None => has(expected),
        Some(("read", path)) => named(path, false),
        Some(("write", path)) => named(path, true),
        Some(("inner:", inner)) => uses.inner.iter().any(|found| found.words.argv.join(" ") == inner),
        Some(_) => return Some("this is no expectation".to_owned()),
    };
    (!holds).then(|| {
        let needs: Vec<_> = uses.needs.iter().map(|(need, at)| format!("{need} by word {at}")).collect();
        let words = |at: &usize| script.commands().next().and_then(|command| command.words.get(*at)?.literal());
        let unlisted: Vec<_> = uses.unlisted.iter().map(|at| words(at).unwrap_or_default()).collect();
        let files: Vec<_> = uses.files.iter().map(|file| (file.written, file.text.as_str())).collect();
        let inner: Vec<_> = uses.inner.iter().map(|inner| inner.words.argv.join(" ")).collect();
        format!(
            "needs {needs:?}, unlisted {unlisted:?}, files (written) {files:?}, runs {inner:?}, known {}",
            uses.modelled
        )
    })
}
