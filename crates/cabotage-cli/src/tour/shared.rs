// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both ends over memory that two processes map: a page of words and messages, then a window of the file.
//!
//! The words say what lies ready. Whoever waits for one looks at it for a while, then sleeps on it; whoever stores
//! one wakes the other only if it sleeps, so between two busy processes no system call is made.

use std::fs::File;
use std::sync::atomic::{Ordering, fence};
use std::{hint, thread};

use cabotage::Deadline;
use cabotage::os::map::{MapError, MapMut};
use sha2::{Digest, Sha256};

use super::journal::Journal;
use super::mechanism::{FarEnd, Message, NearEnd};
use super::peer::{PATIENCE, Peer};
use crate::exit::Failure;

/// Where things lie. Every word has a line of its own, so that the processes do not fight over one.
const WINDOWS: usize = 0;
const PINGS: usize = 256;
const PONGS: usize = 512;
/// How far behind its word the flag lies that says that somebody sleeps on it.
const SLEEPER: usize = 128;
const PING: usize = 1024;
const PONG: usize = 1280;
const WINDOW: usize = 4096;

/// How many bytes the map must have for windows of `window_bytes`.
pub(crate) const fn map_bytes(window_bytes: usize) -> usize {
    WINDOW + window_bytes
}

/// Either end.
#[derive(Debug)]
pub(crate) struct Shared {
    map: MapMut,
    peer: Peer,
    looks: Looks,
    window_bytes: usize,
    windows: u32,
    messages: u32,
}

impl Shared {
    /// The end of a process that has mapped the object.
    pub(crate) fn over(map: MapMut, peer: Peer) -> Self {
        Self { map, peer, looks: Looks::new(), window_bytes: 0, windows: 0, messages: 0 }
    }

    /// Stores `value` in the word at `at`, and wakes who sleeps on it.
    fn raise(&self, at: usize, value: u32) -> Result<(), MapError> {
        self.map.store_u32(at, value)?;
        fence(Ordering::SeqCst); // Either we see the sleeper's flag, or it sees the word; see `await_word`.
        if self.map.load_u32(at + SLEEPER)? != 0 {
            self.map.store_u32(at + SLEEPER, 0)?;
            self.map.wake_u32(at, 1)?;
        }
        Ok(())
    }

    /// Waits until the word at `at` is `value`.
    fn await_word(&mut self, at: usize, value: u32) -> Result<(), Failure> {
        for _ in 0..self.looks.next() {
            if self.map.load_u32(at)? == value {
                self.looks.paid_off();
                return Ok(());
            }
            hint::spin_loop();
        }
        self.looks.were_in_vain();
        self.sleep_until(at, value)
    }

    fn sleep_until(&self, at: usize, value: u32) -> Result<(), Failure> {
        loop {
            self.map.store_u32(at + SLEEPER, 1)?;
            fence(Ordering::SeqCst);
            let word = self.map.load_u32(at)?;
            if word == value {
                return Ok(self.map.store_u32(at + SLEEPER, 0)?);
            }
            self.map.wait_u32(at, word, Deadline::within(PATIENCE))?;
            if self.map.load_u32(at)? != value {
                self.peer.check()?;
            }
        }
    }
}

impl NearEnd for Shared {
    fn fill(&mut self, file: &File, bytes: usize, journal: &mut Journal) -> Result<usize, Failure> {
        self.window_bytes = journal.step("fill from the file", || -> Result<usize, MapError> {
            let mut done = 0;
            while done < bytes {
                match self.map.fill_from(WINDOW + done, bytes - done, file)? {
                    0 => break,
                    more => done += more,
                }
            }
            Ok(done)
        })?;
        Ok(self.window_bytes)
    }

    fn digest(&self, digest: &mut Sha256) -> Result<(), Failure> {
        let mut piece = [0; 16 * 1024];
        for at in (0..self.window_bytes).step_by(piece.len()) {
            let piece_bytes = piece.len().min(self.window_bytes - at);
            let piece = &mut piece[..piece_bytes];
            self.map.copy_to(WINDOW + at, piece)?;
            digest.update(piece);
        }
        Ok(())
    }

    fn hand_over(&mut self, journal: &mut Journal) -> Result<(), Failure> {
        self.windows = self.windows.wrapping_add(1);
        Ok(journal.step("say it is there", || self.raise(WINDOWS, self.windows))?)
    }

    fn exchange(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.messages = self.messages.wrapping_add(1);
        self.map.copy_from(PING, message)?;
        self.raise(PINGS, self.messages)?;
        self.await_word(PONGS, self.messages)?;
        Ok(self.map.copy_to(PONG, message)?)
    }
}

