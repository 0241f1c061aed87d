// SPDX-License-Identifier: MIT OR Apache-2.0
//! Filing what comes over the socket: each message is checked against the protocol's order before it counts.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use cabotage_os::socket::Arrival;

use super::Core;
use super::EARLY_MAX;
use super::desk::{Desk, Greeting};
use crate::error::{LinkError, PeerFault};
use crate::outbox::{self, FIRST_SEGMENT_BYTES, RING_BYTES_MAX};
use crate::peer::Stamp;
use crate::quota::{Charge, Owner, Resource};
use crate::wire::{self, First, Frame, Hello, Purpose, VERSIONS};

impl Core {
    /// Files one message; a fault of the peer ends the link.
    pub(super) fn file(&self, desk: &mut Desk, buffer: &[u8], arrival: Arrival) -> Result<(), LinkError> {
        self.arrivals.fetch_add(1, Ordering::Release);
        match self.try_file(desk, buffer, arrival) {
            Ok(()) => Ok(()),
            // A shortage of ours is not the peer's fault, but what it sent is lost: the link can't go on.
            Err(error) => Err(self.end_in(desk, error)),
        }
    }

    fn try_file(&self, desk: &mut Desk, buffer: &[u8], mut arrival: Arrival) -> Result<(), LinkError> {
        let bytes = &buffer[..arrival.bytes];
        if arrival.lost_bytes > 0 {
            return Err(PeerFault::Order("sent a message longer than any").into());
        }
        if arrival.lost_control {
            return Err(no_room_for_descriptors());
        }
        let frame = Frame::parse(bytes).map_err(PeerFault::from)?;
        let (found, announced) = (arrival.descriptors.len(), frame.descriptors_expected());
        if found != announced {
            return Err(PeerFault::Descriptors { found, announced }.into());
        }
        if frame == Frame::Bell {
            return Ok(());
        }
        if desk.has_closed {
            return Err(PeerFault::Order("went on after it had said goodbye").into());
        }
        let descriptors = std::mem::take(&mut arrival.descriptors);
        match frame {
            Frame::Bell => Ok(()),
            Frame::Hello(hello) => self.file_hello(desk, &hello, arrival),
            Frame::Again => self.say_it_again(desk),
            Frame::Refused { reason } => Err(LinkError::Refused(reason.into())),
            Frame::Bye => {
                desk.has_closed = true;
                Ok(())
            }
            Frame::Early(message) => file_early(desk, message),
            _ if desk.hello.is_none() => Err(PeerFault::Order("went on before it had said HELLO").into()),
            Frame::Outbox { bytes } => self.file_outbox(desk, bytes, one(descriptors)?),
            Frame::Segment { number, purpose, bytes } => {
                self.file_segment(desk, (number, purpose, bytes), one(descriptors)?)
            }
            Frame::Descriptors { sequence, .. } => {
                self.charge(desk, Resource::Descriptors, descriptors.len() as u64)?;
                Ok(desk.inbox.file(sequence, descriptors)?)
            }
        }
    }

    fn file_hello(&self, desk: &mut Desk, hello: &Hello<'_>, mut arrival: Arrival) -> Result<(), LinkError> {
        if desk.hello.is_some() {
            return Err(PeerFault::Order("said HELLO twice").into());
        }
        if let Err(reason) = VERSIONS.agree(hello.versions) {
            return Err(self.refuse(reason));
        }
        if hello.port != 0 {
            return Err(PeerFault::Order("asks for a port that is not there").into());
        }
        if let Some(first) = hello.first {
            if std::mem::replace(&mut desk.has_heard_hello, true) {
                return Err(PeerFault::Order("sent first data twice").into());
            }
            desk.early.push_back(first.bytes().to_vec());
        }
        desk.has_heard_hello = true;
        let Some(stamp) = Stamp::take(&mut arrival)? else {
            if desk.had_unnamed_hello {
                return Err(self.refuse(wire::Refusal::Unidentified));
            }
            (desk.had_unnamed_hello, desk.owes_again) = (true, true);
            return Ok(());
        };
        desk.stamp = Some(stamp);
        self.charge(desk, Resource::Links, 1)?;
        desk.hello = Some(Greeting { flags: hello.flags, message_bytes_max: hello.message_bytes_max });
        Ok(())
    }

