// SPDX-License-Identifier: MIT OR Apache-2.0
//! The connection port of ALPC among clients that lie: about every number of its messages, by saying what they may not
//! say, by falling silent or dying at each step, by flooding; and a client of it that meets servers which do the same.
//!
//! They speak links, and the words of ALPC on top ([`fields`], [`server_fields`]). The victim is an ordinary server, whose
//! honest client watches all the time ([`clients`] judges), or an ordinary client, which an honest server serves after
//! each liar ([`servers`] judges).

pub mod clients;
pub mod fields;
pub mod floods;
pub mod liar;
pub mod scene;
pub mod script;
pub mod server_fields;
pub mod server_script;
pub mod servers;
pub mod victim;
pub mod victim_client;

use cabotage_alpc::{ConnectOptions, HandleKind, PortOptions};
use cabotage_link::names::{Registry, Scope};

use crate::watchdog::soon;

/// The name of the port that is attacked.
const NAME: &str = "target";

/// How large a section the victim takes.
const SECTION_BYTES_MAX: u64 = 1 << 20;
/// How many handles the victim takes with one message.
const HANDLES_MAX: u64 = 4;
/// How many views of one other end the victim holds.
const VIEWS_MAX: u32 = 4;

/// A port for every user, with caps that floods reach soon.
fn port_options(registry: &Registry) -> PortOptions {
    let mut options = PortOptions::new().registry(registry).scope(Scope::System).mode(0o666);
    options = options.views_max(VIEWS_MAX as usize).section_bytes_max(SECTION_BYTES_MAX).requests_max(16);
    options = options.take_handles(handles_max(), &[HandleKind::Device]);
    options.unread_bytes_max(64 << 10)
}

fn connect_options(registry: &Registry) -> ConnectOptions {
    let options = ConnectOptions::new().registry(registry).scope(Scope::System).deadline(soon());
    let options = options.views_max(VIEWS_MAX).section_bytes_max(SECTION_BYTES_MAX);
    options.take_handles(handles_max(), &[HandleKind::Device])
}

fn handles_max() -> usize {
    usize::try_from(HANDLES_MAX).unwrap_or(usize::MAX)
}
