//! Random scripts: soups of tokens, and texts by the grammar in nasty spellings.

use super::random::Random;

const TOKENS: &[&str] = &[
    "a",
    "b",
    "p",
    "f",
    "t",
    "o",
    "out",
    " ",
    " ",
    " ",
    " ",
    " ",
    "\t",
    "\n",
    "'",
    "\"",
    "\\",
    "$",
    "#",
    "~",
    "{",
    "}",
    ",",
    "..",
    "!",
    "=",
    "*",
    "?",
    "[",
    "]",
    "^",
    "-",
    "+",
    "@",
    "%",
    ":",
    "/",
    "1",
    "2",
    "\u{a0}",
    "é",
    "\u{2003}",
    "漢",
    "$'",
    "\\x41",
    "\\n",
    "'x y'",
    "\"$HOME\"",
    "$HOME",
    "${X}",
    "\"$V\"",
    "$E",
    "\"$E\"",
    "$PWD",
    "\\\n",
    " \\\n",
    "\"\"",
    "''",
    "A=",
    "B=x",
    "(",
    ")",
    "|",
    " | ",
    "&",
    ";",
    "; ",
    "<",
    ">",
    "`",
    "$(",
    "\"$(",
    "$(o a",
    "${",
    "<<",
    "<<-",
    "<<'E'\n",
    "\nE\n",
    "E\n",
    "&&",
    "||",
    " && ",
    " || ",
    "|&",
    "&>",
    ">&",
    "2>",
    "2>&1",
    ">o1",
    "<fa",
    ">>d/q",
    "$((",
    "))",
    "<<<",
    "fa",
    "fb",
    "d",
    "cd d",
    "cd ..",
    "exit",
    "exit 3",
    "\r",
    ".",
    "if",
    "[a-f]",
    "[!a]",
    "[a-a]",
];

/// Tokens in any order.
pub(crate) fn soup(random: &mut Random) -> String {
    let mut text = random.one_of(&["p ", "o ", "f ", "t ", "", "o a | ", "cd d; p "]).to_owned();
    for _ in 0..=random.below(16) {
        text.push_str(random.one_of(TOKENS));
    }
    text
}

const LITERALS: &[&str] = &[
    "a",
    "b c",
    "-n",
    "--x=y",
    "$HOME",
    "`x`",
    "*",
    "?",
    "[a]",
    "{a,b}",
    "~",
    "#",
    "a#b",
    "!",
    "!!",
    "\\",
    "\\n",
    "it's",
    "\"",
    "é",
    "漢字",
    "a\nb",
    "\n",
    "",
    "|",
    "&&",
    ";",
    ">",
    "<",
    "(",
    ")",
    "$(x)",
    "${x}",
    "=",
    "A=B",
    "x~",
    "~/a",
    "%",
    "^",
    "@{u}",
    "{}",
    "\t",
    "\u{a0}",
    "\u{1f600}",
    "p\u{301}",
    "  ",
    "if",
];

const WORDS: &[&str] = &[
    "*",
    "f?",
    "f*",
    "?",
    "*/*",
    "d/*",
    "./*",
    "[a-f]*",
    "[!f]*",
    "[a-a]b",
    "f[a-b]",
    "*a",
    "x*",
    "é*",
    "?1",
    "~",
    "~/x",
    "~/*",
    "$HOME",
    "\"$HOME\"",
    "\"${HOME}/x y\"",
    "$X",
    "${X}y",
    "\"$V\"",
    "\"$E\"",
    "a\"$E\"",
    "$PWD",
    "$HOME/*",
    "\"d\"/f*",
    "a*",
    "d",
    "fa",
    ".x*",
    "HEAD~1",
    "a#b",
    "x=y",
    "{}",
    "a{b",
    "}",
    "!",
    "!x",
    "a!b",
    "-",
    "--",
    "+x",
    "@",
    "%1",
    "a:b",
    "a^b",
    ",",
    "a]",
    "[x",
    "\"a$\"",
    "a$",
    "\"\\d\"",
    "foo\"bar\"",
    "''",
    "*\"*\"",
    "if",
];

/// A script by the grammar.
pub(crate) fn grammar(random: &mut Random) -> String {
    let plain = !random.one_in(3);
    let mut writer = Writer { random, documents: String::new(), plain, nested: 0 };
    let mut text = writer.list();
    let end = writer.line_end();
    if !writer.documents.is_empty() {
        text.push('\n');
        text.push_str(&writer.documents);
    } else {
        text.push_str(&end);
    }
    text
}

