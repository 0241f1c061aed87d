// SPDX-License-Identifier: MIT OR Apache-2.0
//! The connection port of ALPC among clients that lie: about every number of its messages, by saying what they may not
//! say, by falling silent or dying at each step, by flooding.
//!
//! They speak links, and the words of ALPC on top ([`fields`]). The victim is an ordinary server; the one that watches
//! is its honest client all the time, and [`clients`] judges.

pub mod clients;
pub mod fields;
pub mod liar;
pub mod script;
pub mod victim;

use cabotage_alpc::{ConnectOptions, PortOptions};
use cabotage_link::names::{Registry, Scope};

use crate::watchdog::soon;

/// The name of the port that is attacked.
const NAME: &str = "target";

/// How large a section the victim takes.
const SECTION_BYTES_MAX: u64 = 1 << 20;

/// A port for every user, with caps that floods reach soon.
fn port_options(registry: &Registry) -> PortOptions {
    let mut options = PortOptions::new().registry(registry).scope(Scope::System).mode(0o666);
    options = options.views_max(4).section_bytes_max(SECTION_BYTES_MAX).requests_max(16);
    options.unread_bytes_max(64 << 10)
}

fn connect_options(registry: &Registry) -> ConnectOptions {
    ConnectOptions::new().registry(registry).scope(Scope::System).deadline(soon())
}
