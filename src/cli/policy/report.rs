//! Findings in the format that was asked for.

use crate::{
    cli::output::Printer,
    diagnostic::{Diagnostic, Format, Source, json, render, sarif},
};

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Style {
    /// With the line and a caret, on standard error
    #[default]
    Human,
    /// One line each: file:line:column: severity[code]: message
    Plain,
    /// One JSON object each
    Json,
    /// One SARIF 2.1.0 document, for code scanning
    Sarif,
}

/// `--format`, and `--json` for short.
#[derive(Debug, clap::Args)]
pub(super) struct FormatArgs {
    /// How findings are printed
    #[arg(long, value_name = "FORMAT", default_value = "human", conflicts_with = "json")]
    format: Style,
    /// The same as `--format json`
    #[arg(long)]
    json: bool,
}

impl FormatArgs {
    pub(super) fn style(&self) -> Style {
        if self.json { Style::Json } else { self.format }
    }
}

/// A finding and the text that it is about.
pub(super) type Placed = (Source, Diagnostic);

/// Prints findings. For people they are talk; for machines they are the data.
pub(super) fn print(findings: &[Placed], style: Style, printer: &mut Printer) {
    let placed = findings.iter().map(|(source, finding)| (source, finding));
    match style {
        Style::Human => printer.findings(placed),
        Style::Plain => placed.for_each(|(source, finding)| {
            printer.bytes(render(source, finding, Format::Plain).as_bytes());
        }),
        Style::Json => placed.for_each(|(source, finding)| printer.data(json(source, finding))),
        Style::Sarif => printer.data(sarif(placed)),
    }
}