struct Writer<'r> {
    random: &'r mut Random,
    /// Here-documents that wait for the end of the line.
    documents: String,
    /// Whether only forms are used that every shell has.
    plain: bool,
    nested: usize,
}

impl Writer<'_> {
    fn line_end(&mut self) -> String {
        self.random.one_of(&["", "", " ", ";", "\n", " # c", "\n# c ' (\n"]).to_owned()
    }

    fn list(&mut self) -> String {
        let mut text = self.pipeline();
        for _ in 0..[0, 0, 1, 1, 2][self.random.below(5)] {
            let joint = self.random.one_of(&[" && ", " || ", "&&", "||\n", "; ", ";", "\n", " \n\t"]);
            text.push_str(joint);
            if joint.contains('\n') && self.nested == 0 {
                text.push_str(&std::mem::take(&mut self.documents));
            }
            text.push_str(&self.pipeline());
        }
        text
    }

    fn pipeline(&mut self) -> String {
        let mut text = if self.random.one_in(10) { "! ".to_owned() } else { String::new() };
        text.push_str(&self.command());
        for _ in 0..[0, 0, 0, 0, 1, 2][self.random.below(6)] {
            text.push_str(self.random.one_of(&[" | ", "|", " | \\\n "]));
            text.push_str(&self.command());
        }
        text
    }

    fn command(&mut self) -> String {
        if self.nested < 2 && self.random.one_in(9) {
            self.nested += 1;
            let list = self.list();
            self.nested -= 1;
            return format!("({}{list}{})", self.random.one_of(&["", " "]), self.random.one_of(&["", " ", "\n"]));
        }
        match self.random.below(16) {
            0 => {
                return format!(
                    "cd {}",
                    self.random.one_of(&["d", "..", ".", "fa", "nodir", "d/..", "\"$HOME\"", "~", "../w/d"])
                );
            }
            1 => {
                return self
                    .random
                    .one_of(&["exit", "exit 3", "exit 0", ":", ": *", ": >o1", ": <nofile", "cd d >o2"])
                    .to_owned();
            }
            _ => {}
        }
        let mut parts = Vec::new();
        while self.random.one_in(5) {
            let value =
                self.random.one_of(&["", "1", "'x y'", "\"$HOME\"", "*", "a:b", "$HOME", "a=b", "\"$V\"", "[a]"]);
            parts.push(format!("{}={value}", self.random.one_of(&["A", "B", "HOME"])));
        }
        if self.random.one_in(10) {
            parts.push(self.redirection());
        }
        let name = self.random.one_of(&["p", "f", "t", "p", "o", "o", "out", "echo", "a.b"]);
        parts.push(if self.random.one_in(6) { self.spelled(name) } else { name.to_owned() });
        for _ in 0..self.random.below(4) {
            let part = if self.random.one_in(5) { self.redirection() } else { self.word() };
            parts.push(part);
        }
        let blank = self.random.one_of(&[" ", " ", " ", "  ", "\t", " \\\n "]);
        parts.join(blank)
    }

    fn word(&mut self) -> String {
        match self.random.below(10) {
            0..3 => self.random.one_of(WORDS).to_owned(),
            3 if self.nested < 2 => self.substitution(),
            4 => {
                let (one, two) = (self.random.one_of(WORDS), self.random.one_of(&["a", "'b c'", "\"$V\"", "*", "/"]));
                format!("{one}{two}")
            }
            _ => {
                let literal = self.random.one_of(LITERALS).to_owned();
                let more = if self.random.one_in(3) { self.random.one_of(LITERALS) } else { "" };
                self.spelled(&(literal + more))
            }
        }
    }

    fn substitution(&mut self) -> String {
        self.nested += 1;
        let list = match self.random.below(4) {
            0 => self.list(),
            _ => self
                .random
                .one_of(&[
                    "o a b",
                    "o 'x  y' z",
                    "o",
                    "o é; o b",
                    "o a | p",
                    "cd d; o *",
                    "o ' a '",
                    "f || o x",
                    "o",
                    "o a && exit 3",
                    "o a/b; o",
                ])
                .to_owned(),
        };
        self.nested -= 1;
        let inner = match self.random.below(5) {
            0 if !list.contains(['`', '\\', '"']) => format!("`{list}`"),
            _ if list.starts_with('(') => format!("$( {list})"),
            _ => format!("$({list})"),
        };
        let quoted = self.random.one_in(2);
        let body = if quoted { format!("\"{inner}\"") } else { inner };
        let before = if self.random.one_in(4) { self.random.one_of(&["a", "'b c'", "\"$V\"", "*", "f"]) } else { "" };
        let after = if self.random.one_in(4) { self.random.one_of(&["a", "'b c'", "\"$V\"", "*", "/x"]) } else { "" };
        format!("{before}{body}{after}")
    }

    fn redirection(&mut self) -> String {
        let blank = self.random.one_of(&["", " "]);
        let target = self.random.one_of(&[
            "o1",
            "o2",
            "'o 3'",
            "\"o4\"",
            "/dev/null",
            "d/n",
            "d",
            "fa",
            "nodir/x",
            "~/h",
            "\"$HOME/x\"",
        ]);
        match self.random.below(12) {
            0..3 => {
                format!("{}{blank}{target}", self.random.one_of(&[">", ">>", "2>", "1>", "2>>", ">|", "3>", "9>>"]))
            }
            3 | 4 => {
                let file =
                    self.random.one_of(&["fa", "fb", "/dev/null", "nofile", "d", "'x y'", "d/fc", "\"$(o fa)\""]);
                format!("{}{blank}{file}", self.random.one_of(&["<", "0<", "3<"]))
            }
            5 | 6 => self
                .random
                .one_of(&["2>&1", ">&2", "1>&2", "2>&-", "<&-", ">&-", "3>&1", "3>o3", "1>&3", "<&3", "4<&0"])
                .to_owned(),
            7 if !self.plain => format!("{}{blank}o5", self.random.one_of(&["&>", "&>>"])),
            8 if !self.plain => {
                let word = self.word();
                format!("<<<{blank}{word}")
            }
            9 => format!("<{blank}fa"),
            _ if self.nested == 0 => self.document(),
            _ => format!(">{blank}{target}"),
        }
    }

    fn document(&mut self) -> String {
        let delimiter = self.random.one_of(&["E", "EOF", "X_1"]);
        let quoted = !self.random.one_in(3);
        let strip = self.random.one_in(3);
        for _ in 0..self.random.below(4) {
            let line = self.random.one_of(&[
                "x", "$y", "`z`", "\\", "a b", "'", "\"", "#", "E ", " E", "\tb", "EO", "", "<<E", "\\\\", "$(p)",
            ]);
            let line = if quoted { line.to_owned() } else { line.replace(['$', '`', '\\'], "_") };
            self.documents.push_str(&format!("{line}\n"));
        }
        self.documents.push_str(&format!("{delimiter}\n"));
        let name = match self.random.below(3) {
            _ if !quoted => delimiter.to_owned(),
            0 => format!("'{delimiter}'"),
            1 => format!("\"{delimiter}\""),
            _ => format!("\\{delimiter}"),
        };
        format!("<<{}{}{name}", if strip { "-" } else { "" }, self.random.one_of(&["", " "]))
    }

    /// A literal text in a random spelling.
    fn spelled(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest: Vec<char> = text.chars().collect();
        while !rest.is_empty() || out.is_empty() {
            let count = rest.len().min(1 + self.random.below(4));
            let part: String = rest.drain(..count).collect();
            match self.random.below(5) {
                0 if part.chars().all(|c| c.is_ascii_alphanumeric()) && !part.is_empty() => out.push_str(&part),
                1 => {
                    let escaped =
                        part.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`");
                    out.push_str(&format!("\"{escaped}\""));
                }
                2 if !part.contains('\n') && part.is_ascii() && !part.is_empty() => {
                    part.chars().for_each(|c| out.extend(['\\', c]));
                }
                3 if !self.plain => {
                    let escaped = part.replace('\\', "\\\\").replace('\'', "\\'");
                    let line = self.random.one_of(&["\n", "\\n", "\\012", "\\x0a"]);
                    out.push_str(&format!("$'{}'", escaped.replace('\n', line)));
                }
                _ => out.push_str(&format!("'{}'", part.replace('\'', "'\\''"))),
            }
        }
        out
    }
}
