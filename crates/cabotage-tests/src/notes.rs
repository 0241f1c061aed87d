// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a process noted before it was killed, and **the rule of exactness** that everything is held against.
//!
//! The notes lie in memory that outlives their writer. It notes that it begins, acts, and notes that it is done:
//!
//! - A record is **committed** when `send` has returned `Ok`. Every committed record arrives, once, whole and in
//!   order, as long as its receiver's side lives.
//! - A record is **received** when it was consumed: the call that hands it out has returned, and it was dropped. A
//!   received record never comes again, to nobody.
//! - The **one record in hand** at the kill, begun and not done, may have gone either way, but whole or not at all.
//!   Nothing else is allowed: no second record, no gap, no rest of one.
//!
//! One form promises less and says so: a guarded channel keeps what it sent while no consumer was there in its producer
//! alone, until a consumer is handed it ([`Notes::check_received_or_none`]).
//!
//! The notes are stored one instruction after the call has returned, so a kill in between leaves the record in
//! hand. That is the only leniency, and it is one record wide.

use std::os::fd::OwnedFd;
use std::sync::atomic::{Ordering, compiler_fence};

use cabotage_os::map::{MapMut, MapOptions};
use cabotage_os::memfd::Memfd;

use crate::Wrong;

/// How much memory the notes of one process take.
pub const NOTES_BYTES: usize = 4096;

/// See the [module](self). One process writes them, all may read.
#[derive(Debug)]
pub struct Notes {
    map: MapMut,
}

/// The words of the notes, each with its place in memory.
#[derive(Debug, Clone, Copy)]
#[repr(usize)]
enum Word {
    Sending = 0,
    Sent = 8,
    Taking = 16,
    Taken = 24,
    Stream = 32,
    Done = 40,
    Ready = 48,
    Doing = 56,
}

