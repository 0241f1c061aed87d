// SPDX-License-Identifier: MIT OR Apache-2.0
//! Opening a topic that is there: all of its parts, known to belong together.

use cabotage_os::fork::SoleFd;
use cabotage_os::object::{self, Access};

use super::TopicError;
use super::create::BESIDE;
use super::shape::Shape;
use crate::directory::Directory;
use crate::meeting::head::Kind;
use crate::meeting::parts;
use crate::name::Name;

/// A topic's objects.
pub(super) struct Opened {
    pub(super) shape: Shape,
    /// The publisher's object, which has the caller's name.
    pub(super) main: SoleFd,
    /// The subscribers' object.
    pub(super) roster: SoleFd,
}

/// Opens the topic `name`: its publisher's object for publishing (`ReadWrite`) or not, its roster for taking part or
/// not.
pub(super) fn open(
    directory: &Directory,
    name: &Name,
    access: Access,
    roster_access: Access,
) -> Result<Opened, TopicError> {
    let told = |refusal| TopicError::of(name, refusal);
    let (head, main) = parts::open_main(directory, name, Kind::Topic, access).map_err(told)?;
    let shape = Shape::read(head, &main).map_err(told)?;
    let roster = BESIDE.open(directory, &shape.head, roster_access).map_err(told)?;
    Ok(Opened { shape, main, roster })
}

/// Opens the roster once more, as a holder of locks of its own.
pub(super) fn open_roster(
    directory: &Directory,
    shape: &Shape,
    access: Access,
) -> Result<SoleFd, TopicError> {
    let head = &shape.head;
    BESIDE.open_again(directory, head, access).map_err(|refusal| TopicError::of(&head.name, refusal))
}

/// Whether `name` still means this object.
pub(super) fn is_still(directory: &Directory, name: &Name, main: &SoleFd) -> Result<bool, TopicError> {
    let identity = object::facts(main, name)?.identity;
    parts::is_still(directory, name, identity).map_err(|refusal| TopicError::of(name, refusal))
}

/// Removes the topic's files, if its name still means this topic.
pub(super) fn remove(directory: &Directory, shape: &Shape) -> Result<(), TopicError> {
    parts::remove(directory, &BESIDE, &shape.head, Kind::Topic)
        .map_err(|refusal| TopicError::of(&shape.head.name, refusal))
}
