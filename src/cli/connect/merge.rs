//! One entry into somebody's configuration file. All else in the file stays as its owner wrote it: order, layout, comments.
//!
//! What comes out is read again, and is used only if it says what the file said, and the entry. So a file of an odd form is
//! left alone, whatever the libraries make of it.

use jsonc_parser::{ParseOptions, cst::CstRootNode};
use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, Table};

use super::{client::Format, entry::Entry};

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Merged {
    /// It says all that it should.
    Same,
    /// Its new text.
    Text(String),
    /// An entry of that name says something else.
    Differs,
    /// It cannot be changed without harm: why.
    Unfit(String),
}

/// The server that an entry is about.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Place<'a> {
    pub(super) format: Format,
    pub(super) key: &'a str,
    pub(super) name: &'a str,
}

/// Puts an entry into the text of a file; an empty text is a file that is not there. An entry that says something else is
/// replaced only with `force`.
pub(in crate::cli) fn merge(text: &str, place: Place<'_>, entry: &Entry, force: bool) -> Merged {
    let before = match place.read(text) {
        Ok(before) => before,
        Err(why) => return Merged::Unfit(why),
    };
    let servers = match before.get(place.key) {
        None => Map::new(),
        Some(Value::Object(servers)) => servers.clone(),
        Some(_) => return Merged::Unfit(format!("`{}` in it is not a table of servers", place.key)),
    };
    match servers.get(place.name) {
        Some(there) if entry.is_said_by(there) => return Merged::Same,
        Some(_) if !force => return Merged::Differs,
        Some(_) | None => {}
    }
    let expected = place.with(before, servers, entry);
    let written = match place.format {
        Format::Json => into_json(text, place, entry),
        Format::Toml => into_toml(text, place, entry),
    };
    match written.filter(|written| place.read(written).is_ok_and(|after| after == expected)) {
        Some(written) => Merged::Text(written),
        None => Merged::Unfit("an entry cannot be put into it without changing the rest".to_owned()),
    }
}

impl Place<'_> {
    /// What a text says, strictly. A file that is not there says nothing.
    fn read(self, text: &str) -> Result<Map<String, Value>, String> {
        if text.trim().is_empty() {
            return Ok(Map::new());
        }
        let read = match self.format {
            Format::Json => serde_json::from_str(text).map_err(|error| format!("it is not plain JSON: {error}"))?,
            Format::Toml => toml::from_str(text).map_err(|error| format!("it is not TOML: {}", one_line(&error)))?,
        };
        match read {
            Value::Object(map) => Ok(map),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err("it holds no object".to_owned())
            }
        }
    }

    fn with(
        self,
        mut before: Map<String, Value>,
        mut servers: Map<String, Value>,
        entry: &Entry,
    ) -> Map<String, Value> {
        servers.insert(self.name.to_owned(), entry.json());
        before.insert(self.key.to_owned(), Value::Object(servers));
        before
    }
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().replace('\n', " ")
}

fn into_json(text: &str, place: Place<'_>, entry: &Entry) -> Option<String> {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    // The text is strict JSON already, so that no option matters.
    let root = CstRootNode::parse(text, &ParseOptions::default()).ok()?;
    let servers = root.object_value_or_create()?.object_value_or_create(place.key)?;
    match servers.get(place.name) {
        Some(there) => there.set_value(entry.syntax()),
        None => drop(servers.append(place.name, entry.syntax())),
    }
    Some(root.to_string())
}

