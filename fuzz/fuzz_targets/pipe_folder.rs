// SPDX-License-Identifier: MIT OR Apache-2.0
//! The target `pipe_folder`: see crates/cabotage-tests/src/fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cabotage_tests::fuzz::run("pipe_folder", data));
