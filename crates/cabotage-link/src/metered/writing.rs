// SPDX-License-Identifier: MIT OR Apache-2.0
//! The writing half: a write is complete once it and all before it that is unread fit the quota; until then what is in
//! the ring of it can be read, and taken back.

use cabotage_lane::MappedControls;
use cabotage_lane::revoke::{Admission, Outcome, Writer};
use cabotage_lane::ring::record_bytes_max;
use cabotage_os::Deadline;

use super::ending::WRITES_BETWEEN_LOOKS;
use super::flow::{Flow, Way};
use super::record::{FIRST, HEAD_BYTES, MORE, Part};
use super::shape::{Framing, Shape};
use super::{WriteError, pending::Queue};
use crate::core::Core;
use crate::error::LinkError;
use crate::parcel::PLAIN;
use crate::send::Outgoing;

/// The longest part of a write that goes in parts: long enough that its header costs nothing, short enough that the
/// reader begins with the first while the writer is at the next.
const PART_BYTES_MAX: usize = 16 << 10;
/// A part shorter than this is not worth its header unless it is the last one.
const PART_BYTES_MIN: usize = 512;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) out: Outgoing,
    /// Once there is a lane.
    pub(super) writer: Option<Writer<MappedControls>>,
    pub(super) framing: Framing,
    pub(super) quota: u64,
    /// The longest body of a record.
    record_bytes_max: usize,
    /// The longest write that goes as one record.
    pub(super) whole_bytes_max: usize,
    pub(super) pending: Queue,
    /// Writes since the socket was last looked at.
    pub(super) unlooked: u32,
}

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The write is complete.
    Done,
    /// More of it is in the ring than before.
    Moved,
    /// The peer has to read first.
    Stuck,
}

impl Writing {
    pub(super) fn new(mut out: Outgoing, shape: Shape) -> Self {
        let ring_words = shape.ring_words();
        out.keep_to(ring_words);
        let record_bytes_max = record_bytes_max(ring_words) as usize;
        let whole_bytes_max = match shape.framing {
            Framing::Bytes => record_bytes_max.min(PART_BYTES_MAX),
            Framing::Messages => record_bytes_max,
        };
        Self {
            out,
            writer: None,
            framing: shape.framing,
            quota: shape.out_quota_bytes,
            record_bytes_max,
            whole_bytes_max,
            pending: Queue::default(),
            unlooked: 0,
        }
    }

    /// Writes what is complete at once; answers whether the peer must be rung. `None`: nothing was written, for whatever
    /// reason.
    #[inline(always)]
    pub(super) fn put(&mut self, data: &[u8]) -> Option<bool> {
        let writer = self.writer.as_mut()?;
        self.unlooked = self.unlooked.wrapping_add(1);
        let is_simple = data.len() <= self.whole_bytes_max
            && !data.is_empty()
            && self.pending.is_empty()
            && !self.unlooked.is_multiple_of(WRITES_BETWEEN_LOOKS);
        if !is_simple || !writer.is_firm(data.len() as u64) {
            return None;
        }
        let must_ring = self.out.put_record(data)?;
        writer.append(data.len() as u64);
        Some(must_ring)
    }

    /// Writes, waiting until the write is complete at most until `deadline`.
    pub(super) fn write(
        &mut self,
        core: &Core,
        data: &[u8],
        is_unbound: bool,
        deadline: Deadline,
    ) -> Result<(), WriteError> {
        self.check(core)?;
        if self.is_nothing(data) || is_unbound && self.enqueues(core, data)? {
            return Ok(());
        }
        let mut flow = Flow::new(data.len());
        let mut has_begun = false;
        let done = self.wait_until(core, deadline, |writing| {
            let step = writing.step(core, &mut flow, data, is_unbound)?;
            has_begun = true;
            Ok(step)
        });
        match done {
            // The peer had ended before.
            Err(error) if !has_begun => Err(self.how(core, error).into()),
            Ok(true) => Ok(()),
            Ok(false) => match self.withdraw(core, &flow)? {
                None => Ok(()),
                Some(taken_bytes) => Err(WriteError::TimedOut { taken_bytes }),
            },
            // What was read before the end was read.
            Err(_) if self.is_complete(core, &flow) == Ok(true) => Ok(()),
            Err(error) => Err(self.broken(core, &flow, error)),
        }
    }

