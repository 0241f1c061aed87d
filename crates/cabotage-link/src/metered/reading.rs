// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reading half: takes bytes out of the record in front, as many as are wanted; what is left stays where it is.

use std::sync::Arc;
use std::time::Duration;

use cabotage_lane::revoke::{Answer, Reader};
use cabotage_lane::{Controls, MappedControls};
use cabotage_os::Deadline;

use super::ReadError;
use super::front::{Front, Sight};
use super::shape::{Framing, ReadMode, Shape};
use crate::core::Core;
use crate::error::ReceiveError;
use crate::receive::Incoming;
use crate::wait::LOOKS_BETWEEN_CHECKS;

/// How long one sleeps at a time who waits for the peer to come to a decision that takes it some instructions.
const MOMENT: Duration = Duration::from_millis(1);

/// What a read has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// How many bytes, from the start of the buffer.
    pub bytes: usize,
    /// Whether more of the same message stays in the pipe. Never in [`ReadMode::Bytes`].
    pub is_rest_left: bool,
    /// Whether these bytes follow those of the read before in one message. After a read that has left a rest they do
    /// not when the peer has taken that rest back: then they are of the next message, from its start.
    pub goes_on: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) inc: Incoming,
    /// Once the peer's outbox has come.
    pub(super) reader: Option<Reader<MappedControls>>,
    pub(super) framing: Framing,
    pub(super) quota: u64,
    pub(super) front: Front,
    /// How many bytes the write of the last record has behind it.
    pub(super) rest: u64,
    /// What comes of that write was taken back: it is passed over.
    pub(super) is_cut: bool,
    /// How many writes were begun to be read.
    pub(super) writes: u64,
    /// Which of them bytes were handed out of last.
    handed: u64,
    pub(super) has_hung_up: bool,
    /// Whether our words are on their way to the peer: nothing is taken before, or it could not know.
    pub(super) has_handed: bool,
}

/// What a read has so far.
#[derive(Debug)]
struct Gathered<'a> {
    target: &'a mut [u8],
    mode: ReadMode,
    bytes: usize,
    /// Of which write they are.
    write: u64,
    /// Of which write the read before was.
    before: u64,
}

impl Gathered<'_> {
    /// Whether what there is is enough when nothing more is there.
    fn is_enough(&self) -> bool {
        self.mode == ReadMode::Bytes && self.bytes > 0
    }

    /// Of a message that was taken back nothing is handed out.
    fn forget_message(&mut self) {
        if self.mode == ReadMode::Message {
            self.bytes = 0;
        }
    }

    fn read(&self, is_rest_left: bool) -> Read {
        let is_rest_left = is_rest_left && self.mode == ReadMode::Message;
        Read { bytes: self.bytes, is_rest_left, goes_on: self.write == self.before }
    }
}

impl Reading {
    pub(super) fn new(inc: Incoming, shape: Shape) -> Self {
        Self {
            inc,
            reader: None,
            framing: shape.framing,
            quota: shape.in_quota_bytes,
            front: Front::default(),
            rest: 0,
            is_cut: false,
            writes: 0,
            handed: 0,
            has_hung_up: false,
            has_handed: false,
        }
    }

    /// Takes a whole record like the one before, if it is next and fits; answers how many bytes it has.
    #[inline(always)]
    pub(super) fn get(&mut self, core: &Core, target: &mut [u8], deadline: Deadline) -> Option<usize> {
        if self.front.is_there || self.rest != 0 || !self.has_handed || !core.is_open() {
            return None;
        }
        if !self.inc.comes(core, deadline) {
            return None;
        }
        let (Some(lane), Some(reader)) = (&mut self.inc.lane, &mut self.reader) else { return None };
        let bytes = lane.shape().bytes();
        let target = target.get_mut(..bytes)?;
        if bytes == 0 || lane.controls().peer().is_discarded() || !reader.take_whole(bytes as u64) {
            return None;
        }
        lane.read(0, target);
        lane.consume();
        lane.tell_freed();
        if lane.take_bell() {
            core.ring_sender();
        }
        self.inc.has_received = true;
        Some(bytes)
    }

    /// Reads into `target` behind the first `got` bytes, which are of this read too, and waits until `deadline` for the
    /// first byte if there is none, and for the rest of a message that is on its way.
    pub(super) fn read(
        &mut self,
        core: &Arc<Core>,
        target: &mut [u8],
        mode: ReadMode,
        got: usize,
        deadline: Deadline,
    ) -> Result<Read, ReadError> {
        let mut gathered = Gathered { target, mode, bytes: got, write: self.writes, before: self.handed };
        loop {
            let done = match self.look(core) {
                Ok(Sight::Record) => self.gather(core, &mut gathered)?,
                Ok(Sight::Undecided) => self.wait_for_decision(core, &gathered, deadline)?,
                Ok(Sight::Nothing) => self.wait_for_more(core, &mut gathered, deadline)?,
                // Told by the next read.
                Err(_) if gathered.is_enough() => Some(gathered.read(false)),
                Err(error) => return Err(error.into()),
            };
            if let Some(read) = done {
                self.handed = gathered.write;
                return Ok(read);
            }
        }
    }

