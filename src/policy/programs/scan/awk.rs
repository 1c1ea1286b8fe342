//! Programs of awk(1), as POSIX and gawk(1) 5 read them. Whether a slash begins a pattern or divides depends on what stands
//! before it; where that is not plain, every sign of danger anywhere in the text counts.

use std::iter::Peekable;

use super::{super::facts::Need, Found};

/// What a program does beside printing.
pub(in super::super) fn awk(program: &str) -> Vec<Found> {
    match tokens(program) {
        Some(tokens) => by_tokens(&tokens),
        None if has_signs(program) => vec![Found::Need(Need::Code)],
        None => Vec::new(),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'p> {
    Name(&'p str),
    Number,
    Text(String),
    Pattern,
    Mark(&'p str),
    /// A line feed or a semicolon.
    End,
}

const MARKS: &[&str] =
    &["||", "&&", "|&", ">>", "==", "<=", ">=", "!=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**"];

fn by_tokens(tokens: &[Token<'_>]) -> Vec<Found> {
    let mut found = Vec::new();
    let (mut prints, mut depth, mut outer) = (false, 0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        let next = || tokens.get(at + 1);
        match token {
            Token::Name("print" | "printf") => (prints, outer) = (true, depth),
            Token::Name("getline") if next() == Some(&Token::Mark("<")) => found.push(target(tokens, at + 2, false)),
            Token::Name("system") => found.push(Found::Need(Need::Exec)),
            Token::Name("ARGV" | "ARGC") => found.push(Found::Need(Need::Read)),
            Token::Name("ENVIRON" | "PROCINFO" | "SYMTAB" | "FUNCTAB") => found.push(Found::Need(Need::Secrets)),
            Token::Mark("|" | "|&") => found.push(Found::Need(Need::Exec)),
            Token::Mark("@") => found.push(Found::Need(Need::Code)),
            Token::Mark("(" | "[") => depth += 1,
            Token::Mark(")" | "]") => depth = depth.saturating_sub(1),
            Token::Mark(">" | ">>") if prints && depth == outer => found.push(target(tokens, at + 1, true)),
            // Behind a comma and some others a statement goes on in the next line.
            Token::End if goes_on(at.checked_sub(1).and_then(|before| tokens.get(before))) => {}
            Token::Mark("{" | "}") | Token::End => prints = false,
            Token::Name("getline") => found.extend(getline_into(tokens, at)),
            Token::Name(_) | Token::Number | Token::Text(_) | Token::Pattern | Token::Mark(_) => {}
        }
    }
    found
}

/// Whether a statement does not end at the line feed behind a token.
fn goes_on(before: Option<&Token<'_>>) -> bool {
    matches!(before, Some(Token::Mark("," | "&&" | "||" | "?" | ":") | Token::Name("do" | "else") | Token::End))
}

/// `getline x < file`, where the variable can be an expression: any `<` up to the end of the statement counts.
fn getline_into(tokens: &[Token<'_>], at: usize) -> Option<Found> {
    let ends = |at: usize| match tokens.get(at) {
        Some(Token::End) => !goes_on(at.checked_sub(1).and_then(|before| tokens.get(before))),
        token => matches!(token, None | Some(Token::Mark("{" | "}"))),
    };
    let rest = tokens.iter().enumerate().skip(at + 1);
    let mut statement = rest.take_while(|(at, _)| !ends(*at));
    let (place, _) = statement.find(|(_, token)| **token == Token::Mark("<"))?;
    Some(target(tokens, place + 1, false))
}

/// The file that an operator names: a text alone, or it is not known which.
fn target(tokens: &[Token<'_>], at: usize, written: bool) -> Found {
    let ends = |token: Option<&Token<'_>>| matches!(token, None | Some(Token::End | Token::Mark("}" | ")")));
    match (tokens.get(at), written) {
        (Some(Token::Text(path)), true) if ends(tokens.get(at + 1)) => Found::Write(path.clone()),
        (Some(Token::Text(path)), false) if ends(tokens.get(at + 1)) => Found::Read(path.clone()),
        (_, true) => Found::Need(Need::Write),
        (_, false) => Found::Need(Need::Read),
    }
}

/// The tokens; nothing where a slash can be read in two ways, or where the text is none.
fn tokens(program: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = program;
    // Whether each open parenthesis holds a condition, and whether the last closed one did.
    let (mut open, mut condition): (Vec<bool>, bool) = (Vec::new(), false);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\n' | ';' => {
                tokens.push(Token::End);
                1
            }
            _ if first.is_whitespace() => first.len_utf8(),
            '\\' if rest.starts_with("\\\n") => 2,
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => {
                let (text, length) = text(rest)?;
                tokens.push(Token::Text(text));
                length
            }
            '/' => match before(tokens.last(), condition) {
                Before::Operator => {
                    let length = pattern(rest)?;
                    tokens.push(Token::Pattern);
                    length
                }
                Before::Operand => {
                    tokens.push(Token::Mark("/"));
                    1
                }
                Before::Either => return None,
            },
            _ if first.is_ascii_alphabetic() || first == '_' => {
                let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                tokens.push(Token::Name(rest.get(..length)?));
                length
            }
            _ if first.is_ascii_digit() => {
                tokens.push(Token::Number);
                // A letter right behind it begins a name: `1system("id")`.
                rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len())
            }
            _ if first.is_ascii_punctuation() => {
                let mark = MARKS.iter().find(|mark| rest.starts_with(**mark)).copied();
                let mark = mark.or_else(|| rest.get(..1))?;
                match mark {
                    "(" => open.push(matches!(tokens.last(), Some(Token::Name("if" | "while" | "for" | "switch")))),
                    ")" => condition = open.pop()?,
                    _ => {}
                }
                tokens.push(Token::Mark(mark));
                mark.len()
            }
            _ => return None,
        };
        rest = rest.get(length..)?;
    }
    Some(tokens)
}

enum Before {
    Operator,
    Operand,
    Either,
}

/// Whether what stands before a slash is an operator, so that a pattern begins, or an operand, which is divided.
fn before(token: Option<&Token<'_>>, condition: bool) -> Before {
    match token {
        Some(Token::Mark(")")) if condition => Before::Either,
        Some(Token::Mark(")")) => Before::Operand,
        None | Some(Token::End) => Before::Operator,
        Some(Token::Name("print" | "printf" | "return" | "in" | "case" | "else" | "do" | "exit")) => Before::Operator,
        // `length /x/` is a text behind another one to some.
        Some(Token::Mark("++" | "--" | "$") | Token::Name("length" | "getline")) => Before::Either,
        Some(Token::Name(_) | Token::Number | Token::Text(_) | Token::Mark("]")) => Before::Operand,
        Some(Token::Mark(_)) => Before::Operator,
        Some(Token::Pattern) => Before::Either,
    }
}

/// A text in quotes and its length with them. One with an escape other than the plain ones is not told.
fn text(rest: &str) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((text, at + 1)),
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                escaped @ ('"' | '\\' | '/') => text.push(escaped),
                // It may stand for any character of a path.
                _ => text.push('\0'),
            },
            _ => text.push(c),
        }
    }
    None
}

