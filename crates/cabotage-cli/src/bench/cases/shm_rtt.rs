// SPDX-License-Identifier: MIT OR Apache-2.0
//! `shm.rtt`: 64 bytes to and fro over two channels. The limit of the trusting form is two bare lanes that spin, that
//! of the guarded form a link.

use std::cell::OnceCell;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;

use cabotage::Deadline;
use cabotage::shm::{Consumer, Producer};

use super::channel_ends::{self, Form, Guarded, Trusting, unmet};
use super::{lane_rtt, link_rtt};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, Meeting};
use crate::bench::round_trip::RoundTrip;

pub(super) const TRUSTING: Case = Case {
    name: "shm.rtt",
    about: "64 bytes to and fro over two trusting channels, held against two bare lanes",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip<Trusting>>(),
    limit: Some(Subject::round_trip::<lane_rtt::Trip>()),
};

pub(super) const GUARDED: Case = Case {
    name: "shm.rtt.guarded",
    about: "64 bytes to and fro over two guarded channels, held against a link",
    bytes: BYTES,
    subject: Subject::round_trip::<Trip<Guarded>>(),
    limit: Some(Subject::round_trip::<link_rtt::Trip<link_rtt::Adaptive>>()),
};

/// Either end.
struct Trip<F> {
    ends: Ends<F>,
    buffer: [u8; BYTES],
}

/// What an end sends with and receives from, once it has met the other.
struct Ends<F> {
    side: Side,
    met: OnceCell<(Producer, Consumer)>,
    form: PhantomData<F>,
}

enum Side {
    Near(Invitation),
    /// With the producer until the ends have met.
    Far(Meeting, Option<Box<Producer>>),
}

impl<F: Form> Ends<F> {
    fn at(side: Side) -> Self {
        Self { side, met: OnceCell::new(), form: PhantomData }
    }

    /// Both channels; the first time this waits for the other process.
    #[inline]
    fn both(&mut self) -> Result<&mut (Producer, Consumer)> {
        if self.met.get().is_none() {
            let ends = self.meet()?;
            let _ = self.met.set(ends);
        }
        self.met.get_mut().ok_or_else(unmet)
    }

    #[cold]
    fn meet(&mut self) -> Result<(Producer, Consumer)> {
        match &mut self.side {
            Side::Near(invitation) => {
                let consumer = channel_ends::come::<F>(invitation)?;
                Ok((channel_ends::bring::<F>(invitation)?, consumer))
            }
            Side::Far(meeting, producer) => {
                let mut producer = *producer.take().ok_or_else(unmet)?;
                channel_ends::welcome(&mut producer, meeting)?;
                Ok((producer, channel_ends::follow::<F>(meeting)?))
            }
        }
    }
}

impl<F: Form> RoundTrip for Trip<F> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (invitation, descriptor) = Invitation::in_memory()?;
        Ok((Self { ends: Ends::at(Side::Near(invitation)), buffer: [7; BYTES] }, vec![descriptor]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let meeting = Meeting::hold(descriptor)?;
        let producer = channel_ends::expect_company::<F>(&meeting)?;
        Ok(Self { ends: Ends::at(Side::Far(meeting, Some(Box::new(producer)))), buffer: [7; BYTES] })
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        let (producer, consumer) = self.ends.both()?;
        producer.send(&self.buffer, Deadline::Never)?;
        consumer.receive(Deadline::Never)?.copy_to(&mut self.buffer);
        Ok(())
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        let (producer, consumer) = self.ends.both()?;
        consumer.receive(Deadline::Never)?.copy_to(&mut self.buffer);
        Ok(producer.send(&self.buffer, Deadline::Never)?)
    }
}

const BYTES: usize = 64;
