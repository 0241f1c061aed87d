// SPDX-License-Identifier: MIT OR Apache-2.0
//! A FIFO with framed messages: the near process makes it, both open it by its path.

use crate::scratch::Scratch;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use cabotage_pipe::fifo::{self, Options, Peer};

use super::framed::{MESSAGE_BYTES_MAX, Receiving, Sending, lacks};
use super::{Ability, BothEnds, End, Oversize, Side, StartFar, Told, Transport, other};

#[derive(Debug)]
pub(super) struct Fifo;

/// Longer than any process needs to come.
const PATIENCE: Duration = Duration::from_secs(20);

impl Transport for Fifo {
    fn title(&self) -> &'static str {
        "fifo"
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        match ability {
            Ability::Place | Ability::TakeOverBySender => None,
            Ability::TakeOverByReceiver => {
                Some("what a killed reader had taken from the FIFO is gone with it")
            }
            other => lacks(other),
        }
    }

    fn record_bytes_max(&self) -> usize {
        MESSAGE_BYTES_MAX
    }

    fn oversize(&self) -> Oversize {
        Oversize::IsToldToTheReceiver
    }

    fn open(&self, place: &Scratch, side: Side, start: StartFar<'_>) -> Box<dyn End> {
        let made = Options::new().create_or_reuse(path(place)).expect("a FIFO");
        start(None);
        drop(made);
        open(place, side, Peer::within(PATIENCE)).expect("the far one opens it too")
    }

    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told> {
        Options::new().create_or_reuse(path(place)).map_err(other)?;
        let receiver = open(place, Side::Receiver, Peer::Any)?;
        Ok((open(place, Side::Sender, Peer::Required)?, receiver))
    }

    fn join(&self, place: &Scratch, side: Side, _inherited: Option<OwnedFd>) -> Box<dyn End> {
        open(place, side, Peer::within(PATIENCE)).expect("the near one opens it too")
    }

    fn clean(&self, place: &Scratch) {
        let _ = fifo::remove(path(place)); // it stays until it is removed, if it came to be
    }

    fn take_over(&self, place: &Scratch, side: Side) -> Result<Box<dyn End>, Told> {
        open(place, side, Peer::Required)
    }
}

fn path(place: &Scratch) -> PathBuf {
    place.path("fifo")
}

fn open(place: &Scratch, side: Side, peer: Peer) -> Result<Box<dyn End>, Told> {
    Ok(match side {
        Side::Sender => {
            let end = fifo::Writer::open(path(place), peer).map_err(other)?;
            Box::new(Sending::over(end).map_err(other)?)
        }
        Side::Receiver => Box::new(Receiving::over(fifo::Reader::open(path(place), peer).map_err(other)?)),
    })
}
