//! `stockade policy schema`: the JSON Schema of policy files.

use crate::{
    cli::{exit::Exit, output::Printer},
    policy::schema,
};

/// Print the JSON Schema of policy files, for editors
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  stockade policy schema > stockade-policy.schema.json
  and at the top of a policy: #:schema ./stockade-policy.schema.json")]
pub(super) struct Schema {}

pub(super) fn run(_: &Schema, printer: &mut Printer) -> Exit {
    printer.data(format_args!("{:#}", schema()));
    Exit::Success
}
