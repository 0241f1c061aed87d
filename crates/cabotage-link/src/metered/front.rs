// SPDX-License-Identifier: MIT OR Apache-2.0
//! The record in front: which one it is, whether anything of it stands, and what it means for the one after it.
//!
//! Everything that a record says is the peer's word. How long it is the lane has checked; what it says of its write is
//! compared with what the record before it said, and only ever told on as a number.

use std::sync::Arc;

use cabotage_lane::Controls;
use cabotage_lane::revoke::{Answer, Mark, Reader};
use cabotage_lane::ring::Shape as Record;

use super::reading::Reading;
use super::record::{FIRST, HEAD_BYTES, MORE, Part};
use super::shape::Framing;
use crate::core::Core;
use crate::error::{LinkError, PeerFault};
use crate::parcel::PLAIN;
use crate::receive::Found;

/// The record in front.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Front {
    /// Whether there is one.
    pub(super) is_there: bool,
    /// Where its next byte lies in the record's body.
    pub(super) offset: usize,
    /// How many bytes of its write come in later records.
    pub(super) rest: u64,
    /// Whether it goes on with a write that was cut, so that nothing of it may stand.
    is_leftover: bool,
    pub(super) is_revocable: bool,
}

impl Front {
    /// How its bytes count.
    pub(super) fn mark(&self) -> Mark {
        if self.is_revocable { Mark::Revocable { rest: self.rest } } else { Mark::Firm }
    }
}

/// What a look at the front found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A record of which something stands, or an empty message.
    Record,
    /// The peer takes something back and has not said what: ask again in a moment.
    Undecided,
    /// Nothing.
    Nothing,
}

impl Reading {
    /// Is done with the record in front.
    pub(super) fn leave(&mut self, core: &Core) {
        let (Some(lane), Some(reader)) = (&mut self.inc.lane, &mut self.reader) else { return };
        reader.tell();
        lane.consume();
        lane.tell_freed();
        if lane.take_bell() {
            core.ring_sender();
        }
        self.rest = self.front.rest;
        self.front = Front::default();
    }

    /// Nothing stands of what is left of the record in front, nor of its write.
    pub(super) fn cut(&mut self, core: &Core) {
        let (Some(lane), true) = (&mut self.inc.lane, self.front.is_there) else { return };
        lane.consume();
        lane.tell_freed();
        if lane.take_bell() {
            core.ring_sender();
        }
        self.rest = self.front.rest;
        self.is_cut = true;
        self.front = Front::default();
    }

    /// Looks for a record of which something stands, without waiting.
    pub(super) fn look(&mut self, core: &Arc<Core>) -> Result<Sight, LinkError> {
        loop {
            self.hear(core)?;
            if !self.front.is_there {
                // Before the look: what was written before the peer closed is there by then. Its word comes no later than
                // the hang-up, which a child of its that has not executed yet may hold back.
                let has_closed =
                    self.inc.lane.as_ref().is_some_and(|lane| lane.controls().peer().is_closed());
                match self.inc.try_look(core).map_err(|error| self.how(error))? {
                    Found::Record(record) => {
                        self.hear(core)?;
                        self.enter(core, record)?;
                    }
                    Found::Early => {
                        return Err(core.end_with(PeerFault::Order("sent a message beside its ring").into()));
                    }
                    Found::Nothing => {
                        self.learn_of_cut(core)?;
                        return if has_closed { Err(LinkError::Closed) } else { Ok(Sight::Nothing) };
                    }
                }
            }
            if !self.has_handed {
                self.has_handed = core.is_over() || core.handed_outbox()?.is_some();
                if !self.has_handed {
                    return Ok(Sight::Undecided);
                }
            }
            let Some(reader) = &mut self.reader else { return Ok(Sight::Nothing) };
            match reader.peek(1).map_err(|lie| core.end_with(lie.into()))? {
                Answer::Take(_) if self.front.is_leftover => {
                    let lie = "goes on with a write that it has taken back";
                    return Err(core.end_with(PeerFault::Order(lie).into()));
                }
                Answer::Take(_) => return Ok(Sight::Record),
                Answer::WaitForLast => return Ok(Sight::Undecided),
                Answer::NoFurther(_) => self.cut(core),
            }
        }
    }

