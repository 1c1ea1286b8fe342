//! Operators: everything outside quotes that joins commands or moves their streams.

/// An operator, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `|`
    Pipe,
    /// `|&`
    PipeBoth,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `;`
    Semicolon,
    /// `&`
    Background,
    /// `(`
    Open,
    /// `)`
    Close,
    /// A redirection, with the descriptor's digits before it.
    Redirect(Redirect),
    /// `<(` or `>(`.
    Process,
}

/// A redirection's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// `>`
    Output,
    /// `>>`
    Append,
    /// `>|`
    Clobber,
    /// `<`
    Input,
    /// `<>`
    ReadWrite,
    /// `&>`, `&>>`, and `>&` before a file's name
    Both,
    /// `>&` and `<&` before a digit or `-`
    Duplicate,
    /// `<<` and `<<-`
    HereDocument,
    /// `<<<`
    HereString,
}

/// Operators, each before those that it begins with.
pub(super) const OPERATORS: &[(&str, Operator)] = &[
    ("&&", Operator::And),
    ("&>>", Operator::Redirect(Redirect::Both)),
    ("&>", Operator::Redirect(Redirect::Both)),
    ("&", Operator::Background),
    ("||", Operator::Or),
    ("|&", Operator::PipeBoth),
    ("|", Operator::Pipe),
    (";", Operator::Semicolon),
    ("(", Operator::Open),
    (")", Operator::Close),
    ("<<<", Operator::Redirect(Redirect::HereString)),
    ("<<-", Operator::Redirect(Redirect::HereDocument)),
    ("<<", Operator::Redirect(Redirect::HereDocument)),
    ("<&", Operator::Redirect(Redirect::Duplicate)),
    ("<>", Operator::Redirect(Redirect::ReadWrite)),
    ("<(", Operator::Process),
    ("<", Operator::Redirect(Redirect::Input)),
    (">>", Operator::Redirect(Redirect::Append)),
    (">&", Operator::Redirect(Redirect::Duplicate)),
    (">|", Operator::Redirect(Redirect::Clobber)),
    (">(", Operator::Process),
    (">", Operator::Redirect(Redirect::Output)),
];

impl Operator {
    /// Whether a command may stand before it.
    pub(super) fn ends_command(self) -> bool {
        match self {
            Self::Pipe | Self::And | Self::Or | Self::Semicolon | Self::Close => true,
            Self::PipeBoth | Self::Background | Self::Open | Self::Redirect(_) | Self::Process => false,
        }
    }
}
