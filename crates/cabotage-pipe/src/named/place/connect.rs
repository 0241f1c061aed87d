// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding an instance that listens, and waiting for one.
//!
//! Connecting and waiting for an instance are one call, so no other client comes between the two.

use cabotage_link::names::{Registry, Scope};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;

use super::definition::{Definition, Shape};
use super::queue::{Ask, Call};
use super::seek::Seeker;
use crate::named::error::{Denial, PipeError};
use crate::named::name::PipeName;
use crate::named::rules::Access;

/// How a pipe is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectOptions {
    /// Only in this scope; else in the user's and then in the system's.
    pub scope: Option<Scope>,
    /// Only a server of this user, in the kernel's word. In the system scope every user may create pipes.
    pub required_uid: Option<u32>,
    /// Waits until the deadline for a pipe that does not exist yet.
    pub waits_for_name: bool,
}

/// What a client has when it is connected.
#[derive(Debug)]
pub struct Connection {
    /// To the instance's server, who may not have accepted yet.
    pub socket: Socket,
    /// What is fixed for the whole pipe.
    pub definition: Definition,
    /// What this instance has of its own.
    pub shape: Shape,
    /// Where the pipe was found.
    pub scope: Scope,
}

/// How long to wait for an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as the pipe's creator says.
    Default,
    /// Until then.
    Until(Deadline),
}

/// Connects to the instance of `name` that has listened longest, waiting at most until `deadline` for one to be free.
/// What the client may do is `access`, within the pipe's direction; none at all connects too. The server need not have
/// accepted: what is sent meanwhile waits for it.
///
/// # Errors
/// [`PipeError::NotFound`] at once when there is no such pipe, unless the options say to wait for it;
/// [`PipeError::AllBusy`] with [`Deadline::Now`], and [`PipeError::TimedOut`] when no instance got free until the
/// deadline; [`PipeError::AccessDenied`] for what is outside the direction, or not this user's to use; or the system's
/// refusal.
pub fn connect(
    registry: &Registry,
    name: &PipeName,
    access: Access,
    options: ConnectOptions,
    deadline: Deadline,
) -> Result<Connection, PipeError> {
    let found = seeker(registry, name, options, Patience::Until(deadline)).seek(&mut Call::new(access)?)?;
    let (socket, shape) = found.got;
    let connection = Connection { socket, definition: found.definition, shape, scope: found.scope };
    check_server(connection, options.required_uid)
}

/// Waits until an instance of `name` listens and is free, and takes it not: another client may come first, so
/// [`connect`] with a deadline is what most want. Whose server it is does not count.
///
/// # Errors
/// As [`connect`].
pub fn wait(
    registry: &Registry,
    name: &PipeName,
    options: ConnectOptions,
    patience: Patience,
) -> Result<(), PipeError> {
    seeker(registry, name, options, patience).seek(&mut Ask).map(drop)
}

fn seeker<'a>(
    registry: &'a Registry,
    name: &'a PipeName,
    options: ConnectOptions,
    patience: Patience,
) -> Seeker<'a> {
    let seeker = Seeker::new(registry, name, options.scope, patience);
    if options.waits_for_name { seeker.wait_for_name() } else { seeker }
}

fn check_server(connection: Connection, required: Option<u32>) -> Result<Connection, PipeError> {
    let Some(required) = required else { return Ok(connection) };
    let server = connection.socket.peer()?;
    match server.uid {
        uid if uid == required => Ok(connection),
        uid => Err(PipeError::AccessDenied(Denial::OtherUser { uid })),
    }
}
