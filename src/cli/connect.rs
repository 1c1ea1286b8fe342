//! How clients start this server: the entries of their configuration, and the commands that people type instead.

mod client;
mod entry;
mod merge;

use self::{
    client::Directory,
    entry::{Entry, Field},
};

pub(super) use self::{
    client::{Client, Format},
    merge::{Merged, merge},
};

/// The name that the server has in every client.
pub(super) const SERVER: &str = "stockade";

/// What every client has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    /// This program.
    pub(super) program: String,
    /// The value of `--policy`.
    pub(super) policy: String,
    /// The directory that the server works in; without one, it works where the client starts it.
    pub(super) directory: Option<String>,
    /// `XDG_STATE_HOME` of whoever sets the client up. Clients pass few variables on, and the log would lie elsewhere.
    pub(super) state: Option<String>,
}

impl Connection {
    /// The entry in a client's configuration.
    pub(super) fn entry(&self, client: Client) -> Entry {
        let mut fields = Vec::new();
        if client.format() == Format::Json {
            fields.push(("type", Field::Text("stdio".to_owned())));
        }
        fields.push(("command", Field::Text(self.program.clone())));
        fields.push(("args", Field::List(self.arguments().map(str::to_owned).to_vec())));
        let by_setting = client.directory() == Directory::Setting;
        if let Some(directory) = self.directory.as_ref().filter(|_| !by_setting) {
            fields.push(("cwd", Field::Text(directory.clone())));
        }
        let pairs = self.variables(by_setting);
        if !pairs.is_empty() {
            fields.push(("env", Field::Pairs(pairs)));
        }
        Entry(fields)
    }

    /// Where the entry stands.
    pub(super) fn place(client: Client) -> merge::Place<'static> {
        merge::Place { format: client.format(), key: client.key(), name: SERVER }
    }

    /// The entry as a whole file of its own, for people to copy.
    pub(super) fn snippet(&self, client: Client) -> String {
        match merge("", Self::place(client), &self.entry(client), false) {
            Merged::Text(text) => text,
            Merged::Same | Merged::Differs | Merged::Unfit(_) => self.one_line(client),
        }
    }

    /// How to connect each client by hand.
    pub(super) fn how_to(&self) -> String {
        let by_command = [(Client::ClaudeCode, "claude", "-e"), (Client::Codex, "codex", "--env")];
        let mut text = String::new();
        for (client, program, option) in by_command {
            text += &format!("{}:\n  {}\n", client.label(), self.command(program, option));
        }
        for client in [Client::Cursor, Client::VsCode] {
            text += &format!("{}, in {}:\n  {}\n", client.label(), client.file(), self.one_line(client));
        }
        text
    }

    /// The command by which a client adds the server to its own configuration. The name comes before the variables, which
    /// would otherwise swallow it.
    fn command(&self, program: &str, option: &str) -> String {
        let variables = self.variables(true).into_iter().flat_map(|(name, value)| {
            let assignment = format!("{name}={value}");
            [option.to_owned(), assignment]
        });
        let words = [program, "mcp", "add", SERVER].map(str::to_owned).into_iter().chain(variables);
        let server = ["--", &self.program].into_iter().chain(self.arguments()).map(str::to_owned);
        words.chain(server).map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
    }

    fn one_line(&self, client: Client) -> String {
        format!("{{\"{}\": {{\"{SERVER}\": {}}}}}", client.key(), self.entry(client).one_line())
    }

    fn arguments(&self) -> [&str; 3] {
        ["serve", "--policy", &self.policy]
    }

    fn variables(&self, with_directory: bool) -> Vec<(&'static str, String)> {
        let directory = self.directory.as_ref().filter(|_| with_directory).map(|value| ("MCP_BG_WORKING_DIR", value));
        let state = self.state.as_ref().map(|value| ("XDG_STATE_HOME", value));
        directory.into_iter().chain(state).map(|(name, value)| (name, value.clone())).collect()
    }
}

/// A word as a shell reads it back.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn connection(directory: Option<&str>) -> Connection {
        Connection {
            program: "/opt/my tools/stockade".into(),
            policy: "it's.toml".into(),
            directory: directory.map(str::to_owned),
            state: None,
        }
    }

    #[test]
    fn every_client_gets_the_form_that_it_reads() {
        let connection = Connection { state: Some("/state".into()), ..connection(Some("/work")) };
        let read = |client| connection.snippet(client);
        let json = |client| serde_json::from_str::<Value>(&read(client)).unwrap();
        let args = json!(["serve", "--policy", "it's.toml"]);
        let env = json!({ "MCP_BG_WORKING_DIR": "/work", "XDG_STATE_HOME": "/state" });
        let by_setting = json!({ "type": "stdio", "command": "/opt/my tools/stockade", "args": args, "env": env });
        assert_eq!(json(Client::ClaudeCode), json!({ "mcpServers": { "stockade": by_setting } }));
        assert_eq!(json(Client::Cursor), json(Client::ClaudeCode));
        let env = json!({ "XDG_STATE_HOME": "/state" });
        let by_cwd = json!({ "command": "/opt/my tools/stockade", "args": args, "cwd": "/work", "env": env });
        let mut typed = by_cwd.clone();
        typed["type"] = "stdio".into();
        assert_eq!(json(Client::VsCode), json!({ "servers": { "stockade": typed } }));
        let codex: Value = toml::from_str(&read(Client::Codex)).unwrap();
        assert_eq!(codex, json!({ "mcp_servers": { "stockade": by_cwd } }));
    }

    #[test]
    fn commands_quote_what_a_shell_would_split() {
        let how_to = connection(None).how_to();
        assert!(
            how_to.contains(r"claude mcp add stockade -- '/opt/my tools/stockade' serve --policy 'it'\''s.toml'"),
            "{how_to}"
        );
        let how_to = connection(Some("/work")).how_to();
        assert!(how_to.contains("claude mcp add stockade -e MCP_BG_WORKING_DIR=/work -- "), "{how_to}");
        assert!(how_to.contains("codex mcp add stockade --env MCP_BG_WORKING_DIR=/work -- "), "{how_to}");
    }

    #[test]
    fn the_lines_to_copy_are_json() {
        let how_to = connection(Some("/work")).how_to();
        let lines: Vec<Value> = how_to
            .lines()
            .filter(|line| line.trim_start().starts_with('{'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["mcpServers"]["stockade"]["env"]["MCP_BG_WORKING_DIR"], "/work");
        assert_eq!(lines[1]["servers"]["stockade"]["cwd"], "/work");
    }
}
