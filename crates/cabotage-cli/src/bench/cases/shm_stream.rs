// SPDX-License-Identifier: MIT OR Apache-2.0
//! `shm.stream`: 64 bytes a record, one way through a channel. The limit of the trusting form is a bare lane whose
//! receiver never sleeps, that of the guarded form a link.

use std::cell::OnceCell;
use std::hint::black_box;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;

use cabotage::Deadline;
use cabotage::shm::{Consumer, Producer};

use super::channel_ends::{self, Form, Guarded, Trusting, unmet};
use super::{lane_stream, link_stream};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::meeting::{Invitation, Meeting};
use crate::bench::stream::{Receiver, Sender};

pub(super) const TRUSTING: Case = Case {
    name: "shm.stream",
    about: "64 bytes a record, one way through a trusting channel, held against a bare lane",
    bytes: BYTES,
    subject: Subject::stream::<Sink<Trusting>, Source<Trusting>>(),
    limit: Some(Subject::stream::<lane_stream::End, lane_stream::End>()),
};

pub(super) const GUARDED: Case = Case {
    name: "shm.stream.guarded",
    about: "64 bytes a record, one way through a guarded channel, held against a link",
    bytes: BYTES,
    subject: Subject::stream::<Sink<Guarded>, Source<Guarded>>(),
    limit: Some(Subject::stream::<link_stream::End<true>, link_stream::End<true>>()),
};

pub(super) struct Sink<F> {
    invitation: Invitation,
    consumer: OnceCell<Consumer>,
    buffer: [u8; BYTES],
    form: PhantomData<F>,
}

impl<F: Form> Receiver for Sink<F> {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (invitation, descriptor) = Invitation::in_memory()?;
        let sink = Self { invitation, consumer: OnceCell::new(), buffer: [7; BYTES], form: PhantomData };
        Ok((sink, vec![descriptor]))
    }

    #[inline]
    fn receive(&mut self) -> Result<()> {
        if self.consumer.get().is_none() {
            let _ = self.consumer.set(channel_ends::come::<F>(&self.invitation)?);
        }
        let consumer = self.consumer.get_mut().ok_or_else(unmet)?;
        consumer.receive(Deadline::Never)?.copy_to(&mut self.buffer);
        black_box(&self.buffer);
        Ok(())
    }
}

pub(super) struct Source<F> {
    meeting: Meeting,
    producer: Producer,
    has_company: bool,
    buffer: [u8; BYTES],
    form: PhantomData<F>,
}

impl<F: Form> Sender for Source<F> {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [descriptor] = expect(descriptors)?;
        let meeting = Meeting::hold(descriptor)?;
        let producer = channel_ends::expect_company::<F>(&meeting)?;
        Ok(Self { meeting, producer, has_company: false, buffer: [7; BYTES], form: PhantomData })
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        if !self.has_company {
            channel_ends::welcome(&mut self.producer, &self.meeting)?;
            self.has_company = true;
        }
        Ok(self.producer.send(black_box(&self.buffer), Deadline::Never)?)
    }
}

const BYTES: usize = 64;
