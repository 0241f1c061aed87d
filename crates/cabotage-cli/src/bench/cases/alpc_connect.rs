// SPDX-License-Identifier: MIT OR Apache-2.0
//! `alpc.connect`: connect to a port, be accepted, one request and its reply, close; the limit is the same with bare
//! calls on a listening SEQPACKET socket, which asks nobody whether to let a client in.

use std::os::fd::OwnedFd;

use cabotage::alpc::{ConnectOptions, ConnectionPort, Deadline, Incoming, PortOptions, ReceiveError};

use super::link_connect::{Bare, other_end};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, LOOK_AROUND, Meeting, registry};
use crate::bench::round_trip::RoundTrip;

pub(super) const CASE: Case = Case {
    name: "alpc.connect",
    about: "connect to a port, be accepted, one request and its reply of 64 bytes, close",
    bytes: BYTES,
    subject: Subject::round_trip::<Ours>(),
    limit: Some(Subject::round_trip::<Bare>()),
};

enum Ours {
    Client { options: Box<ConnectOptions>, name: String, _invitation: Invitation },
    Server { port: Box<ConnectionPort>, meeting: Meeting },
}

impl RoundTrip for Ours {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (invitation, descriptor) = Invitation::new()?;
        let (registry, name) = registry(invitation.path())?;
        let options = Box::new(ConnectOptions::new().registry(&registry));
        Ok((Self::Client { options, name: name.to_string(), _invitation: invitation }, vec![descriptor]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let meeting = Meeting::hold(descriptor)?;
        let (registry, name) = registry(meeting.path())?;
        let port = PortOptions::new().registry(&registry).create(&name.to_string())?;
        Ok(Self::Server { port: Box::new(port), meeting })
    }

    fn ping(&mut self) -> Result<()> {
        let Self::Client { options, name, .. } = self else { return Err(other_end()) };
        let mut client = options.clone().connect(name)?;
        client.request(&[7; BYTES])?;
        client.close();
        Ok(())
    }

    /// The end of the client before is heard first.
    fn pong(&mut self) -> Result<()> {
        let Self::Server { port, meeting } = self else { return Err(other_end()) };
        loop {
            match port.receive(Deadline::within(LOOK_AROUND)) {
                Ok(Incoming::ConnectionRequest(request)) => {
                    port.accept(request, &[], 0).map_err(|refused| refused.error)?;
                }
                Ok(Incoming::Request(request)) => {
                    let mut message = [0; BYTES];
                    message.copy_from_slice(request.body());
                    return Ok(port.reply(request, &message).map_err(|unanswered| unanswered.error)?);
                }
                Ok(_) => {}
                Err(ReceiveError::Nothing) => meeting.wait_on()?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

const BYTES: usize = 64;
