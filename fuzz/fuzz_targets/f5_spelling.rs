//! F5: every spelling of a tree parses to it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_fuzz::spelling;

fuzz_target!(|bytes: &[u8]| spelling::spelled(bytes));
