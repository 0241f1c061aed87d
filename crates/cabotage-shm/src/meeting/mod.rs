// SPDX-License-Identifier: MIT OR Apache-2.0
//! What processes meet by that trust each other: a name, places that one process holds at a time, bells.
//!
//! The first object of a meeting has the caller's name. Everything else lies beside it under
//! [names of our own](companion), made before that name appears, so whoever sees the name sees a complete meeting.
//! Each process writes the objects that it holds the [place](place) of, and no other; who holds one is known from a
//! lock that the kernel drops at its holder's death, and [who that is](occupant) stands in the object. A process is
//! woken, and told of the other's end, by a FIFO of the other's: its [bell](bells). Layout: docs/channels.md.

pub(crate) mod appear;
pub(crate) mod bells;
pub(crate) mod choices;
pub(crate) mod companion;
pub(crate) mod head;
pub(crate) mod making;
pub(crate) mod occupant;
pub(crate) mod opening;
pub(crate) mod parts;
pub(crate) mod place;
mod presence;
pub(crate) mod refusal;

pub use presence::Presence;
