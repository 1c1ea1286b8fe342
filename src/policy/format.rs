//! One layout for policy files: the keys of a rule in one order, one blank line between tables, one way to write texts and
//! short lists. Comments stay where they stand, long lists keep their lines, and nothing else moves.

use toml_edit::{Array, Decor, DocumentMut, Item, RawString, Table, TomlError, Value};

/// The order of the keys of rules, tests, facts and switches, and of the tables inside them. What is not here comes last,
/// as it stood.
#[rustfmt::skip]
const ORDER: &[&str] = &[
    "id", "decision", "program", "command",
    "names", "source", "syntax", "first", "alone", "appends", "always", "bare", "least",
    "args", "subcommand", "options", "any_option", "keys", "modules", "operands", "any_operand", "min_operands",
    "max_operands", "paths", "grants", "needs",
    "name", "run", "cwd", "env", "expect",
    "off", "stdin", "reason", "hint", "examples", "match", "no_match",
];

/// Tables whose keys have an order.
const ORDERED: &[&str] = &["rule", "test", "program", "sub", "blocklist"];

/// The text of a policy file in its canonical layout. A text that is not TOML has none.
pub fn format(text: &str) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let root = document.as_table_mut();
    tidy_keys(root, false);
    tidy_tables(root);
    let trailing = comment_block(&format!("{}\n", raw(document.trailing()).trim_end()), true);
    document.set_trailing(trailing);
    let text = document.to_string();
    let text = text.trim_start_matches('\n').trim_end();
    Ok(if text.is_empty() { String::new() } else { format!("{text}\n") })
}

/// The tables below a table, in the order of the file.
fn tidy_tables(table: &mut Table) {
    for (name, item) in table.iter_mut() {
        let sorted = ORDERED.contains(&name.get());
        match item {
            Item::Table(inner) if !inner.is_dotted() => tidy_table(inner, false),
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|inner| tidy_table(inner, sorted)),
            Item::Table(_) | Item::Value(_) | Item::None => {}
        }
    }
}

fn tidy_table(table: &mut Table, sorted: bool) {
    let prefix = comment_block(&raw_of(table.decor().prefix()), true);
    let suffix = line_end(&raw_of(table.decor().suffix()));
    *table.decor_mut() = Decor::new(prefix, suffix);
    tidy_keys(table, sorted);
    tidy_tables(table);
}

/// The keys that stand in a table itself.
fn tidy_keys(table: &mut Table, sorted: bool) {
    if sorted {
        let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
        table.sort_values_by(|left, _, right, _| place(left.get()).cmp(&place(right.get())));
    }
    let mut first = true;
    tidy_entries(table, sorted, &mut first);
}

fn tidy_entries(table: &mut Table, tight: bool, first: &mut bool) {
    for (mut key, item) in table.iter_mut() {
        match item {
            Item::Value(value) => {
                // Of dotted keys, the last part holds what stands before the whole.
                let blank = !*first && !tight && raw_of(key.leaf_decor().prefix()).starts_with('\n');
                let before = comment_block(&raw_of(key.leaf_decor().prefix()), blank);
                *key.leaf_decor_mut() = Decor::new(before, " ");
                *first = false;
                let after = line_end(&raw_of(value.decor().suffix()));
                let quotes = if key.get() == "command" { Quotes::Single } else { Quotes::Double };
                tidy_value(value, quotes);
                *value.decor_mut() = Decor::new(" ", after);
            }
            Item::Table(inner) if inner.is_dotted() => tidy_entries(inner, tight, first),
            Item::Table(_) | Item::ArrayOfTables(_) | Item::None => {}
        }
    }
}

/// A value without what stands around it.
fn tidy_value(value: &mut Value, quotes: Quotes) {
    match value {
        Value::String(text) => {
            let written = text.as_repr().and_then(|repr| repr.as_raw().as_str()).unwrap_or_default().to_owned();
            // Texts of several lines are laid out by their authors.
            if !written.starts_with("'''") && !written.starts_with("\"\"\"") {
                *value = quoted(text.value(), quotes);
            }
        }
        Value::Array(items) if is_on_one_line(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                tidy_value(item, quotes);
                *item.decor_mut() = Decor::new(if at == 0 { "" } else { " " }, "");
            }
            items.set_trailing("");
            items.set_trailing_comma(false);
        }
        Value::InlineTable(_)
        | Value::Array(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => {}
    }
}

fn is_on_one_line(items: &Array) -> bool {
    let plain = |text: &str| !text.contains(['\n', '#']);
    let item_is_plain = |item: &Value| {
        let decor = [item.decor().prefix(), item.decor().suffix()];
        decor.into_iter().all(|part| plain(&raw_of(part))) && item.as_array().is_none_or(is_on_one_line)
    };
    plain(&raw(items.trailing())) && items.iter().all(item_is_plain)
}

/// The quotes around a text that needs no escapes in either.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Double,
    /// Around patterns.
    Single,
}

/// A text in the quotes that need no escapes, where there are such; else in double quotes.
fn quoted(text: &str, quotes: Quotes) -> Value {
    let literal = (quotes == Quotes::Single || text.contains(['\\', '"']))
        && !text.contains('\'')
        && !text.chars().any(char::is_control);
    let written = literal.then(|| format!("'{text}'").parse::<Value>().ok()).flatten();
    written.unwrap_or_else(|| double_quoted(text))
}

fn double_quoted(text: &str) -> Value {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            '\r' => written.push_str("\\r"),
            c if crate::diagnostic::is_hidden(c) => {
                written.push_str(&format!("\\U{:08X}", u32::from(c)));
            }
            c => written.push(c),
        }
    }
    written.push('"');
    written.parse().unwrap_or_else(|_| Value::from(text))
}

/// The comments before a key or a table: at most one blank line in a row, none at the end, and one before them all where it
/// is wanted.
fn comment_block(text: &str, blank_before: bool) -> String {
    let mut block = String::new();
    let mut blank = blank_before;
    // What stands behind the last line feed is the indentation of what follows.
    let whole = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    for line in whole.split('\n').map(str::trim) {
        if line.is_empty() {
            blank |= !block.is_empty();
            continue;
        }
        if blank {
            block.push('\n');
        }
        blank = false;
        block.push_str(line);
        block.push('\n');
    }
    // A blank line after the last comment keeps it apart from what follows.
    if blank {
        block.push('\n');
    }
    block
}

/// What stands behind a value: nothing, or a comment after one blank.
fn line_end(text: &str) -> String {
    let comment = text.trim();
    if comment.is_empty() { String::new() } else { format!(" {comment}") }
}

fn raw_of(text: Option<&RawString>) -> String {
    text.map(raw).unwrap_or_default()
}

fn raw(text: &RawString) -> String {
    text.as_str().unwrap_or_default().to_owned()
}
