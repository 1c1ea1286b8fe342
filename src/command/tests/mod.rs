//! Tests of the language as a whole, through its functions.

mod accepted;
mod braces;
mod constructs;
mod fill;
mod outside;
mod properties;
mod refused;
mod scripts;
mod substitutions;

use super::{Script, parse};

/// The fields of the one command.
fn argv(script: &Script) -> Vec<String> {
    script.commands().flat_map(|command| &command.words).map(|word| word.literal().unwrap()).collect()
}

/// Asserts the code of a refusal, the covered text, and that there is something to read.
fn check(text: &str, code: &str, covered: &str) {
    let error = parse(text).expect_err(text);
    assert_eq!((error.code.as_str(), error.span.of(text)), (code, covered), "{text:?}: {error:?}");
    assert!(!error.message.is_empty() && !error.hint.is_empty(), "{error:?}");
}

/// Tests that each hold texts to one code.
macro_rules! refuses {
    ($($name:ident: $code:literal { $($text:expr => $covered:expr),+ $(,)? })*) => {
        $(#[test]
        fn $name() {
            $($crate::command::tests::check($text, $code, $covered);)+
        })*
    };
}
use refuses;
