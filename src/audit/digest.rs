//! Digests: the hash that links records, and the keyed one for what must not be guessable.

use std::fmt;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::model::hex::hex;

/// A SHA-256 value, written `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first record of a stream has in place of an earlier record's hash.
    pub(super) const ZERO: Self = Self([0; 32]);

    /// The hash of some bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 64 digits alone.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

/// HMAC-SHA256 of some bytes under a key that lives as long as one stream and is written nowhere.
///
/// Short input has few possible values, so that its plain hash could be guessed offline. Under this key equal inputs of
/// one stream still show as equal, and nothing more can be learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedDigest(String);

impl KeyedDigest {
    /// `hmac-sha256:` and 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key of one stream's [`KeyedDigest`]s.
pub(super) struct Key([u8; 32]);

impl Key {
    /// Draws a key. Each version 4 UUID brings 122 bits from the system's random source (RFC 9562, section 5.4).
    pub(super) fn new() -> Self {
        let mut hash = Sha256::new();
        for _ in 0..3 {
            hash.update(Uuid::new_v4().as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// The keyed digest of some bytes.
    pub(super) fn digest(&self, bytes: &[u8]) -> KeyedDigest {
        KeyedDigest(format!("hmac-sha256:{}", hex(&hmac(&self.0, bytes))))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// HMAC (RFC 2104) with a key of exactly one hash's length, so that the key needs no hashing of its own.
fn hmac(key: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK];
        block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(bytes).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            Hash::of(b"abc").to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn the_keyed_digest_is_hmac_sha256() {
        // RFC 4231, test case 1: its 20-byte key, padded with zeros as RFC 2104 pads it.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex(&hmac(&key, b"Hi There")), expected);
    }

    #[test]
    fn two_streams_have_two_keys() {
        assert_ne!(Key::new().digest(b"secret"), Key::new().digest(b"secret"));
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", Key([7; 32])), "Key(..)");
    }
}
