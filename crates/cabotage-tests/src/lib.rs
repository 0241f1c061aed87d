// SPDX-License-Identifier: MIT OR Apache-2.0
//! Process-to-process suites and the house rules.
#![forbid(unsafe_code)]