impl FarEnd for Shared {
    fn take(&mut self, target: &mut [u8], journal: &mut Journal) -> Result<(), Failure> {
        self.windows = self.windows.wrapping_add(1);
        journal.step("wait for the word", || self.await_word(WINDOWS, self.windows))?;
        Ok(journal.step("copy out", || self.map.copy_to(WINDOW, target))?)
    }

    fn receive(&mut self, message: &mut Message) -> Result<(), Failure> {
        self.messages = self.messages.wrapping_add(1);
        self.await_word(PINGS, self.messages)?;
        Ok(self.map.copy_to(PING, message)?)
    }

    fn reply(&mut self, message: &Message) -> Result<(), Failure> {
        self.map.copy_from(PONG, message)?;
        Ok(self.raise(PONGS, self.messages)?)
    }
}

/// How often to look at a word before sleeping: more when looking paid off, fewer when it was in vain, and now and
/// then as often as allowed. For two processes that both sleep never answer fast enough for a short look; one long
/// look finds out that meanwhile there is a processor for each.
#[derive(Debug)]
struct Looks {
    planned: u32,
    most: u32,
    waits: u32,
}

impl Looks {
    const LEAST: u32 = 64;
    const MOST: u32 = 8192;
    /// One wait of so many is a long one.
    const LONG_ONE_OF: u32 = 256;

    /// On a single processor looking only keeps the other process from running.
    fn new() -> Self {
        let can_run_at_once = thread::available_parallelism().is_ok_and(|processors| processors.get() > 1);
        let most = if can_run_at_once { Self::MOST } else { 0 };
        Self { planned: most, most, waits: 0 }
    }

    fn next(&mut self) -> u32 {
        self.waits = self.waits.wrapping_add(1);
        if self.waits.is_multiple_of(Self::LONG_ONE_OF) { self.most } else { self.planned }
    }

    fn paid_off(&mut self) {
        self.planned = (self.planned * 2).max(Self::LEAST).min(self.most);
    }

    fn were_in_vain(&mut self) {
        self.planned = (self.planned / 2).max(Self::LEAST).min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, PipeWriter};

    use cabotage::os::map::MapOptions;

    use super::*;
    use crate::exit::Exit;
    use crate::tour::journal::Who;
    use crate::tour::trips;

    /// An end over the file, and what hangs up when it is dropped, as the end of the other process would.
    fn end(file: &File, map_bytes: usize) -> (Shared, PipeWriter) {
        let (reader, writer) = io::pipe().unwrap();
        let map = MapOptions::new().read_write(file, map_bytes).unwrap();
        (Shared::over(map, Peer::at(reader).unwrap()), writer)
    }

    fn both_ends(window: &[u8]) -> (tempfile::NamedTempFile, [(Shared, PipeWriter); 2]) {
        let shared = tempfile::NamedTempFile::new().unwrap();
        let bytes = map_bytes(window.len());
        shared.as_file().set_len(bytes as u64).unwrap();
        let ends = [end(shared.as_file(), bytes), end(shared.as_file(), bytes)];
        (shared, ends)
    }

    #[test]
    fn what_is_filled_in_at_one_end_is_taken_at_the_other() {
        let source = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(source.path(), b"cargo").unwrap();
        let (_file, [(mut near, _), (mut far, _)]) = both_ends(b"cargo");
        let (mut parent, mut child) = (Journal::of(Who::Parent), Journal::of(Who::Child));
        let filled = near.fill(&source.reopen().unwrap(), 5, &mut parent).unwrap();
        near.hand_over(&mut parent).unwrap();
        let mut target = [0; 5];
        far.take(&mut target, &mut child).unwrap();
        assert_eq!((filled, &target), (5, b"cargo"));
    }

    #[test]
    fn no_message_is_lost_whether_the_ends_look_or_sleep() {
        for most in [0, Looks::MOST] {
            let (_file, [(mut near, _near), (mut far, _far)]) = both_ends(b"");
            for end in [&mut near, &mut far] {
                end.looks = Looks { planned: most, most, waits: 0 };
            }
            thread::scope(|scope| {
                scope.spawn(|| {
                    let mut message = trips::blank();
                    while !trips::is_last(&message) {
                        far.receive(&mut message).unwrap();
                        trips::answer(&mut message);
                        far.reply(&message).unwrap();
                    }
                });
                let trips = trips::measure(&mut near, std::time::Duration::from_millis(20)).unwrap();
                assert!(!trips.is_empty());
            });
        }
    }

    #[test]
    fn an_end_whose_peer_has_ended_is_told_so() {
        let (_file, [(mut near, lifeline), _far]) = both_ends(b"");
        drop(lifeline);
        let failure = near.exchange(&mut trips::blank()).unwrap_err();
        assert_eq!(failure.exit(), Exit::PeerGone);
    }
}
