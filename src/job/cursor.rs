//! A place in a job's output.

use std::{fmt, str::FromStr};

/// How many bytes of each stream a reader has seen. Written `STDOUT.STDERR`, such as `4096.120`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Offset in standard output, from the job's first byte.
    pub stdout: u64,
    /// Offset in standard error, from the job's first byte.
    pub stderr: u64,
}

/// The text was not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCursorError;

impl fmt::Display for ParseCursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a cursor; give back the `next` of an earlier answer")
    }
}

impl std::error::Error for ParseCursorError {}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stdout, self.stderr)
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let number = |s: &str| {
            let plain = !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            if plain { s.parse::<u64>().map_err(|_| ParseCursorError) } else { Err(ParseCursorError) }
        };
        let (stdout, stderr) = text.split_once('.').ok_or(ParseCursorError)?;
        Ok(Self { stdout: number(stdout)?, stderr: number(stderr)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor { stdout: 4096, stderr: 120 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "1.", ".1", "1.2.3", "+1.2", "-1.0", "a.b", "99999999999999999999.0"] {
            assert_eq!(bad.parse::<Cursor>(), Err(ParseCursorError), "{bad}");
        }
    }
}
