// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same kit against named pipes: rows and steps of their own, a server with an instance for each client, and lies,
//! silence and death of clients that open the pipe by its name and then speak the protocol by hand.

pub mod fields;
pub mod script;
mod server;

use cabotage_link::names::{Registry, Scope};
use cabotage_os::socket::Socket;
use cabotage_pipe::named::place::{ConnectOptions, connect};
use cabotage_pipe::named::{Access, PipeName};

pub(super) use server::serve;

use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The name of the victim's pipe, in the system scope of its place.
const NAME: &str = "victim";

/// A fresh connection to an instance of the victim's, on which nothing was said.
pub(super) fn meet(place: &Scratch) -> Socket {
    let registry: Registry = place.registry();
    let name = PipeName::parse(NAME).expect("a name");
    let how = ConnectOptions { scope: Some(Scope::System), ..ConnectOptions::default() };
    connect(&registry, &name, Access::BOTH, how, soon()).expect("a victim that listens").socket
}
