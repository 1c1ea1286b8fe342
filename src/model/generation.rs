//! Which policy a decision was made by.

use std::fmt;

/// Counts the policies that one server has had in use: 1 for that of its start, one more for each that took the place of the
/// one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

impl Generation {
    /// That of the server's start.
    pub const FIRST: Self = Self(1);

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One policy of one server: which in the order, and what its files said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyId {
    /// Which in the order.
    pub generation: Generation,
    /// SHA-256 over all its sources, in hexadecimal.
    pub digest: String,
}

impl PolicyId {
    /// The digest as people compare it: enough of it to find it in the log, where the whole stands.
    pub fn short_digest(&self) -> String {
        format!("sha256:{}", self.digest.get(..SHOWN).unwrap_or(&self.digest))
    }
}

/// Digits of a digest in answers.
const SHOWN: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_count_from_one() {
        assert_eq!((Generation::FIRST.number(), Generation::FIRST.next().to_string()), (1, "2".to_owned()));
    }

    #[test]
    fn a_short_digest_is_the_beginning_of_the_whole() {
        let id = |digest: &str| PolicyId { generation: Generation::FIRST, digest: digest.to_owned() };
        assert_eq!(id("0123456789abcdef").short_digest(), "sha256:0123456789ab");
        assert_eq!(id("01").short_digest(), "sha256:01");
    }
}
