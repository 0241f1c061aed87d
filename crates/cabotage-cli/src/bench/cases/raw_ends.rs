// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bare read and write calls on two descriptors: the limit of whatever moves bytes through a kernel object.

use std::marker::PhantomData;
use std::os::fd::OwnedFd;

use cabotage::os::{Errno, raw};

use crate::bench::case::Result;
use crate::bench::descriptors::expect;
use crate::bench::round_trip::RoundTrip;
use crate::bench::stream::{Receiver, Sender};
use crate::exit::{Exit, Failure};

/// A kernel object that moves bytes between two processes.
pub(super) trait Carrier: 'static {
    /// A new one-way path: where bytes come out, where they go in.
    fn path() -> std::result::Result<(OwnedFd, OwnedFd), Errno>;

    /// Both directions: source and target of the near end, source and target of the far one.
    fn both_ways() -> std::result::Result<[OwnedFd; 4], Errno> {
        let (far_source, near_target) = Self::path()?;
        let (near_source, far_target) = Self::path()?;
        Ok([near_source, near_target, far_source, far_target])
    }
}

/// Either end of a ping-pong over a carrier.
pub(super) struct RawTrip<C, const BYTES: usize> {
    source: OwnedFd,
    target: OwnedFd,
    buffer: [u8; BYTES],
    carrier: PhantomData<C>,
}

impl<C, const BYTES: usize> RawTrip<C, BYTES> {
    fn new(source: OwnedFd, target: OwnedFd) -> Self {
        Self { source, target, buffer: [7; BYTES], carrier: PhantomData }
    }
}

impl<C: Carrier, const BYTES: usize> RoundTrip for RawTrip<C, BYTES> {
    fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let [near_source, near_target, far_source, far_target] = C::both_ways()?;
        Ok((Self::new(near_source, near_target), vec![far_source, far_target]))
    }

    fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [source, target] = expect(descriptors)?;
        Ok(Self::new(source, target))
    }

    #[inline]
    fn ping(&mut self) -> Result<()> {
        write_all(&self.target, &self.buffer)?;
        read_all(&self.source, &mut self.buffer)
    }

    #[inline]
    fn pong(&mut self) -> Result<()> {
        read_all(&self.source, &mut self.buffer)?;
        write_all(&self.target, &self.buffer)
    }
}

/// Either end of a stream over a carrier.
pub(super) struct RawStream<C, const BYTES: usize> {
    end: OwnedFd,
    buffer: Vec<u8>,
    carrier: PhantomData<C>,
}

impl<C: Carrier, const BYTES: usize> RawStream<C, BYTES> {
    fn new(end: OwnedFd) -> Self {
        Self { end, buffer: vec![7; BYTES], carrier: PhantomData }
    }
}

impl<C: Carrier, const BYTES: usize> Receiver for RawStream<C, BYTES> {
    fn create() -> Result<(Self, Vec<OwnedFd>)> {
        let (source, target) = C::path()?;
        Ok((Self::new(source), vec![target]))
    }

    #[inline]
    fn receive(&mut self) -> Result<()> {
        read_all(&self.end, &mut self.buffer)
    }
}

impl<C: Carrier, const BYTES: usize> Sender for RawStream<C, BYTES> {
    fn join(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [target] = expect(descriptors)?;
        Ok(Self::new(target))
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        write_all(&self.end, &self.buffer)
    }
}

#[inline]
fn read_all(source: &OwnedFd, mut target: &mut [u8]) -> Result<()> {
    while !target.is_empty() {
        let bytes = raw::read(source, target)?;
        if bytes == 0 {
            return Err(Failure::new(Exit::PeerGone, "the other end was closed"));
        }
        target = &mut target[bytes..];
    }
    Ok(())
}

#[inline]
fn write_all(target: &OwnedFd, mut source: &[u8]) -> Result<()> {
    while !source.is_empty() {
        let bytes = raw::write(target, source)?;
        source = &source[bytes..];
    }
    Ok(())
}
