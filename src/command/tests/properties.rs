//! What holds for every text.

use proptest::prelude::*;

use crate::{
    command::{Builtin, MAX_TEXT, Script, canonical, names::program_refusal, parse, parse_counted},
    diagnostic::Span,
};

/// Characters of a text that is likely to hit the language's corners.
fn nasty_text() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a", "ls", " ", " ", "\n", "\t", "'", "\"", "\\", "$", "$'", "`", "(", ")", "{", "}", "[", "]", "*", "?", "~",
        "#", "!", "=", "A=", "+=", ";", "|", "&", "<", ">", "1", "22", "-", ",", "..", "if", "time", "eval", "$(",
        "\"$(", "`a`", "é", "\u{a0}", "\u{202e}", "\u{1b}", "\r", "\\x4", "\\x41", "\\u00e9", "\\", "@", ":", "/", "%",
        "^",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

/// An argument vector with a program's name in front.
fn any_argv() -> impl Strategy<Value = Vec<String>> {
    let field = prop_oneof!["[ -~]{0,12}", "\\PC{0,6}", any::<String>(), nasty_text()];
    let fields = prop::collection::vec(field.prop_map(|field| field.replace('\0', "")), 0..6);
    ("[A-Za-z0-9_./+@%-][A-Za-z0-9_./+@%:,~-]{0,8}", fields)
        .prop_map(|(program, fields)| std::iter::once(program).chain(fields).collect())
}

/// The span lies in the text and on its character borders.
fn fits(span: Span, text: &str) -> bool {
    span.start <= span.end && text.get(span.start..span.end).is_some()
}

/// Characters that the parser looks at.
fn steps(text: &str) -> usize {
    parse_counted(text).1
}

/// The one command of a text, when it is literal.
fn literal(text: &str) -> Option<(Script, Vec<String>)> {
    let script = parse(text).ok()?;
    let fields = argv(&script)?;
    (script.canonical() == canonical(&fields)).then_some((script, fields))
}

fn argv(script: &Script) -> Option<Vec<String>> {
    script.commands().flat_map(|command| &command.words).map(|word| word.literal()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn canonical_text_parses_to_the_same_fields(fields in any_argv()) {
        prop_assume!(program_refusal(&fields[0]).is_none() && Builtin::named(&fields[0]).is_none());
        let text = canonical(&fields);
        let script = parse(&text).map_err(|error| TestCaseError::fail(format!("{text:?}: {error:?}")))?;
        prop_assert_eq!(argv(&script), Some(fields));
    }

    #[test]
    fn canonical_text_is_its_own_canonical_text(text in nasty_text()) {
        if let Some((_, fields)) = literal(&text) {
            let printed = canonical(&fields);
            let again = parse(&printed).map_err(|error| TestCaseError::fail(format!("{printed:?}: {error:?}")))?;
            prop_assert_eq!(again.canonical(), printed);
            prop_assert_eq!(argv(&again), Some(fields));
        }
    }

    #[test]
    fn every_text_has_an_answer_that_fits_it(text in prop_oneof![any::<String>(), nasty_text()]) {
        match parse(&text) {
            Ok(script) if literal(&text).is_some() => {
                let command = script.commands().next().unwrap();
                prop_assert!(fits(command.span, &text));
                let mut from = command.span.start;
                for word in &command.words {
                    prop_assert!(fits(word.span, &text) && word.span.start >= from && word.span.start < word.span.end);
                    from = word.span.end;
                }
                prop_assert_eq!(from, command.span.end);
            }
            Ok(script) => prop_assert!(script.commands().all(|command| fits(command.span, &text))),
            Err(error) => {
                prop_assert!(fits(error.span, &text), "{:?}", error);
                prop_assert!(!error.hint.is_empty() && !error.message.is_empty());
                prop_assert!(!error.message.contains(crate::diagnostic::is_hidden));
            }
        }
    }

    #[test]
    fn a_word_reads_the_same_in_its_place_alone(text in nasty_text()) {
        if let Some((script, _)) = literal(&text) {
            for word in &script.commands().next().unwrap().words {
                let alone = format!("echo {}", word.span.of(&text));
                let again = parse(&alone).map_err(|error| TestCaseError::fail(format!("{alone:?}: {error:?}")))?;
                prop_assert_eq!(argv(&again).unwrap()[1..].to_vec(), vec![word.literal().unwrap()]);
            }
        }
    }

    #[test]
    fn quoting_a_plain_word_changes_nothing(word in "[A-Za-z0-9_@%+:,./-]{1,12}") {
        let fields = |text: &str| argv(&parse(text).unwrap()).unwrap();
        let bare = fields(&format!("echo {word}"));
        for quoted in [format!("'{word}'"), format!("\"{word}\""), format!("$'{word}'"), format!("''{word}\"\"")] {
            prop_assert_eq!(&fields(&format!("echo {quoted}")), &bare);
        }
        let escaped: String = word.chars().flat_map(|c| ['\\', c]).collect();
        prop_assert_eq!(&fields(&format!("echo {escaped}")), &bare);
    }

    #[test]
    fn work_grows_no_faster_than_the_text(text in nasty_text(), times in 1_usize..200) {
        let text = text.repeat(times);
        prop_assert!(steps(&text) <= 64 * text.len() + 1000, "{} for {}", steps(&text), text.len());
    }
}

#[test]
fn hostile_texts_at_the_limit_cost_little() {
    let repeated = [
        "(", "((", "$(", "${", "{", "{a,", "[", "a[", "'", "\"", "`", "\\", "\\\n", " \\\n", "$'", "$'\\", "#", "\n",
        "\n#", "a ", "'' ", "1", "1 ", "A=1 ", "A=", "A[", "<", "<<a\n", "!", "! ", "~", "=~", "..", "{..", "$", "\"$",
        "é", "if ", "$'' ", "$(a ", "\"$(a ", "`a` ", "`a", "$(a) ", "\"`a`\" ", "A=$(", "A[$(", "[$(", "{$(a)",
        "$(:;",
    ];
    for part in repeated {
        for start in ["", "echo ", "echo '", "echo \"", "echo $'", "A=b "] {
            let text = start.to_owned() + &part.repeat((MAX_TEXT - start.len()) / part.len());
            assert!(steps(&text) <= 64 * text.len() + 1000, "{start:?} {part:?}: {}", steps(&text));
        }
    }
}
