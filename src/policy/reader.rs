//! Reads one TOML table key by key. The keys that are asked for are the keys that exist: whatever else the table holds
//! is reported, so that no key is ever ignored in silence.

use toml::de::{DeTable, DeValue};

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, Source, Span};

use super::{
    findings::{Findings, Spanned},
    similar::closest,
};

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Reader<'a, 'f> {
    entries: &'a DeTable<'a>,
    source: &'a Source,
    /// What people call the table: `[env]`, or `a rule`.
    name: &'static str,
    span: Span,
    file: usize,
    known: Vec<&'static str>,
    findings: &'f mut Findings,
}

type Value<'a> = Spanned<&'a DeValue<'a>>;

impl<'a, 'f> Reader<'a, 'f> {
    /// Starts to read a table.
    pub(super) fn new(
        source: &'a Source,
        entries: &'a DeTable<'a>,
        name: &'static str,
        span: Span,
        file: usize,
        findings: &'f mut Findings,
    ) -> Self {
        Self { entries, source, name, span, file, known: Vec::new(), findings }
    }

    /// The text that is being read.
    pub(super) fn source(&self) -> &'a Source {
        self.source
    }

    /// The file that is being read.
    pub(super) fn file(&self) -> usize {
        self.file
    }

    /// The place of a part of a string, when the string is written as it reads; else the place of the whole string.
    pub(super) fn part(&self, text: &Spanned<String>, part: Option<Range<usize>>) -> Span {
        let written = text.span.of(&self.source.text);
        let quotes = written.len().saturating_sub(text.value.len());
        let as_it_reads = written.get(quotes / 2..).is_some_and(|rest| rest.starts_with(&text.value));
        match part {
            Some(part) if as_it_reads => {
                let start = text.span.start + quotes / 2;
                Span::new(start + part.start, start + part.end)
            }
            _ => text.span,
        }
    }

    /// The place of the table as a whole.
    pub(super) fn place(&self) -> Spanned<()> {
        Spanned { value: (), span: self.span, file: self.file }
    }

    /// The place of a key's value; that of the table when it is not there.
    pub(super) fn place_of(&self, key: &str) -> Spanned<()> {
        let span = self.entries.get(key).map(|value| value.span().into());
        Spanned { value: (), span: span.unwrap_or(self.span), file: self.file }
    }

    /// The texts of a list with their places.
    pub(super) fn places(&self, key: &str) -> Vec<(&'a str, Spanned<()>)> {
        let items = self.entries.get(key).and_then(|value| value.get_ref().as_array());
        let texts = items.into_iter().flat_map(|items| items.iter()).filter_map(|item| {
            let place = Spanned { value: (), span: item.span().into(), file: self.file };
            Some((item.get_ref().as_str()?, place))
        });
        texts.collect()
    }

    /// Where findings about the table's values go.
    pub(super) fn findings(&mut self) -> &mut Findings {
        self.findings
    }

    /// A string.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let value = self.value(key)?;
        self.as_text(key, &value)
    }

    /// Whether the table has the key, whatever its value.
    pub(super) fn holds(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A string that reads as something else.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Spanned<T>> {
        let text = self.text(key)?;
        match parse(&text.value) {
            Ok(value) => Some(text.map(|_| value)),
            Err(error) => {
                let message = format!("`{key}` has the value `{}`", text.value);
                self.findings.error(Code::BadValue, &text, message, &error.to_string());
                None
            }
        }
    }

    /// A list of strings.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let value = self.value(key)?;
        let DeValue::Array(items) = value.value else {
            self.wrong_type(key, &value, "a list of strings");
            return None;
        };
        let items = items.iter().map(|item| self.spanned(item.get_ref(), item.span()));
        let items: Vec<_> = items.collect();
        Some(items.iter().filter_map(|item| self.as_text(key, item)).collect())
    }

    /// A string, or a list of strings.
    pub(super) fn text_or_texts(&mut self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        match self.entries.get(key).map(|value| value.get_ref()) {
            Some(DeValue::Array(_)) => self.texts(key),
            _ => self.text(key).map(|text| vec![text]),
        }
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let DeValue::Boolean(truth) = value.value else {
            self.wrong_type(key, &value, "`true` or `false`");
            return None;
        };
        Some(*truth)
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&mut self, key: &'static str) -> Option<Spanned<u64>> {
        let value = self.value(key)?;
        let DeValue::Integer(number) = value.value else {
            self.wrong_type(key, &value, "a whole number");
            return None;
        };
        let Ok(parsed) = u64::from_str_radix(number.as_str(), number.radix()) else {
            let message = format!("`{key}` has the value `{number}`");
            self.findings.error(Code::BadValue, &value, message, "not a whole number from 0 to 2^64-1");
            return None;
        };
        Some(value.map(|_| parsed))
    }

    /// A table with keys of the author's choice and strings as values, keys with their own places.
    pub(super) fn map(&mut self, key: &'static str) -> Option<Vec<(Spanned<String>, Spanned<String>)>> {
        let value = self.value(key)?;
        let DeValue::Table(entries) = value.value else {
            self.wrong_type(key, &value, "a table of strings");
            return None;
        };
        let mut pairs = Vec::new();
        for (name, item) in entries.iter() {
            let name = Spanned { value: name.get_ref().to_string(), span: name.span().into(), file: self.file };
            let item = self.spanned(item.get_ref(), item.span());
            if let Some(item) = self.as_text(key, &item) {
                pairs.push((name, item));
            }
        }
        pairs.sort_by_key(|(name, _)| name.span);
        Some(pairs)
    }

    /// A table inside this one.
    pub(super) fn table(&mut self, key: &'static str, name: &'static str) -> Option<Reader<'a, '_>> {
        let value = self.value(key)?;
        let DeValue::Table(entries) = value.value else {
            self.wrong_type(key, &value, "a table");
            return None;
        };
        Some(Reader::new(self.source, entries, name, value.span, self.file, self.findings))
    }

    /// The tables of a list such as `[[rule]]`.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<(&'a DeTable<'a>, Span)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(items) = value.value else {
            self.wrong_type(key, &value, "a list of tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            let item = self.spanned(item.get_ref(), item.span());
            if let DeValue::Table(entries) = item.value {
                tables.push((entries, item.span));
            } else {
                self.wrong_type(key, &item, "a table");
            }
        }
        tables
    }

    /// Refuses a key that belongs to the language but is not acted on yet: to ignore it would change what the file says.
    pub(super) fn unsupported(&mut self, key: &'static str, hint: &'static str) {
        self.known.push(key);
        let Some((name, _)) = self.entries.get_key_value(key) else { return };
        let finding = Diagnostic::error(Code::NotSupported, format!("`{key}` is not supported yet"))
            .at(Span::from(name.span()), format!("this version cannot act on `{key}` of {}", self.name))
            .with_hint(hint);
        self.findings.add(self.file, finding);
    }

    /// Says that a key is missing.
    pub(super) fn missing(&mut self, key: &str, why: &str) {
        let message = format!("{} has no `{key}`", self.name);
        let finding = Diagnostic::error(Code::MissingKey, message).at(self.span, why);
        self.findings.add(self.file, finding);
    }

    /// Ends the reading: every key that nobody asked for is an error.
    pub(super) fn finish(self) {
        for (name, _) in self.entries.iter() {
            let text: &str = name.get_ref();
            if self.known.contains(&text) {
                continue;
            }
            let mut finding = Diagnostic::error(Code::UnknownKey, format!("unknown key `{}`", text.escape_debug()))
                .at(Span::from(name.span()), format!("not a key of {}", self.name));
            let near = closest(text, self.known.iter().copied());
            finding.hint = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys of {} are {}", self.name, list(&self.known)),
            });
            if let Some(near) = near {
                self.findings.drop_missing(self.file, self.span, near);
            }
            self.findings.add(self.file, finding);
        }
    }

    fn value(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.known.push(key);
        let value = self.entries.get(key)?;
        Some(self.spanned(value.get_ref(), value.span()))
    }

    fn spanned(&self, value: &'a DeValue<'a>, span: Range<usize>) -> Value<'a> {
        Spanned { value, span: span.into(), file: self.file }
    }

    fn as_text(&mut self, key: &str, value: &Value<'a>) -> Option<Spanned<String>> {
        let DeValue::String(text) = value.value else {
            self.wrong_type(key, value, "a string");
            return None;
        };
        Some(Spanned { value: text.to_string(), span: value.span, file: value.file })
    }

    fn wrong_type(&mut self, key: &str, value: &Value<'_>, want: &str) {
        let message = format!("`{key}` wants {want}");
        let label = format!("this is of type {}", value.value.type_str());
        self.findings.error(Code::WrongType, value, message, &label);
    }
}

/// Names in backticks with commas between them.
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Names in backticks, as many as somebody reads, and how many more there are.
pub(super) fn few<T: AsRef<str>>(names: &[T]) -> String {
    match names.split_at_checked(FEW).filter(|(_, rest)| !rest.is_empty()) {
        Some((first, rest)) => format!("{} and {} more", list(first), rest.len()),
        None => list(names),
    }
}

/// So many names stand in a hint.
const FEW: usize = 12;
