//! Findings as SARIF 2.1.0 (OASIS standard), for code scanning: one run, one rule for each code that occurs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Code, Diagnostic, Severity, Source, Span, visible};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

/// One SARIF document about all findings.
pub fn sarif<'a>(findings: impl IntoIterator<Item = (&'a Source, &'a Diagnostic)>) -> Value {
    let findings: Vec<_> = findings.into_iter().collect();
    let codes: BTreeSet<Code> = findings.iter().map(|(_, finding)| finding.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let results: Vec<_> = findings.iter().map(|(source, finding)| result(source, finding, &codes)).collect();
    let driver = json!({
        "name": env!("CARGO_PKG_NAME"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": codes.iter().copied().map(rule).collect::<Vec<_>>(),
    });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "name": code.as_str(),
        "shortDescription": { "text": code.explanation() },
        "fullDescription": { "text": code.explanation() },
    })
}

fn result(source: &Source, finding: &Diagnostic, codes: &[Code]) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let label = finding.primary.as_ref().map(|label| label.text.as_str()).filter(|text| !text.is_empty());
    let parts = [Some(finding.message.as_str()), label, finding.hint.as_deref()];
    let text = parts.into_iter().flatten().map(|part| visible(part).into_owned()).collect::<Vec<_>>().join("; ");
    // A result without a region is shown at the first line of the file.
    let span = finding.primary.as_ref().map_or(Span::new(0, 0), |label| label.span);
    let location = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&source.name) }, "region": region(source, span) },
    });
    json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": codes.iter().position(|code| *code == finding.code),
        "level": level,
        "message": { "text": text },
        "locations": [location],
    })
}

fn region(source: &Source, span: Span) -> Value {
    let (start_line, start_column) = source.position(span.start);
    let (end_line, end_column) = source.position(span.end.max(span.start));
    json!({ "startLine": start_line, "startColumn": start_column, "endLine": end_line, "endColumn": end_column })
}

/// A path as a URI reference (RFC 3986, section 2.3): every byte that could mean something else is written as `%XX`.
fn uri(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let source = Source::new("policies/my team.toml", "version = 1\nnmae = \"x\"\n");
        let findings = [
            Diagnostic::error(Code::UnknownKey, "unknown key `nmae`")
                .at(Span::new(12, 16), "not a key of a policy")
                .with_hint("did you mean `name`?"),
            Diagnostic::warning(Code::NoReason, "the rule has no `reason`"),
            Diagnostic::error(Code::UnknownKey, "again\u{1b}"),
        ];
        sarif(findings.iter().map(|finding| (&source, finding)))
    }

    /// What GitHub's code scanning needs of a document ("SARIF support for code scanning", supported properties).
    #[test]
    fn it_holds_what_code_scanning_needs() {
        let document = document();
        assert_eq!(document["version"], "2.1.0");
        assert!(document["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
        let run = &document["runs"][0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "stockade");
        let rules = driver["rules"].as_array().unwrap();
        for rule in rules {
            for field in ["/id", "/shortDescription/text", "/fullDescription/text"] {
                assert!(rule.pointer(field).unwrap().as_str().is_some_and(|text| !text.is_empty()), "{field}");
            }
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        for result in results {
            assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "policies/my%20team.toml");
            for field in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(place["region"][field].as_u64().unwrap() >= 1, "{field}");
            }
        }
    }

    #[test]
    fn places_and_texts_are_those_of_the_finding() {
        let document = document();
        let result = &document["runs"][0]["results"][0];
        assert_eq!(
            result["locations"][0]["physicalLocation"]["region"],
            json!({ "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 5 })
        );
        assert_eq!(result["message"]["text"], "unknown key `nmae`; not a key of a policy; did you mean `name`?");
        assert_eq!(document["runs"][0]["results"][2]["message"]["text"], "again\\u{1b}");
    }
}