fn into_toml(text: &str, place: Place<'_>, entry: &Entry) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let servers = document.entry(place.key).or_insert_with(|| {
        let mut servers = Table::new();
        servers.set_implicit(true);
        Item::Table(servers)
    });
    let mut table = entry.table();
    match servers.as_table_like_mut()?.get(place.name) {
        // Where it was, with the comment that stood before it.
        Some(Item::Table(there)) => {
            table.set_position(there.position());
            *table.decor_mut() = there.decor().clone();
        }
        Some(Item::None | Item::Value(_) | Item::ArrayOfTables(_)) | None => {}
    }
    servers.as_table_like_mut()?.insert(place.name, Item::Table(table));
    Some(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::{super::entry::Field, *};

    const JSON: Place<'static> = Place { format: Format::Json, key: "mcpServers", name: "stockade" };
    const TOML: Place<'static> = Place { format: Format::Toml, key: "mcp_servers", name: "stockade" };

    fn entry() -> Entry {
        Entry(vec![("command", Field::Text("/s".into())), ("args", Field::List(vec!["serve".into()]))])
    }

    #[track_caller]
    fn text(text: &str, place: Place<'_>, force: bool) -> String {
        match merge(text, place, &entry(), force) {
            Merged::Text(text) => text,
            other @ (Merged::Same | Merged::Differs | Merged::Unfit(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_made() {
        let made = "{\n  \"mcpServers\": {\n    \"stockade\": {\n      \"command\": \"/s\",\n      \"args\": [\"serve\"]\n    }\n  }\n}\n";
        for empty in ["", " \n"] {
            assert_eq!(text(empty, JSON, false), made);
        }
        assert_eq!(text("", TOML, false), "[mcp_servers.stockade]\ncommand = \"/s\"\nargs = [\"serve\"]\n");
    }

    #[test]
    fn the_rest_of_a_json_file_stays_as_it_was() {
        let before = "{\n\t\"z\": 1.50,\n\t\"mcpServers\": {\n\t\t\"b\": { \"url\": \"x\" },\n\t\t\"a\": {}\n\t},\n\t\"c\": []\n}";
        let after = text(before, JSON, false);
        let (head, tail) = after.split_once("\t\t\"a\": {}").unwrap();
        assert!(before.starts_with(head), "{after}");
        assert!(tail.starts_with(",\n\t\t\"stockade\": {\n\t\t\t\"command\": \"/s\",\n"), "{after}");
        assert!(tail.ends_with("\n\t\t}\n\t},\n\t\"c\": []\n}"), "{after}");
    }

    #[test]
    fn the_rest_of_a_toml_file_stays_as_it_was() {
        let before = "# mine\nmodel = \"m\" # best\n\n[mcp_servers.b]\nurl = 'x'\n\n[tui]\ntheme = \"dark\"\n";
        let after = text(before, TOML, false);
        let added = "\n[mcp_servers.stockade]\ncommand = \"/s\"\nargs = [\"serve\"]\n";
        assert_eq!(after.replace(added, ""), before, "{after}");
    }

    #[test]
    fn odd_forms_of_the_toml_table_are_kept() {
        for before in ["mcp_servers = {}\n", "mcp_servers.b.url = \"x\"\n", "[mcp_servers]\nb = { url = \"x\" }\n"] {
            let after: Value = toml::from_str(&text(before, TOML, false)).unwrap();
            assert_eq!(after["mcp_servers"]["stockade"]["command"], "/s", "{before}");
        }
    }

    #[test]
    fn what_is_there_already_is_not_written_again() {
        for (place, first) in [(JSON, text("", JSON, false)), (TOML, text("", TOML, false))] {
            assert_eq!(merge(&first, place, &entry(), false), Merged::Same);
            assert_eq!(merge(&first, place, &entry(), true), Merged::Same);
        }
    }

    #[test]
    fn an_entry_that_says_something_else_is_replaced_by_force_alone() {
        let json = "{\"mcpServers\":{\"stockade\":{\"command\":\"old\"},\"a\":{}}}";
        let toml = "[mcp_servers.stockade]\ncommand = \"old\"\n\n# after\n[mcp_servers.a]\nx = 1\n";
        for (place, before) in [(JSON, json), (TOML, toml)] {
            assert_eq!(merge(before, place, &entry(), false), Merged::Differs);
            let after = text(before, place, true);
            assert!(!after.contains("old"), "{after}");
            assert_eq!(merge(&after, place, &entry(), false), Merged::Same);
        }
        let after = text(toml, TOML, true);
        assert!(after.starts_with("[mcp_servers.stockade]") && after.ends_with("\n# after\n[mcp_servers.a]\nx = 1\n"));
    }

    #[test]
    fn what_cannot_be_read_strictly_is_left_alone() {
        for before in [
            "// mine\n{}",
            "{\"a\": 1,}",
            "{\"a\": 1} x",
            "[]",
            "\"x\"",
            "{'a': 1}",
            "\u{feff}{}",
            "{\"mcpServers\": []}",
            "{\"mcpServers\": {}, \"mcpServers\": {\"a\": {}}}",
        ] {
            assert!(matches!(merge(before, JSON, &entry(), true), Merged::Unfit(_)), "{before}");
        }
        for before in ["a = ", "mcp_servers = 1", "[[mcp_servers]]\nx = 1"] {
            assert!(matches!(merge(before, TOML, &entry(), true), Merged::Unfit(_)), "{before}");
        }
    }

    #[test]
    fn line_ends_of_another_system_stay() {
        let after = text("{\r\n  \"a\": 1\r\n}\r\n", JSON, false);
        assert_eq!(after.matches("\r\n").count(), after.matches('\n').count(), "{after:?}");
    }
}
