//! The layers of the sandbox, and how much of each is really on.

/// One layer of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// User, PID, mount, IPC and UTS namespaces: private /proc and /tmp, read-only root, a tree that dies with its init.
    Namespaces,
    /// A network namespace: nothing in it, or a loopback of its own.
    Network,
    /// Landlock: files by path, TCP ports, abstract sockets, signals out of the job.
    Landlock,
    /// The seccomp filter.
    Seccomp,
    /// No capabilities, `no_new_privs`, own session, new session keyring, closed descriptors. Never optional.
    Privileges,
    /// Resource limits per process. Never optional.
    Rlimits,
}

impl Layer {
    /// All layers, in the order in which reports list them.
    pub const ALL: [Self; 6] =
        [Self::Namespaces, Self::Network, Self::Landlock, Self::Seccomp, Self::Privileges, Self::Rlimits];

    /// The name in policies, answers and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Network => "network",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Privileges => "privileges",
            Self::Rlimits => "rlimits",
        }
    }

    /// The layer of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.as_str() == name)
    }
}

/// How much of a layer is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// All that the layer promises.
    Full,
    /// A part; the text says what is missing.
    Partial(String),
    /// Nothing; the text says why.
    None(String),
}

impl Level {
    /// The word in answers and the log: `full`, `partial` or `none`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial(_) => "partial",
            Self::None(_) => "none",
        }
    }

    /// What is missing, or why, when the level is not full.
    pub fn missing(&self) -> Option<&str> {
        match self {
            Self::Full => None,
            Self::Partial(text) | Self::None(text) => Some(text),
        }
    }
}

/// What is really on around one job: one entry for each [`Layer`], in the order of [`Layer::ALL`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforcement(pub Vec<(Layer, Level)>);

impl Enforcement {
    /// The level of one layer; `None` with a reason when the report does not mention it.
    pub fn level(&self, layer: Layer) -> Level {
        self.0
            .iter()
            .find(|(l, _)| *l == layer)
            .map_or_else(|| Level::None("not reported".into()), |(_, level)| level.clone())
    }
}
