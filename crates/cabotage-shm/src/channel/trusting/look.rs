// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking at a channel without taking part in it: nothing is locked, written or mapped, so a channel of strangers can
//! be looked at too.

use std::cell::{Cell, RefCell};

use cabotage_lane::Control;
use cabotage_lane::ring::{TheirRing, Waiting, waiting};
use cabotage_os::fork::SoleFd;
use cabotage_os::map::MapError;
use cabotage_os::object::{self, Access};

use super::seat::{Opened, open};
use super::succession::PLAIN;
use crate::channel::error::ChannelError;
use crate::channel::glance::ChannelGlance;
use crate::meeting::choices::Choices;
use crate::meeting::head::CONTROL_AT;
use crate::meeting::occupant::{self, HeadFile, Words};
use crate::meeting::place;
use crate::name::Name;

pub(crate) fn look(choices: &Choices, name: &Name) -> Result<ChannelGlance, ChannelError> {
    let Opened { head, main, reader } = open(choices, name, Access::ReadOnly, Access::ReadOnly)?;
    let facts = object::facts(&main, name)?;
    let of_map = |error: MapError| ChannelError::of(name, error);
    let (producer_words, consumer_words) = (HeadFile(&main), HeadFile(&reader));
    let generation = occupant::incarnation(&producer_words).map_err(of_map)?;
    let producer = occupant::presence(&producer_words, || place::is_taken(&main)).map_err(of_map)?;
    let consumer = occupant::presence(&consumer_words, || place::is_taken(&reader)).map_err(of_map)?;
    let word = |at: usize| consumer_words.word(CONTROL_AT + at).map_err(of_map);
    let consumed = word(Control::CONSUMED_AT)?.max(word(Control::TAKEN_AT)?);
    let ring = RingFile::new(&main, head.ring_at, head.ring_bytes as u64 / 8);
    // Asked for last: what is not consumed now was not consumed before.
    let waiting = waiting(&ring, consumed, PLAIN).ok().filter(|_| !ring.is_broken.get());
    Ok(ChannelGlance {
        name: name.clone(),
        identity: facts.identity,
        mode: facts.mode,
        uid: facts.uid,
        capacity_bytes: head.ring_bytes,
        generation,
        producer,
        consumer,
        waiting: waiting.map(|Waiting { records, bytes }| (records, bytes)),
    })
}

/// The ring of a file, read piece by piece.
struct RingFile<'a> {
    file: &'a SoleFd,
    first_byte: usize,
    words: u64,
    piece: RefCell<Piece>,
    /// Whether a word could not be read; it counts as the end then.
    is_broken: Cell<bool>,
}

/// Words read together.
struct Piece {
    number: usize,
    bytes: Vec<u8>,
}

const PIECE_BYTES: usize = 32 << 10;

impl<'a> RingFile<'a> {
    fn new(file: &'a SoleFd, first_byte: usize, words: u64) -> Self {
        let piece = RefCell::new(Piece { number: usize::MAX, bytes: Vec::new() });
        Self { file, first_byte, words, piece, is_broken: Cell::new(false) }
    }

    fn read_piece(&self, number: usize) -> Option<Piece> {
        let mut bytes = vec![0; PIECE_BYTES];
        let got =
            object::read_at(self.file, self.first_byte + number * PIECE_BYTES, &mut bytes, "a ring").ok()?;
        bytes.truncate(got);
        Some(Piece { number, bytes })
    }

    fn word(&self, at_byte: usize) -> Option<u64> {
        let mut piece = self.piece.borrow_mut();
        if piece.number != at_byte / PIECE_BYTES {
            *piece = self.read_piece(at_byte / PIECE_BYTES)?;
        }
        let word = piece.bytes.get(at_byte % PIECE_BYTES..)?.first_chunk()?;
        Some(u64::from_le_bytes(*word))
    }
}

impl TheirRing for RingFile<'_> {
    fn words(&self) -> u64 {
        self.words
    }

    fn load(&self, at: u64) -> u64 {
        let word = usize::try_from(at * 8).ok().and_then(|at_byte| self.word(at_byte));
        self.is_broken.set(self.is_broken.get() || word.is_none());
        word.unwrap_or(0)
    }

    /// Nobody looks at bodies.
    fn read(&self, _at: u64, _body: &mut [u8]) {}
}
