// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports and their clients: the rules of ALPC about who connects, what is said and how it ends, each test named after
//! its rule.
#![forbid(unsafe_code)]

mod begun;
mod by_hand;
mod callbacks;
mod cancels;
mod connecting;
mod deaths;
mod flow;
mod kills;
mod liars;
mod messages;
mod processes;
mod support;
mod waiting;