    /// Writes only what is complete at once; answers how many bytes.
    pub(super) fn try_write(&mut self, core: &Core, data: &[u8]) -> Result<usize, WriteError> {
        self.check(core)?;
        if self.is_nothing(data) {
            return Ok(0);
        }
        self.open(core)?;
        let fits = match &mut self.writer {
            Some(writer) => writer.admit(data.len() as u64).map_err(|lie| core.end_with(lie.into()))?,
            None => Admission::Held,
        };
        if fits != Admission::Firm || !self.pump(core)? {
            return Ok(0);
        }
        let mut flow = Flow::new(data.len());
        if self.step(core, &mut flow, data, false)? == Step::Done {
            return Ok(data.len());
        }
        // Only the ring has no room, for the overhead of very many short records.
        let taken = self.withdraw(core, &flow)?.unwrap_or(data.len());
        Ok(if self.framing == Framing::Bytes { taken } else { 0 })
    }

    /// Whether a write of this is nothing at all.
    pub(super) fn is_nothing(&self, data: &[u8]) -> bool {
        data.is_empty() && self.framing == Framing::Bytes
    }

    /// Behind writes that may be taken back, one that the quota does not bind is kept here, since it would have to be
    /// written again with them; answers whether it was.
    pub(super) fn enqueues(&mut self, core: &Core, data: &[u8]) -> Result<bool, LinkError> {
        if !self.pending.is_empty() {
            self.pump(core)?;
        }
        if self.pending.is_empty() {
            return Ok(false);
        }
        self.pending.push_detached(data);
        self.pump(core)?;
        Ok(true)
    }

    /// Makes the lane and learns of the peer's words, as far as possible now.
    pub(super) fn open(&mut self, core: &Core) -> Result<(), LinkError> {
        if self.writer.is_some() && self.out.has_met() {
            return Ok(());
        }
        if let Some(controls) = self.out.open(core)? {
            match &mut self.writer {
                Some(writer) => writer.meet(controls),
                None => self.writer = Some(Writer::new(controls, self.quota)),
            }
        }
        Ok(())
    }

    /// Goes on with a write behind all that waits before it.
    pub(super) fn step(
        &mut self,
        core: &Core,
        flow: &mut Flow,
        data: &[u8],
        is_unbound: bool,
    ) -> Result<Step, LinkError> {
        if !self.pending.is_empty() && !self.pump(core)? {
            return Ok(Step::Stuck);
        }
        self.advance(core, flow, data, is_unbound)
    }

    /// Goes on with a write.
    pub(super) fn advance(
        &mut self,
        core: &Core,
        flow: &mut Flow,
        data: &[u8],
        is_unbound: bool,
    ) -> Result<Step, LinkError> {
        let sent_before = flow.sent;
        if !flow.is_published() {
            self.open(core)?;
            let pushed = self.push(core, flow, data, is_unbound);
            self.out.publish_records(core)?;
            pushed?;
        }
        Ok(match self.is_complete(core, flow)? {
            true => Step::Done,
            false if flow.sent > sent_before => Step::Moved,
            false => Step::Stuck,
        })
    }

