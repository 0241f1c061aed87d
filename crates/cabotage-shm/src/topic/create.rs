// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a topic is made of.

use super::TopicOptions;
use super::shape::Shape;
use crate::meeting::head::Kind;
use crate::meeting::making::Making;
use crate::meeting::parts::{self, Beside, Sizes};
use crate::meeting::refusal::Refusal;
use crate::name::Name;

/// The publisher's bell, which all subscribers hear.
pub(super) const BELL: &str = "bell";
/// The subscribers' bell, which the publisher hears.
pub(super) const ROOM: &str = "room";
/// The subscribers' object; the publisher's has the name. It has all locks of the topic: whoever publishes holds its
/// [place](crate::meeting::place), the first byte; those after it are the subscribers'.
pub(super) const BESIDE: Beside = Beside { object: "roster", kind: Kind::Roster, bells: [BELL, ROOM] };

/// Makes the topic; `Exists` when the name is taken, by a topic or by something else.
///
/// Keep what comes back until the publisher's place is taken.
pub(super) fn create(options: &TopicOptions, name: &Name) -> Result<Making, Refusal> {
    let shape = Shape::of(options, name)?;
    let sizes = Sizes { main_bytes: shape.main_bytes(), beside_bytes: shape.roster_bytes() };
    parts::make(options.choices(), &BESIDE, &shape.head, sizes, |object| shape.write(object))
}
