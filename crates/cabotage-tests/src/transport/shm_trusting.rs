// SPDX-License-Identifier: MIT OR Apache-2.0
//! A channel over named objects, between processes that trust each other.

use std::os::fd::OwnedFd;

use cabotage_shm::{ChannelError, ChannelOptions, Name};

use super::shm::{CAPACITY_BYTES, Consuming, Producing, lacks, record_bytes_max};
use super::{Ability, BothEnds, End, Side, StartFar, Told, Transport};
use crate::scratch::Scratch;
use crate::suite::soon;

#[derive(Debug)]
pub(super) struct ShmTrusting;

impl Transport for ShmTrusting {
    fn title(&self) -> &'static str {
        "shm_trusting"
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        lacks(ability)
    }

    fn record_bytes_max(&self) -> usize {
        record_bytes_max()
    }

    fn open(&self, place: &Scratch, side: Side, start: StartFar<'_>) -> Box<dyn End> {
        match side {
            Side::Sender => {
                let end = open(place, side).expect("a new channel");
                start(None);
                end
            }
            Side::Receiver => {
                start(None);
                open(place, side).expect("a channel of the far one")
            }
        }
    }

    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told> {
        Ok((open(place, Side::Sender)?, open(place, Side::Receiver)?))
    }

    fn join(&self, place: &Scratch, side: Side, _inherited: Option<OwnedFd>) -> Box<dyn End> {
        open(place, side).expect("the other end of a channel")
    }

    fn take_over(&self, place: &Scratch, side: Side) -> Result<Box<dyn End>, Told> {
        match side {
            Side::Sender => Ok(Box::new(Producing(options().create_trusting(&name(place))?))),
            Side::Receiver => Ok(Box::new(Consuming(options().open_trusting(&name(place))?))),
        }
    }

    fn clean(&self, place: &Scratch) {
        let remove = || options().open_trusting(&name(place))?.remove();
        // Once more where a test lets a call fail.
        match remove().or_else(|_| remove()) {
            Ok(()) | Err(ChannelError::Missing { .. }) => {}
            Err(error) => panic!("a channel that nobody uses is not removed: {error}"),
        }
    }
}

fn name(place: &Scratch) -> Name {
    Name::parse(place.object("channel")).expect("a name")
}

fn options() -> ChannelOptions {
    ChannelOptions::new().capacity_bytes(CAPACITY_BYTES)
}

fn open(place: &Scratch, side: Side) -> Result<Box<dyn End>, Told> {
    let options = options().until_there(soon());
    match side {
        Side::Sender => Ok(Box::new(Producing(options.create_trusting(&name(place))?))),
        Side::Receiver => Ok(Box::new(Consuming(options.open_trusting(&name(place))?))),
    }
}