    /// Puts into the ring what has room there.
    fn push(&mut self, core: &Core, flow: &mut Flow, data: &[u8], is_unbound: bool) -> Result<(), LinkError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let way = match flow.way {
            Way::Waiting if is_unbound => Way::Unbound,
            Way::Waiting => {
                match writer.admit(flow.bytes as u64).map_err(|lie| core.end_with(lie.into()))? {
                    Admission::Firm => Way::Firm,
                    Admission::Revocable => Way::Revocable,
                    Admission::Held => return Ok(()),
                }
            }
            way => way,
        };
        if flow.way == Way::Waiting && way != Way::Revocable && flow.bytes <= self.whole_bytes_max {
            return self.push_whole(core, flow, data, way);
        }
        while flow.sent < flow.bytes && self.push_part(core, flow, data, way)? {
            if self.framing == Framing::Bytes {
                self.out.publish_records(core)?;
            }
        }
        Ok(())
    }

    fn push_whole(&mut self, core: &Core, flow: &mut Flow, data: &[u8], way: Way) -> Result<(), LinkError> {
        let has_room = self.out.room_for(core, data.len())?.is_some();
        if has_room && self.out.stage_record(core, PLAIN, &[], data)? {
            self.count(flow, data.len(), way);
        }
        Ok(())
    }

    fn push_part(&mut self, core: &Core, flow: &mut Flow, data: &[u8], way: Way) -> Result<bool, LinkError> {
        let part_bytes_max = (self.record_bytes_max - HEAD_BYTES).min(PART_BYTES_MAX).min(flow.left());
        let least = HEAD_BYTES + part_bytes_max.min(PART_BYTES_MIN);
        let Some(room) = self.out.room_for(core, least)? else { return Ok(false) };
        let bytes = part_bytes_max.min(room - HEAD_BYTES);
        let part = Part { rest: (flow.left() - bytes) as u64, is_firm: way == Way::Unbound };
        let tag = if flow.sent == 0 { FIRST } else { MORE };
        let body = &data[flow.sent..flow.sent + bytes];
        let is_staged = self.out.stage_record(core, tag, &part.encode(), body)?;
        if is_staged {
            self.count(flow, bytes, way);
        }
        Ok(is_staged)
    }

    /// Counts a record that is staged.
    fn count(&mut self, flow: &mut Flow, bytes: usize, way: Way) {
        let Some(writer) = &mut self.writer else { return };
        let range = writer.append(bytes as u64);
        if flow.way == Way::Waiting {
            (flow.start, flow.way) = (range.start, way);
        }
        flow.sent += bytes;
    }

    pub(super) fn is_complete(&mut self, core: &Core, flow: &Flow) -> Result<bool, LinkError> {
        let Some(writer) = &mut self.writer else { return Ok(false) };
        if !flow.is_published() {
            return Ok(false);
        }
        match flow.way {
            Way::Revocable => {
                writer.complete().map(|end| flow.end() <= end).map_err(|lie| core.end_with(lie.into()))
            }
            _ => Ok(true),
        }
    }

    /// Takes back what nobody has taken of a write, and all behind it: the writes that are pending there begin anew.
    /// Answers how many bytes from its start stay. `None`: it is complete.
    pub(super) fn withdraw(&mut self, core: &Core, flow: &Flow) -> Result<Option<usize>, LinkError> {
        if self.is_complete(core, flow)? {
            return Ok(None);
        }
        if flow.way == Way::Waiting {
            return Ok(Some(0));
        }
        if flow.way == Way::Unbound {
            return Ok(Some(flow.sent)); // Firm parts stay; the next record tells that no more of them follow.
        }
        let (Some(writer), out) = (&mut self.writer, &mut self.out) else { return Ok(Some(0)) };
        // What is not in the ring yet is given up in any case.
        let end = if flow.is_published() { flow.end() } else { u64::MAX };
        let mut met = Ok(None);
        let withdrawn = writer.withdraw_meeting(flow.start..end, || {
            met = if out.has_met() { Ok(None) } else { core.fetch(|_| false).and_then(|()| out.open(core)) };
            met.clone().unwrap_or(None)
        });
        met?;
        // A reader that came in the middle of it may sleep until it is decided.
        core.ring_sender();
        match withdrawn.map_err(|lie| core.end_with(lie.into()))? {
            Outcome::Complete => Ok(None),
            Outcome::Withdrawn(range) => {
                self.pending.restart_from(range.start);
                let stays = usize::try_from(range.start - flow.start).unwrap_or(flow.bytes);
                Ok(if stays < flow.bytes { Some(stays) } else { None })
            }
        }
    }

    /// How many bytes of a write the peer had taken when the link ended.
    fn taken(&mut self, flow: &Flow) -> usize {
        let taken = self.writer.as_mut().map_or(0, |writer| writer.taking().saturating_sub(flow.start));
        usize::try_from(taken).unwrap_or(flow.sent).min(flow.sent)
    }

    pub(super) fn broken(&mut self, core: &Core, flow: &Flow, error: LinkError) -> WriteError {
        let error = self.how(core, error);
        match flow.way {
            Way::Waiting => WriteError::Link(error),
            _ => WriteError::Broken { taken_bytes: self.taken(flow), error },
        }
    }

    /// How many bytes were written and not read, those of pending writes among them.
    pub(super) fn unread(&mut self, core: &Core) -> Result<u64, LinkError> {
        let _ = self.out.has_met() || self.open(core).is_ok(); // Without the peer's words nothing is read.
        let published = match &mut self.writer {
            Some(writer) => writer.unread().map_err(|lie| core.end_with(lie.into()))?,
            None => 0,
        };
        Ok(published + self.pending.unsent_bytes())
    }
}
