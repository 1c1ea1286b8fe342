//! The entry of a server in a client's configuration. Keys keep the order in which people read them.

use jsonc_parser::cst::CstInputValue;
use serde_json::{Map, Value};
use toml_edit::{Array, InlineTable, Item, Table, value};

/// What a client is told about the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Entry(pub(super) Vec<(&'static str, Field)>);

/// The value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Text(String),
    List(Vec<String>),
    Pairs(Vec<(&'static str, String)>),
}

impl Entry {
    /// Whether an entry that is there says all that this one says. What it says beside that is its owner's business, such
    /// as a timeout.
    pub(super) fn is_said_by(&self, there: &Value) -> bool {
        self.0.iter().all(|(key, field)| match (field, there.get(key)) {
            (Field::Pairs(pairs), Some(there)) => {
                pairs.iter().all(|(name, value)| there.get(name).and_then(Value::as_str) == Some(value))
            }
            (field, there) => there == Some(&field.json()),
        })
    }

    pub(super) fn json(&self) -> Value {
        Value::Object(self.0.iter().map(|(key, field)| ((*key).to_owned(), field.json())).collect())
    }

    pub(super) fn syntax(&self) -> CstInputValue {
        CstInputValue::Object(self.0.iter().map(|(key, field)| ((*key).to_owned(), field.syntax())).collect())
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        for (key, field) in &self.0 {
            table.insert(key, field.item());
        }
        table
    }

    /// The entry as JSON on one line, for people to copy.
    pub(super) fn one_line(&self) -> String {
        let fields = self.0.iter().map(|(key, field)| format!("\"{key}\": {}", field.one_line()));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
    }
}

impl Field {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::List(texts) => texts.as_slice().into(),
            Self::Pairs(pairs) => {
                let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    fn syntax(&self) -> CstInputValue {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::List(texts) => CstInputValue::Array(texts.iter().map(|text| text.as_str().into()).collect()),
            Self::Pairs(pairs) => CstInputValue::Object(
                pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect(),
            ),
        }
    }

    fn item(&self) -> Item {
        match self {
            Self::Text(text) => value(text),
            Self::List(texts) => value(texts.iter().collect::<Array>()),
            Self::Pairs(pairs) => value(pairs.iter().map(|(name, text)| (*name, text)).collect::<InlineTable>()),
        }
    }

    fn one_line(&self) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        match self {
            Self::Text(text) => quoted(text),
            Self::List(texts) => {
                format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
            }
            Self::Pairs(pairs) => {
                let pairs = pairs.iter().map(|(name, value)| format!("\"{name}\": {}", quoted(value)));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry() -> Entry {
        Entry(vec![
            ("type", Field::Text("stdio".into())),
            ("args", Field::List(vec!["serve".into(), "a \"b\"".into()])),
            ("env", Field::Pairs(vec![("DIR", "/x".into())])),
        ])
    }

    #[test]
    fn all_forms_say_the_same() {
        let expected = json!({ "type": "stdio", "args": ["serve", "a \"b\""], "env": { "DIR": "/x" } });
        assert_eq!(entry().json(), expected);
        assert_eq!(serde_json::from_str::<Value>(&entry().one_line()).unwrap(), expected);
        assert_eq!(toml::from_str::<Value>(&entry().table().to_string()).unwrap(), expected);
        assert!(entry().one_line().starts_with("{\"type\": \"stdio\", \"args\""));
    }

    #[test]
    fn an_entry_with_more_in_it_says_the_same() {
        let there =
            json!({ "type": "stdio", "args": ["serve", "a \"b\""], "env": { "DIR": "/x", "A": "b" }, "timeout": 5 });
        assert!(entry().is_said_by(&there));
        for (key, value) in [("type", json!("http")), ("args", json!(["serve"])), ("env", json!({})), ("env", json!(1))]
        {
            let mut other = there.clone();
            other[key] = value;
            assert!(!entry().is_said_by(&other), "{other}");
        }
        assert!(!entry().is_said_by(&json!("stockade")));
    }
}
