//! Configuration: where files are found, who may have changed them, and what the environment asks for.
//!
//! This room reads files, directories and owners, and creates nothing. It judges no command and weakens nothing: what
//! does not parse, cannot be read, or could have been changed by somebody else is an error that names it, never a
//! default.

#![forbid(unsafe_code)]

pub mod layers;
pub mod places;
pub mod policy;
pub mod secure;
pub mod settings;
pub mod state;

/// A variable of this program's environment. A value that is not UTF-8 comes with marks in it, so that it fails to parse
/// and never counts as unset.
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
