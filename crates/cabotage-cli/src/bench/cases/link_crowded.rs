// SPDX-License-Identifier: MIT OR Apache-2.0
//! `link.crowded`: two pairs of processes bounce 64 bytes over links at the same time, on two processors; the limit is
//! the same over pairs of SEQPACKET sockets.
//!
//! Where the scheduler puts partners decides more than what joins them, so there are three cases: as it likes, each
//! beside a stranger with its partner on the other processor, and each beside its partner.

use std::os::fd::OwnedFd;

use cabotage::link::{Deadline, End, Link, Options};
use cabotage::os::raw;

use crate::bench::case::{Case, Place, Result, Subject};
use crate::bench::crowd::{Bounce, Message};
use crate::exit::{Exit, Failure};

pub(super) const ANYWHERE: Case = Case {
    name: "link.crowded",
    about: "two pairs of processes on two processors, each with 64 bytes to and fro over a link",
    bytes: size_of::<Message>(),
    subject: Subject::crowd::<Ours>(Place::Anywhere),
    limit: Some(Subject::crowd::<Bare>(Place::Anywhere)),
};

pub(super) const APART: Case = Case {
    name: "link.crowded.apart",
    about: "the same with partners on different processors",
    subject: Subject::crowd::<Ours>(Place::Apart),
    limit: Some(Subject::crowd::<Bare>(Place::Apart)),
    ..ANYWHERE
};

pub(super) const TOGETHER: Case = Case {
    name: "link.crowded.together",
    about: "the same with partners on one processor",
    subject: Subject::crowd::<Ours>(Place::Together),
    limit: Some(Subject::crowd::<Bare>(Place::Together)),
    ..ANYWHERE
};

struct Ours(Link);

impl Bounce for Ours {
    fn pair() -> Result<[OwnedFd; 2]> {
        let (near, far) = raw::socket_pair()?;
        Ok([near, far])
    }

    fn join(descriptor: OwnedFd) -> Result<Self> {
        Ok(Self(End::received(descriptor)?.link(Options::new())?))
    }

    #[inline]
    fn send(&mut self, message: &Message) -> Result<()> {
        Ok(self.0.send(message, Deadline::Never)?)
    }

    #[inline]
    fn receive(&mut self, message: &mut Message) -> Result<()> {
        self.0.receive(Deadline::Never)?.copy_to(message);
        Ok(())
    }
}

struct Bare(OwnedFd);

impl Bounce for Bare {
    fn pair() -> Result<[OwnedFd; 2]> {
        Ours::pair()
    }

    fn join(descriptor: OwnedFd) -> Result<Self> {
        Ok(Self(descriptor))
    }

    #[inline]
    fn send(&mut self, message: &Message) -> Result<()> {
        raw::write(&self.0, message)?;
        Ok(())
    }

    #[inline]
    fn receive(&mut self, message: &mut Message) -> Result<()> {
        match raw::read(&self.0, message)? {
            0 => Err(Failure::new(Exit::PeerGone, "the other end was closed")),
            _ => Ok(()),
        }
    }
}
