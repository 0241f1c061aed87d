// SPDX-License-Identifier: MIT OR Apache-2.0
//! The queue of a pipe's posts as its clients see it: tried from the front, and each once.
//!
//! A post takes one client in its life, and its instance listens again at another. So one that was found taken is never
//! tried again, which is what makes waiting among many clients bearable.

use std::collections::BTreeSet;

use cabotage_os::Errno;
use cabotage_os::directory::{self, Directory};
use cabotage_os::socket::{Bound, Caller, ConnectError, Room, Socket, bound_in, room_in};

use super::definition::{Definition, Shape};
use super::folder::shown;
use super::post::{self, Entry};
use super::refusal::of_system;
use crate::named::error::PipeError;
use crate::named::rules::Access;

/// What somebody wants of a pipe.
pub(super) trait Errand {
    type Got;

    /// Whether the pipe is one for this errand.
    fn fits(&self, definition: &Definition) -> Result<(), PipeError>;

    /// Tries one post.
    fn at(
        &mut self,
        listening: &Directory,
        name: &directory::Name,
        shape: Shape,
    ) -> Result<Tried<Self::Got>, PipeError>;
}

/// What came of trying a post.
pub(super) enum Tried<T> {
    /// What was wanted.
    Got(T),
    /// It has or had its client.
    Taken,
}

/// The posts that were tried in vain.
pub(super) type Vain = BTreeSet<directory::Name>;

/// Tries the posts from the front, but for those that were tried before.
pub(super) fn first<E: Errand>(
    listening: &Directory,
    vain: &mut Vain,
    errand: &mut E,
) -> Result<Option<E::Got>, PipeError> {
    for name in shown(listening)? {
        let Some(Entry { shape, .. }) = post::parse(&name) else { continue };
        if vain.contains(&name) {
            continue;
        }
        match errand.at(listening, &name, shape)? {
            Tried::Got(got) => return Ok(Some(got)),
            Tried::Taken => vain.insert(name),
        };
    }
    Ok(None)
}

/// To be the client of an instance.
#[derive(Debug)]
pub(super) struct Call {
    access: Access,
    caller: Option<Caller>,
}

impl Call {
    pub(super) fn new(access: Access) -> Result<Self, PipeError> {
        Ok(Self { access, caller: Some(Caller::new()?) })
    }
}

impl Errand for Call {
    type Got = (Socket, Shape);

    fn fits(&self, definition: &Definition) -> Result<(), PipeError> {
        definition.direction.admits(self.access)
    }

    fn at(
        &mut self,
        listening: &Directory,
        name: &directory::Name,
        shape: Shape,
    ) -> Result<Tried<Self::Got>, PipeError> {
        let caller = match self.caller.take() {
            Some(caller) => caller,
            None => Caller::new()?,
        };
        match caller.call(listening, name) {
            Ok(()) => return Ok(Tried::Got((caller.into_socket()?, shape))),
            Err(ConnectError::NobodyListens { .. }) => remove_if_stale(listening, name)?,
            Err(ConnectError::System(refusal)) => return Err(of_system(refusal)),
            // Taken, just gone, or nothing of ours.
            Err(_) => {}
        }
        self.caller = Some(caller);
        Ok(Tried::Taken)
    }
}

/// To know that an instance is free.
#[derive(Debug)]
pub(super) struct Ask;

impl Errand for Ask {
    type Got = ();

    fn fits(&self, _: &Definition) -> Result<(), PipeError> {
        Ok(())
    }

    fn at(
        &mut self,
        listening: &Directory,
        name: &directory::Name,
        _: Shape,
    ) -> Result<Tried<()>, PipeError> {
        match room_in(listening, name) {
            Ok(Room::Free) => Ok(Tried::Got(())),
            Err(ConnectError::System(refusal)) => Err(of_system(refusal)),
            _ => Ok(Tried::Taken),
        }
    }
}

/// A killed server's post is in the way of every client, so whoever meets it and may removes it. No name is given
/// twice, so what nobody has now nobody will ever have.
fn remove_if_stale(listening: &Directory, name: &directory::Name) -> Result<(), PipeError> {
    if matches!(bound_in(listening, name), Ok(Bound::Nobody)) {
        match listening.remove_file(name) {
            Err(refusal) if !matches!(refusal.errno(), Errno::ACCESS | Errno::PERM) => {
                return Err(refusal.into());
            }
            _ => {}
        }
    }
    Ok(())
}
