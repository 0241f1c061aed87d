// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a channel is made of.

use crate::meeting::choices::Choices;
use crate::meeting::head::{HEAD_BYTES, Head, Kind};
use crate::meeting::making::Making;
use crate::meeting::parts::{self, Beside, Sizes};
use crate::meeting::refusal::Refusal;
use crate::name::Name;

/// The producer's bell.
pub(super) const PRODUCER_BELL: &str = "producer-bell";
/// The consumer's bell.
pub(super) const CONSUMER_BELL: &str = "consumer-bell";
/// The consumer's object; the producer's has the name.
pub(super) const BESIDE: Beside =
    Beside { object: "reader", kind: Kind::Consumer, bells: [PRODUCER_BELL, CONSUMER_BELL] };

/// Makes the channel; `Exists` when the name is taken, by a channel or by something else.
///
/// Keep what comes back until an end is taken.
pub(super) fn create(choices: &Choices, name: &Name) -> Result<Making, Refusal> {
    let head = Head::draw(Kind::Producer, choices, name)?;
    let sizes = Sizes { main_bytes: HEAD_BYTES + head.ring_bytes, beside_bytes: HEAD_BYTES };
    parts::make(choices, &BESIDE, &head, sizes, |object| head.write(object))
}
