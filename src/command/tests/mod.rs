//! Tests of the language as a whole, through its two functions.

mod accepted;
mod outside;
mod properties;
mod refused;
mod scripts;

use super::{Script, parse};

/// The fields of the one command.
fn argv(script: &Script) -> Vec<String> {
    script.commands().flat_map(|command| &command.words).map(|word| word.literal().unwrap()).collect()
}
