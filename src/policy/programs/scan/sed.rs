//! Scripts of sed(1), as GNU sed 4.9 reads them ("sed, a stream editor", sections 3 and 4).

use super::{super::facts::Need, Found};

/// What a script does beside editing its input.
pub(in super::super) fn sed(script: &str) -> Vec<Found> {
    let mut scan = Scan { rest: script, found: Vec::new() };
    if scan.commands().is_none() {
        scan.found.push(Found::Need(Need::Code));
    }
    scan.found
}

struct Scan<'s> {
    rest: &'s str,
    found: Vec<Found>,
}

impl<'s> Scan<'s> {
    /// Reads all commands; nothing when something is not understood.
    fn commands(&mut self) -> Option<()> {
        loop {
            self.skip(|c| c.is_ascii_whitespace() || c == ';' || c == '}');
            if self.rest.is_empty() {
                return Some(());
            }
            if self.rest.starts_with('#') {
                self.line();
                continue;
            }
            self.addresses()?;
            let command = self.next()?;
            self.command(command)?;
        }
    }

    fn command(&mut self, command: char) -> Option<()> {
        match command {
            '{' => return Some(()),
            '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' | 'F' => {}
            'l' | 'L' | 'q' | 'Q' => {
                self.skip(|c| c == ' ');
                self.skip(|c| c.is_ascii_digit());
            }
            'a' | 'i' | 'c' => {
                self.text();
                return Some(());
            }
            // A blank ends a label, and what follows is the next command.
            ':' | 'b' | 't' | 'T' => {
                self.skip(|c| matches!(c, ' ' | '\t'));
                self.skip(|c| !(c.is_ascii_whitespace() || matches!(c, ';' | '}')));
                return Some(());
            }
            'v' => {
                self.skip(|c| !matches!(c, ';' | '\n' | '}'));
            }
            'r' | 'R' => return self.file(false),
            'w' | 'W' => return self.file(true),
            'e' => {
                self.found.push(Found::Need(Need::Exec));
                self.line();
                return Some(());
            }
            's' => return self.substitute(),
            'y' => {
                let delimiter = self.next()?;
                self.until(delimiter)?;
                self.until(delimiter)?;
            }
            _ => return None,
        }
        self.end()
    }

    /// What may follow a command.
    fn end(&mut self) -> Option<()> {
        self.skip(|c| matches!(c, ' ' | '\t' | '\r'));
        match self.rest.chars().next() {
            None | Some(';' | '\n' | '}' | '#') => Some(()),
            Some(_) => None,
        }
    }

    fn addresses(&mut self) -> Option<()> {
        self.address()?;
        self.skip(|c| c.is_ascii_whitespace());
        if self.rest.starts_with(',') {
            self.next();
            self.skip(|c| c.is_ascii_whitespace());
            self.address()?;
        }
        self.skip(|c| c.is_ascii_whitespace() || c == '!');
        Some(())
    }

    fn address(&mut self) -> Option<()> {
        match self.rest.chars().next()? {
            '/' => {
                self.next();
                self.until('/')?;
                self.skip(|c| matches!(c, 'I' | 'M'));
            }
            '\\' => {
                self.next();
                let delimiter = self.next()?;
                self.until(delimiter)?;
                self.skip(|c| matches!(c, 'I' | 'M'));
            }
            '$' => {
                self.next();
            }
            c if c.is_ascii_digit() || matches!(c, '+' | '~') => {
                self.skip(|c| c.is_ascii_digit() || matches!(c, '+' | '~'));
            }
            _ => {}
        }
        Some(())
    }

    fn substitute(&mut self) -> Option<()> {
        let delimiter = self.next().filter(|c| !matches!(c, '\n' | '\\'))?;
        self.until(delimiter)?;
        self.until(delimiter)?;
        loop {
            match self.rest.chars().next() {
                Some('g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9') => {
                    self.next();
                }
                Some('e') => {
                    self.next();
                    self.found.push(Found::Need(Need::Exec));
                }
                Some('w') => {
                    self.next();
                    return self.file(true);
                }
                _ => return self.end(),
            }
        }
    }

