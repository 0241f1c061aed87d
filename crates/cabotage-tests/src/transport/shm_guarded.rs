// SPDX-License-Identifier: MIT OR Apache-2.0
//! A channel whose ends need not trust each other: the name is where they meet, and what they exchange is sealed.

use std::os::fd::OwnedFd;

use cabotage_link::names::{Kind, Scope};
use cabotage_shm::{ChannelOptions, Name};

use super::shm::{CAPACITY_BYTES, Consuming, Producing, lacks, record_bytes_max};
use super::{Ability, BothEnds, End, Side, StartFar, Told, Transport};
use crate::scratch::Scratch;
use crate::suite::soon;

#[derive(Debug)]
pub(super) struct ShmGuarded;

impl Transport for ShmGuarded {
    fn title(&self) -> &'static str {
        "shm_guarded"
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
                let producer = create(place).expect("a new channel");
                start(None);
                attended(producer)
            }
            Side::Receiver => {
                start(None);
                consume(place).expect("a channel of the far one")
            }
        }
    }

    fn open_both(&self, _place: &Scratch) -> Result<BothEnds, Told> {
        Err(Told::Other(
            "a consumer waits for an answer of its producer, so one thread cannot be both".into(),
        ))
    }

    fn join(&self, place: &Scratch, side: Side, _inherited: Option<OwnedFd>) -> Box<dyn End> {
        match side {
            Side::Sender => attended(create(place).expect("a new channel")),
            Side::Receiver => consume(place).expect("a channel of the near one"),
        }
    }

    fn take_over(&self, place: &Scratch, side: Side) -> Result<Box<dyn End>, Told> {
        match side {
            Side::Sender => Ok(Box::new(options(place).create(&name()).map(Producing)?)),
            Side::Receiver => Ok(Box::new(options(place).open(&name()).map(Consuming)?)),
        }
    }

    fn clean(&self, place: &Scratch) {
        for scope in [Scope::User, Scope::System] {
            let clean = || place.registry().remove_all_stale(Kind::Channel, scope, soon());
            // Once more where a test lets a call fail.
            clean().or_else(|_| clean()).expect("names that nobody living has");
        }
    }
}

fn name() -> Name {
    Name::parse("channel").expect("a name")
}

fn options(place: &Scratch) -> ChannelOptions {
    ChannelOptions::new().capacity_bytes(CAPACITY_BYTES).registry(&place.registry())
}

fn create(place: &Scratch) -> Result<cabotage_shm::Producer, Told> {
    Ok(options(place).until_there(soon()).create(&name())?)
}

fn consume(place: &Scratch) -> Result<Box<dyn End>, Told> {
    Ok(Box::new(Consuming(options(place).until_there(soon()).open(&name())?)))
}

/// A producer that has let its consumer in, which it does in calls of its own alone.
fn attended(mut producer: cabotage_shm::Producer) -> Box<dyn End> {
    producer.wait_for_consumer(soon()).expect("a consumer");
    Box::new(Producing(producer))
}
