// SPDX-License-Identifier: MIT OR Apache-2.0
//! The target `mach_records`: see crates/cabotage-tests/src/fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cabotage_tests::fuzz::run("mach_records", data));
