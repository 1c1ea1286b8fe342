//! Facts as they are written, in TOML tables with one line for each option.

use toml::de::{DeTable, DeValue};

use crate::diagnostic::Code;

use super::{
    super::{findings::Spanned, reader::Reader},
    facts::{Effect, Facts, Key, Kind, Need, Operand, OptionFact, Syntax, Takes},
};

/// Lists of options that several programs of a file share, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets(Vec<(String, Vec<OptionFact>)>);

impl Sets {
    /// Reads the table `[sets]` of a file.
    pub(super) fn read(root: &DeTable<'_>) -> Self {
        let Some(DeValue::Table(table)) = root.get("sets").map(|value| value.get_ref()) else { return Self::default() };
        let lists = table.iter().map(|(name, value)| {
            let lines = value.get_ref().as_array().into_iter().flat_map(|array| array.iter());
            let lines = lines.filter_map(|line| line.get_ref().as_str());
            (name.get_ref().to_string(), lines.filter_map(|line| option(line).ok()).collect())
        });
        Self(lists.collect())
    }

    fn get(&self, name: &str) -> Option<&[OptionFact]> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, options)| options.as_slice())
    }
}

/// Reads one `[[program]]` or `[[program.sub]]`. What is wrong with it is in the findings.
pub(super) fn facts(mut table: Reader<'_, '_>, sets: &Sets, outer: bool) -> Facts {
    if !table.holds("names") {
        table.missing("names", "facts are found by the program's names");
    }
    let mut facts = Facts { names: names(&mut table, outer), ..Facts::default() };
    if outer {
        if !table.holds("source") {
            table.missing("source", "say where the facts come from, such as a manual page");
        }
        facts.source = table.text("source").map(|source| source.value).unwrap_or_default();
        table.source().name.clone_into(&mut facts.file);
    }
    facts.syntax = table.parsed("syntax", Syntax::from_word).map(|syntax| syntax.value).unwrap_or_default();
    let lines = table.texts("options").unwrap_or_default();
    facts.options = each(&mut table, lines, option);
    // A policy has no lists to include, so there the key is as unknown as any other.
    let included = if sets.0.is_empty() { None } else { table.texts("include") };
    for name in included.unwrap_or_default() {
        match sets.get(&name.value) {
            Some(set) => facts.options.extend_from_slice(set),
            None => bad(&mut table, &name, "no list of `[sets]` has this name"),
        }
    }
    facts.operands = table.texts("operands").map(|operands| each(&mut table, operands, operand));
    let keys = table.texts("keys").unwrap_or_default();
    facts.keys = each(&mut table, keys, key);
    let always = table.texts("always").unwrap_or_default();
    facts.always = each(&mut table, always, need);
    let bare = table.texts("bare").unwrap_or_default();
    facts.bare = each(&mut table, bare, need);
    let least = table.whole("least").map(|least| least.value);
    facts.least = least.and_then(|least| usize::try_from(least).ok()).unwrap_or(1);
    let bundle = |word: &str| if word == "bundle" { Ok(true) } else { Err("`first` is `bundle`") };
    facts.bundle = table.parsed("first", bundle).is_some();
    facts.appends = table.truth("appends").unwrap_or_default();
    facts.alone = table.truth("alone").unwrap_or_default();
    facts.modules = table.texts("modules").unwrap_or_default().into_iter().map(|name| name.value).collect();
    let (source, file) = (table.source(), table.file());
    for (entries, span) in table.tables("sub") {
        let reader = Reader::new(source, entries, "a subcommand", span, file, table.findings());
        let sub = self::facts(reader, sets, false);
        facts.sub.push(sub);
    }
    check(&facts, &mut table);
    table.finish();
    facts
}

fn names(table: &mut Reader<'_, '_>, outer: bool) -> Vec<String> {
    let names = table.texts("names").unwrap_or_default();
    let plain = |name: &str| {
        let short = name.strip_suffix('*').unwrap_or(name);
        let is_name = !short.is_empty() && !short.contains(['/', '*', ' ']) && !short.chars().any(char::is_control);
        if is_name || !outer { Ok(name.to_owned()) } else { Err("a program's name holds no slash and no blank") }
    };
    each(table, names, plain)
}

/// Reads each line; those that do not read are findings.
fn each<T>(
    table: &mut Reader<'_, '_>,
    lines: Vec<Spanned<String>>,
    read: impl Fn(&str) -> Result<T, &'static str>,
) -> Vec<T> {
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        match read(&line.value) {
            Ok(value) => all.push(value),
            Err(problem) => bad(table, &line, problem),
        }
    }
    all
}

fn bad(table: &mut Reader<'_, '_>, line: &Spanned<String>, problem: &str) {
    let message = format!("the facts have the entry `{}`", line.value.escape_debug());
    table.findings().error(Code::BadValue, line, message, problem);
}

