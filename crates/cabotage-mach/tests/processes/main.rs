// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights and messages between real processes, and what is told when one is killed.
#![forbid(unsafe_code)]

mod bootstrap;
mod children;
mod inherited;
mod kills;
mod memory;
mod moving;
mod rescued;
mod services;
mod support;
mod thirds;
