//! The policies that come with the program, as data.

use crate::diagnostic::Source;

const SHIPPED: &[(&str, &str, &str)] = &[
    ("ci", "policy/ci.toml", include_str!("../../policy/ci.toml")),
    ("default", "policy/default.toml", include_str!("../../policy/default.toml")),
    ("developer", "policy/developer.toml", include_str!("../../policy/developer.toml")),
    ("strict", "policy/strict.toml", include_str!("../../policy/strict.toml")),
];

/// The shipped policy of that name.
pub fn shipped(name: &str) -> Option<Source> {
    SHIPPED.iter().find(|(known, _, _)| *known == name).map(|(_, path, text)| Source::new(*path, *text))
}

/// The names of the shipped policies.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _, _)| *name)
}