/// Reads `SPELLINGS [= | =? | =2] [KIND] [: WORDS]`.
fn option(line: &str) -> Result<OptionFact, &'static str> {
    let mut words = line.split_ascii_whitespace().peekable();
    let mut spellings = Vec::new();
    while let Some(word) = words.next_if(|word| word.starts_with(['-', '+', '(', ')', '!', ',', '@'])) {
        spellings.push(word.to_owned());
    }
    if spellings.is_empty() {
        return Err("an option begins with its spellings, such as `-o --output`");
    }
    let takes = match words.next_if(|word| matches!(*word, "=" | "=?" | "=2")) {
        Some("=") => Takes::Value,
        Some("=2") => Takes::Two,
        Some(_) => Takes::Glued,
        None => Takes::Nothing,
    };
    // Behind a star stands the value.
    let takes = if takes == Takes::Nothing && spellings.iter().any(|own| own.ends_with('*')) {
        Takes::Glued
    } else {
        takes
    };
    let mut fact = OptionFact { spellings, takes, kind: Kind::Data, effects: Vec::new() };
    if let Some(word) = words.next_if(|word| *word != ":") {
        match (fact.takes, Kind::from_word(word)) {
            (Takes::Value | Takes::Two | Takes::Glued, Some(kind)) => fact.kind = kind,
            (Takes::Nothing, _) => return Err("without `=` there is no value to be of a kind; write `:` before a need"),
            (_, None) => return Err("this is not a kind of value"),
        }
    }
    match words.next() {
        None => {}
        Some(":") => {
            for word in words {
                fact.effects.push(Effect::from_word(word).ok_or("behind `:` stand needs and effects")?);
            }
        }
        Some(_) => return Err("behind the kind of the value comes `:` or nothing"),
    }
    Ok(fact)
}

fn operand(text: &str) -> Result<Operand, &'static str> {
    let (word, repeats) = match text.strip_suffix("...") {
        Some(word) => (word, true),
        None => (text, false),
    };
    let kind = Kind::from_word(word).ok_or("this is not a kind of operand")?;
    Ok(Operand { kind, repeats })
}

/// Reads `NAME = [KIND]`.
fn key(line: &str) -> Result<Key, &'static str> {
    let (name, kind) = line.split_once('=').ok_or("a key is `name = kind`")?;
    let kind = match kind.trim() {
        "" => Kind::Data,
        word => Kind::from_word(word).ok_or("this is not a kind of value")?,
    };
    Ok(Key { name: name.trim().to_owned(), kind })
}

fn need(word: &str) -> Result<Need, &'static str> {
    Need::from_word(word).ok_or("a need is `exec`, `code`, `config`, `network`, `host`, `secrets`, `read`, `write` or `run`")
}

/// Contradictions: two options of one spelling, operands that no word can reach, a command that is not last.
fn check(facts: &Facts, table: &mut Reader<'_, '_>) {
    let mut problems = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for spelling in facts.options.iter().flat_map(|option| &option.spellings) {
        if !seen.insert(spelling) {
            let spells = |line: &str| line.split(' ').any(|word| word == spelling);
            let mut lines = table.places("options").into_iter().filter(|(line, _)| spells(line));
            let place = lines.next_back().map_or_else(|| table.place_of("options"), |(_, place)| place);
            problems.push((place, format!("`{spelling}` stands in two options")));
        }
    }
    let operands = facts.operands.as_deref().unwrap_or_default();
    let mut operand_problem = |holds: bool, what: &str| {
        if holds {
            problems.push((table.place_of("operands"), what.to_owned()));
        }
    };
    let repeat = operands.iter().filter(|operand| operand.repeats && operand.kind != Kind::Assign).count();
    operand_problem(repeat > 1, "two operands repeat");
    let command = operands.iter().position(|operand| operand.kind == Kind::Command);
    operand_problem(command.is_some_and(|at| at + 1 != operands.len()), "a command takes all words behind it");
    operand_problem(
        command.is_some() && facts.syntax == Syntax::Gnu,
        "options behind a command are its own: the syntax is `posix`",
    );
    for (place, problem) in problems {
        let message = format!("the facts of `{}` contradict themselves", facts.names.join(", "));
        table.findings().error(Code::BadValue, &place, message, &problem);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Whether a line of options reads.
    pub(in super::super) fn reads(line: &str) -> Result<(), &'static str> {
        option(line).map(drop)
    }

    #[test]
    fn a_line_is_one_option() {
        let fact = option("-o --output = write : exec stop").unwrap();
        assert_eq!(fact.spellings, ["-o", "--output"]);
        assert_eq!((fact.takes, fact.kind), (Takes::Value, Kind::Write));
        assert_eq!(fact.effects, [Effect::Need(Need::Exec), Effect::Stop]);
        let flag = option("-b --ignore-leading-blanks").unwrap();
        assert_eq!((flag.takes, flag.kind, flag.effects.len()), (Takes::Nothing, Kind::Data, 0));
        assert_eq!(option("-I* = read").unwrap().takes, Takes::Value);
        assert_eq!(option("-W*").unwrap().takes, Takes::Glued);
        for wrong in ["", "output =", "-o = file", "-o write", "-o = write exec", "-o : soon", "= read"] {
            assert!(option(wrong).is_err(), "{wrong}");
        }
    }
}
