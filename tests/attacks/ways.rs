//! Attacks that have several ways to one end. Each way prints its name where it works.

use stockade::model::outcome::ExitStatus;

use crate::{
    jail::{Depth, Jail},
    outside::baseline,
};

/// Both depths, for acts that are stopped at each.
pub(crate) const BOTH: [Depth; 2] = [Depth::Full, Depth::NoNamespaces];

/// What the scripts of such attacks begin with: `way` tries one and says whether it worked, `call` makes a system call by
/// its numbers on x86-64 and on aarch64.
const PRELUDE: &str = r#"
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def way(name, attempt):
    try: worked = attempt()
    except (OSError, ValueError): worked = False
    if worked: print(name, flush=True)
def call(x86_64, aarch64, *args):
    number = x86_64 if os.uname().machine == "x86_64" else aarch64
    return libc.syscall(*[ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in (number, *args)])
"#;

/// A script with `way` and `call`.
pub(crate) fn script(text: &str) -> String {
    format!("{PRELUDE}{text}")
}

/// Runs an attack outside, where each of these ways must work, and then inside at each depth, where none may.
#[track_caller]
pub(crate) fn work_outside_alone(text: &str, args: &[&str], ways: &[&str], depths: &[Depth]) {
    let script = script(text);
    let bare = tempfile::tempdir().unwrap();
    all_worked(&baseline(&script, args, bare.path()), ways);
    for depth in depths {
        let ran = Jail::new(*depth).python(&script, args).run();
        // One that fails in another way than it should proves nothing.
        assert_eq!((ran.stdout.as_str(), ran.exit), ("", ExitStatus::Code(0)), "{depth:?} {}", ran.stderr);
    }
}

/// Fails unless each of these ways is in what an attack printed outside.
#[track_caller]
pub(crate) fn all_worked(printed: &str, ways: &[&str]) {
    let missing: Vec<_> = ways.iter().filter(|way| !printed.lines().any(|line| line == **way)).collect();
    assert!(missing.is_empty(), "{missing:?} do not work outside, where this did:\n{printed}");
}
