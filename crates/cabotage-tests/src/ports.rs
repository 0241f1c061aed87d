// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of ALPC at a place of a test's own: created, connected to, and the one client that a test has let in.

use cabotage_alpc::{
    ChannelError, Client, ClientId, ConnectOptions, ConnectionPort, HandleKind, Incoming, PortOptions, Wait,
};
use cabotage_link::names::{Kind, Scope};
use cabotage_os::Deadline;

use crate::Wrong;
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// The name of every port: each test has a place of its own.
pub(crate) const NAME: &str = "port";

/// The largest section that either end takes.
pub(crate) const SECTION_BYTES_MAX: usize = 256 << 10;

/// How many handles either end takes with one message.
const HANDLES_MAX: usize = 8;

/// How a port at this place is created.
pub(crate) fn port_options(place: &Scratch) -> PortOptions {
    let options = PortOptions::new().registry(&place.registry()).section_bytes_max(SECTION_BYTES_MAX as u64);
    options.take_handles(HANDLES_MAX, &[HandleKind::Pipe])
}

/// How a client at this place connects.
pub(crate) fn connect_options(place: &Scratch) -> ConnectOptions {
    let options = ConnectOptions::new().registry(&place.registry()).deadline(soon());
    options.section_bytes_max(SECTION_BYTES_MAX as u64).take_handles(HANDLES_MAX, &[HandleKind::Pipe])
}

/// A port and a client of it in one process, which sleep in the kernel when they wait, so that each run makes the same
/// system calls. Each waits at most until `deadline` for the other.
///
/// # Errors
/// What either of them is told.
pub(crate) fn both(
    options: PortOptions,
    client: ConnectOptions,
    deadline: Deadline,
) -> Result<(Client, Served), Wrong> {
    let mut port = options.wait(Wait::Block).create(NAME)?;
    let connecting = client.wait(Wait::Block).begin(NAME)?;
    let client = let_in(&mut port, deadline)?;
    Ok((connecting.finish(deadline)?, Served { port, client }))
}

/// A port with one client.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) port: ConnectionPort,
    pub(crate) client: ClientId,
}

/// Lets in whoever asks first.
///
/// # Errors
/// What the port is told instead.
pub(crate) fn let_in(port: &mut ConnectionPort, deadline: Deadline) -> Result<ClientId, Wrong> {
    match port.receive(deadline)? {
        Incoming::ConnectionRequest(request) => Ok(port.accept(request, b"", 0)?),
        other => Err(format!("nobody asks to be let in, but {other:?} comes").into()),
    }
}

/// How a client is gone, if this says so.
pub(crate) fn end_of(incoming: &Incoming) -> Option<ChannelError> {
    match incoming {
        Incoming::PortClosed { .. } => Some(ChannelError::Closed),
        Incoming::ClientDied { .. } => Some(ChannelError::Died),
        Incoming::Disconnected { error, .. } => Some((**error).clone()),
        _ => None,
    }
}

/// Takes away the names that killed servers have left.
///
/// # Errors
/// The system's refusal.
pub(crate) fn sweep(place: &Scratch) -> Result<(), Wrong> {
    for scope in [Scope::User, Scope::System] {
        place.registry().remove_all_stale(Kind::Alpc, scope, soon())?;
    }
    Ok(())
}
