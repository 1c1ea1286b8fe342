//! Stockade runs other people's commands safely.
//!
//! A request enters through a door, is parsed, resolved, judged, planned, recorded, and only then started inside a
//! kernel sandbox as a background job. This file is the map of the house. The rooms stand in order: a room may use the
//! rooms listed below it and never one above it; `tests/architecture.rs` reads the imports and holds the rule.

// Doors: the only rooms that know a protocol or a terminal.
pub mod cli;
pub mod mcp;

// The journey of one request.
pub mod service;

// Hands: the rooms that touch the world.
pub mod job;
pub mod doctor;
pub mod sandbox;
pub mod audit;
pub mod script;
pub mod host;
pub mod config;

// Head: pure, without input, output, clock or environment.
pub mod plan;
pub mod policy;
pub mod command;

// Ground: nouns that every room shares, findings, and the only unsafe code.
pub mod model;
pub mod diagnostic;
pub mod sys;
