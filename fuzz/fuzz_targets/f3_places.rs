//! F3: places cover what they say.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_fuzz::properties;

fuzz_target!(|text: &str| properties::placed(text));
