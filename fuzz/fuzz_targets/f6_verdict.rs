//! F6: the spelling of a command changes no verdict.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stockade_fuzz::verdict;

fuzz_target!(|bytes: &[u8]| verdict::one_verdict(bytes));
