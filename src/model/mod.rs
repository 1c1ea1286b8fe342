//! Nouns that every room shares. Pure data: nothing here reads a file, the clock or the environment, except that new
//! identifiers draw on the system's random source.

#![forbid(unsafe_code)]

pub mod denial;
pub mod enforcement;
pub mod generation;
pub mod hex;
pub mod ids;
pub mod limits;
pub mod outcome;
pub mod request;
pub mod size;
pub mod support;
pub mod workspace;
