//! Settings from the environment: the `MCP_BG_*` variables. They narrow a policy and never widen it.

use std::{path::PathBuf, time::Duration};

use regex::{Regex, RegexBuilder};

use crate::{
    diagnostic::{Code, Diagnostic},
    model::size::{ByteSize, TimeSpan},
    policy::Narrowing,
};

/// What the environment asks for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is taken away from the policy.
    pub narrowing: Narrowing,
    /// Where relative workspace roots start (`MCP_BG_WORKING_DIR`).
    pub working_dir: Option<PathBuf>,
    /// How often finished jobs are looked through (`MCP_BG_CLEANUP_INTERVAL`).
    pub cleanup_interval: Duration,
}

impl Settings {
    /// Reads the settings. A value that does not parse is an error that names it, never a default; all bad ones are told
    /// at once.
    pub fn read(environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Diagnostic>> {
        let mut reader = Reader { environment, findings: Vec::new() };
        let settings = Self {
            narrowing: Narrowing {
                jobs: reader.take("MCP_BG_MAX_JOBS", "a whole number from 1 to 100", jobs),
                output: reader.take(
                    "MCP_BG_MAX_OUTPUT_SIZE",
                    "a size such as `20MB`, or a number of bytes, above zero",
                    output,
                ),
                wall: reader.take(
                    "MCP_BG_JOB_TIMEOUT",
                    "a number of seconds above zero, or a time such as `30m`",
                    seconds,
                ),
                commands: reader.take("MCP_BG_ALLOWED_COMMANDS", "regular expressions, separated by commas", commands),
            },
            working_dir: reader.take("MCP_BG_WORKING_DIR", "the absolute path of a directory", directory),
            cleanup_interval: reader
                .take("MCP_BG_CLEANUP_INTERVAL", "a number of seconds above zero, or a time such as `5m`", seconds)
                .unwrap_or(CLEANUP_INTERVAL),
        };
        if reader.findings.is_empty() { Ok(settings) } else { Err(reader.findings) }
    }
}

struct Reader<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    findings: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn take<T>(&mut self, name: &str, expected: &str, parse: fn(&str) -> Result<T, Why>) -> Option<T> {
        let value = (self.environment)(name)?;
        let parsed = parse(&value);
        if let Err(why) = &parsed {
            let why = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let message = format!("`{name}` is set to `{}`, which is not {expected}{why}", value.escape_debug());
            self.findings.push(
                Diagnostic::error(Code::BadSetting, message)
                    .with_hint(format!("set `{name}` to {expected}, or unset it")),
            );
        }
        parsed.ok()
    }
}

/// What is known about a value that does not parse, besides that.
type Why = Option<String>;

fn jobs(text: &str) -> Result<usize, Why> {
    whole(text).and_then(|jobs| usize::try_from(jobs).ok()).filter(|jobs| (1..=100).contains(jobs)).ok_or(None)
}

fn output(text: &str) -> Result<ByteSize, Why> {
    text.parse().ok().filter(|size: &ByteSize| size.0 > 0).ok_or(None)
}

/// Zero would mean "no limit" to a policy, and a setting cannot take a limit away.
fn seconds(text: &str) -> Result<Duration, Why> {
    let plain = whole(text).map(Duration::from_secs);
    plain.or_else(|| text.parse().ok().map(|span: TimeSpan| span.0)).filter(|time| !time.is_zero()).ok_or(None)
}

fn directory(text: &str) -> Result<PathBuf, Why> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err(None) }
}

/// Digits alone: `u64::from_str` would also take a leading plus sign.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Patterns over the canonical text of a command, each anchored at both ends. `.` stops at a line feed, as in the allow
/// rules of a policy; matching tells upper from lower case and knows ASCII classes alone where Unicode ones would
/// surprise.
fn commands(text: &str) -> Result<Vec<Regex>, Why> {
    text.split(',').map(pattern).collect()
}

fn pattern(text: &str) -> Result<Regex, Why> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Some("one of them is empty".to_owned()));
    }
    // The bare text has to stand on its own: `a)|(?:b` would otherwise break out of the anchors.
    build(text).and_then(|_| build(&format!(r"\A(?:{text})\z"))).map_err(|error| {
        // The last line says what is wrong; those before it draw the pattern.
        let error = error.to_string();
        let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
        Some(format!("`{}` does not compile, {why}; a comma inside a pattern is written `\\x2c`", text.escape_debug()))
    })
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build()
}

