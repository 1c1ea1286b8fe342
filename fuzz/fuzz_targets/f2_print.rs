//! F2: canonical text reads back as the same tree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_fuzz::properties;

fuzz_target!(|text: &str| properties::printed(text));
