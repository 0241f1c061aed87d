// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client and its server in the two processes of a measurement: what is asked and how it is answered is the case's.

use std::os::fd::OwnedFd;
use std::time::Duration;

use cabotage::alpc::{Client, ConnectOptions, ConnectionPort, Incoming, PortOptions, ReceiveError, Request};
use cabotage::link::Deadline;

use crate::bench::case::Result;
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, LOOK_AROUND, Meeting, registry};
use crate::bench::round_trip::RoundTrip;
use crate::exit::{Exit, Failure};

/// What goes to and fro.
pub(super) trait Errand: Default + 'static {
    /// How the client connects.
    fn connecting(options: ConnectOptions) -> ConnectOptions {
        options
    }

    /// How the port is created.
    fn creating(options: PortOptions) -> PortOptions {
        options
    }

    /// The client's half.
    fn ask(&mut self, client: &mut Client) -> Result<()>;
    /// The server's half.
    fn answer(&mut self, port: &mut ConnectionPort, request: Request) -> Result<()>;
}

/// Either end.
pub(super) enum Ends<E> {
    /// Connects when it asks first: the server's process may still be starting.
    Client { client: Option<Box<Client>>, invitation: Invitation, errand: E },
    /// Lets in whoever comes.
    Server { port: Box<ConnectionPort>, meeting: Meeting, errand: E },
}

impl<E: Errand> RoundTrip for Ends<E> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (invitation, descriptor) = Invitation::new()?;
        Ok((Self::Client { client: None, invitation, errand: E::default() }, vec![descriptor]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let meeting = Meeting::hold(descriptor)?;
        let (registry, name) = registry(meeting.path())?;
        let port = Box::new(E::creating(PortOptions::new()).registry(&registry).create_as(&name)?);
        Ok(Self::Server { port, meeting, errand: E::default() })
    }

    fn ping(&mut self) -> Result<()> {
        let Self::Client { client, invitation, errand } = self else { return Err(other_end()) };
        let client = match client {
            Some(client) => client,
            None => client.insert(Box::new(connect::<E>(invitation)?)),
        };
        errand.ask(client)
    }

    fn pong(&mut self) -> Result<()> {
        let Self::Server { port, meeting, errand } = self else { return Err(other_end()) };
        loop {
            // Of a client that is in, the end is told.
            let until = if port.clients() == 0 { Deadline::within(LOOK_AROUND) } else { Deadline::Never };
            match port.receive(until) {
                Ok(Incoming::Request(request)) => return errand.answer(port, request),
                Ok(Incoming::ConnectionRequest(request)) => drop(port.accept(request, b"", 0)?),
                Ok(other) => {
                    return Err(Failure::usage(format!("a client asks, and does nothing else: {other:?}")));
                }
                Err(ReceiveError::Nothing) => meeting.wait_on()?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn connect<E: Errand>(invitation: &Invitation) -> Result<Client> {
    let (registry, name) = registry(invitation.path())?;
    let soon = Deadline::within(Duration::from_secs(10));
    let options = E::connecting(ConnectOptions::new()).registry(&registry).wait_for_name().deadline(soon);
    Ok(options.connect(&name.to_string())?)
}

fn other_end() -> Failure {
    Failure::usage("clients ask and servers answer")
}

/// Whether the bytes are those of this round.
pub(super) fn check(is_of_this_round: bool) -> Result<()> {
    let stale = || Failure::new(Exit::Failed, "the bytes of another round came");
    is_of_this_round.then_some(()).ok_or_else(stale)
}
