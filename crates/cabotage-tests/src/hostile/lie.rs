// SPDX-License-Identifier: MIT OR Apache-2.0
//! One lie, and the place where it is told: everything that a liar writes passes here, and what the lie is about is
//! written otherwise.

use std::cell::Cell;
use std::sync::Arc;

use cabotage_os::map::MapMut;

use super::field::{Field, Place};
use super::race::{Racer, Spot};
use super::values::Value;

/// How a lie is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It stands there instead of the truth.
    Static,
    /// It and the truth take turns, as fast as another thread can write.
    Racing,
}

impl std::fmt::Display for Manner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Static => "static",
            Self::Racing => "racing",
        })
    }
}

impl std::str::FromStr for Manner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Static, Self::Racing]
            .into_iter()
            .find(|manner| manner.to_string() == text)
            .ok_or_else(|| format!("{text} is no manner of lying"))
    }
}

/// What is said instead of the truth, and how.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    /// About what.
    pub field: &'static Field,
    /// What.
    pub value: Value,
    /// How.
    pub manner: Manner,
}

impl std::fmt::Display for Lie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.field.name, self.value, self.manner)
    }
}

/// What became of a lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// How often it was written.
    pub times: u32,
    /// Whether one of these must end the link.
    pub must_be_found: bool,
}

/// Writes the truth, but for one lie.
#[derive(Debug, Default)]
pub struct Tongue {
    lie: Option<Lie>,
    racer: Option<Racer>,
    told: Cell<Told>,
}

impl Tongue {
    /// Tells this lie, or none.
    pub fn new(lie: Option<Lie>) -> Self {
        let races = lie.is_some_and(|lie| lie.manner == Manner::Racing);
        Self { lie, racer: races.then(Racer::start), told: Cell::default() }
    }

    /// What became of the lie so far.
    pub fn told(&self) -> Told {
        self.told.get()
    }

    /// Bends a message for the socket.
    pub fn bend_frame(&self, message: &mut [u8]) {
        let Some(lie) = self.lie else { return };
        let Place::Frame { kind, byte } = lie.field.place else { return };
        if message.first() == Some(&kind) {
            self.bend(lie, message, byte);
        }
    }

    /// Writes a word of our memory.
    pub fn write_word(&self, map: &Arc<MapMut>, at: usize, truth: u64) {
        let mut word = truth;
        if let Some(lie) = self.lie
            && lie.field.place == (Place::Word { byte: at })
        {
            let before = self.told.get();
            word = self.note(lie, truth);
            // A word is looked at some time: it must be found only if it was a lie all the time.
            let mut told = self.told.get();
            told.must_be_found = lie.manner == Manner::Static
                && lie.field.is_found(truth, lie.value)
                && (before.must_be_found || before.times == 0);
            self.told.set(told);
            self.race(map, at, truth, word);
            word = if self.racer.is_some() { truth } else { word };
        }
        put(map, at, word);
    }

    /// Bends the body of a record before it is written at `at`.
    pub fn bend_body(&self, map: &Arc<MapMut>, at: usize, tag: u8, body: &mut [u8]) {
        let Some(lie) = self.lie else { return };
        let Place::Body { tag: about, byte } = lie.field.place else { return };
        if tag != about || body.len() < byte + bytes_of(lie.field) {
            return;
        }
        let truth = body.to_vec();
        self.bend(lie, body, byte);
        if self.racer.is_some() {
            let word_at = byte / 8 * 8;
            self.race(map, at + word_at, word_in(&truth, word_at), word_in(body, word_at));
            body.copy_from_slice(&truth);
        }
    }

    /// Writes the header of a record of `tag` at `at`, which makes it visible.
    pub fn write_header(&self, map: &Arc<MapMut>, at: usize, tag: u8, truth: u64) {
        let mut word = truth;
        if let Some(lie) = self.lie
            && let Place::Header { tag: about, bit } = lie.field.place
            && about == tag
        {
            let mask = lie.field.max() << bit;
            word = truth & !mask | self.note(lie, truth >> bit & lie.field.max()) << bit;
            self.race(map, at, truth, word);
            word = if self.racer.is_some() { truth } else { word };
        }
        put(map, at, word);
    }

    /// Puts the lie at `byte` of `bytes`, if the field is there.
    fn bend(&self, lie: Lie, bytes: &mut [u8], byte: usize) {
        let Some(place) = bytes.get_mut(byte..byte + bytes_of(lie.field)) else { return };
        let mut truth = [0; 8];
        truth[..place.len()].copy_from_slice(place);
        let lied = self.note(lie, u64::from_le_bytes(truth)).to_le_bytes();
        place.copy_from_slice(&lied[..place.len()]);
    }

    /// What is said instead of `truth`.
    fn note(&self, lie: Lie, truth: u64) -> u64 {
        let mut told = self.told.get();
        told.times += 1;
        told.must_be_found |= lie.manner == Manner::Static && lie.field.is_found(truth, lie.value);
        self.told.set(told);
        lie.field.lie(truth, lie.value)
    }

    fn race(&self, map: &Arc<MapMut>, at: usize, truth: u64, lie: u64) {
        if let Some(racer) = &self.racer {
            racer.move_to(Spot { map: map.clone(), at, truth, lie });
        }
    }
}

/// How many bytes a field has that stands among bytes.
fn bytes_of(field: &Field) -> usize {
    field.bits.div_ceil(8) as usize
}

fn word_in(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    let rest = &bytes[at..bytes.len().min(at + 8)];
    word[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(word)
}

/// The kit keeps to its own memory whatever it says of it.
fn put(map: &MapMut, at: usize, word: u64) {
    map.store_u64(at, word).expect("a word of the kit's own memory");
}
