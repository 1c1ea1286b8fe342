//! `[sandbox]`: what surrounds a job.

use crate::{
    diagnostic::Code,
    model::{enforcement::Layer, size::ByteSize, workspace::Workspace},
};

use super::{
    findings::{Findings, Spanned, over},
    path::{WORKSPACE, check_rooted},
    reader::{Reader, list},
    similar::closest,
    workspace::texts,
};

/// `[sandbox]` as written; `config` resolves the paths on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxRules {
    /// What jobs may read and execute; the word `workspace` stands for the workspace roots. May hold `~` and globs.
    pub read: Vec<String>,
    /// What jobs may write; the word `workspace` stands for the workspace roots.
    pub write: Vec<String>,
    /// What jobs must not see.
    pub hide: Vec<String>,
    /// What jobs may reach.
    pub network: Network,
    /// Layers without which nothing starts.
    pub require: Vec<Layer>,
    /// Size of the private /tmp.
    pub tmp: ByteSize,
}

/// What a job may reach over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Nothing.
    None,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RawSandbox {
    read: Option<Vec<Spanned<String>>>,
    write: Option<Vec<Spanned<String>>>,
    hide: Option<Vec<Spanned<String>>>,
    network: Option<Spanned<Network>>,
    require: Option<Vec<Layer>>,
    tmp: Option<Spanned<ByteSize>>,
}

const READ: &[&str] = &["/usr", "/bin", "/sbin", "/lib*", "/etc", "workspace"];
const HIDE: &[&str] = &[
    "~/.ssh",
    "~/.aws",
    "~/.gnupg",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/run",
    "/var/run",
];
const REQUIRE: &[Layer] = &[Layer::Landlock, Layer::Seccomp, Layer::Privileges, Layer::Rlimits];
const TMP: ByteSize = ByteSize(256 << 20);

impl SandboxRules {
    /// What is left of a system's policy when this one holds under it, with the places that are common to both.
    pub(super) fn under(&self, system: &Self, common: &Workspace) -> Self {
        let shown = |path: &std::path::PathBuf| {
            if common.roots.contains(path) { WORKSPACE.to_owned() } else { path.display().to_string() }
        };
        let mut require = system.require.clone();
        require.extend(self.require.iter().filter(|layer| !system.require.contains(layer)));
        Self {
            read: common.read.iter().map(shown).collect(),
            write: common.write.iter().map(shown).collect(),
            hide: common.hide.iter().map(|path| path.display().to_string()).collect(),
            network: match (self.network, system.network) {
                (Network::None, Network::None) => Network::None,
            },
            require,
            tmp: self.tmp.min(system.tmp),
        }
    }
}

impl RawSandbox {
    pub(super) fn read(mut table: Reader<'_, '_>) -> Self {
        let raw = Self {
            read: table.texts("read"),
            write: table.texts("write"),
            hide: table.texts("hide"),
            network: table.parsed("network", network),
            require: table.texts("require").map(|names| layers(&names, table.findings())),
            tmp: table.parsed("tmp", |text| match text.parse::<ByteSize>() {
                Ok(ByteSize(0)) => Err("a /tmp of no size holds nothing; write a size such as `256MiB`".to_owned()),
                Ok(size) => Ok(size),
                Err(error) => Err(error.to_string()),
            }),
        };
        // `any` is what happens today; to accept the key lets a policy say so.
        let _ = table.parsed("exec", |text| match text {
            "any" => Ok(()),
            _ => Err("`any` is the only value that is supported yet"),
        });
        let findings = table.findings();
        for (key, paths) in [("read", &raw.read), ("write", &raw.write), ("hide", &raw.hide)] {
            check_rooted(key, paths.as_deref().unwrap_or_default(), findings);
        }
        table.finish();
        raw
    }

    pub(super) fn over(self, base: Self) -> Self {
        Self {
            read: over(self.read, base.read),
            write: over(self.write, base.write),
            hide: over(self.hide, base.hide),
            network: over(self.network, base.network),
            require: over(self.require, base.require),
            tmp: over(self.tmp, base.tmp),
        }
    }

    pub(super) fn finish(self) -> SandboxRules {
        SandboxRules {
            read: texts(self.read, READ),
            write: texts(self.write, &[]),
            hide: texts(self.hide, HIDE),
            network: self.network.map_or(Network::None, |network| network.value),
            require: self.require.unwrap_or_else(|| REQUIRE.to_vec()),
            tmp: self.tmp.map_or(TMP, |tmp| tmp.value),
        }
    }
}

fn network(text: &str) -> Result<Network, &'static str> {
    match text {
        "none" => Ok(Network::None),
        _ => Err("`none` is the only value that is supported yet"),
    }
}

fn layers(names: &[Spanned<String>], findings: &mut Findings) -> Vec<Layer> {
    let mut layers = Vec::new();
    for name in names {
        match Layer::from_name(&name.value) {
            Some(layer) if layers.contains(&layer) => {}
            Some(layer) => layers.push(layer),
            None => {
                let known = Layer::ALL.map(Layer::as_str);
                let message = format!("`require` names the layer `{}`", name.value.escape_debug());
                let hint = match closest(&name.value, known.into_iter()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the layers are {}", list(&known)),
                };
                findings.error_with_hint(Code::BadValue, name, message, "no layer has this name", hint);
            }
        }
    }
    layers
}