    /// The name of a file, which takes the whole line.
    fn file(&mut self, written: bool) -> Option<()> {
        let name = self.line().trim_start().to_owned();
        match name.as_str() {
            "" => return None,
            "/dev/stdin" | "/dev/stdout" | "/dev/stderr" => {}
            _ if written => self.found.push(Found::Write(name)),
            _ => self.found.push(Found::Read(name)),
        }
        Some(())
    }

    /// The text of `a`, `i` and `c`: the line, and those behind it after a backslash.
    fn text(&mut self) {
        // A backslash before the last one quotes it.
        let goes_on = |line: &str| (line.len() - line.trim_end_matches('\\').len()) % 2 == 1;
        while goes_on(self.line()) && !self.rest.is_empty() {}
    }

    /// Up to a delimiter that no backslash quotes.
    fn until(&mut self, delimiter: char) -> Option<()> {
        loop {
            match self.next()? {
                '\\' => {
                    self.next()?;
                }
                c if c == delimiter => return Some(()),
                _ => {}
            }
        }
    }

    fn line(&mut self) -> &'s str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        line
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::shown, *};

    #[test]
    fn what_edits_alone_is_harmless() {
        for script in [
            "1,20p",
            "/begin/,/end/p",
            "s/a;b/c|d/",
            "s/e/w/g",
            "/write/p",
            "s#/usr/e#/opt/w#",
            "$p",
            "s/$(CC)/gcc/",
            "",
            "1d;$d",
            "/^#/d",
            "s/[0-9]\\{3\\}/x/2gp",
            "y/abc/ABC/",
            ":a;N;$!ba;s/\\n/ /g",
            "/x/!{s/a/b/;p}",
            "2q",
            "0~3d",
            "/x/I,+3d",
            "\\,a/b,d",
            "a\\\nwrite this\\\nand e that\np",
            "i e w r",
            "$!N;P;D",
            "s/x/y/;# e id",
            "n;d",
            "2,$s/ *$//",
            "/a/{/b/d}",
            "s/a/b/w /dev/stdout",
            "1~2 s/x/y/",
            "s|a|b|I",
            "/e/d",
            "s,w,e,",
        ] {
            assert!(sed(script).is_empty(), "{script}: {:?}", sed(script));
        }
    }

    #[test]
    fn what_runs_reads_and_writes_is_found() {
        for (script, expected) in [
            ("1e touch x", "exec"),
            ("s|.*|touch x|ep", "exec"),
            ("s,.*,x,Ie", "exec"),
            ("e", "exec"),
            ("/x/e", "exec"),
            ("p;e id", "exec"),
            ("{e id\n}", "exec"),
            ("w /tmp/x", "write /tmp/x"),
            ("s/a/b/w /tmp/x", "write /tmp/x"),
            ("s/a/b/gpw out", "write out"),
            ("/x/!{w /tmp/x\n}", "write /tmp/x"),
            ("W x", "write x"),
            ("$r /etc/shadow", "read /etc/shadow"),
            ("R /etc/shadow", "read /etc/shadow"),
            ("s/\\//e/;w/etc/x", "write /etc/x"),
            ("a hello\ne id", "exec"),
            ("#n\n1e id", "exec"),
            ("b;e id", "exec"),
            ("a foo\\\\\ne id", "exec"),
            ("t a e id\n:a", "exec"),
            (":a e id", "exec"),
            ("s/[/]/x/e", "code"),
            ("s/a", "code"),
            ("s\na\nb\n", "code"),
            ("k", "code"),
            ("p x", "code"),
            ("w", "code"),
        ] {
            assert!(shown(&sed(script)).contains(&expected.to_owned()), "{script}: {:?}", sed(script));
        }
    }
}
