// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes with a message beside its body: rules 1.7 and 1.8 of ALPC, each test named after its rule.
#![forbid(unsafe_code)]

#[path = "../../../cabotage-shm/tests/common/copied.rs"]
mod copied;
mod handles;
mod identity;
mod impersonation;
mod reserves;
#[path = "../channel/support.rs"]
mod support;