/// The length of a pattern with its slashes. Where a slash may stand inside brackets, and so ends it for some and not for
/// others, it is not told.
fn pattern(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => return None,
            '\\' => drop(chars.next()?),
            '/' => return Some(at + 1),
            '[' => {
                chars.next_if(|(_, c)| *c == '^');
                brackets(&mut chars)?;
            }
            _ => {}
        }
    }
    None
}

/// Reads to the end of a list in brackets; nothing unless everybody sees the same end.
fn brackets(chars: &mut Peekable<impl Iterator<Item = (usize, char)>>) -> Option<()> {
    // A bracket in the first place is one of the list.
    if chars.peek()?.1 == ']' {
        return None;
    }
    loop {
        match chars.next()?.1 {
            ']' => return Some(()),
            '/' | '\n' => return None,
            '\\' => drop(chars.next()?),
            '[' => {
                // `[:alpha:]`
                chars.next_if(|(_, c)| *c == ':')?;
                while chars.next_if(|(_, c)| c.is_ascii_lowercase()).is_some() {}
                chars.next_if(|(_, c)| *c == ':')?;
                chars.next_if(|(_, c)| *c == ']')?;
            }
            _ => {}
        }
    }
}

/// Whether a text holds anything that could read, write or run.
fn has_signs(program: &str) -> bool {
    let piped = program.replace("||", "").contains('|');
    let signs = ["system", "getline", ">", "@", "ARGV", "ARGC", "ENVIRON", "PROCINFO", "SYMTAB", "FUNCTAB"];
    piped || signs.iter().any(|sign| program.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::{super::shown, *};

    #[test]
    fn what_prints_alone_is_harmless() {
        for program in [
            "{ if ($1 || $2) print \"a|b\" }",
            "/system/ {n++} END {print n}",
            "NR==n",
            "{print $1}",
            "$3 > 100",
            "$3 > 100 {print $1, $2}",
            "BEGIN {FS=\":\"} {print $NF}",
            "{s+=$1} END {print s/NR}",
            "!seen[$0]++",
            "{ printf \"%s\\n\", $1 }",
            "/a\\/b/",
            "length > 80",
            "{print ($1 > 2)}",
            "(x+1)/2",
            "{ a = b / c; print a }",
            "$1 ~ /get|line/ { print }",
            "NR>1",
            "{getline; print}",
            "# system(\"x\")\n{print}",
            "{ n = split($0, a, /[,;]/); print n }",
            "/a/{x++} /b/{y++} $2 > 3",
            "/[[:space:]]+$/ { print }",
            "NR > 1 && /[^a-z]/",
            "{print 1e5, 0x1F}",
            "{ if ($1 > 0) print ($1+$2)/2 }",
            "{ if (x > 1) { y = f(a, (b))/c; print y } }",
            "{ print \"a\",\n \"b\" } $1 > 2",
        ] {
            assert!(awk(program).is_empty(), "{program}: {:?}", awk(program));
        }
    }

    #[test]
    fn what_runs_reads_and_writes_is_found() {
        for (program, expected) in [
            ("BEGIN{system(\"touch x\")}", "exec"),
            ("BEGIN{system (\"x\")}", "exec"),
            ("BEGIN{print \"x\" > \"/tmp/p\"}", "write /tmp/p"),
            ("{print $1 >> \"out\"}", "write out"),
            ("{print > $1}", "write"),
            ("{print > \"/tmp/\" x}", "write"),
            ("BEGIN{while((getline l < \"/etc/shadow\")>0) print l}", "read /etc/shadow"),
            ("BEGIN{getline < \"/etc/passwd\"}", "read /etc/passwd"),
            ("BEGIN{getline x[1] < f}", "read"),
            ("BEGIN{\"id\" | getline x}", "exec"),
            ("{print | \"sh\"}", "exec"),
            ("BEGIN{\"/inet/tcp/0/x/1\" |& getline}", "exec"),
            ("@load \"filefuncs\"", "code"),
            ("BEGIN{f=\"system\"; @f(\"id\")}", "code"),
            ("BEGIN{ARGV[1]=\"/etc/shadow\"}", "read"),
            ("BEGIN{print ENVIRON[\"A\"]}", "secrets"),
            ("BEGIN{if (x) /\"/; system(\"id\") #\"\n}", "code"),
            ("BEGIN{x++ /\"/; system(\"id\") #\"/\n}", "code"),
            ("/[/]\"/{system(\"id\")}#\"", "code"),
            ("BEGIN{printf(\"x\") > \"/tmp/p\"}", "write /tmp/p"),
            ("BEGIN{print(1)>\"a\"}", "write a"),
            ("BEGIN{x=1system(\"id\")}", "exec"),
            ("BEGIN{x=1getline<\"/etc/passwd\"}", "read /etc/passwd"),
            ("BEGIN{print \"a\",\n\"b\" > \"/tmp/p\"}", "write /tmp/p"),
            ("BEGIN{print 1 ||\n\n2 > \"/tmp/p\"}", "write /tmp/p"),
            ("BEGIN{getline x[1,\n2] < \"/etc/passwd\"}", "read /etc/passwd"),
            ("BEGIN{exit /\"/}END{system(\"id\")}#\"", "exec"),
            ("{length /\"/; system(\"id\") #\"/\n}", "code"),
            ("/[]/\"]/{system(\"id\")}#\"", "code"),
            ("/[^]/\"]/{system(\"id\")}#\"", "code"),
            ("/[[:alpha:]/\"]/{system(\"id\")}#\"", "code"),
        ] {
            let got = shown(&awk(program));
            assert!(got.contains(&expected.to_owned()), "{program}: {got:?}");
        }
    }
}
