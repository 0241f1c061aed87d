// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head of an object: what it is and how it is laid out, written once, before anybody can see it.
//!
//! A C or Python program reads it like a file of little words; docs/channels.md is its page. What a process acts on
//! it reads once, by a system call, and checks.

use std::os::fd::AsFd;

use cabotage_lane::Fencing;
use cabotage_os::membarrier::Membarrier;
use cabotage_os::object::Kind as FileKind;
use cabotage_os::{SystemError, object};

use super::choices::Choices;
use super::companion::Companions;
use super::refusal::Refusal;
use crate::name::Name;
use crate::object::Object;

/// `CABOTAGE`, as bytes.
const MAGIC: u64 = u64::from_le_bytes(*b"CABOTAGE");
/// The layout that this library writes and reads.
const VERSION: u32 = 1;

const MAGIC_AT: usize = 0;
const VERSION_AT: usize = 8;
const KIND_AT: usize = 12;
const NUMBER_AT: usize = 16;
const RING_AT: usize = 24;
const RING_BYTES_AT: usize = 32;
const FENCING_AT: usize = 40;
/// Where a word says how many bytes the caller's name has; the name follows it.
const NAME_AT: usize = 256;
const NAME_BYTES_MAX: usize = Name::BYTES_MAX;

/// Where the control words of the lane begin.
pub(crate) const CONTROL_AT: usize = 1024;
/// How long the head is, control words included; a ring begins behind it.
pub(crate) const HEAD_BYTES: usize = 4096;

/// What an object is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// What a channel's producer writes: it has the caller's name and a ring.
    Producer = 1,
    /// What a channel's consumer writes.
    Consumer = 2,
    /// What a topic's publisher writes: it has the caller's name and a ring.
    Topic = 3,
    /// What a topic's subscribers write.
    Roster = 4,
}

/// See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: u32,
    pub(crate) companions: Companions,
    /// Where the ring begins, in bytes; 0 without one.
    pub(crate) ring_at: usize,
    pub(crate) ring_bytes: usize,
    /// Whether who goes to sleep issues a barrier for both sides: see `Fencing::Sleeper` of the lane.
    pub(crate) membarrier: bool,
    /// What the whole meeting is called.
    pub(crate) name: Name,
}

/// Why an object is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It says nothing that we know.
    Unknown,
    /// It is laid out in another version.
    Version(u32),
}

impl Head {
    /// Of a new meeting.
    pub(crate) fn draw(kind: Kind, choices: &Choices, name: &Name) -> Result<Self, SystemError> {
        Ok(Self {
            kind: kind as u32,
            companions: Companions::draw()?,
            ring_at: HEAD_BYTES,
            ring_bytes: choices.ring_bytes(),
            membarrier: choices.membarrier && Membarrier::join()?.is_some(),
            name: name.clone(),
        })
    }

    /// Reads the head of an open file that should be of this kind, and of the meeting `name`.
    pub(crate) fn of_kind(file: impl AsFd, name: &Name, kind: Kind) -> Result<Self, Refusal> {
        if object::facts(&file, name)?.kind != FileKind::Regular {
            return Err(Refusal::Stranger("it is no regular file"));
        }
        match Self::read(file, name)? {
            // The caller's word for it, also where the file was given another name since.
            Ok(head) if head.kind == kind as u32 && head.is_possible(kind) => {
                Ok(Self { name: name.clone(), ..head })
            }
            Ok(head) if head.kind == kind as u32 => Err(Refusal::Stranger("its head makes no sense")),
            Ok(_) => Err(Refusal::Stranger("it is something else of this library")),
            Err(Stranger::Unknown) => Err(Refusal::Stranger("it has no head of this library")),
            Err(Stranger::Version(version)) => Err(Refusal::Version(version)),
        }
    }

    fn is_possible(&self, kind: Kind) -> bool {
        match kind {
            Kind::Producer | Kind::Topic => self.ring_at == HEAD_BYTES && self.ring_bytes.is_power_of_two(),
            Kind::Consumer | Kind::Roster => self.ring_bytes == 0,
        }
    }

    /// How those fence who send and those who sleep.
    pub(crate) fn fencing(&self) -> Result<Fencing, Refusal> {
        match (self.membarrier, if self.membarrier { Membarrier::join()? } else { None }) {
            (false, _) => Ok(Fencing::Both),
            (true, Some(barrier)) => Ok(Fencing::Sleeper(barrier)),
            (true, None) => Err(Refusal::NoMembarrier),
        }
    }

    /// Writes the head into a new object, which is all zeroes.
    pub(crate) fn write(&self, object: &Object) -> Result<(), crate::ObjectError> {
        let mut bytes = [0; HEAD_BYTES];
        let name = self.name.file_name();
        let words: [(usize, &[u8]); 9] = [
            (MAGIC_AT, &MAGIC.to_le_bytes()),
            (VERSION_AT, &VERSION.to_le_bytes()),
            (KIND_AT, &self.kind.to_le_bytes()),
            (NUMBER_AT, &self.companions.number().to_le_bytes()),
            (RING_AT, &(self.ring_at as u64).to_le_bytes()),
            (RING_BYTES_AT, &(self.ring_bytes as u64).to_le_bytes()),
            (FENCING_AT, &u64::from(self.membarrier).to_le_bytes()),
            (NAME_AT, &(name.len() as u64).to_le_bytes()),
            (NAME_AT + 8, name),
        ];
        for (at, word) in words {
            bytes[at..at + word.len()].copy_from_slice(word);
        }
        object.write_at(0, &bytes)
    }

    /// Reads the head of an open file; the inner error says that there is none.
    pub(crate) fn read(file: impl AsFd, name: &Name) -> Result<Result<Self, Stranger>, SystemError> {
        let mut bytes = [0; CONTROL_AT];
        let mut done = 0;
        while done < bytes.len() {
            match object::read_at(&file, done, &mut bytes[done..], name)? {
                0 => return Ok(Err(Stranger::Unknown)),
                more => done += more,
            }
        }
        Ok(Self::parse(&bytes))
    }

    fn parse(bytes: &[u8; CONTROL_AT]) -> Result<Self, Stranger> {
        let long = |at: usize| bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        let short = |at: usize| bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
        let size = |at: usize| usize::try_from(long(at)).map_err(|_| Stranger::Unknown);
        if long(MAGIC_AT) != MAGIC {
            return Err(Stranger::Unknown);
        }
        if short(VERSION_AT) != VERSION {
            return Err(Stranger::Version(short(VERSION_AT)));
        }
        let name_bytes = size(NAME_AT)?.min(NAME_BYTES_MAX);
        let name = Name::parse(&bytes[NAME_AT + 8..][..name_bytes]).map_err(|_| Stranger::Unknown)?;
        Ok(Self {
            kind: short(KIND_AT),
            companions: Companions::of(long(NUMBER_AT)),
            ring_at: size(RING_AT)?,
            ring_bytes: size(RING_BYTES_AT)?,
            membarrier: long(FENCING_AT) != 0,
            name,
        })
    }
}

const _: () = assert!(NAME_AT + 8 + NAME_BYTES_MAX <= CONTROL_AT && CONTROL_AT.is_multiple_of(128));
