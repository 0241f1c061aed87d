// SPDX-License-Identifier: MIT OR Apache-2.0
//! The consumer's way to a producer: it connects, knocks, hands its memory over, and waits for the answer.

use std::time::Duration;

use cabotage_link::direct::ring_bytes;
use cabotage_link::{Link, LinkError, ReceiveError};
use cabotage_os::Deadline;

use super::place::Place;
use super::words::{Answer, Knock};
use crate::channel::error::{ChannelError, Role};
use crate::meeting::Presence;
use crate::meeting::appear::pause;

/// A producer answers from its own calls; who does not ask to wait gives it this long.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// Of the end of another consumer nothing tells.
const KNOCK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// What a producer has told of the stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    pub(super) generation: u64,
    /// The number of the record that comes first.
    pub(super) first: u64,
    pub(super) ring_bytes: usize,
}

/// What has become of a knock.
#[derive(Debug)]
pub(super) enum Answered {
    /// We are in.
    In(Stream),
    /// Somebody else is.
    Taken(Presence),
    /// Nothing yet.
    NotYet,
    /// Whoever was there has ended, or is no producer of a channel.
    Gone(LinkError),
}

/// Connects to the producer, if there is one, and knocks.
pub(super) fn knock(place: &Place, deadline: Deadline) -> Result<Link, ChannelError> {
    let mut link = place.connect(deadline)?;
    let knocked = link.send(Knock::new().bytes(), Deadline::Now).and_then(|()| Ok(link.prepare()?));
    link.tell_each(true);
    match knocked {
        Ok(_) => Ok(link),
        // It has ended a moment ago.
        Err(cabotage_link::SendError::Link(LinkError::Closed | LinkError::Died)) => {
            Err(ChannelError::Missing { name: place.name().clone() })
        }
        // A rule that it broke at once is told as one.
        Err(cabotage_link::SendError::Link(error)) => Err(error.into()),
        Err(_) => Err(ChannelError::Missing { name: place.name().clone() }),
    }
}

/// Hears what the producer answers, waiting at most until `deadline`.
pub(super) fn hear(link: &mut Link, deadline: Deadline) -> Answered {
    let message = match link.receive(deadline) {
        Ok(message) => message,
        Err(ReceiveError::Nothing) => return Answered::NotYet,
        Err(ReceiveError::Link(error)) => return Answered::Gone(error),
        Err(_) => return Answered::Gone(LinkError::Died),
    };
    let mut answer = [0; size_of::<Answer>() + 1];
    let bytes = message.copy_to(&mut answer);
    match Answer::of(&answer[..bytes]) {
        None => Answered::Gone(LinkError::Died),
        Some(answer) => match answer.holder() {
            Some(holder) => Answered::Taken(holder),
            None => Answered::In(Stream {
                generation: answer.generation,
                first: answer.first,
                ring_bytes: ring_bytes(usize::try_from(answer.ring_bytes).unwrap_or(usize::MAX)),
            }),
        },
    }
}

/// Gets in, trying until the time that was asked for.
pub(super) fn enter(place: &Place) -> Result<(Link, Stream), ChannelError> {
    let until_there = place.choices().until_there;
    loop {
        let mut link = knock(place, until_there)?;
        let error = match hear(&mut link, later(until_there, Deadline::within(ANSWER_WITHIN))) {
            Answered::In(stream) => return Ok((link, stream)),
            Answered::Taken(holder) => place.occupied(Role::Consumer, holder),
            Answered::NotYet => ChannelError::NoAnswer { name: place.name().clone() },
            Answered::Gone(error @ (LinkError::System(_) | LinkError::Forked)) => return Err(error.into()),
            Answered::Gone(LinkError::Closed | LinkError::Died) => {
                ChannelError::Missing { name: place.name().clone() }
            }
            Answered::Gone(error) => return Err(error.into()),
        };
        drop(link);
        if until_there.has_passed() {
            return Err(error);
        }
        pause(moment(until_there))?;
    }
}

/// Until when to wait before knocking again.
pub(super) fn moment(deadline: Deadline) -> Deadline {
    deadline.or_sooner(Deadline::within(KNOCK_AGAIN_AFTER))
}

/// The later of two deadlines.
fn later(one: Deadline, other: Deadline) -> Deadline {
    if one.or_sooner(other) == one { other } else { one }
}
