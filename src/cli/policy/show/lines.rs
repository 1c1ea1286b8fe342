//! Lines of a key and its values, as wide as people read them.

use crate::{cli::output::Printer, diagnostic::visible};

const WIDTH: usize = 118;
const INDENT: usize = 2;

/// Prints a key and a list of short values with commas between them, in as many lines as they take.
pub(super) fn list<T: AsRef<str>>(key: &str, values: &[T], column: usize, printer: &mut Printer) {
    let mut line = String::new();
    let mut rows = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let comma = if at + 1 < values.len() { "," } else { "" };
        let value = format!("{}{comma}", visible(value.as_ref()));
        if !line.is_empty() && INDENT + column + line.chars().count() + 1 + value.chars().count() > WIDTH {
            rows.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&value);
    }
    rows.push(line);
    rows_of(key, &rows, column, printer);
}

/// Prints a key and values, each on a line of its own.
pub(super) fn rows_of<T: AsRef<str>>(key: &str, rows: &[T], column: usize, printer: &mut Printer) {
    for (at, row) in rows.iter().enumerate() {
        let key = if at == 0 { key } else { "" };
        let line = format!("{:INDENT$}{key:<column$}{}", "", visible(row.as_ref()));
        printer.data(line.trim_end());
    }
}