    /// The peer could not see who we are. Once is an accident; what we said first it has.
    fn say_it_again(&self, desk: &mut Desk) -> Result<(), LinkError> {
        if !desk.has_said_hello {
            return Err(PeerFault::Order("asks again for what was not said").into());
        }
        if desk.theirs.is_some() || std::mem::replace(&mut desk.had_again, true) {
            return Err(PeerFault::Order("asks again who we are after it knew").into());
        }
        self.send_hello(desk, None)
    }

    fn file_outbox(&self, desk: &mut Desk, bytes: u32, fd: OwnedFd) -> Result<(), LinkError> {
        if desk.theirs.is_some() {
            return Err(PeerFault::Order("handed over a second outbox").into());
        }
        if bytes != FIRST_SEGMENT_BYTES {
            return Err(PeerFault::Order("handed over an outbox of another size than its version has").into());
        }
        self.charge(desk, Resource::Bytes, bytes.into())?;
        desk.theirs = Some(outbox::take(fd, bytes.into())?);
        // Whoever reads the peer's ring must tell it how far, so now we need an outbox too.
        self.own_outbox_in(desk).map(|_| ())
    }

    fn file_segment(
        &self,
        desk: &mut Desk,
        (number, purpose, bytes): (u32, Purpose, u64),
        fd: OwnedFd,
    ) -> Result<(), LinkError> {
        let bytes_max = match purpose {
            Purpose::Ring => RING_BYTES_MAX,
            Purpose::Block => u64::from(self.options.message_bytes_max).next_multiple_of(1 << 20),
        };
        if bytes == 0 || bytes > bytes_max {
            return Err(PeerFault::Order("announced a segment above the agreed size").into());
        }
        desk.inbox.expects_segment(number)?;
        self.charge(desk, Resource::Bytes, bytes)?;
        let map = outbox::take(fd, bytes)?;
        desk.inbox.keep_segment(number, purpose, map);
        Ok(())
    }

    /// Charges the peer for something, if anybody counts; refuses it where that is too much.
    fn charge(&self, desk: &mut Desk, what: Resource, amount: u64) -> Result<(), LinkError> {
        let (Some(quota), Some(stamp)) = (&self.options.quota, &desk.stamp) else { return Ok(()) };
        let place = match what {
            Resource::Links => &mut desk.links,
            Resource::Bytes => &mut desk.bytes,
            Resource::Descriptors => &mut desk.descriptors,
        };
        let charged = match place {
            Some(charge) => charge.grow(amount),
            None => quota.charge(Owner::of(stamp), what, amount).map(|charge: Charge| {
                *place = Some(charge);
            }),
        };
        charged.map_err(|_| self.refuse(wire::Refusal::Quota(what)))
    }

    /// Tells the peer that we want no link with it, and why.
    fn refuse(&self, reason: wire::Refusal) -> LinkError {
        // Best effort: a peer that does not read its socket, or is gone, learns it by the hang-up.
        let _ = self.socket.send(&Frame::Refused { reason }.encode(), &[], cabotage_os::Deadline::Now);
        LinkError::Refusing(reason.into())
    }
}

/// A message that came before the peer's outbox: some may.
fn file_early(desk: &mut Desk, message: First<'_>) -> Result<(), LinkError> {
    if !desk.has_heard_hello || desk.theirs.is_some() || desk.early_received >= EARLY_MAX {
        return Err(PeerFault::Order("sent a message over the socket that belongs into its outbox").into());
    }
    desk.early_received += 1;
    desk.early.push_back(message.bytes().to_vec());
    Ok(())
}

/// The one descriptor of a message that has one.
fn one(descriptors: Vec<OwnedFd>) -> Result<OwnedFd, LinkError> {
    let found = descriptors.len();
    let mut descriptors = descriptors.into_iter();
    match (descriptors.next(), found) {
        (Some(descriptor), 1) => Ok(descriptor),
        _ => Err(PeerFault::Descriptors { found, announced: 1 }.into()),
    }
}

/// There is always room for the control data of a message, so descriptors are lost only when our table is full.
fn no_room_for_descriptors() -> LinkError {
    cabotage_os::SystemError::new("recvmsg", "descriptors from the peer", cabotage_os::Errno::MFILE).into()
}
