//! The loopback of a job that may have one. A new network has it, switched off.

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::sys::interface::loopback_up;

use super::step::{At as _, Failure};

/// Switches it on. The caller stands in a network namespace of its own and has power over it.
pub(super) fn switch_on() -> Result<(), Failure> {
    // Any socket will do: it says which network is meant.
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    loopback_up(std::os::fd::AsFd::as_fd(&socket.at("switch on the loopback")?)).at("switch on the loopback")
}
