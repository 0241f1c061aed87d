// SPDX-License-Identifier: MIT OR Apache-2.0
//! The house rules as tests (`tests/tidy`). Suites that run every transport through the same cases, and peers that
//! die or lie, will stand here beside them.
#![forbid(unsafe_code)]
