// SPDX-License-Identifier: MIT OR Apache-2.0
//! The target `framed_pipe`: see crates/cabotage-tests/src/fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cabotage_tests::fuzz::run("framed_pipe", data));
