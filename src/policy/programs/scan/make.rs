//! Arguments of make(1): targets, and variables, which override those of the Makefile (GNU make manual, section 9.5).

use super::{super::facts::Need, Found};

/// What an argument does beside naming a target.
pub(in super::super) fn make(argument: &str) -> Vec<Found> {
    let Some((name, value)) = argument.split_once('=') else { return Vec::new() };
    // `NAME!=value` runs the value.
    let runs = name.ends_with('!');
    let name = name.trim_end_matches([':', '+', '?', '!']).trim();
    if runs || is_tool(name) || !is_plain(value) {
        return vec![Found::Need(Need::Code)];
    }
    // A variable such as PREFIX names where something is put.
    let place = value.contains('/') || value == "..";
    if place { vec![Found::Write(value.to_owned())] } else { Vec::new() }
}

/// Names by which Makefiles call programs and give them options (GNU make manual, section 10.3).
fn is_tool(name: &str) -> bool {
    const TOOLS: &[&str] = &[
        "AR", "ARFLAGS", "AS", "AWK", "BASH", "CC", "CO", "CPP", "CROSS_COMPILE", "CTANGLE", "CWEAVE", "CXX", "FC", "GET", "HOSTCC", "HOSTCXX",
        "INSTALL", "LD", "LEX", "LINT", "M2C", "MAKE", "MAKEFILES", "MAKEINFO", "NM", "OBJCOPY", "OBJDUMP", "PC", "PERL", "PYTHON",
        "RANLIB", "RM", "RUSTC", "CARGO", "GO", "NODE", "NPM", "SED", "SH", "SHELL", "STRIP", "TANGLE", "TEX", "WEAVE", "YACC",
    ];
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    !plain || TOOLS.contains(&name) || ["FLAGS", "CMD", "COMMAND", "WRAPPER"].iter().any(|end| name.ends_with(end))
}

fn is_plain(value: &str) -> bool {
    !value.starts_with('-')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b',' | b'/' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::{super::shown, *};

    #[test]
    fn targets_and_plain_switches_are_harmless() {
        for argument in ["all", "build/x.o", "V=1", "DEBUG=", "BUILD_TYPE=release", "VERSION:=1.2.3"] {
            assert!(make(argument).is_empty(), "{argument}");
        }
        assert_eq!(shown(&make("PREFIX=/usr/local")), ["write /usr/local"]);
        assert_eq!(shown(&make("OUT=..")), ["write .."]);
        for argument in ["CC=touch x;:", "CC=gcc", "X=$(shell id)", "MAKEFLAGS=--eval=x", "CFLAGS=-O2", "SHELL=./x", "X=a b", "=x", "X!=id", "X !=id", "A$B=1"] {
            assert_eq!(shown(&make(argument)), ["code"], "{argument}");
        }
    }
}
