// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same kit against named pipes: rows and steps of their own, a server with an instance for each client, and lies,
//! silence and death of clients that open the pipe by its name and then speak the protocol by hand. And the other way
//! round: servers that lie to an honest client, in what they say and in what stands in the folder of their pipe.

pub(crate) mod client;
pub mod fields;
pub mod folder;
pub(crate) mod lair;
pub mod script;
mod server;
pub mod servers;

use cabotage_link::names::{Registry, Scope};
use cabotage_os::socket::Socket;
use cabotage_pipe::named::place::{ConnectOptions, connect};
use cabotage_pipe::named::{Access, PipeName};

pub(super) use server::serve;

use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The name of the victim's pipe, in the system scope of its place.
const NAME: &str = "victim";

/// The name of a liar's pipe, there.
const LAIR: &str = "lair";

/// A fresh connection to an instance of the victim's, on which nothing was said.
pub(super) fn meet(place: &Scratch) -> Socket {
    let registry: Registry = place.registry();
    let name = PipeName::parse(NAME).expect("a name");
    let how = ConnectOptions { scope: Some(Scope::System), ..ConnectOptions::default() };
    connect(&registry, &name, Access::BOTH, how, soon()).expect("a victim that listens").socket
}
