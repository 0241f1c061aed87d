// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shape of something that is passed on: whoever holds a way to an owner gives a third party one of its own, and
//! that uses it. Three processes, none of which is another's parent in this.
//!
//! The holder is the near end, the owner the far one; the third party is started beside them, on the owner's processor, so
//! that each of the two wakes the other without disturbing another processor. What is timed is the whole, or one of its
//! parts; the rest of the whole is the owner's part and the waking of those who wait. Of several passes in a row, whose
//! figure is that of one, hardly any waking is left.

use std::os::fd::OwnedFd;
use std::time::Instant;

use super::case::{Far, Measured, Near, NearEnd, Place, Result, Setting, Subject};
use super::clock;
use super::descriptors::expect;
use super::note::Note;
use super::peer::Peer;

/// Each of the three; one type is all of them.
pub(crate) trait Passed: Sized + 'static {
    /// The holder, and what the owner and the third party need.
    fn holder() -> Result<(Self, [OwnedFd; 2])>;
    /// The owner, in its process.
    fn owner(descriptor: OwnedFd) -> Result<Self>;
    /// The third party, in its process.
    fn third(descriptor: OwnedFd) -> Result<Self>;
    /// The holder: gives the third party a way to the owner.
    fn pass(&mut self) -> Result<()>;
    /// The holder: waits until the owner says that it was spoken to.
    fn hear(&mut self) -> Result<()>;
    /// The third party: waits for what is passed.
    fn take(&mut self) -> Result<()>;
    /// The third party: speaks to the owner by it, and lets go of it.
    fn speak(&mut self) -> Result<()>;
    /// The owner: waits until somebody speaks to it.
    fn listen(&mut self) -> Result<()>;
    /// The owner: says so.
    fn answer(&mut self) -> Result<()>;
}

/// What is timed.
pub(crate) const WHOLE: u8 = 0;
/// The holder's part.
pub(crate) const PASS: u8 = 1;
/// The third party's, from the moment it has got what was passed.
pub(crate) const SPEAK: u8 = 2;

impl Subject {
    /// Measures a part of passing `T` on, so many times in a row.
    pub(crate) const fn passed<T: Passed, const PART: u8, const TIMES: u32>() -> Self {
        Self { near: near::<T, PART, TIMES>, far: far::<T, TIMES>, place: Place::Apart }
    }
}

fn near<T: Passed, const PART: u8, const TIMES: u32>(setting: Setting) -> Result<NearEnd> {
    let Setting { case, role, plan } = setting;
    let (holder, [owner, third]) = T::holder()?;
    let beside = plan.processors(case.subject(role)?.place);
    let third = Peer::start(case, role, &beside, vec![third, Note::leave(THIRD)?.1])?;
    let descriptors = vec![owner, Note::leave(OWNER)?.1];
    Ok((Box::new(Holder::<T, PART, TIMES> { holder, third }), descriptors))
}

fn far<T: Passed, const TIMES: u32>(descriptors: Vec<OwnedFd>) -> Result<Box<dyn Far>> {
    let [end, note] = expect(descriptors)?;
    Ok(match Note::read(note)?.words() {
        OWNER => Box::new(Owner::<T, TIMES>(T::owner(end)?)),
        _ => Box::new(Third::<T, TIMES>(T::third(end)?)),
    })
}

struct Holder<T, const PART: u8, const TIMES: u32> {
    holder: T,
    third: Peer,
}

struct Owner<T, const TIMES: u32>(T);

struct Third<T, const TIMES: u32>(T);

impl<T: Passed, const PART: u8, const TIMES: u32> Near for Holder<T, PART, TIMES> {
    fn round(&mut self, operations: u32, _peer: &Peer) -> Result<Measured> {
        self.third.begin(operations)?;
        let mut samples = Vec::with_capacity(operations as usize);
        for number in 0..LEAD + operations {
            let before = Instant::now();
            for _ in 0..TIMES {
                self.holder.pass()?;
            }
            let passed = Instant::now();
            self.holder.hear()?;
            let until = if PART == PASS { passed } else { Instant::now() };
            if number >= LEAD {
                samples.push(clock::between(before, until).div_ceil(TIMES));
            }
        }
        let spoken = self.third.answer()?;
        Ok(Measured::Latencies(if PART == SPEAK { spoken } else { samples }))
    }
}

impl<T: Passed, const TIMES: u32> Far for Owner<T, TIMES> {
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        for _ in 0..LEAD + operations {
            (0..TIMES).try_for_each(|_| self.0.listen())?;
            self.0.answer()?;
        }
        Ok(Vec::new())
    }
}

impl<T: Passed, const TIMES: u32> Far for Third<T, TIMES> {
    fn round(&mut self, operations: u32) -> Result<Vec<u32>> {
        let mut samples = Vec::with_capacity(operations as usize);
        for number in 0..(LEAD + operations) * TIMES {
            self.0.take()?;
            let before = Instant::now();
            self.0.speak()?;
            if number >= LEAD * TIMES {
                samples.push(clock::between(before, Instant::now()));
            }
        }
        Ok(samples)
    }
}

const OWNER: &str = "owner";
const THIRD: &str = "third";
/// Passes before the timed ones: the others may still be waking up.
const LEAD: u32 = 4;
