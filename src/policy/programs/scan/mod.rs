//! Looks through programs in small languages that stand in arguments, for what they read, write and run. What is not
//! understood is said to be code: these scanners may call something harmless dangerous, never the other way round.

mod awk;
mod jq;
mod make;
mod sed;
mod sql;

use super::facts::Need;

pub(super) use self::{awk::awk, jq::jq, make::make, sed::sed, sql::sql};

/// What a text does when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Need(Need),
    Read(String),
    Write(String),
}

#[cfg(test)]
pub(super) fn shown(found: &[Found]) -> Vec<String> {
    let mut words: Vec<_> = found
        .iter()
        .map(|found| match found {
            Found::Need(need) => need.to_string(),
            Found::Read(path) => format!("read {path}"),
            Found::Write(path) => format!("write {path}"),
        })
        .collect();
    words.sort();
    words.dedup();
    words
}
