// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.connect`: connect by name, shake hands, one message each way, close; the limit is the same with bare calls on
//! a listening SEQPACKET socket, which shakes no hands.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use cabotage::link::names::{ConnectOptions, Name, PublishOptions, Registry};
use cabotage::link::{AcceptError, Deadline, Link, Listener, Options};
use cabotage::os::{Errno, raw};

use super::link_ends;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, LOOK_AROUND, Meeting, registry};
use crate::bench::round_trip::RoundTrip;
use crate::exit::Failure;

pub(super) const CASE: Case = Case {
    name: "link.connect",
    about: "connect by name, shake hands, one message each way, close",
    bytes: BYTES,
    subject: Subject::round_trip::<Ours>(),
    limit: Some(Subject::round_trip::<Bare>()),
};

enum Ours {
    Client { registry: Registry, name: Name, _invitation: Invitation },
    Server { listener: Box<Listener>, meeting: Meeting },
}

impl RoundTrip for Ours {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (invitation, descriptor) = Invitation::new()?;
        let (registry, name) = registry(invitation.path())?;
        Ok((Self::Client { registry, name, _invitation: invitation }, vec![descriptor]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let meeting = Meeting::hold(descriptor)?;
        Ok(Self::Server { listener: Box::new(publish(meeting.path())?), meeting })
    }

    fn ping(&mut self) -> Result<()> {
        let Self::Client { registry, name, .. } = self else { return Err(other_end()) };
        let how = ConnectOptions::new();
        let mut link = Link::connect_in(registry, name, how, Options::new(), Deadline::Never)?;
        link_ends::call(&mut link, &mut [7; BYTES])?;
        link.close();
        Ok(())
    }

    fn pong(&mut self) -> Result<()> {
        let Self::Server { listener, meeting } = self else { return Err(other_end()) };
        let mut link = loop {
            match listener.accept(Deadline::within(LOOK_AROUND)) {
                Err(AcceptError::Nobody) => meeting.wait_on()?,
                outcome => break outcome?,
            }
        };
        link_ends::answer(&mut link, &mut [0; BYTES])?;
        link.close();
        Ok(())
    }
}

/// The name in this directory, for links with every default.
pub(super) fn publish(path: &Path) -> Result<Listener> {
    let (registry, name) = registry(path)?;
    Ok(Listener::publish_in(&registry, &name, PublishOptions::new(), Options::new(), Deadline::Now)?)
}

pub(super) enum Bare {
    Client { path: PathBuf, _invitation: Invitation },
    Server { listener: OwnedFd, meeting: Meeting },
}

impl RoundTrip for Bare {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (invitation, descriptor) = Invitation::new()?;
        Ok((Self::Client { path: socket_in(invitation.path()), _invitation: invitation }, vec![descriptor]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let meeting = Meeting::hold(descriptor)?;
        Ok(Self::Server { listener: raw::listen(&socket_in(meeting.path()), LOOK_AROUND)?, meeting })
    }

    fn ping(&mut self) -> Result<()> {
        let Self::Client { path, .. } = self else { return Err(other_end()) };
        let socket = raw::connect(path)?;
        raw::write(&socket, &[7; BYTES])?;
        raw::read(&socket, &mut [0; BYTES])?;
        Ok(())
    }

    fn pong(&mut self) -> Result<()> {
        let Self::Server { listener, meeting } = self else { return Err(other_end()) };
        let socket = loop {
            match raw::accept(&*listener) {
                Err(Errno::AGAIN) => meeting.wait_on()?,
                outcome => break outcome?,
            }
        };
        let mut message = [0; BYTES];
        raw::read(&socket, &mut message)?;
        raw::write(&socket, &message)?;
        Ok(())
    }
}

fn socket_in(directory: &Path) -> PathBuf {
    directory.join("socket")
}

pub(super) fn other_end() -> Failure {
    Failure::usage("clients call and servers answer")
}

const BYTES: usize = 64;
