// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the C libraries become files that C programs use, and how tests try them by C and C++ programs.
//!
//! | module | |
//! |---|---|
//! | [`library`] | which libraries there are: each folder of `capi/` with an `exports.map` |
//! | [`exports`] | what each exports, as its map says, and whether its sources agree |
//! | [`link`] | cargo's archive made into a shared library with a SONAME and versions, and into one clean object |
//! | [`install`] | libraries, headers and pkg-config files below a prefix |
//! | [`installed`] | for tests: an installed library, found by pkg-config as its users find it |
//! | [`toolbox`] | for tests: C11 and C++17 programs compiled against a library |
//! | [`program`] | and run, under a watchdog, in a place of their own |
#![forbid(unsafe_code)]

pub mod exports;
pub mod install;
pub mod installed;
pub mod library;
pub mod link;
mod pkg_config;
pub mod program;
pub mod toolbox;

/// What went wrong, in words for whoever builds or tests.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
