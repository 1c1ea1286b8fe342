//! The seccomp filter: system calls that no job needs and that would undo the rest, or hurt others (seccomp(2)).
//!
//! A deny list: an allow list breaks ordinary tools with every new kernel and libc. `table` holds the list as data, each
//! entry with its reason; `program` turns it into instructions, as a search tree: when a filter is installed the kernel runs
//! it once for every system call there is, and through a hundred comparisons in a row that takes three times as long.

mod program;
mod table;

use seccompiler::{BpfProgram, apply_filter};

pub(super) use table::{Internet, Numbers};

use program::Arch;

use super::step::Failure;

/// The filter for this machine.
pub(super) fn filter(internet: Internet, numbers: Numbers) -> Result<BpfProgram, Failure> {
    let arch = Arch::native().ok_or_else(|| Failure::new("seccomp", "this processor is not supported"))?;
    let entries = table::entries(internet, numbers);
    program::assemble(arch, &entries).ok_or_else(|| Failure::new("seccomp", "the filter is too long"))
}

/// Installs the filter for good. It must come last: steps before it make calls that it refuses.
pub(super) fn install(filter: &BpfProgram) -> Result<(), Failure> {
    apply_filter(filter).map_err(|error| Failure::new("seccomp install", error.to_string()))
}
