//! What a policy says in the end, for people and machines: its settings and where they are written, its rules, what is
//! known of a program, and what of the built-in blocklist is in force.

mod builtin;
mod program;
mod rule;
mod setting;

pub use builtin::{EntryShown, show_blocklist};
pub use program::{OptionShown, ProgramShown, USES, rules_about, show_program};
pub use rule::{RuleShown, show_rules};
pub use setting::{Shown, show};
