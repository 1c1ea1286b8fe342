//! Sizes in bytes and spans of time, as people write them in policies and settings.

use std::{fmt, str::FromStr, time::Duration};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// The size as a `usize`, capped at its maximum.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Units in the order in which a printer prefers them. Decimal units follow the SI, binary ones IEC 80000-13.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, unit) in UNITS {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// The text was not a size or a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseSizeError(&'static str);

impl fmt::Display for ParseSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ParseSizeError {}

impl FromStr for ByteSize {
    type Err = ParseSizeError;

    /// Reads a whole number with an optional unit: `4GiB`, `10MB`, `512K` (binary), `4096`.
    fn from_str(text: &str) -> Result<Self, ParseSizeError> {
        const BAD: ParseSizeError =
            ParseSizeError("not a size; write a whole number and a unit, such as `10MB` or `4GiB`");
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text.strip_prefix(digits).ok_or(BAD)? {
            "" | "B" => 1,
            "K" | "k" => 1 << 10,
            "M" => 1 << 20,
            "G" => 1 << 30,
            "T" => 1 << 40,
            "KB" => 1_000,
            name => UNITS.iter().find(|(n, _)| *n == name).ok_or(BAD)?.1,
        };
        let count: u64 = whole(digits).ok_or(BAD)?;
        count.checked_mul(unit).map(Self).ok_or(ParseSizeError("the size is larger than 16 EiB"))
    }
}

/// A span of time, written `30m`, `10s`, `250ms`, `2h`, `1d`, `0`, or as a sum such as `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(pub Duration);

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_millis();
        if left == 0 {
            return f.write_str("0s");
        }
        for (name, unit) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
            if left >= unit {
                write!(f, "{}{name}", left / unit)?;
                left %= unit;
            }
        }
        Ok(())
    }
}

impl FromStr for TimeSpan {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Self, ParseSizeError> {
        const BAD: ParseSizeError =
            ParseSizeError("not a duration; write a whole number and a unit, such as `90s`, `30m` or `1h30m`");
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let (mut total, mut rest) = (0u64, text);
        if rest.is_empty() {
            return Err(BAD);
        }
        while !rest.is_empty() {
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let count = whole(rest.strip_suffix(after).ok_or(BAD)?).ok_or(BAD)?;
            let next = after.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            let unit = match after.strip_suffix(next).ok_or(BAD)? {
                "ms" => 1,
                "s" => 1_000,
                "m" | "min" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return Err(BAD),
            };
            let part = count.checked_mul(unit).ok_or(BAD)?;
            total = total.checked_add(part).ok_or(BAD)?;
            rest = next;
        }
        Ok(Self(Duration::from_millis(total)))
    }
}

fn whole(digits: &str) -> Option<u64> {
    // `u64::from_str` also takes a leading plus sign, which no size has.
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn size(text: &str, bytes: u64) {
        assert_eq!(text.parse(), Ok(ByteSize(bytes)));
    }

    #[test]
    fn sizes_read_with_units() {
        size("4096", 4096);
        size("10MB", 10_000_000);
        size("4GiB", 4 << 30);
        size("512K", 512 << 10);
        size("0", 0);
    }

    #[test]
    fn sizes_without_sense_are_refused() {
        for text in
            ["", "MB", "1.5GB", "+1", "-1", "1 MB", "ten", "1XB", "99999999999999999999", "99999999999TiB", "1é"]
        {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_print_in_the_largest_exact_unit() {
        assert_eq!(ByteSize(4 << 30).to_string(), "4GiB");
        assert_eq!(ByteSize(10_000_000).to_string(), "10MB");
        assert_eq!(ByteSize(1001).to_string(), "1001B");
        assert_eq!(ByteSize(0).to_string(), "0B");
    }

    #[test]
    fn durations_read_and_print() {
        for (text, ms) in
            [("0", 0), ("250ms", 250), ("90s", 90_000), ("30m", 1_800_000), ("1h30m", 5_400_000), ("2d", 172_800_000)]
        {
            assert_eq!(text.parse(), Ok(TimeSpan(Duration::from_millis(ms))), "{text}");
        }
        assert_eq!(TimeSpan(Duration::from_secs(90)).to_string(), "1m30s");
        for text in ["", "30", "m", "1.5h", "-1s", "1w", "1h 30m", "99999999999999999999s", "99999999999999999d"] {
            assert!(text.parse::<TimeSpan>().is_err(), "{text}");
        }
    }
}
