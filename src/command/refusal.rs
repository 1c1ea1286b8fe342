//! Every construct that the language refuses: its code, what is said about it, and what to write instead.

use crate::diagnostic::{Code, Span, visible};

use super::SyntaxError;

/// What is said about one refused construct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalNote {
    /// Stable name; several constructs may share one.
    pub code: Code,
    /// One line; `{}` stands for the part of the text that is refused.
    pub message: &'static str,
    /// What to write instead.
    pub hint: &'static str,
}

/// Every refusal of the language, for documentation.
pub fn refusals() -> impl Iterator<Item = RefusalNote> {
    Refusal::ALL.iter().map(|refusal| refusal.note())
}

macro_rules! refusals {
    ($($variant:ident = $code:ident: $message:literal, $hint:literal;)*) => {
        /// A refused construct.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Refusal {
            $($variant,)*
        }

        impl Refusal {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn note(self) -> RefusalNote {
                match self {
                    $(Self::$variant => RefusalNote { code: Code::$code, message: $message, hint: $hint },)*
                }
            }
        }
    };
}

impl Refusal {
    /// The refusal of a part of the text, which the message quotes.
    pub(super) fn at(self, text: &str, span: Span) -> SyntaxError {
        self.about(span.of(text), span)
    }

    /// The refusal of a part of the text, with other words for it than the text itself.
    pub(super) fn about(self, found: &str, span: Span) -> SyntaxError {
        let note = self.note();
        let message = note.message.replace("{}", &shortened(found));
        SyntaxError { code: note.code, span, message, hint: note.hint.to_owned() }
    }
}

/// The text on one line, cut where it is too long for a message.
fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_QUOTED).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    visible(&shown).into_owned()
}

/// Characters of the refused text that a message quotes.
const MAX_QUOTED: usize = 40;

