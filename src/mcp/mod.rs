//! The agents' door: JSON-RPC in, requests to the service, and answers back.
//!
//! This room knows the Model Context Protocol and nothing else does. It reads bounded lines, checks arguments against
//! the schemas that it publishes, hands plain values to [`crate::service`], and words the answers. It must never decide
//! whether a command may run, touch a process or a file, or write to standard output anything but protocol messages.

#![forbid(unsafe_code)]

mod aliases;
mod arguments;
mod call;
mod identifier;
mod lines;
mod message;
mod outbox;
mod policy;
mod reply;
mod schema;
mod server;
mod slots;
pub mod stdio;
mod text;
mod tools;
mod transport;

pub use server::Door;
