// SPDX-License-Identifier: MIT OR Apache-2.0
//! `alpc.rtt`: a synchronous request to a connection port and its reply, as long as each other. The limit is a bare
//! cache line.

use std::os::fd::OwnedFd;
use std::time::Duration;

use cabotage::alpc::{Client, ConnectOptions, ConnectionPort, Incoming, PortOptions, ReceiveError};
use cabotage::link::Deadline;
use cabotage::os::raw::Line;

use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, LOOK_AROUND, Meeting, registry};
use crate::bench::round_trip::RoundTrip;
use crate::exit::Failure;

pub(super) const OF_64: Case = Case {
    name: "alpc.rtt",
    about: "a synchronous request of 64 bytes to a connection port, and its reply",
    bytes: 64,
    subject: Subject::round_trip::<Ends<64>>(),
    limit: Some(Subject::round_trip::<Line>()),
};

pub(super) const OF_256: Case = Case {
    name: "alpc.rtt.256",
    about: "the same with 256 bytes",
    bytes: 256,
    subject: Subject::round_trip::<Ends<256>>(),
    limit: Some(Subject::round_trip::<Line>()),
};

/// Either end.
enum Ends<const BYTES: usize> {
    /// Connects when it asks first: the server's process may still be starting.
    Client { client: Option<Box<Client>>, invitation: Invitation },
    /// Lets in whoever comes.
    Server { port: Box<ConnectionPort>, answer: [u8; BYTES], meeting: Meeting },
}

impl<const BYTES: usize> RoundTrip for Ends<BYTES> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (invitation, descriptor) = Invitation::new()?;
        Ok((Self::Client { client: None, invitation }, vec![descriptor]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let meeting = Meeting::hold(descriptor)?;
        let (registry, name) = registry(meeting.path())?;
        let port = Box::new(PortOptions::new().registry(&registry).create_as(&name)?);
        Ok(Self::Server { port, answer: [0; BYTES], meeting })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        let Self::Client { client, invitation } = self else { return Err(other_end()) };
        let client = match client {
            Some(client) => client,
            None => client.insert(Box::new(connect(invitation)?)),
        };
        client.request(&[7; BYTES])?;
        Ok(())
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let Self::Server { port, answer, meeting } = self else { return Err(other_end()) };
        loop {
            // Of a client that is in, the end is told.
            let until = if port.clients() == 0 { Deadline::within(LOOK_AROUND) } else { Deadline::Never };
            match port.receive(until) {
                Ok(Incoming::Request(request)) => {
                    answer.copy_from_slice(request.body());
                    return Ok(port.reply(request, answer)?);
                }
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

fn connect(invitation: &Invitation) -> Result<Client> {
    let (registry, _) = registry(invitation.path())?;
    let soon = Deadline::within(Duration::from_secs(10));
    Ok(ConnectOptions::new().registry(&registry).wait_for_name().deadline(soon).connect("bench")?)
}

fn other_end() -> Failure {
    Failure::usage("clients ask and servers answer")
}
