// SPDX-License-Identifier: MIT OR Apache-2.0
//! The classic LPC calls, as Windows has them today: a layer over ALPC's ports.

#![allow(non_snake_case, unreachable_pub, reason = "C calls them, by these names")]

mod connecting;
mod memory;
mod messages;