    /// Takes what fits of the record in front; answers when that is all.
    fn gather(&mut self, core: &Core, gathered: &mut Gathered<'_>) -> Result<Option<Read>, ReadError> {
        if std::mem::replace(&mut gathered.write, self.writes) != self.writes {
            gathered.forget_message(); // It was taken back in the middle.
        }
        if self.is_empty_message() {
            if gathered.bytes == 0 {
                self.leave(core);
            }
            return Ok(Some(gathered.read(false)));
        }
        match self.take(core, gathered)? {
            Answer::Take(_) => {
                let is_full = gathered.bytes == gathered.target.len();
                Ok(match gathered.mode {
                    ReadMode::Message if is_full || !self.is_amid() => Some(gathered.read(self.is_amid())),
                    ReadMode::Bytes if is_full => Some(gathered.read(false)),
                    _ => None,
                })
            }
            Answer::NoFurther(_) => {
                gathered.forget_message();
                Ok(None)
            }
            Answer::WaitForLast => Ok(None), // The next look says the same.
        }
    }

    /// Waits for something to read, or for more of a message; answers when what there is is enough.
    fn wait_for_more(
        &mut self,
        core: &Arc<Core>,
        gathered: &mut Gathered<'_>,
        deadline: Deadline,
    ) -> Result<Option<Read>, ReadError> {
        if gathered.is_enough() {
            return Ok(Some(gathered.read(false)));
        }
        if !self.is_amid() {
            gathered.forget_message();
        }
        match self.wait(core, deadline) {
            Ok(()) => Ok(None),
            Err(ReadError::Nothing) if gathered.bytes > 0 => Ok(Some(gathered.read(true))),
            Err(error) => Err(error),
        }
    }

    /// The peer is about to say what it takes back: waits for that. When the time is up, answers what there is.
    fn wait_for_decision(
        &mut self,
        core: &Arc<Core>,
        gathered: &Gathered<'_>,
        deadline: Deadline,
    ) -> Result<Option<Read>, ReadError> {
        for looks in 1_u32.. {
            if !matches!(self.look(core)?, Sight::Undecided) {
                return Ok(None);
            }
            if looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) {
                // Nobody rings for this: only the peer's end does.
                let mark = core.mark();
                let slept = core.sleep(mark, deadline.or_sooner(Deadline::within(MOMENT)));
                if let Err(Some(error)) = slept {
                    return Err(error.into());
                }
                if deadline.has_passed() {
                    break;
                }
            }
            std::hint::spin_loop();
        }
        match gathered.bytes {
            0 => Err(ReadError::Nothing),
            _ => Ok(Some(gathered.read(true))),
        }
    }

    /// Whether more of the message in front is here or to come.
    pub(super) fn is_amid(&self) -> bool {
        self.front.is_there || (self.rest > 0 && !self.is_cut)
    }

    pub(super) fn is_empty_message(&self) -> bool {
        self.front.is_there && self.reader.as_ref().is_some_and(|reader| reader.left() == 0)
    }

    /// Takes what fits of the record in front.
    fn take(&mut self, core: &Core, gathered: &mut Gathered<'_>) -> Result<Answer, ReadError> {
        let (Some(lane), Some(reader)) = (&mut self.inc.lane, &mut self.reader) else {
            return Ok(Answer::Take(0));
        };
        let free = &mut gathered.target[gathered.bytes..];
        let answer = reader.take(free.len() as u64).map_err(|lie| core.end_with(lie.into()))?;
        match answer {
            Answer::Take(bytes) => {
                let bytes = usize::try_from(bytes).unwrap_or(0).min(free.len());
                lane.read(self.front.offset, &mut free[..bytes]);
                self.front.offset += bytes;
                gathered.bytes += bytes;
                self.inc.has_received = true;
                if reader.left() == 0 {
                    self.leave(core);
                } else if bytes > 0 {
                    reader.tell();
                    lane.answer_sender();
                    if lane.take_bell() {
                        core.ring_sender();
                    }
                }
            }
            Answer::NoFurther(_) => self.cut(core),
            Answer::WaitForLast => {}
        }
        Ok(answer)
    }

    /// Waits until there is something to look at.
    fn wait(&mut self, core: &Arc<Core>, deadline: Deadline) -> Result<(), ReadError> {
        match self.inc.wait(core, deadline) {
            Ok(_) => Ok(()),
            Err(ReceiveError::Nothing) => Err(ReadError::Nothing),
            Err(ReceiveError::Link(error)) => Err(self.how(error).into()),
        }
    }
}
