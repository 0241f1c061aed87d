// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links between the processes of a measurement.

use std::os::fd::OwnedFd;

use cabotage::link::{Deadline, End, Link, Options};

use crate::bench::case::Result;
use crate::bench::descriptors::expect;
use crate::exit::{Exit, Failure};

/// The near end, and the descriptor of the far one.
pub(super) fn near(options: Options) -> Result<(Link, Vec<OwnedFd>)> {
    let (link, end) = Link::pair(options)?;
    let gone = || Failure::new(Exit::PeerGone, "the far end of the link is gone");
    Ok((link, vec![end.into_fd().ok_or_else(gone)?]))
}

/// The far end.
pub(super) fn far(descriptors: Vec<OwnedFd>, options: Options) -> Result<Link> {
    let [descriptor] = expect(descriptors)?;
    Ok(End::received(descriptor)?.link(options)?)
}

/// Sends `message` and takes the answer.
#[inline]
pub(super) fn call(link: &mut Link, message: &mut [u8]) -> Result<()> {
    link.send(message, Deadline::Never)?;
    link.receive(Deadline::Never)?.copy_to(message);
    Ok(())
}

/// Takes a message and sends it back.
#[inline]
pub(super) fn answer(link: &mut Link, message: &mut [u8]) -> Result<()> {
    link.receive(Deadline::Never)?.copy_to(message);
    Ok(link.send(message, Deadline::Never)?)
}
