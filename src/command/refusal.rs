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
    TooDeep = TooDeep: "subshells and substitutions stand more than 32 deep inside each other",
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
    Variable = Variable: "`{}` has no value here",
        "give it as `env` of the request, or put single quotes around a dollar sign that is meant literally";
    VariableSplits = Variable: "the value of `{}` can split into several words or match names of files",
        "quote it: put double quotes around it";
    ParameterOperator = ParameterOperator: "`{}` computes a value from a variable, which is not part of the language",
        "write the value itself, or put single quotes around text that is meant literally";
    SpecialParameter = SpecialParameter: "`{}` belongs to a running shell, and there is none here",
        "write the value itself, go by a status with `&&` and `||`, or put single quotes around a literal dollar sign";
    OpenSubstitution = CommandSubstitution: "`$(` is not closed",
        "close it with `)`, or put single quotes around a dollar sign that is meant literally";
    EmptySubstitution = CommandSubstitution: "`{}` holds no command",
        "write a command inside, or `''` for an empty word";
    SubstitutionTarget = CommandSubstitution: "the output of `{}` can be several words, where one file has to be named",
        "put double quotes around it";
    SubstitutionOrder = CommandSubstitution: "`{}` and another substitution of the command run in an order that shells do not share",
        "put them all into words, all into values or all into redirections, or run the inner command on its own first";
    SubstitutionClosed = CommandSubstitution: "`{}` runs after a redirection has closed a descriptor, and shells do not do that alike",
        "write the redirection that closes behind it, or run the inner command on its own first";
    EmptyBeside = CommandSubstitution: "`{}` is empty beside an unquoted substitution, so how many words they make is uncertain",
        "put double quotes around the substitution, or leave the empty part out";
    Backtick = Backtick: "`{}` between backticks is not read alike by every shell",
        "write `$( … )`; put single quotes around a backtick that is meant literally";
    OpenBacktick = Backtick: "the backtick is not closed",
        "write `$( … )`; put single quotes around a backtick that is meant literally";
    ArithmeticExpansion = ArithmeticExpansion: "`{}` computes, which is not part of the language",
        "write the result itself";
    ProcessSubstitution = ProcessSubstitution: "`{}` begins a command in place of a file where that is no argument",
        "write it as a whole argument with blanks around it; join a command and a stream by `|`";
    OpenProcess = ProcessSubstitution: "`{}` is not closed",
        "close it with `)`, or put quotes around a parenthesis that is meant literally";
    EmptyProcess = ProcessSubstitution: "`{}` holds no command",
        "write a command inside, or name `/dev/null` for an empty file";
    DollarForm = DollarForm: "`{}` has no certain meaning",
        "put single quotes around a dollar sign that is meant literally";
    GlobDot = Glob: "`{}` asks for names that begin with a dot, and shells do not agree whether `.` and `..` are among them",
        "name the files, or let a program such as `find` match them";
    GlobSet = Glob: "`{}` is a set that shells do not read alike",
        "use plain characters, ranges and `!`, such as `[a-z_]` or `[!0-9]`; quote text that is meant literally";
    GlobTarget = Glob: "`{}` is a pattern where one file has to be named",
        "name the file, or quote text that is meant literally";
    ExtendedGlob = ExtendedGlob: "`{}` begins a pattern that some shells know, which is not part of the language",
        "name the files, or quote text that is meant literally";
    BraceExpansion = BraceExpansion: "`{}` can stand for several words where one has to be",
        "write the one word, or quote text that is meant literally";
    BraceUncertain = BraceExpansion: "what the braces of `{}` stand for is not certain",
        "write the words one by one, or quote text that is meant literally";
    BraceTooMany = BraceExpansion: "the braces of `{}` are too many, or stand for too much",
        "let a program such as `seq` count, or write a pattern; quote text that is meant literally";
    TildeForm = Tilde: "`~` stands here for something that shells do not agree on",
        "use `~` alone or before a slash at the start of a word, or quote text that is meant literally";
    TildeUnset = Tilde: "`~` stands for `HOME`, which has no value here",
        "write the path in full, or quote text that is meant literally";

    // The program's word.
    ProgramEmpty = ProgramName: "the program's name is empty",
        "give a program and its arguments";
    ProgramName = ProgramName: "a program's name may not hold {}",
        "use a name or path of letters, digits and `_ . / + @ - % : , ~`, not starting with one of the last four";
    ProgramUnknown = ProgramName: "`{}` is not known before it runs, and a program's name has to be",
        "write the program's name or path itself";
    ReservedWord = ReservedWord: "`{}` begins or continues a shell statement, which is not part of the language",
        "join commands by `&&` and `||`, run one for many files with `xargs`, or run a script file through an interpreter";
    TimeKeyword = TimeKeyword: "`time` is a word of the shell here, not a program",
        "every job reports its duration; for the program write `/usr/bin/time`";
    ConditionalExpression = ConditionalExpression: "`[[ … ]]` is not part of the language",
        "use the program `[` or `test`";
    Function = FunctionDefinition: "functions are not part of the language",
        "write the commands where they are used, or put them into a script file";
    Coprocess = Coprocess: "`coproc` is not part of the language",
        "run the command as a job of its own";
    NegationInside = Negation: "`!` stands before a whole pipeline, and once",
        "put it before the first command of the pipeline, or quote it where it is meant literally";
    BraceGroup = BraceGroup: "`{}` groups commands, which is not part of the language",
        "write `( … )`, in which `cd` and `exit` act on the inner commands alone";
    OpenSubshell = Subshell: "`(` is not closed",
        "close it with `)`, or put quotes around a parenthesis that is meant literally";
    EmptySubshell = Subshell: "`{}` holds no command",
        "leave the parentheses out, or write `:` inside";
    SubshellRedirection = Subshell: "`{}` redirects everything in a subshell, which is not part of the language",
        "put the redirection on the commands inside";
    WordAfterSubshell = Subshell: "a word cannot follow a subshell",
        "put `;`, `|`, `&&` or a new line between them";
    ArithmeticCommand = ArithmeticCommand: "`(( … ))` computes, which is not part of the language",
        "compute with a program, such as `expr`";
    Parenthesis = UnexpectedParenthesis: "`{}` means nothing here",
        "put quotes around a parenthesis that is meant literally";
    BuiltinDirectory = ShellBuiltin: "`{}` keeps a list of directories, and there is no shell here",
        "write `cd` with the directory; in `( … )` it acts on the inner commands alone";
    BuiltinFlow = ShellBuiltin: "`{}` acts on a loop, a function or a shell, and there is none here",
        "write `exit` to end the script, or leave it out";

    // What a shell does itself.
    BuiltinCode = ShellBuiltin: "`{}` makes a shell read text as commands, which is refused for good",
        "write the commands themselves";
    BuiltinPrefix = ShellBuiltin: "`{}` tells a shell how to run a command, and there is no shell here",
        "write the command without it";
    BuiltinVariable = ShellBuiltin: "`{}` changes the variables of a shell, and there is no shell here",
        "write `NAME=value` before the command that needs it, or give it as `env` of the request";
    BuiltinOptions = ShellBuiltin: "`{}` changes the options of a shell, and there is no shell here",
        "leave it out; join commands by `&&` to stop at the first that fails";
    BuiltinJobs = ShellBuiltin: "`{}` acts on the jobs of a shell, and there is no shell here",
        "every command is a job of its own: look at it, wait for it or end it by its id";
    BuiltinLookup = ShellBuiltin: "`{}` is answered by a shell, and there is no shell here",
        "use the program `which`";
    BuiltinOther = ShellBuiltin: "`{}` is something that a shell does itself, and there is no shell here",
        "run a program; one of the same name is run by its path";
    CdOperands = ShellBuiltin: "`cd` takes one directory",
        "name one; `cd ~` enters the home directory, and a job begins in the `cwd` of its request";
    CdDirectory = ShellBuiltin: "`{}` is not the name of one directory to `cd`",
        "name one directory, without options, patterns and `-`";
    ExitStatus = ShellBuiltin: "`{}` is not an exit status to `exit`",
        "write one number from 0 to 255, or none for the status of the command before";

    // Assignments.
    Assignment = Assignment: "`{}` sets a variable of a shell, and there is no shell here",
        "write it before the command that needs it, on the same line, or give it as `env` of the request";
    AssignmentBuiltin = AssignmentPrefix: "`{}` stands before what a script does itself, and shells do not agree whether it lasts",
        "leave it out, or put it before the program that needs it";
    AssignmentReuse = AssignmentPrefix: "`{}` is used in a value and assigned before by the same command",
        "write the value itself in both places";
    AssignmentBefore = AssignmentPrefix: "`{}` stands in a value after another assignment, which it would see in a shell",
        "put the value with the substitution first, or run the inner command on its own first";
    AppendAssignment = AppendAssignment: "`{}` adds to a variable, which is not part of the language",
        "write the whole value";
    ArrayAssignment = ArrayAssignment: "`{}` sets an array, which is not part of the language",
        "write the words where they are used";

    // Several commands.
    PipeBoth = PipeBoth: "`|&` is not part of the language",
        "write `2>&1 |`";
    CaseOperator = Sequence: "`{}` ends a branch of `case`, which is not part of the language",
        "write one `;`";
    MissingCommand = MissingCommand: "a command is missing before `{}`",
        "write one, or leave the operator out";
    MissingAtEnd = MissingCommand: "a command is missing at the end of the line",
        "write one, or leave the operator before it out";
    RedirectionAlone = MissingCommand: "`{}` stands without a command",
        "name the program whose stream it is, such as `cat` before `<`, or put `:` before it";
    Background = Background: "`&` leaves a command in the background, which is not part of the language",
        "leave it out: every job runs in the background; run the next command as a job of its own";

    // Redirections.
    ReadWrite = RedirectReadWrite: "`{}` opens a file for reading and writing, which is not part of the language",
        "name the file as an argument, if the program takes one";
    BothOlder = RedirectBoth: "`{}` before a file is read by some shells alone",
        "write `&>`, or `>` and `2>&1`";
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
    HereDocumentOpen = HereDocument: "the lines of `{}` have no end",
        "put its delimiter on a line of its own after them, without blanks around it";
    HereDocumentDelimiter = HereDocument: "the delimiter `{}` is not a plain word",
        "use letters, digits and `_ . + -`, such as `<<'EOF'`";
    HereDocumentDescriptor = HereDocument: "`{}` gives lines to another descriptor than 0, which is not part of the language",
        "leave the digit out";
    HereDocumentExpansion = HereDocument: "`{}` in the lines stands for other text when the delimiter is not quoted",
        "quote the delimiter, such as `<<'EOF'`; the lines are then taken as they are";
    HereDocumentInside = HereDocument: "`{}` stands inside a substitution, where shells do not agree on its lines",
        "give the lines to the outer command itself, such as `git commit -F - <<'EOF'`, or use `<<<`";
    HereDocumentLines = HereDocument: "the lines of `{}` would begin inside a substitution",
        "write the substitution on one line, or before the line with the here-document";
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
        assert_eq!(error.message, format!("`$a\\u{{1b}}{}…` has no value here", "b".repeat(37)));
    }

    #[test]
    fn the_limits_in_messages_are_the_limits() {
        use super::super::limits::{MAX_TEXT, MAX_WORDS};
        assert!(Refusal::TextTooLong.note().message.ends_with(&MAX_TEXT.to_string()));
        assert!(Refusal::TooManyWords.note().message.contains(&MAX_WORDS.to_string()));
    }
}
