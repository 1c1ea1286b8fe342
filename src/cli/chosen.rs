//! The policy that a command line chooses.

use crate::service::Options;

// Not a documentation comment: clap would show it as what the command is about.
// The one `--policy` of every command that judges as a server would.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Chosen {
    /// A shipped policy's name or a file; else STOCKADE_POLICY. Where there is /etc/stockade/policy.toml, it holds above what is
    /// named, and alone when nothing is; elsewhere that is the shipped `default`
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) policy: Option<String>,
}

impl Chosen {
    /// What the service finds the policy by.
    pub(super) fn options(&self) -> Options {
        Options { policy: self.policy.clone() }
    }
}
