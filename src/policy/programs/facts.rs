//! What is known of programs, as data: `policy/programs/README.md` says what each field means.

use std::fmt;

/// What a use of a program needs that no harmless use does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Runs a program that the arguments name.
    Exec,
    /// Runs code that the arguments or the input hold.
    Code,
    /// Loads or changes configuration, plugins or libraries that the arguments name.
    Config,
    /// Reaches a network.
    Network,
    /// Acts on what is outside of the job: other processes, services, containers.
    Host,
    /// Prints or uses secrets.
    Secrets,
    /// Reads files that the arguments do not name.
    Read,
    /// Writes files that the arguments do not name.
    Write,
    /// Runs code that the workspace holds, as building it does. Every allow rule covers it.
    Run,
}

/// What a word means to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Read,
    Write,
    /// The same, but on another host when a colon stands before any slash.
    ReadThere,
    WriteThere,
    /// A file that is written, or a command behind `|` or `!`.
    Pipe,
    Cd,
    Run,
    Need(Need),
    AtFile,
    Assign,
    Command,
    Shell,
    Sed,
    Awk,
    Jq,
    Sql,
    Make,
    Modules,
}

/// What the use of an option adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Need(Need),
    /// The program prints something and ends.
    Stop,
    /// Operands that are read are written.
    Edits,
    /// Operands that are written are read.
    Reads,
    /// The option takes the place of the first operand.
    Script,
    /// The words up to `;` or `+` are a command.
    Inner,
    /// The value, `{}` without one, stands in the command for words that nobody knows before.
    Replaces,
}

/// How options are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Syntax {
    /// As getopt_long(3) of the GNU C library reads them.
    #[default]
    Gnu,
    /// The same up to the first operand.
    Posix,
    /// Whole words with one dash or two.
    Words,
    /// There are none.
    None,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// A value that is glued or the next word.
    Value,
    /// Two values, the next two words; the second is of the kind.
    Two,
    /// A value that is glued, or none.
    Glued,
}

/// One option by all its spellings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OptionFact {
    /// With their dashes. One that ends in `*` stands for all words that begin with it, the rest being the value.
    pub(super) spellings: Vec<String>,
    pub(super) takes: Takes,
    pub(super) kind: Kind,
    pub(super) effects: Vec<Effect>,
}

/// An operand of the form `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What is known of a program or of one of its subcommands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) names: Vec<String>,
    /// The manual page or release that the facts come from; empty for a subcommand.
    pub(super) source: String,
    /// The file that they stand in.
    pub(super) file: String,
    pub(super) syntax: Syntax,
    pub(super) options: Vec<OptionFact>,
    /// The kinds of the operands in order. `None`: every operand is unknown.
    pub(super) operands: Option<Vec<Operand>>,
    pub(super) keys: Vec<Key>,
    pub(super) always: Vec<Need>,
    /// What holds with fewer operands than `least`.
    pub(super) bare: Vec<Need>,
    pub(super) least: usize,
    pub(super) bundle: bool,
    pub(super) appends: bool,
    pub(super) alone: bool,
    /// The values of a `modules` option that run the code of the workspace and nothing else.
    pub(super) modules: Vec<String>,
    pub(super) sub: Vec<Facts>,
}

/// The kind of one operand, or of all that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) kind: Kind,
    pub(super) repeats: bool,
}

impl Need {
    /// Every need, in the order of the language.
    pub const ALL: [Self; 9] = [
        Self::Exec,
        Self::Code,
        Self::Config,
        Self::Network,
        Self::Host,
        Self::Secrets,
        Self::Read,
        Self::Write,
        Self::Run,
    ];

    /// The word in policies and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Code => "code",
            Self::Config => "config",
            Self::Network => "network",
            Self::Host => "host",
            Self::Secrets => "secrets",
            Self::Read => "read",
            Self::Write => "write",
            Self::Run => "run",
        }
    }

    /// The need of a word.
    pub(in super::super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|need| need.as_str() == word)
    }

    /// What a use with this need does, after "it".
    pub fn does(self) -> &'static str {
        match self {
            Self::Exec => "runs another program",
            Self::Code => "runs code from its arguments or its input",
            Self::Config => "loads or changes configuration, plugins or libraries",
            Self::Network => "reaches a network",
            Self::Host => "acts on what is outside of the job",
            Self::Secrets => "prints or uses secrets",
            Self::Read => "reads files that the arguments do not name",
            Self::Write => "writes files that the arguments do not name",
            Self::Run => "runs code that the workspace holds",
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "data" => Self::Data,
            "read" => Self::Read,
            "write" => Self::Write,
            "read@" => Self::ReadThere,
            "write@" => Self::WriteThere,
            "pipe" => Self::Pipe,
            "cd" => Self::Cd,
            "run" => Self::Run,
            "atfile" => Self::AtFile,
            "assign" => Self::Assign,
            "command" => Self::Command,
            "shell" => Self::Shell,
            "sed" => Self::Sed,
            "awk" => Self::Awk,
            "jq" => Self::Jq,
            "sql" => Self::Sql,
            "make" => Self::Make,
            "modules" => Self::Modules,
            _ => Self::Need(Need::from_word(word)?),
        })
    }
}

impl Kind {
    /// The word in facts.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Read => "read",
            Self::Write => "write",
            Self::ReadThere => "read@",
            Self::WriteThere => "write@",
            Self::Pipe => "pipe",
            Self::Cd => "cd",
            Self::Run => "run",
            Self::Need(need) => need.as_str(),
            Self::AtFile => "atfile",
            Self::Assign => "assign",
            Self::Command => "command",
            Self::Shell => "shell",
            Self::Sed => "sed",
            Self::Awk => "awk",
            Self::Jq => "jq",
            Self::Sql => "sql",
            Self::Make => "make",
            Self::Modules => "modules",
        }
    }
}

impl Effect {
    /// The word in facts.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Need(need) => need.as_str(),
            Self::Stop => "stop",
            Self::Edits => "edits",
            Self::Reads => "reads",
            Self::Script => "script",
            Self::Inner => "inner",
            Self::Replaces => "replaces",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "stop" => Self::Stop,
            "edits" => Self::Edits,
            "reads" => Self::Reads,
            "script" => Self::Script,
            "inner" => Self::Inner,
            "replaces" => Self::Replaces,
            _ => Self::Need(Need::from_word(word)?),
        })
    }
}

impl Syntax {
    /// The word in facts.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Gnu => "gnu",
            Self::Posix => "posix",
            Self::Words => "words",
            Self::None => "none",
        }
    }

    pub(super) fn from_word(word: &str) -> Result<Self, &'static str> {
        match word {
            "gnu" => Ok(Self::Gnu),
            "posix" => Ok(Self::Posix),
            "words" => Ok(Self::Words),
            "none" => Ok(Self::None),
            _ => Err("a syntax is `gnu`, `posix`, `words` or `none`"),
        }
    }
}

impl Facts {
    /// Whether these are the facts of a program or subcommand of that name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|own| fits(own, name))
    }
}

/// Whether a name is the one that facts give, where a star at its end stands for digits and dots, as in `python3.*`.
pub(super) fn fits(own: &str, name: &str) -> bool {
    match own.strip_suffix('*') {
        Some(start) => name.strip_prefix(start).is_some_and(|version| {
            !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        }),
        None => own == name,
    }
}
