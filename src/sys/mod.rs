//! The only unsafe code: thin typed calls that rustix, nix, landlock and seccompiler do not give.
//!
//! Every function here is safe to call with any argument; what the kernel refuses comes back as an error. What a call
//! needs beyond its arguments (a single thread, for a fork) it checks itself. No policy lives here.

#![expect(unsafe_code, reason = "system calls that no safe crate gives; nothing else in the house may")]

pub mod descriptor;
pub mod fork;
pub mod interface;
pub mod landlock;
pub mod mount;
pub mod process;
pub mod watch;
