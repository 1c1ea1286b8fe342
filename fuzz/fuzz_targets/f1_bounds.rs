//! F1: the parser ends, in linear time, within its limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_fuzz::properties;

fuzz_target!(|text: &str| {
    properties::bounded(text);
    properties::fields_are_written_alike(text);
});