impl Notes {
    /// Fresh notes, and the memory in which they lie, to be handed to another process.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn new() -> Result<(Self, OwnedFd), Wrong> {
        let memory = Memfd::create("notes", NOTES_BYTES as u64)?;
        let map = MapOptions::new().read_write(&memory, NOTES_BYTES)?;
        Ok((Self { map }, memory.into()))
    }

    /// The notes in the memory that another process made.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn in_memory(memory: &OwnedFd) -> Result<Self, Wrong> {
        Ok(Self { map: MapOptions::new().read_write(memory, NOTES_BYTES)? })
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let streams = [Word::Sending, Word::Sent, Word::Taking, Word::Taken, Word::Stream];
        let others = [Word::Doing, Word::Done, Word::Ready];
        streams.into_iter().chain(others).for_each(|word| self.store(word, 0));
    }

    /// Sends record `number` by `act`, with notes before and after.
    ///
    /// # Errors
    /// What `act` answers: then nothing was sent.
    pub fn sending<T, E>(&self, number: u64, act: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.store(Word::Sending, number + 1);
        let answer = act()?;
        self.store(Word::Sent, number + 1);
        Ok(answer)
    }

    /// Takes and consumes record `number` by `act`, with notes before and after.
    ///
    /// # Errors
    /// What `act` answers: then nothing was consumed.
    pub fn taking<T, E>(&self, number: u64, act: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.store(Word::Taking, number + 1);
        let answer = act()?;
        self.store(Word::Taken, number + 1);
        Ok(answer)
    }

    /// Does something else, noted as begun, and as done when it has succeeded.
    ///
    /// # Errors
    /// What `act` answers.
    pub fn doing<T, E>(&self, act: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.store(Word::Doing, 1);
        let answer = act()?;
        self.store(Word::Done, 1);
        Ok(answer)
    }

    /// Whether something was begun by [`Notes::doing`].
    pub fn is_begun(&self) -> bool {
        self.load(Word::Doing) != 0
    }

    /// Whether what was begun by [`Notes::doing`] is noted as done.
    pub fn is_done(&self) -> bool {
        self.load(Word::Done) != 0
    }

    /// Notes which stream is sent or taken from now on, from number 0.
    pub fn begin_stream(&self, stream: u64) {
        for word in [Word::Sent, Word::Sending, Word::Taken, Word::Taking] {
            self.store(word, 0);
        }
        self.store(Word::Stream, stream);
    }

    /// The stream that was begun last.
    pub fn stream(&self) -> u64 {
        self.load(Word::Stream)
    }

    /// Notes whether its writer has come to where its supervisor waits for it.
    pub fn set_ready(&self, is_ready: bool) {
        self.store(Word::Ready, is_ready.into());
    }

    /// Whether its writer is there.
    pub fn is_ready(&self) -> bool {
        self.load(Word::Ready) != 0
    }

    /// Takes over what another has noted of its stream.
    pub fn copy_from(&self, other: &Self) {
        let words = [Word::Sending, Word::Sent, Word::Taking, Word::Taken, Word::Stream];
        words.into_iter().for_each(|word| self.store(word, other.load(word)));
    }

    /// How many records were committed.
    pub fn sent(&self) -> u64 {
        self.load(Word::Sent)
    }

    /// How many records were received.
    pub fn taken(&self) -> u64 {
        self.load(Word::Taken)
    }

    /// Holds what a survivor has received against what the writer of these notes has sent, now that it is dead and
    /// all of it was drained.
    ///
    /// # Errors
    /// A committed record is missing, or one came that was never begun.
    pub fn check_received(&self, received: u64) -> Result<(), Wrong> {
        let (sent, sending) = (self.sent(), self.load(Word::Sending));
        if received < sent {
            return Err(format!(
                "{} committed records are lost: {sent} sent, {received} received",
                sent - received
            )
            .into());
        }
        if received > sending {
            return Err(format!("{received} records were received, of {sending} that were ever begun").into());
        }
        Ok(())
    }

    /// The same, where a sender keeps up to `kept_max` records to itself until somebody is there to be handed them: if it
    /// died before that, none has come, and none of more.
    ///
    /// # Errors
    /// As [`Self::check_received`].
    pub fn check_received_or_none(&self, received: u64, kept_max: u64) -> Result<(), Wrong> {
        if received == 0 && self.sent() <= kept_max { Ok(()) } else { self.check_received(received) }
    }

    /// Holds the first record that a successor gets against what the writer of these notes had taken.
    ///
    /// # Errors
    /// A record comes again, or one is left out.
    pub fn check_successor(&self, number: u64) -> Result<(), Wrong> {
        let (taken, taking) = (self.taken(), self.load(Word::Taking));
        if number < taken {
            return Err(format!("record {number} comes again: {taken} were taken before").into());
        }
        if number > taking {
            return Err(format!(
                "record {number} comes first, but only {taking} were ever begun to be taken"
            )
            .into());
        }
        Ok(())
    }

    fn load(&self, word: Word) -> u64 {
        compiler_fence(Ordering::SeqCst);
        self.map.load_u64(word as usize).expect("a word of the notes")
    }

    fn store(&self, word: Word, value: u64) {
        compiler_fence(Ordering::SeqCst);
        self.map.store_u64(word as usize, value).expect("a word of the notes");
        compiler_fence(Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes() -> Notes {
        Notes::new().unwrap().0
    }

    #[test]
    fn committed_records_must_arrive_and_only_the_one_in_hand_may() {
        let notes = notes();
        for number in 0..3 {
            notes.sending(number, || Ok::<_, ()>(())).unwrap();
        }
        assert!(notes.check_received(2).is_err(), "a committed record is lost");
        assert!(notes.check_received(3).is_ok());
        assert!(notes.check_received(4).is_err(), "one came that was never begun");
        notes.sending(3, || Err::<(), _>(())).unwrap_err();
        assert!(notes.check_received(3).is_ok() && notes.check_received(4).is_ok());
        assert!(notes.check_received(5).is_err());
    }

    #[test]
    fn only_what_nobody_was_handed_may_die_with_its_sender() {
        let notes = notes();
        for number in 0..3 {
            notes.sending(number, || Ok::<_, ()>(())).unwrap();
        }
        assert!(notes.check_received_or_none(0, 3).is_ok());
        assert!(notes.check_received_or_none(0, 2).is_err(), "more than can be kept");
        assert!(notes.check_received_or_none(1, 3).is_err(), "a part was handed over");
    }

    #[test]
    fn a_successor_begins_where_the_dead_one_was_or_behind_what_it_had_in_hand() {
        let notes = notes();
        notes.taking(0, || Ok::<_, ()>(())).unwrap();
        assert!(notes.check_successor(0).is_err(), "a record comes again");
        assert!(notes.check_successor(1).is_ok());
        assert!(notes.check_successor(2).is_err(), "a record is left out");
        notes.taking(1, || Err::<(), _>(())).unwrap_err();
        assert!(notes.check_successor(1).is_ok() && notes.check_successor(2).is_ok());
        assert!(notes.check_successor(3).is_err());
    }
}
