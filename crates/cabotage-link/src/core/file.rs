// SPDX-License-Identifier: MIT OR Apache-2.0
//! Filing what comes over the socket: each message is checked against the protocol's order before it counts.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use cabotage_os::socket::Arrival;

use super::Core;
use super::EARLY_MAX;
use super::desk::{Desk, Greeting};
use crate::error::{LinkError, PeerFault};
use crate::inbox::PARCEL_DESCRIPTORS_MAX;
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
            frame if desk.is_unnamed() => keep(desk, &frame, bytes, descriptors),
            _ if desk.hello.is_none() => Err(PeerFault::Order("went on before it had said HELLO").into()),
            frame => self.file_handed_over(desk, &frame, descriptors),
        }
    }

    /// Files what came with descriptors, of a peer that is known.
    fn file_handed_over(
        &self,
        desk: &mut Desk,
        frame: &Frame<'_>,
        descriptors: Vec<OwnedFd>,
    ) -> Result<(), LinkError> {
        match *frame {
            Frame::Outbox { bytes } => self.file_outbox(desk, bytes, one(descriptors)?),
            Frame::Segment { number, purpose, bytes } => {
                self.file_segment(desk, (number, purpose, bytes), one(descriptors)?)
            }
            Frame::Descriptors { sequence, .. } => {
                self.charge(desk, Resource::Descriptors, descriptors.len() as u64)?;
                Ok(desk.inbox.file(sequence, descriptors)?)
            }
            _ => Err(PeerFault::Order("sent descriptors with what has none").into()),
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
        for (bytes, descriptors) in std::mem::take(&mut desk.unnamed) {
            let frame = Frame::parse(&bytes).map_err(PeerFault::from)?;
            self.file_handed_over(desk, &frame, descriptors)?;
        }
        Ok(())
    }

    /// The peer could not see who we are. Once is an accident; what we said first it has.
    fn say_it_again(&self, desk: &mut Desk) -> Result<(), LinkError> {
        if !desk.has_said_hello {
            return Err(PeerFault::Order("asks again for what was not said").into());
        }
        if std::mem::replace(&mut desk.had_again, true) {
            return Err(PeerFault::Order("asks again who we are after it knew").into());
        }
        self.answer_hello(desk)
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
        // Whoever reads the peer's ring must tell it how far, so now we need an outbox too. No answer goes with the
        // HELLO any more, and the peer waits for it when its ring is full.
        if !desk.has_said_hello {
            self.answer_hello(desk)?;
        }
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

/// Keeps what was handed over behind a HELLO whose sender the kernel could not name: the outbox first, then what is
/// announced in it. It counts, and is charged, once its sender is named.
fn keep(
    desk: &mut Desk,
    frame: &Frame<'_>,
    bytes: &[u8],
    descriptors: Vec<OwnedFd>,
) -> Result<(), LinkError> {
    if matches!(frame, Frame::Outbox { .. }) != desk.unnamed.is_empty() {
        return Err(PeerFault::Order("handed over an outbox twice, or something else before it").into());
    }
    let held: usize = desk.unnamed.iter().map(|(_, held)| held.len()).sum();
    if held + descriptors.len() > PARCEL_DESCRIPTORS_MAX {
        return Err(PeerFault::Order("handed over more than may wait until it is known who it is").into());
    }
    desk.unnamed.push((bytes.to_vec(), descriptors));
    Ok(())
}

/// A message that came before the peer's outbox: some may.
fn file_early(desk: &mut Desk, message: First<'_>) -> Result<(), LinkError> {
    let has_outbox = desk.theirs.is_some() || !desk.unnamed.is_empty();
    if !desk.has_heard_hello || has_outbox || desk.early_received >= EARLY_MAX {
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

#[cfg(test)]
mod tests {
    use cabotage_os::socket::{Credentials, Socket};

    use super::*;
    use crate::options::Options;
    use crate::wire::Flags;

    /// Files this message as one of a sender that the kernel has or has not named.
    fn file(core: &Core, frame: &Frame<'_>, is_named: bool, descriptors: Vec<OwnedFd>) -> Option<LinkError> {
        let bytes = frame.encode().to_vec();
        let sender = Credentials { pid: if is_named { 7 } else { 0 }, uid: 0, gid: 0 };
        let arrival = Arrival { bytes: bytes.len(), sender: Some(sender), descriptors, ..Arrival::default() };
        core.file(&mut core.desk(), &bytes, arrival).err()
    }

    fn outbox() -> OwnedFd {
        outbox::make("test", FIRST_SEGMENT_BYTES.into()).unwrap().1.into()
    }

    const HELLO: Frame<'_> = Frame::Hello(Hello {
        versions: VERSIONS,
        flags: Flags::MEMBARRIER,
        message_bytes_max: 9,
        port: 0,
        first: None,
    });
    const OUTBOX: Frame<'_> = Frame::Outbox { bytes: FIRST_SEGMENT_BYTES };

    #[test]
    fn an_outbox_behind_an_unnamed_hello_counts_once_its_sender_is_named() {
        let (near, far) = Socket::pair().unwrap();
        let core = Core::new(near, Options::new()).unwrap();
        assert_eq!(file(&core, &HELLO, false, vec![]), None);
        assert_eq!(file(&core, &OUTBOX, false, vec![outbox()]), None);
        assert!(core.their_outbox().is_none());
        assert_eq!(file(&core, &HELLO, true, vec![]), None);
        assert!(core.their_outbox().is_some());
        drop(far);
    }

    #[test]
    fn what_is_announced_behind_that_outbox_counts_with_it() {
        let (near, far) = Socket::pair().unwrap();
        let core = Core::new(near, Options::new()).unwrap();
        let segment = Frame::Segment { number: 1, purpose: Purpose::Ring, bytes: FIRST_SEGMENT_BYTES.into() };
        let parcel = Frame::Descriptors { sequence: 1, count: 1 };
        assert_eq!(file(&core, &HELLO, false, vec![]), None);
        for frame in [&OUTBOX, &segment, &parcel] {
            assert_eq!(file(&core, frame, false, vec![outbox()]), None);
        }
        assert!(core.desk().inbox.segment(1, Purpose::Ring).is_none());
        assert_eq!(file(&core, &HELLO, true, vec![]), None);
        assert!(core.their_outbox().is_some());
        assert!(core.desk().inbox.segment(1, Purpose::Ring).is_some());
        assert_eq!(core.desk().inbox.claim(1).map(|descriptors| descriptors.len()), Some(1));
        drop(far);
    }

    #[test]
    fn an_unnamed_peer_fills_nobody() {
        let (near, far) = Socket::pair().unwrap();
        let core = Core::new(near, Options::new()).unwrap();
        assert_eq!(file(&core, &HELLO, false, vec![]), None);
        assert_eq!(file(&core, &OUTBOX, false, vec![outbox()]), None);
        let refused = (1..=200).find_map(|sequence| {
            file(&core, &Frame::Descriptors { sequence, count: 1 }, false, vec![outbox()])
        });
        assert!(matches!(refused, Some(LinkError::Fault(_))));
        drop(far);
    }

    #[test]
    fn of_an_unnamed_peer_one_outbox_is_kept_and_no_message_behind_it() {
        for second in [OUTBOX, Frame::Early(First::new(b"late").unwrap())] {
            let (near, far) = Socket::pair().unwrap();
            let core = Core::new(near, Options::new()).unwrap();
            assert_eq!(file(&core, &HELLO, false, vec![]), None);
            assert_eq!(file(&core, &OUTBOX, false, vec![outbox()]), None);
            let descriptors = if second == OUTBOX { vec![outbox()] } else { vec![] };
            assert!(matches!(file(&core, &second, false, descriptors), Some(LinkError::Fault(_))));
            drop(far);
        }
    }
}
