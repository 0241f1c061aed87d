// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link whose far end is a descriptor that the far process inherits.

use crate::scratch::Scratch;
use std::os::fd::OwnedFd;

use cabotage_link::{self as link, Link};

use super::link::{LinkEnd, MESSAGE_BYTES_MAX, lacks, options};
use super::{Ability, BothEnds, End, Side, StartFar, Told, Transport};

#[derive(Debug)]
pub(super) struct LinkByPair;

impl Transport for LinkByPair {
    fn title(&self) -> &'static str {
        "link_by_pair"
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        lacks(ability)
    }

    fn record_bytes_max(&self) -> usize {
        MESSAGE_BYTES_MAX as usize
    }

    fn open(&self, _place: &Scratch, _side: Side, start: StartFar<'_>) -> Box<dyn End> {
        let (near, far) = Link::pair(options()).expect("a pair");
        start(far.into_fd());
        Box::new(LinkEnd(near))
    }

    fn open_both(&self, _place: &Scratch) -> Result<BothEnds, Told> {
        let (near, far) = Link::pair(options())?;
        Ok((Box::new(LinkEnd(near)), Box::new(LinkEnd(far.link(options())?))))
    }

    fn join(&self, _place: &Scratch, _side: Side, inherited: Option<OwnedFd>) -> Box<dyn End> {
        let end = link::End::received(inherited.expect("an end was passed")).expect("an end of a link");
        Box::new(LinkEnd(end.link(options()).expect("a link")))
    }
}