refusals! {
    // The text as a whole.
    Empty = EmptyCommand: "the command holds no word",
        "give a program and its arguments";
    TextTooLong = TextTooLong: "the command is {} bytes long and the limit is 65536",
        "put long text into a file and name the file";
    TooManyWords = TooManyWords: "the command has more than 4096 words",
        "put the list into a file, or run several jobs";
    TooManyCommands = TooManyCommands: "the text has more than 256 commands",
        "run several jobs, or put the commands into a script file";
    TooDeep = TooDeep: "subshells stand more than 32 deep inside each other",
        "leave out parentheses, or run parts as jobs of their own";

    // Characters.
    CarriageReturn = CarriageReturn: "the command holds a carriage return: a windows line ending",
        "end lines with a newline alone; in a word write `$'\\r'`";
    ControlCharacter = ControlCharacter: "the command holds the control character {}",
        "leave it out; in a word write it as an escape, such as `$'\\x1b'`";
    InvisibleCharacter = InvisibleCharacter: "the command holds {}, which cannot be seen or reorders the text around it",
        "leave it out; in a word write it as an escape, such as `$'\\u200b'`";
    InvisibleBlank = InvisibleBlank: "{} looks like a blank but does not separate words",
        "write an ordinary blank, or put the character inside quotes";

    // Quoting.
    UnclosedQuote = UnclosedQuote: "the quote `{}` is not closed",
        "close it, or put a backslash before it where it is meant literally";
    TrailingBackslash = TrailingBackslash: "the command ends with a backslash",
        "leave it out, or write `\\\\` for a backslash";
    ContinuationInWord = LineContinuation: "a backslash before a newline stands inside a word",
        "put a blank before the backslash, or write the word on one line";
    ContinuationAtEnd = LineContinuation: "a backslash before the last newline continues nothing",
        "leave the backslash out";
    BadEscape = BadEscape: "`{}` is not an escape of `$'…'` here",
        "use `\\n \\t \\r \\\\ \\' \\\" \\a \\b \\e \\f \\v \\?` or all the digits of `\\xHH \\NNN \\uHHHH \\UHHHHHHHH`";
    EscapeNul = EscapeNul: "`{}` is the byte zero, which no argument can hold",
        "leave it out, or let a program write it, such as `printf '\\0'`";
    EscapeNotUnicode = EscapeNotUnicode: "the bytes of `{}` are not valid UTF-8",
        "write characters as `\\uHHHH`, or let a program write raw bytes, such as `printf '\\xff'`";
    LocaleQuote = LocaleQuote: "`$\"…\"`, text translated by the locale, is not part of the language",
        "write `\"…\"` without the dollar sign";

    // What stands for other text.
    Variable = Variable: "`{}` is a variable, and variables are not supported yet",
        "write the value itself, or put single quotes around a dollar sign that is meant literally";
    ParameterOperator = ParameterOperator: "`{}` computes a value from a variable, which is not part of the language",
        "write the value itself, or put single quotes around text that is meant literally";
    SpecialParameter = SpecialParameter: "`{}` belongs to a running shell, and there is none here",
        "write the value itself, or put single quotes around a dollar sign that is meant literally";
    CommandSubstitution = CommandSubstitution: "`$(…)` is not supported yet",
        "run the inner command as a job of its own and write its output into this one";
    Backtick = Backtick: "backticks run a command, which is not part of the language",
        "run the inner command as a job of its own; put single quotes around a backtick that is meant literally";
    ArithmeticExpansion = ArithmeticExpansion: "`{}` computes, which is not part of the language",
        "write the result itself";
    ProcessSubstitution = ProcessSubstitution: "`{}` begins a command in place of a file, which is not part of the language",
        "let a job write a real file first and name that file";
    DollarForm = DollarForm: "`{}` has no certain meaning",
        "put single quotes around a dollar sign that is meant literally";
    Glob = Glob: "`{}` is a file name pattern, and patterns are not supported yet",
        "name the files, let a program such as `find` match them, or quote text that is meant literally";
    GlobDot = Glob: "`{}` asks for names that begin with a dot, and shells do not agree whether `.` and `..` are among them",
        "name the files, or let a program such as `find` match them";
    GlobSet = Glob: "`{}` is a set that shells do not read alike",
        "use plain characters, ranges and `!`, such as `[a-z_]` or `[!0-9]`; quote text that is meant literally";
    GlobTarget = Glob: "`{}` is a pattern where one file has to be named",
        "name the file, or quote text that is meant literally";
    ExtendedGlob = ExtendedGlob: "`{}` begins a pattern that some shells know, which is not part of the language",
        "name the files, or quote text that is meant literally";
    BraceExpansion = BraceExpansion: "`{}` stands for several words, which is not supported yet",
        "write the words one by one, or quote text that is meant literally";
    Tilde = Tilde: "`~` stands for a home directory here, which is not supported yet",
        "write the path in full, or quote text that is meant literally";
    TildeForm = Tilde: "`~` stands here for something that shells do not agree on",
        "use `~` alone or before a slash at the start of a word, or quote text that is meant literally";

    // The program's word.
    ProgramEmpty = ProgramName: "the program's name is empty",
        "give a program and its arguments";
    ProgramName = ProgramName: "a program's name may not hold {}",
        "use a name or path of letters, digits and `_ . / + @ % - : , ~`, not starting with one of the last three";
    ProgramUnknown = ProgramName: "`{}` is not known before it runs, and a program's name has to be",
        "write the program's name or path itself";
    ReservedWord = ReservedWord: "`{}` begins or continues a shell statement, which is not supported yet",
        "run the commands as jobs of their own, or a script file through an interpreter that the policy allows";
    TimeKeyword = TimeKeyword: "`time` is a word of the shell here, not a program",
        "every job reports its duration; for the program write `/usr/bin/time`";
    ConditionalExpression = ConditionalExpression: "`[[ … ]]` is not part of the language",
        "use the program `[` or `test`";
    Function = FunctionDefinition: "functions are not part of the language",
        "put the commands into a script file, or run them as jobs of their own";
    Coprocess = Coprocess: "`coproc` is not part of the language",
        "run the command as a job of its own";
    Negation = Negation: "`!` before a command is not supported yet",
        "leave it out and look at the job's exit code";
    NegationInside = Negation: "`!` stands before a whole pipeline, and once",
        "put it before the first command of the pipeline, or quote it where it is meant literally";
    BraceGroup = BraceGroup: "`{}` groups commands, which is not supported yet",
        "run the commands as jobs of their own";
    Subshell = Subshell: "`( … )` around commands is not supported yet",
        "run the commands as jobs of their own";
    OpenSubshell = Subshell: "`(` is not closed",
        "close it with `)`, or put quotes around a parenthesis that is meant literally";
    EmptySubshell = Subshell: "`{}` holds no command",
        "leave the parentheses out, or write `:` inside";
    SubshellRedirection = Subshell: "`{}` redirects everything in a subshell, which is not supported yet",
        "put the redirection on the commands inside";
    WordAfterSubshell = Subshell: "a word cannot follow a subshell",
        "put `;`, `|`, `&&` or a new line between them";
    ArithmeticCommand = ArithmeticCommand: "`(( … ))` computes, which is not part of the language",
        "compute with a program, such as `expr`";
    Parenthesis = UnexpectedParenthesis: "`{}` means nothing here",
        "put quotes around a parenthesis that is meant literally";

    // What a shell does itself.
    BuiltinCd = ShellBuiltin: "`{}` changes the directory of a shell, and comes with scripts",
        "give the directory as `cwd` of the request";
    BuiltinExit = ShellBuiltin: "`{}` acts on a script, and comes with scripts",
        "leave it out; the programs `true` and `false` give an exit code";
    BuiltinCode = ShellBuiltin: "`{}` makes a shell read text as commands, which is refused for good",
        "write the commands themselves";
    BuiltinPrefix = ShellBuiltin: "`{}` tells a shell how to run a command, and there is no shell here",
        "write the command without it";
    BuiltinVariable = ShellBuiltin: "`{}` changes the variables of a shell, and there is no shell here",
        "give variables as `env` of the request, or write the values themselves";
    BuiltinOptions = ShellBuiltin: "`{}` changes the options of a shell, and there is no shell here",
        "leave it out; a job ends with the exit code of its command";
    BuiltinJobs = ShellBuiltin: "`{}` acts on the jobs of a shell, and there is no shell here",
        "every command is a job of its own: look at it, wait for it or end it by its id";
    BuiltinLookup = ShellBuiltin: "`{}` is answered by a shell, and there is no shell here",
        "use the program `which`";
    BuiltinOther = ShellBuiltin: "`{}` is something that a shell does itself, and there is no shell here",
        "run a program; one of the same name is run by its path";

    // Assignments.
    Assignment = Assignment: "`{}` sets a variable, which is not supported yet",
        "write the value where it is used, or give it as `env` of the request";
    AssignmentPrefix = AssignmentPrefix: "`{}` before a command sets a variable, which is not supported yet",
        "give it as `env` of the request";
    AppendAssignment = AppendAssignment: "`{}` adds to a variable, which is not part of the language",
        "write the whole value";
    ArrayAssignment = ArrayAssignment: "`{}` sets an array, which is not part of the language",
        "write the words where they are used";

    // Several commands.
    Pipe = Pipe: "`|` joins two commands, which is not supported yet",
        "run the first command alone; its output is kept and can be read in parts";
    PipeBoth = PipeBoth: "`|&` is not part of the language",
        "write `2>&1 |` where pipelines are supported; for now run the first command alone, both its streams are kept";
    And = AndList: "`&&` joins two commands, which is not supported yet",
        "run them as two jobs, the second when the first has exit code 0";
    Or = OrList: "`||` joins two commands, which is not supported yet",
        "run them as two jobs, the second when the first has another exit code than 0";
    Semicolon = Sequence: "`;` ends a command, and several commands are not supported yet",
        "run each command as a job of its own, without the `;`; one that is meant literally is written `\\;`";
    CaseOperator = Sequence: "`{}` ends a branch of `case`, which is not supported yet",
        "write one `;`";
    SecondLine = Sequence: "a second command begins here, and several commands are not supported yet",
        "run each command as a job of its own";
    MissingCommand = MissingCommand: "a command is missing before `{}`",
        "write one, or leave the operator out";
    MissingAtEnd = MissingCommand: "a command is missing at the end of the line",
        "write one, or leave the operator before it out";
    RedirectionAlone = MissingCommand: "`{}` stands without a command",
        "put `:` before it, or name the program whose stream it is";
    Background = Background: "`&` leaves a command in the background, which is not part of the language",
        "leave it out: every command is a background job; run a second command as its own job";

    // Redirections.
    Output = RedirectOutput: "`{}` writes output to a file, which is not supported yet",
        "leave it out: the output of a job is kept, standard error apart";
    Append = RedirectAppend: "`{}` adds output to a file, which is not supported yet",
        "leave it out: the output of a job is kept, standard error apart";
    Clobber = RedirectClobber: "`{}` writes output over a file, which is not supported yet",
        "leave it out: the output of a job is kept, standard error apart";
    Input = RedirectInput: "`{}` takes input from a file, which is not supported yet",
        "name the file as an argument, if the program takes one";
    ReadWrite = RedirectReadWrite: "`{}` opens a file for reading and writing, which is not part of the language",
        "name the file as an argument, if the program takes one";
    Both = RedirectBoth: "`{}` writes both streams to a file, which is not supported yet",
        "leave it out: the output of a job is kept, standard error apart";
    BothOlder = RedirectBoth: "`{}` before a file is read by some shells alone",
        "write `&>`, or `>` and `2>&1`";
    Duplicate = RedirectDuplicate: "`{}` joins or closes streams, which is not supported yet",
        "leave it out: a job's standard error is kept beside its output";
    CopyTarget = RedirectDuplicate: "after `{}` has to stand one digit or `-`, and then a blank or the end",
        "name the descriptor by its digit, such as `2>&1`; write `>` before a file's name";
    TargetMissing = RedirectTarget: "the file or text of a redirection is missing",
        "name the file after the operator; quote a name that begins with `#`";
    TargetDigits = RedirectTarget: "`{}` can be a name or the descriptor of the next redirection",
        "put a blank after it where it is a name";
    DescriptorNumber = DescriptorNumber: "`{}` names a file descriptor of several digits, which is not part of the language",
        "leave the redirection out, or put a blank after a number that is an argument";
    NamedDescriptor = NamedDescriptor: "`{}` lets a shell choose a file descriptor, which is not part of the language",
        "leave the redirection out, or put a blank after a word that is an argument";
    HereDocument = HereDocument: "`{}` gives the following lines as input, which is not supported yet",
        "put the text into a file and name the file as an argument, if the program takes one";
    HereDocumentOpen = HereDocument: "the lines of `{}` have no end",
        "put its delimiter on a line of its own after them, without blanks around it";
    HereDocumentDelimiter = HereDocument: "the delimiter `{}` is not a plain word",
        "use letters, digits and `_ . + -`, such as `<<'EOF'`";
    HereDocumentDescriptor = HereDocument: "`{}` gives lines to another descriptor than 0, which is not part of the language",
        "leave the digit out";
    HereDocumentExpansion = HereDocument: "`{}` in the lines stands for other text when the delimiter is not quoted",
        "quote the delimiter, such as `<<'EOF'`; the lines are then taken as they are";
    HereString = HereString: "`{}` gives a word as input, which is not supported yet",
        "put the text into a file and name the file as an argument, if the program takes one";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_is_one_plain_line() {
        for note in refusals() {
            for line in [note.message, note.hint] {
                assert!(!line.is_empty() && line.len() < 140, "{line}");
                assert!(!line.contains('\n') && !line.ends_with('.'), "{line}");
                assert!(!line.starts_with(char::is_uppercase), "{line}");
                assert_eq!(line.matches('`').count() % 2, 0, "{line}");
            }
            assert!(!note.hint.contains("{}"), "{}", note.hint);
        }
    }

    #[test]
    fn a_message_quotes_little_and_nothing_hidden() {
        let error = Refusal::Variable.about(&format!("$a\u{1b}{}", "b".repeat(100)), Span::new(0, 103));
        assert_eq!(
            error.message,
            format!("`$a\\u{{1b}}{}…` is a variable, and variables are not supported yet", "b".repeat(37))
        );
    }

    #[test]
    fn the_limits_in_messages_are_the_limits() {
        use super::super::limits::{MAX_TEXT, MAX_WORDS};
        assert!(Refusal::TextTooLong.note().message.ends_with(&MAX_TEXT.to_string()));
        assert!(Refusal::TooManyWords.note().message.contains(&MAX_WORDS.to_string()));
    }
}
