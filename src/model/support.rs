//! What this machine's kernel can do, found out by trying.

use super::enforcement::{Layer, Level};

/// What the kernel offers for each layer. `sandbox::Launcher::probe` fills it; policy and plan read it as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// One entry for each layer, in the order of [`Layer::ALL`].
    pub layers: Vec<(Layer, Level)>,
    /// Whether a job's own loopback can be switched on.
    pub loopback: Level,
    /// Landlock's ABI version, 0 when the kernel has none.
    pub landlock_abi: u32,
    /// The kernel release, as `uname -r` prints it.
    pub kernel: String,
}

impl Support {
    /// What the kernel offers for one layer.
    pub fn level(&self, layer: Layer) -> Level {
        self.layers
            .iter()
            .find(|(l, _)| *l == layer)
            .map_or_else(|| Level::None("not probed".into()), |(_, level)| level.clone())
    }

    /// A kernel with every layer, for tests of the pure rooms.
    pub fn full() -> Self {
        Self {
            layers: Layer::ALL.into_iter().map(|layer| (layer, Level::Full)).collect(),
            loopback: Level::Full,
            landlock_abi: 7,
            kernel: "6.18.0".into(),
        }
    }
}