    /// Takes note of what the peer's end means for what is left, when it is heard of.
    fn hear(&mut self, core: &Core) -> Result<(), LinkError> {
        core.check_readable()?;
        let Some(lane) = &self.inc.lane else { return Ok(()) };
        if lane.controls().peer().is_discarded() {
            return Err(LinkError::Discarded);
        }
        let quota = self.quota;
        let reader = self.reader.get_or_insert_with(|| Reader::new(lane.controls().clone(), quota));
        if core.is_over() && !self.has_hung_up {
            self.has_hung_up = true;
            reader.hang_up().map_err(|lie| core.end_with(lie.into()))?;
        }
        Ok(())
    }

    pub(super) fn how(&self, error: LinkError) -> LinkError {
        match (&error, &self.inc.lane) {
            (LinkError::Closed | LinkError::Died, Some(lane)) if lane.controls().peer().is_discarded() => {
                LinkError::Discarded
            }
            _ => error,
        }
    }

    /// How the peer says in its words that it has ended, if it does.
    pub(super) fn word_of_end(&self) -> Option<LinkError> {
        let words = self.inc.lane.as_ref()?.controls();
        let closed = words.peer().is_closed().then_some(LinkError::Closed);
        closed.map(|error| self.how(error))
    }

    /// A message of which no more comes is over.
    fn learn_of_cut(&mut self, core: &Core) -> Result<(), LinkError> {
        if self.rest > 0
            && !self.is_cut
            && let Some(reader) = &mut self.reader
        {
            self.is_cut = reader.is_cut().map_err(|lie| core.end_with(lie.into()))?;
        }
        Ok(())
    }

    /// Begins with the record that a look has found.
    fn enter(&mut self, core: &Core, record: Record) -> Result<(), LinkError> {
        let refuse = |what| core.end_with(PeerFault::Order(what).into());
        let (front, bytes) = match (record.port(), record.tag()) {
            (0, PLAIN) if record.bytes() > 0 || self.framing == Framing::Messages => {
                (Front { is_there: true, ..Front::default() }, record.bytes())
            }
            (0, FIRST | MORE) if record.bytes() > HEAD_BYTES => self.part(core, record)?,
            (0, PLAIN | FIRST | MORE) => return Err(refuse("wrote nothing where something is written")),
            _ => return Err(refuse("sent a record of an unknown kind")),
        };
        let Some(reader) = &mut self.reader else { return Err(refuse("sent a record before its memory")) };
        reader.enter(bytes as u64, front.mark()).map_err(|lie| core.end_with(lie.into()))?;
        if record.tag() != MORE {
            self.is_cut = false;
            self.writes += 1;
        }
        (self.front, self.rest) = (front, 0);
        Ok(())
    }

    /// A part of a write: it goes on where the one before has ended, or begins.
    fn part(&mut self, core: &Core, record: Record) -> Result<(Front, usize), LinkError> {
        let mut word = [0; HEAD_BYTES];
        if let Some(lane) = &self.inc.lane {
            lane.read(0, &mut word);
        }
        let (part, bytes) = (Part::decode(word), record.bytes() - HEAD_BYTES);
        let goes_on = record.tag() == MORE;
        if goes_on && part.rest.checked_add(bytes as u64) != Some(self.rest) {
            return Err(core.end_with(PeerFault::Order("goes on with a write that it has not begun").into()));
        }
        let front = Front {
            is_there: true,
            offset: HEAD_BYTES,
            rest: part.rest,
            is_leftover: goes_on && self.is_cut,
            is_revocable: !part.is_firm,
        };
        Ok((front, bytes))
    }
}
