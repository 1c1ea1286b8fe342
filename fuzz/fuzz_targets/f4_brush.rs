//! F4: another parser reads the same commands.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_fuzz::brush;

fuzz_target!(|text: &str| brush::agrees(text));
