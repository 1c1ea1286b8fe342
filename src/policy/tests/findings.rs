//! Every finding that a policy file can cause, as people see it. The cases lie beside this file, the words in snapshots.

use std::collections::BTreeSet;

use super::*;
use crate::diagnostic::{Code, Format, Severity, Span, json, render, sarif};

const HUMAN: Format = Format::Human { color: false };

/// The cases of a file: a name behind `====`, and a policy. Unless a `!` stands before the name, the policy has a version.
fn cases(text: &str) -> Vec<(String, String)> {
    let parts = text.split("==== ").skip(1).filter_map(|part| part.split_once('\n'));
    parts
        .map(|(name, policy)| match name.strip_prefix("! ") {
            Some(name) => (name.to_owned(), policy.to_owned()),
            None => (name.to_owned(), format!("version = 1\n{policy}")),
        })
        .collect()
}

/// What `policy check` says of a policy.
fn checked(sources: &[Source]) -> Vec<(usize, Diagnostic)> {
    let (set, mut findings) = compile(sources);
    if set.is_some() {
        findings.extend(lint(sources));
    }
    findings
}

/// The findings of all cases of a file, each under its name.
#[track_caller]
fn told(text: &str, seen: &mut BTreeSet<Code>) -> String {
    let mut told = String::new();
    for (name, policy) in cases(text) {
        let source = Source::new("team.toml", policy);
        let findings = checked(std::slice::from_ref(&source));
        assert!(!findings.is_empty(), "nothing is found in `{name}`");
        told.push_str(&format!("==== {name}\n"));
        for (_, finding) in findings {
            told.push_str(&render(&source, &finding, HUMAN));
            seen.insert(finding.code);
        }
        told.push('\n');
    }
    told
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("findings/", $name, ".txt")))),*];
    };
}

files!["top", "rules", "args", "grants", "facts", "tests", "sections", "lints"];

#[test]
fn every_finding_of_a_policy_file_reads_well() {
    let mut seen = BTreeSet::new();
    for (name, text) in FILES {
        insta::assert_snapshot!(format!("findings_of_{name}"), told(text, &mut seen));
    }
    let of_files = Code::ALL.iter().skip_while(|code| **code != Code::PolicySyntax);
    let of_files: Vec<_> = of_files.take_while(|code| **code != Code::FileUnreadable).collect();
    let missing: Vec<_> = of_files.into_iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn findings_point_into_the_file_that_they_are_about() {
    let base = Source::new(
        "base.toml",
        "version = 1\n[[blocklist]]\noff = \"power\"\nreason = \"r\"\n[[rule]]\nid = \"a\"\ndecision = \"allow\"\nprogram = \"ls\"\nreason = \"r\"\nexamples.match = [\"ls\"]\n",
    );
    let child = Source::new(
        "team.toml",
        "version = 1\nextends = \"base.toml\"\n[[rule]]\nid = \"a\"\ndecision = \"deny\"\nprogram = \"ls\"\nreason = \"r\"\nexamples.match = [\"ls\"]\n",
    );
    let stranger = Source::new("other.toml", "version = 1\n");
    let mut told = String::new();
    for sources in [vec![base.clone(), child], vec![base, stranger]] {
        for (file, finding) in checked(&sources) {
            told.push_str(&render(&sources[file], &finding, HUMAN));
        }
    }
    insta::assert_snapshot!(told);
}

/// The five mistakes, and where they stand.
const FIVE: &str = include_str!("five_mistakes.toml");
const PLACES: [(Code, &str, usize, usize); 5] = [
    (Code::UnknownKey, "decison", 8, 1),
    (Code::BadValue, "\"netwrok\"", 17, 19),
    (Code::BadRegex, "(", 24, 17),
    (Code::ExampleFails, "\"sort -o /etc/passwd x\"", 32, 29),
    (Code::BadValue, "\"-o write\"", 37, 12),
];

#[test]
fn five_mistakes_are_five_findings_in_every_format() {
    let source = Source::new("team.toml", FIVE);
    let findings = checked(std::slice::from_ref(&source));
    let told: Vec<_> = findings.iter().map(|(_, finding)| finding).collect();
    let places: Vec<_> = told.iter().map(|finding| place(&source, finding)).collect();
    let expected = PLACES.map(|(code, text, line, column)| (code, text.to_owned(), line, column));
    assert_eq!(places, expected);
    assert!(told.iter().all(|finding| finding.severity == Severity::Error));

    let human: String = told.iter().map(|finding| render(&source, finding, HUMAN)).collect();
    insta::assert_snapshot!("five_mistakes_human", human);
    let plain: String = told.iter().map(|finding| render(&source, finding, Format::Plain)).collect();
    insta::assert_snapshot!("five_mistakes_plain", plain);
    for (line, (code, _, row, column)) in plain.lines().zip(PLACES) {
        assert!(line.starts_with(&format!("team.toml:{row}:{column}: error[{code}]: ")), "{line}");
    }
    let objects: Vec<_> = told.iter().map(|finding| json(&source, finding)).collect();
    insta::assert_json_snapshot!("five_mistakes_json", objects);
    for (object, (code, _, row, column)) in objects.iter().zip(PLACES) {
        assert_eq!((&object["code"], &object["span"]["line"]), (&code.as_str().into(), &row.into()));
        assert_eq!(object["span"]["column"], column);
    }
    let document = sarif(told.iter().map(|finding| (&source, *finding)));
    let results = document["runs"][0]["results"].as_array().expect("results");
    insta::assert_json_snapshot!("five_mistakes_sarif", results);
    for (result, (code, _, row, column)) in results.iter().zip(PLACES) {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(result["ruleId"], code.as_str());
        assert_eq!((&region["startLine"], &region["startColumn"]), (&row.into(), &column.into()));
    }
    assert_eq!((objects.len(), results.len(), plain.lines().count()), (5, 5, 5));
}

fn place(source: &Source, finding: &Diagnostic) -> (Code, String, usize, usize) {
    let span = finding.primary.as_ref().map_or(Span::new(0, 0), |label| label.span);
    let (line, column) = source.position(span.start);
    (finding.code, span.of(&source.text).to_owned(), line, column)
}
