//! The stable codes: one table with a name and a paragraph each.
//!
//! A code is part of the interface: scripts and agents match on it. It may be added, never renamed or given another
//! meaning; a test pins the list.

macro_rules! codes {
    ($($(#[$note:meta])* $variant:ident = $name:literal: $text:literal;)*) => {
        /// A stable name for a kind of refusal or finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name, in kebab case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// A paragraph that says what the code means and what to do.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

codes! {
    // ---- command language
    EmptyCommand = "empty-command": "The command holds no word. Give a program and its arguments.";
    TextTooLong = "text-too-long": "The text of the command is longer than the language takes. Put long text into a file.";
    TooManyWords = "too-many-words": "The command has more words than the language takes. Pass long lists in a file.";
    TooManyCommands = "too-many-commands": "The text has more commands than the language takes. Run several jobs, or a script file through an interpreter that the policy allows.";
    TooDeep = "too-deep": "Subshells and substitutions stand deeper inside each other than the language takes.";
    CarriageReturn = "carriage-return": "The text holds a carriage return, most often from a file with Windows line endings. A shell would make it part of a word, where nobody sees it.";
    ControlCharacter = "control-character": "The text holds a control character. It could act on a terminal that shows the command, so it is written as an escape instead.";
    InvisibleCharacter = "invisible-character": "The text holds a character that cannot be seen or that changes the order in which text is shown, so a reader could not tell what would run.";
    InvisibleBlank = "invisible-blank": "A character that looks like a blank, or like nothing, stands outside quotes. It would not separate words but become part of one.";
    UnclosedQuote = "unclosed-quote": "A quote is opened and not closed.";
    TrailingBackslash = "trailing-backslash": "The text ends with a backslash that has nothing to quote.";
    LineContinuation = "line-continuation": "A backslash before a newline joins two lines. It may stand between two words, after a blank, and nowhere else: programs do not agree on what it means inside a word.";
    BadEscape = "bad-escape": "An escape inside `$'…'` is not one of those that the language knows.";
    EscapeNul = "escape-nul": "An escape inside `$'…'` stands for the byte zero, which ends an argument and cannot be part of one.";
    EscapeNotUnicode = "escape-not-unicode": "The bytes that the escapes inside `$'…'` stand for are not valid UTF-8, and Stockade records arguments as text.";
    LocaleQuote = "locale-quote": "`$\"…\"` is a text that a shell translates by its locale. It is not part of the language.";
    ProgramName = "program-name": "The first word is not a plain program name or path. Names are held to letters, digits and a few marks, so that no two of them look alike.";
    ReservedWord = "reserved-word": "A word that begins or continues a shell statement stands where a program's name is wanted. Conditions and loops are not part of the language. As an argument such a word is an ordinary one.";
    TimeKeyword = "time-keyword": "`time` is a word of the shell and not the program of that name.";
    ConditionalExpression = "conditional-expression": "`[[ … ]]` is an expression of the shell and not a program. It is not part of the language.";
    FunctionDefinition = "function-definition": "Functions are not part of the language: a name would stand for something else than the program that is judged.";
    Coprocess = "coprocess": "Coprocesses are not part of the language.";
    Negation = "negation": "`!` turns the exit status of a whole pipeline around. It stands before the first command of the pipeline, and once.";
    BraceGroup = "brace-group": "`{ … }` groups commands in a shell. It is not part of the language; `( … )` groups commands with a working directory of their own.";
    Subshell = "subshell": "`( … )` runs commands with a working directory of their own. It has to be closed and to hold a command, and nothing but an operator follows it.";
    ArithmeticCommand = "arithmetic-command": "`(( … ))` computes. Arithmetic is not part of the language: an array's index inside it can run a command.";
    UnexpectedParenthesis = "unexpected-parenthesis": "A parenthesis stands outside quotes where it means nothing.";
    ShellBuiltin = "shell-builtin": "The first word names something that a shell does itself. Of these a script does `cd`, `exit` and `:`, with the operands that every shell takes alike. There is no shell here and no program is run for the others; quoting the name does not change that.";
    Assignment = "assignment": "`NAME=value` alone sets a variable of a shell, and there is no shell here. Before a command it sets a variable of that command's environment.";
    AssignmentPrefix = "assignment-prefix": "`NAME=value` before a command sets a variable of its environment. It is refused where shells do not agree on what else it sets, or on which of several values is seen.";
    AppendAssignment = "append-assignment": "`NAME+=value` adds to a variable. It is not part of the language: some shells run it as a command.";
    ArrayAssignment = "array-assignment": "Arrays are not part of the language.";
    PipeBoth = "pipe-both": "`|&` joins two commands by both streams. It is not part of the language; `2>&1 |` says the same.";
    Sequence = "sequence": "`;;` and `;&` end the branches of `case`, which is not part of the language.";
    MissingCommand = "missing-command": "A command is missing beside an operator, or a redirection stands without one.";
    Background = "background": "`&` leaves a command running in the background. Every job runs in the background here.";
    RedirectReadWrite = "redirect-read-write": "`<>` opens a file for reading and writing. It is not part of the language.";
    RedirectBoth = "redirect-both": "`>&` before a file's name writes both streams to it in some shells alone. `&>` says the same.";
    RedirectDuplicate = "redirect-duplicate": "`2>&1` and its like join or close streams. The descriptor is one digit, or `-`, and nothing follows it directly.";
    RedirectTarget = "redirect-target": "The word after a redirection's operator is missing, or shells do not agree which word it is.";
    DescriptorNumber = "descriptor-number": "A redirection names a file descriptor of more than one digit. Shells do not agree on what it means, so it is not part of the language.";
    NamedDescriptor = "named-descriptor": "`{name}>` lets a shell choose a file descriptor. It is not part of the language.";
    HereDocument = "here-document": "`<<` gives the lines that follow to a command as its input. They have to end, belong to descriptor 0, and stand for themselves; a here-document does not stand inside a substitution.";
    ProcessSubstitution = "process-substitution": "`<( … )` and `>( … )` run commands beside the command and stand for the name of a pipe to them. They are taken as whole arguments alone.";
    CommandSubstitution = "command-substitution": "`$( … )` runs commands and stands for their output. It has to be closed and to hold a command, and it is refused where shells do not agree on what it makes, or on when it runs.";
    Backtick = "backtick": "Backticks run commands and stand for their output. They are taken where every shell reads them as `$( … )`: without other backticks and without a backslash that they take away inside, and without double quotes inside double quotes.";
    Variable = "variable": "`$NAME` stands for a value of the job's environment. It has to be set; outside quotes its value must not be empty, split into words, or match names of files.";
    ParameterOperator = "parameter-operator": "`${ … }` with an operator computes a value from a variable, and some operators run commands. It is not part of the language.";
    SpecialParameter = "special-parameter": "A parameter such as `$?`, `$$`, `$@` or `$1` belongs to a running shell, and there is none here.";
    ArithmeticExpansion = "arithmetic-expansion": "`$(( … ))` and `$[ … ]` compute a value. Arithmetic is not part of the language: an array's index inside it can run a command.";
    DollarForm = "dollar-form": "A dollar sign stands before a character with which it means nothing certain.";
    Glob = "glob": "`*`, `?` and `[ … ]` outside quotes stand for the names of files. A pattern is refused where shells do not read it alike, and where one file has to be named.";
    ExtendedGlob = "extended-glob": "`@( … )`, `+( … )`, `*( … )`, `?( … )` and `!( … )` are patterns in some modes of some shells. They are not part of the language.";
    BraceExpansion = "brace-expansion": "`{a,b}` and `{1..3}` outside quotes stand for several words, in arguments alone, and are refused where what they stand for is not certain or too much. `{}` and `{a}` are ordinary text.";
    Tilde = "tilde": "`~` alone or before a slash at the start of a word stands for the home directory. Shells do not agree on what it means elsewhere outside quotes.";

    // ---- decision
    NoRule = "no-rule": "No rule of the policy allows the command; what no rule allows is refused.";
    DeniedByRule = "denied-by-rule": "A deny rule of the policy matches the command. Deny beats allow.";
    AskUnavailable = "ask-unavailable": "The policy wants a person to approve the command, and approvals are not available yet.";
    Blocklisted = "blocklisted": "An entry of the built-in blocklist matches the command. The list stands above every policy.";
    NarrowedBySettings = "narrowed-by-settings": "The policy allows the command, but the patterns in `MCP_BG_ALLOWED_COMMANDS` do not.";

    ConstructDenied = "construct-denied": "The script uses a construct that `[shell] allow` of the policy leaves out.";
    UnknownAtStart = "unknown-at-start": "A word, a file or a directory is known only when its turn comes, and `[shell] unknown` of the policy wants to know before the script starts. Write names out instead of patterns, substitutions and `$PWD`.";
    RedirectionOutside = "redirection-outside": "A redirection opens a file where jobs cannot read or cannot write.";

    // ---- resolving names
    ProgramNotFound = "program-not-found": "No directory of the policy's PATH holds a program of that name.";
    ProgramNotExecutable = "program-not-executable": "The file exists but is not a regular file that this user may execute.";
    ProgramWritable = "program-writable": "The program lies where a job can write, so what is judged need not be what runs.";
    CwdOutside = "cwd-outside": "The working directory lies outside the policy's workspace roots, after links are resolved.";
    CwdUnusable = "cwd-unusable": "The working directory does not exist, is not a directory, or may not be entered.";
    PathNotText = "path-not-text": "A path is not valid UTF-8, and Stockade records paths as text.";

    // ---- request
    EnvRefused = "env-refused": "The request sets an environment variable that the policy does not let clients set.";
    BadArgument = "bad-argument": "An argument of the call is missing, unknown or out of range.";
    TooManyCalls = "too-many-calls": "As many calls of the client as the server allows are in flight; they were probably waiting for jobs.";
    UnknownJob = "unknown-job": "No job of this client has that identifier; finished jobs are forgotten after the retention time.";
    JobEnded = "job-ended": "The job has ended and takes no input.";
    StdinRefused = "stdin-refused": "The rule that allowed the job grants it no standard input.";
    StdinClosed = "stdin-closed": "The job has closed its standard input, or end of file was sent to it before.";
    StdinLimit = "stdin-limit": "The job has received as much input as the policy allows.";
    StdinBlocked = "stdin-blocked": "The job does not read its input and the pipe is full.";
    QueueFull = "queue-full": "As many jobs as the policy allows are running and waiting.";
    RateLimited = "rate-limited": "The client asked for more jobs in a short time than the policy allows.";
    ShuttingDown = "shutting-down": "The server is stopping and takes no new job.";

    // ---- a script under way
    OptionLikeName = "option-like-name": "A pattern matches a name that begins with `-`, which a program would take for an option. Write the pattern with `./` before it.";
    DotPattern = "dot-pattern": "A pattern asks for names that begin with a dot. Shells do not agree whether it matches `.` and `..`.";
    TooManyNames = "too-many-names": "A pattern matches more names than one command is given. Name a directory, or use a narrower pattern.";
    OutputTooLong = "output-too-long": "The output of a substitution is longer than the language takes. Write it to a file.";
    OutputNotText = "output-not-text": "The output of a substitution is not valid UTF-8, or holds the byte zero, and cannot be an argument.";
    OutputPattern = "output-pattern": "The output of a substitution outside double quotes holds a character that a shell would take for a pattern. Put the substitution into double quotes.";
    FileRemoved = "file-removed": "A file or directory was removed at the moment at which it was to be used, so it has no path that could be judged.";
    FileNameless = "file-nameless": "A redirection names something that has no path of its own, such as a pipe under /proc, so it cannot be judged.";
    ProgramChanged = "program-changed": "The program is not the file that was judged when the request came in.";
    ActMismatch = "act-mismatch": "What was about to happen is not what the script says. This cannot happen by itself: report it, and look at the log.";
    JudgementDiffers = "judgement-differs": "Everything about a command was known when the request was judged, and judged again at its turn the answer was another. This cannot happen by itself: report it, and look at the log.";
    ScriptFailed = "script-failed": "The script could not go on because the system refused something that it always grants, such as a new process. The limits of the policy may be too narrow.";

    // ---- enforcement
    LayerMissing = "layer-missing": "The policy requires a layer of the sandbox that this machine cannot give.";
    LaunchFailed = "launch-failed": "The sandbox could not be built; nothing ran. The message names the step.";

    // ---- audit
    AuditUnavailable = "audit-unavailable": "The audit log cannot be written; what cannot be recorded does not run.";
    AuditBusy = "audit-busy": "Another process writes the audit log of this directory.";
    AuditDamaged = "audit-damaged": "The audit log does not verify, so it cannot be continued.";

    // ---- policy files
    PolicySyntax = "policy-syntax": "The file is not valid TOML.";
    UnknownKey = "unknown-key": "The key means nothing here. A misspelt key would silently change what the policy says, so it is an error.";
    MissingKey = "missing-key": "A key that must be there is not.";
    WrongType = "wrong-type": "The value is of another type than the key wants.";
    BadValue = "bad-value": "The value is of the right type but not one of those that the key takes.";
    BadRegex = "bad-regex": "The regular expression does not compile. Look-around and back-references are not supported.";
    DuplicateId = "duplicate-id": "Two rules share one id; a decision must name exactly one rule.";
    UnknownBase = "unknown-base": "The policy extends another one that does not exist, or that extends this one.";
    NotSupported = "not-supported": "The key belongs to the policy language, but this version cannot act on it. To ignore it would change what the policy says, so it is an error.";
    EnvSetDenied = "env-set-denied": "The policy sets an environment variable that it also denies. Deny beats set, so jobs do not get it.";
    NoReason = "no-reason": "The rule does not say why it is there. A reason is shown to whoever is refused or asks why, and to whoever reviews the policy.";
    ExampleFails = "example-fails": "An example inside a rule does not give what the rule promises.";

    TestFails = "test-fails": "A `[[test]]` of the policy does not get the answer that it expects, so the policy does not say what its author thinks it says.";

    // ---- policy lints
    DeadRule = "dead-rule": "Another rule of the same decision matches every command that this one matches, so taking it away would change nothing. Take it away, or write what it was meant to add.";
    NeverAllows = "never-allows": "Every command that the allow rule matches is denied by another rule. Deny beats allow, so the rule has no effect.";
    MatchesNothing = "matches-nothing": "No command has a canonical text that the rule matches, so it has no effect. Canonical text has one blank between fields, and single quotes around those that need them: the patterns `git  log` and `echo \"a b\"` match nothing.";
    UntestedRule = "untested-rule": "No example that has to match and no test exercises the rule, so nothing shows that it does what its author thinks. Examples and tests are judged whenever the policy is loaded.";
    LooseAlternation = "loose-alternation": "A `|` stands at the top of a pattern between parts of which only some begin with a program's name. It splits the whole pattern, not the words beside it: `git status|log` matches the program `log` and not `git log`.";
    BlocklistOff = "blocklist-off": "An entry of the built-in blocklist is switched off by the policy. The finding is there so that nobody overlooks it; the outermost file alone can do this, with a reason.";
    RunsAnything = "runs-anything": "The allow rule lets a program run whatever it is given: an interpreter, a shell or a program that runs its arguments with the grant `any`, or any program with the grants `exec` or `code`. The rule then allows everything that the sandbox lets such a program do. An example in `examples.match` that makes such a use shows that this is meant.";
    UnknownProgram = "unknown-program": "The allow rule names a program of which nothing is known and does not say what it takes, so it never covers a command of that program. List its `args.options`, use `command`, grant `unlisted` or `any`, or add facts about the program in a `[[program]]` table.";
    UnknownSubcommand = "unknown-subcommand": "`args.subcommand` of the rule names a subcommand that the facts about the program do not list, or the program has none. `stockade policy show program NAME` lists them. An allow rule then matches nothing with it unless it grants `unlisted`; a deny rule with a misspelt name forbids nothing.";
    UnknownOption = "unknown-option": "`args.options` or `args.any_option` of the rule names an option that the facts about the program do not list. `stockade policy show program NAME` lists them. It may be misspelt; and if it is not, an allow rule that names it vouches for whatever it does.";
    UnusableOption = "unusable-option": "The allow rule names an option with which it can never match: each use of the option needs a grant that the rule lacks, or the option takes a value and the rule gives no pattern for it, or the other way round.";
    UselessGrant = "useless-grant": "The allow rule grants what none of its programs can need, by all that is known of them, or what it covers anyway. Take the word away: a grant that means nothing today may mean something when more is known.";
    WritablePrograms = "writable-programs": "Jobs can write a directory in which programs are looked up, or a program that an allow rule names by its path. A job could put another program in its place, and the rule would vouch for that one.";
    WritableLog = "writable-log": "Jobs can write where the audit log lies. The server refuses to start like this.";
    WideEnv = "wide-env": "A pattern lets variables into jobs by which programs find code to load or to run, such as `PYTHONPATH` or `NODE_OPTIONS`. Name the variables one by one, or add those to `deny`.";
    EnvRunsCode = "env-runs-code": "`[env] client` names a variable by which programs find code to load or to run, such as `PYTHONPATH` or `GIT_SSH_COMMAND`. A request that sets it makes an allowed command do something else than it says.";
    ConfusableText = "confusable-text": "A text mixes letters of several scripts in one word, or holds characters that change the order in which text is shown, so it may not say what it seems to say.";

    // ---- files and settings
    FileUnreadable = "file-unreadable": "The file does not exist or cannot be read.";
    FileNotOwned = "file-not-owned": "The file or a directory above it belongs to somebody else, who could change it.";
    FileWritable = "file-writable": "The file or a directory above it can be written by other users.";
    FileExposed = "file-exposed": "A policy, log or key file lies where jobs can write.";
    BadSetting = "bad-setting": "An environment variable or a flag has a value that does not parse.";
    NotWritten = "not-written": "A file was not written: something else stands in its place that would be lost, or its name leads somewhere else. `stockade init` then writes none of its files.";
    WorkspaceMissing = "workspace-missing": "A workspace root of the policy does not exist or is not a directory.";
    NeedsRestart = "needs-restart": "The policy was to be loaded anew, and it changes something that stays as it is while a server runs: where the log lies. The last policy that loaded stays in use.";
    ReloadFailed = "reload-failed": "The policy was to be loaded anew, and that failed inside the server, for a reason that its log says more about. The last policy that loaded stays in use. Please report it.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_kebab_case_and_explained() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert!(code.explanation().ends_with('.'), "{code}");
        }
    }
}