const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Settings, Vec<Diagnostic>> {
        Settings::read(&|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn good_values_are_taken() {
        assert_eq!(read("MCP_BG_MAX_JOBS", "7").unwrap().narrowing.jobs, Some(7));
        assert_eq!(read("MCP_BG_MAX_OUTPUT_SIZE", "20MB").unwrap().narrowing.output, Some(ByteSize(20_000_000)));
        assert_eq!(read("MCP_BG_MAX_OUTPUT_SIZE", "4096").unwrap().narrowing.output, Some(ByteSize(4096)));
        assert_eq!(read("MCP_BG_JOB_TIMEOUT", "90").unwrap().narrowing.wall, Some(Duration::from_secs(90)));
        assert_eq!(read("MCP_BG_JOB_TIMEOUT", "2m").unwrap().narrowing.wall, Some(Duration::from_secs(120)));
        assert_eq!(read("MCP_BG_CLEANUP_INTERVAL", "5m").unwrap().cleanup_interval, Duration::from_secs(300));
        assert_eq!(read("MCP_BG_WORKING_DIR", "/srv").unwrap().working_dir, Some("/srv".into()));
        assert_eq!(read("OTHER", "x").unwrap().narrowing.jobs, None);
    }

    #[test]
    fn bad_values_are_errors_that_name_the_variable_and_the_value() {
        for (name, value) in [
            ("MCP_BG_MAX_JOBS", "ten"),
            ("MCP_BG_MAX_JOBS", "+5"),
            ("MCP_BG_MAX_JOBS", "99999999999999999999"),
            ("MCP_BG_JOB_TIMEOUT", "+5"),
            ("MCP_BG_JOB_TIMEOUT", "1.5"),
            ("MCP_BG_ALLOWED_COMMANDS", ""),
            ("MCP_BG_ALLOWED_COMMANDS", "x{1,2}"),
            ("MCP_BG_ALLOWED_COMMANDS", "(?x)ls #"),
            ("MCP_BG_MAX_JOBS", "0"),
            ("MCP_BG_MAX_JOBS", "101"),
            ("MCP_BG_MAX_JOBS", ""),
            ("MCP_BG_MAX_OUTPUT_SIZE", "big"),
            ("MCP_BG_MAX_OUTPUT_SIZE", "0"),
            ("MCP_BG_JOB_TIMEOUT", "soon"),
            ("MCP_BG_JOB_TIMEOUT", "0"),
            ("MCP_BG_CLEANUP_INTERVAL", "-1"),
            ("MCP_BG_WORKING_DIR", "here"),
            ("MCP_BG_ALLOWED_COMMANDS", "ls,"),
            ("MCP_BG_ALLOWED_COMMANDS", "a(?=b)"),
            ("MCP_BG_ALLOWED_COMMANDS", "a)|(?:b"),
        ] {
            let findings = read(name, value).unwrap_err();
            assert!(
                findings[0].message.contains(name) && findings[0].message.contains(&format!("`{value}`")),
                "{}",
                findings[0].message
            );
        }
    }

    #[test]
    fn all_bad_values_are_told_at_once() {
        let findings = Settings::read(&|_| Some("?".to_owned())).unwrap_err();
        assert_eq!(findings.len(), 6, "{findings:?}");
    }

    #[test]
    fn a_pattern_that_does_not_compile_is_told_with_the_reason() {
        let findings = read("MCP_BG_ALLOWED_COMMANDS", "ls,a(").unwrap_err();
        assert!(findings[0].message.contains("`a(` does not compile, unclosed group"), "{}", findings[0].message);
        assert!(!findings[0].message.contains('\n'));
    }

    #[test]
    fn patterns_are_anchored_and_tell_case() {
        let patterns = read("MCP_BG_ALLOWED_COMMANDS", "ls( .*)?, echo .*").unwrap().narrowing.commands.unwrap();
        let allowed = |text: &str| patterns.iter().any(|pattern| pattern.is_match(text));
        assert!(allowed("ls -l") && allowed("echo hi"));
        for refused in ["lsof", "bash -c 'id' echo x", "LS", "ls 'a\nb'"] {
            assert!(!allowed(refused), "{refused}");
        }
    }
}
