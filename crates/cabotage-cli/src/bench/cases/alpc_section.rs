// SPDX-License-Identifier: MIT OR Apache-2.0
//! `alpc.section`: a request whose body is a view of a section, answered with 64 bytes.
//!
//! Of a plain view the client writes the first and the last line and the server reads them, each round anew; the limit
//! is a request of 256 bytes through the queue. Of a secure view every byte is written and read; the limit is the same
//! by hand: a fresh memory object, written, sealed, handed over, mapped and read.

use std::hint::black_box;
use std::os::fd::OwnedFd;

use cabotage::alpc::{Client, ConnectionPort, Outgoing, Request, SecureViewMut};
use cabotage::link::Deadline;
use cabotage::os::raw;

use super::alpc_ends::{Ends, Errand, check};
use crate::bench::case::{Case, Result, Subject};
use crate::bench::descriptors::expect;
use crate::bench::round_trip::RoundTrip;
use crate::exit::{Exit, Failure};

pub(super) const OF_1M: Case = Case {
    name: "alpc.section.1m",
    about: "a request with a plain view of 1 MiB, its first and last line used, 64 bytes back",
    bytes: 1 << 20,
    subject: Subject::round_trip::<Ends<Plain<{ 1 << 20 }>>>(),
    limit: Some(Subject::round_trip::<Ends<Small>>()),
};

pub(super) const OF_64M: Case = Case {
    name: "alpc.section.64m",
    about: "a request with a plain view of 64 MiB, its first and last line used, 64 bytes back",
    bytes: 64 << 20,
    subject: Subject::round_trip::<Ends<Plain<{ 64 << 20 }>>>(),
    limit: Some(Subject::round_trip::<Ends<Small>>()),
};

pub(super) const SECURE: Case = Case {
    name: "alpc.section.secure",
    about: "a request with a secure view of 1 MiB, every byte written and read, 64 bytes back",
    bytes: SECURE_BYTES,
    subject: Subject::round_trip::<Ends<Secure>>(),
    limit: Some(Subject::round_trip::<ByHand>()),
};

/// The request through the queue.
#[derive(Default)]
struct Small {
    number: u8,
}

impl Errand for Small {
    fn ask(&mut self, client: &mut Client) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let reply = client.request(&[self.number; 256])?;
        check(reply.body().first() == Some(&self.number))
    }

    fn answer(&mut self, port: &mut ConnectionPort, request: Request) -> Result<()> {
        let mut line = [0; LINE];
        line.copy_from_slice(request.body().get(..LINE).unwrap_or(&[0; LINE]));
        Ok(port.reply(request, &line)?)
    }
}

/// The request in a plain view.
#[derive(Default)]
struct Plain<const BYTES: usize> {
    number: u8,
}

impl<const BYTES: usize> Errand for Plain<BYTES> {
    fn ask(&mut self, client: &mut Client) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let line = [self.number; LINE];
        let mut view = client.view(BYTES, Deadline::Never)?;
        view.write_at(0, &line)?;
        view.write_at(BYTES - LINE, &line)?;
        let reply = client.request_as(&mut Outgoing::in_view(view), Deadline::Never)?;
        check(reply.body() == line)
    }

    fn answer(&mut self, port: &mut ConnectionPort, request: Request) -> Result<()> {
        let (mut first, mut last) = ([0; LINE], [0; LINE]);
        let view =
            request.view().ok_or_else(|| Failure::new(Exit::Failed, "a request came without its view"))?;
        view.copy_at(0, &mut first)?;
        view.copy_at(BYTES - LINE, &mut last)?;
        check(first == last)?;
        Ok(port.reply(request, &first)?)
    }
}

/// The request in a secure view.
#[derive(Default)]
struct Secure {
    number: u8,
}

impl Errand for Secure {
    fn ask(&mut self, client: &mut Client) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let piece = [self.number; PIECE];
        let mut view = SecureViewMut::create(SECURE_BYTES)?;
        for at in (0..SECURE_BYTES).step_by(PIECE) {
            view.write_at(at, black_box(&piece))?;
        }
        let reply = client.request_as(&mut Outgoing::in_view(view), Deadline::Never)?;
        check(reply.body() == [self.number; LINE])
    }

    fn answer(&mut self, port: &mut ConnectionPort, request: Request) -> Result<()> {
        let line = [sum_of(request.body()); LINE];
        Ok(port.reply(request, &line)?)
    }
}

/// The same with bare calls.
pub(super) struct ByHand {
    socket: OwnedFd,
    number: u8,
}

impl RoundTrip for ByHand {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (near, far) = raw::socket_pair()?;
        Ok((Self { socket: near, number: 0 }, vec![far]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [socket] = expect(descriptors)?;
        Ok(Self { socket, number: 0 })
    }

    fn ping(&mut self) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let piece = [self.number; PIECE];
        let sealed = raw::sealed(SECURE_BYTES, black_box(&piece))?;
        raw::hand_over(&self.socket, sealed)?;
        let mut line = [0; LINE];
        raw::spin_to_read(&self.socket, &mut line)?;
        check(line == [self.number; LINE])
    }

    fn pong(&mut self) -> Result<()> {
        let sealed = raw::spin_to_take_over(&self.socket)?;
        let sum = raw::with_sealed(sealed, SECURE_BYTES, sum_of)?;
        raw::write(&self.socket, &[sum; LINE])?;
        Ok(())
    }
}

/// Something that takes all bytes: what they are when all are the same.
pub(super) fn sum_of(bytes: &[u8]) -> u8 {
    black_box(bytes).iter().fold(0, |all, byte| all | byte)
}

const LINE: usize = 64;
pub(super) const SECURE_BYTES: usize = 1 << 20;
pub(super) const PIECE: usize = 16 << 10;
