//! The clients whose configuration Stockade knows: where it lies, what form it has, and what a person does next.
//!
//! Sources: the clients' own documentation, and for VS Code the schema that it checks the file with.

/// A program that starts MCP servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(in crate::cli) enum Client {
    /// Claude Code: .mcp.json of the project
    ClaudeCode,
    /// Cursor: .cursor/mcp.json of the project
    Cursor,
    /// VS Code: .vscode/mcp.json of the project
    #[value(name = "vscode")]
    VsCode,
    /// Codex: .codex/config.toml of the project if it has a directory .codex, else of the user
    Codex,
}

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Format {
    Json,
    Toml,
}

/// How a client is told the directory that a server works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Directory {
    /// The client starts the server in the directory `cwd`.
    Cwd,
    /// The client starts the server wherever it was started itself, so that our own setting has to name the directory.
    Setting,
}

impl Client {
    pub(in crate::cli) const ALL: [Self; 4] = [Self::ClaudeCode, Self::Cursor, Self::VsCode, Self::Codex];

    /// The name on the command line and in JSON.
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Cursor => "cursor",
            Self::VsCode => "vscode",
            Self::Codex => "codex",
        }
    }

    /// The name that its makers give it.
    pub(in crate::cli) fn label(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
            Self::Codex => "Codex",
        }
    }

    /// The configuration file, seen from the project; of Codex also from the home directory.
    pub(in crate::cli) fn file(self) -> &'static str {
        match self {
            Self::ClaudeCode => ".mcp.json",
            Self::Cursor => ".cursor/mcp.json",
            Self::VsCode => ".vscode/mcp.json",
            Self::Codex => ".codex/config.toml",
        }
    }

    pub(in crate::cli) fn format(self) -> Format {
        match self {
            Self::ClaudeCode | Self::Cursor | Self::VsCode => Format::Json,
            Self::Codex => Format::Toml,
        }
    }

    /// The key below which servers stand by their names.
    pub(in crate::cli) fn key(self) -> &'static str {
        match self {
            Self::ClaudeCode | Self::Cursor => "mcpServers",
            Self::VsCode => "servers",
            Self::Codex => "mcp_servers",
        }
    }

    /// Claude Code ignores `cwd`, and Cursor's documentation does not have it.
    pub(in crate::cli) fn directory(self) -> Directory {
        match self {
            Self::ClaudeCode | Self::Cursor => Directory::Setting,
            Self::VsCode | Self::Codex => Directory::Cwd,
        }
    }

    /// Names in a project that show that somebody uses the client there.
    pub(in crate::cli) fn marks(self) -> &'static [&'static str] {
        match self {
            Self::ClaudeCode => &[".claude", "CLAUDE.md", ".mcp.json"],
            Self::Cursor => &[".cursor"],
            Self::VsCode => &[".vscode"],
            Self::Codex => &[".codex"],
        }
    }

    /// What a person does after the file is written.
    pub(in crate::cli) fn next(self) -> &'static str {
        match self {
            Self::ClaudeCode => "start `claude` in the project and approve the server once; `/mcp` shows it",
            Self::Cursor => "open the project, and switch the server on under Settings, MCP",
            Self::VsCode => "open the project, and start the server with the command `MCP: List Servers`",
            Self::Codex => "start `codex` in the project, and trust it; `/mcp` shows the server",
        }
    }
}
