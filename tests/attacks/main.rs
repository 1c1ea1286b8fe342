//! Hostile programs, run outside the sandbox and in it.
//!
//! Each attack first runs outside, where it must succeed: a test whose attack does not work proves nothing. Then it runs
//! inside, and what is asserted is that its effect is absent, not that it was told so. Every test runs as the user who
//! runs the tests and, when that is root, as an ordinary user too. None is skipped.

#![expect(clippy::disallowed_methods, reason = "the tests start the attacks")]

#[cfg(test)]
mod basics;
#[cfg(test)]
mod everybody;
#[cfg(test)]
mod files;
#[cfg(test)]
mod jail;
#[cfg(test)]
mod launch;
#[cfg(test)]
mod life;
#[cfg(test)]
mod loopback;
#[cfg(test)]
mod network;
#[cfg(test)]
mod outside;
#[cfg(test)]
mod power;
#[cfg(test)]
mod script;
#[cfg(test)]
mod server;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod ways;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod surface;
#[cfg(test)]
mod ipc;
#[cfg(test)]
mod links;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod exhaust;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod nested;
#[cfg(test)]
mod client;
#[cfg(test)]
mod conversation;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod race;
#[cfg(test)]
mod helper;
#[cfg(test)]
mod workspace;
#[cfg(test)]
mod churn;
#[cfg(test)]
mod catalogue;
