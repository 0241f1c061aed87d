// SPDX-License-Identifier: MIT OR Apache-2.0
//! The target `metered_link`: see crates/cabotage-tests/src/fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cabotage_tests::fuzz::run("metered_link", data));
