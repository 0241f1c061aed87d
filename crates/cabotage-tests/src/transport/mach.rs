// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach: two processes that have a port each and a send right to the other's. How they came to it differs: by the name
//! of either, by inheritance, or by passing receive rights on; and so does what they send and from what they receive.

use std::os::fd::OwnedFd;

use cabotage_mach::{Outgoing, ReceiveRight, SendRight};

use super::mach_ends::{MachEnd, Manner};
use super::{Ability, BothEnds, End, Oversize, Side, StartFar, Told, Transport, other};
use crate::Wrong;
use crate::rights::{self, NAME, brought};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// How two processes come to each other's rights, and what they do with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mach {
    /// The near process checks in.
    NearChecksIn,
    /// The far process checks in.
    FarChecksIn,
    /// The far process inherits a send right.
    Inherited,
    /// Each makes the port to which it sends, and passes on the receive right.
    Moved,
    /// Each record asks for an answer, by a send-once right.
    Requests,
    /// Each receives from a set in which its port is.
    Set,
}

/// The longest record that the suite tries: longer than any ring. Mach's own limit is 48 MiB.
const RECORD_BYTES_MAX: usize = 256 << 10;

/// How many records wait at a port: as many as some cases send before anybody receives.
const QUEUE_LIMIT: u32 = 64;

/// Number of the message by which one tells the other where to send to.
const HELLO: i32 = 1_000;

impl Mach {
    fn manner(self) -> Manner {
        match self {
            Self::Requests => Manner::Asks,
            Self::Set => Manner::Set,
            _ => Manner::Plain,
        }
    }

    fn end(self, (send, port): (SendRight, ReceiveRight)) -> Result<Box<dyn End>, Wrong> {
        Ok(Box::new(MachEnd::new(send, port, self.manner())?))
    }

    /// The end of the process that another comes to, by this port.
    fn met(self, door: ReceiveRight) -> Result<Box<dyn End>, Wrong> {
        let mut hello = door.receive_within(soon())?;
        door.names().unpublish(door.name())?;
        let came = brought(&mut hello).next();
        if self != Self::Moved {
            let send = came.and_then(cabotage_mach::AnyRight::into_send).ok_or("no right to answer by")?;
            hello.reply(Outgoing::new(HELLO))?;
            return self.end((send, door));
        }
        let port = came.and_then(cabotage_mach::AnyRight::into_receive).ok_or("no port to receive from")?;
        let theirs = roomy_port()?;
        let send = theirs.make_send()?;
        hello.reply(Outgoing::new(HELLO).with(theirs))?;
        self.end((send, port))
    }

    /// The end of the process that comes.
    fn meet(self, door: SendRight) -> Result<Box<dyn End>, Wrong> {
        let own = roomy_port()?;
        let send = own.make_send()?;
        if self != Self::Moved {
            // Both have each other's right when this is answered, so either may close at once.
            door.request_within(Outgoing::new(HELLO).with(send), soon())?;
            return self.end((door, own));
        }
        let mut answer = door.request_within(Outgoing::new(HELLO).with(own), soon())?;
        let came = brought(&mut answer).next().and_then(cabotage_mach::AnyRight::into_receive);
        self.end((send, came.ok_or("no port to receive from")?))
    }
}

/// A port with room.
fn roomy_port() -> Result<ReceiveRight, Wrong> {
    let port = ReceiveRight::new()?;
    port.set_queue_limit(QUEUE_LIMIT)?;
    Ok(port)
}

/// The same under a name.
fn check_in(place: &Scratch) -> Result<ReceiveRight, Wrong> {
    let port = rights::check_in(place, NAME)?;
    port.set_queue_limit(QUEUE_LIMIT)?;
    Ok(port)
}

impl Transport for Mach {
    fn title(&self) -> &'static str {
        match self {
            Self::NearChecksIn => "mach",
            Self::FarChecksIn => "mach_of_the_far_one",
            Self::Inherited => "mach_inherited",
            Self::Moved => "mach_moved",
            Self::Requests => "mach_requests",
            Self::Set => "mach_set",
        }
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        match ability {
            Ability::TwoWays if *self == Self::Requests => Some("one side asks and the other answers"),
            Ability::TellsDeath => Some("rights go alike when they are given back and when their task dies"),
            Ability::Sets => Some("ports have sets of their own"),
            Ability::Place => Some("a name leads to a port, and a sender is told of nothing but that"),
            Ability::TakeOverBySender | Ability::TakeOverByReceiver => Some("a port dies with its receiver"),
            Ability::OneSender => Some("a port has any number of senders"),
            Ability::OneReceiver => Some("a receive right is in one task, by what it is"),
            Ability::TellsLoss => Some("a sender waits for a slow receiver"),
            Ability::Threads if *self == Self::Requests => Some("one who waits for answers counts them"),
            _ => None,
        }
    }

    fn record_bytes_max(&self) -> usize {
        RECORD_BYTES_MAX
    }

    fn oversize(&self) -> Oversize {
        Oversize::Goes
    }

    fn prepare(&self) {
        rights::prepare().expect("a task");
    }

    fn settle(&self) -> bool {
        // A link goes when nobody can answer over it any more, which somebody has to hear.
        rights::look();
        true
    }

    fn open(&self, place: &Scratch, _side: Side, start: StartFar<'_>) -> Box<dyn End> {
        let end = match self {
            Self::FarChecksIn => {
                start(None);
                rights::look_up(place, NAME).and_then(|door| self.meet(door))
            }
            Self::Inherited => roomy_port().and_then(|door| {
                start(Some(door.make_send()?.to_end()?));
                self.met(door)
            }),
            _ => check_in(place).and_then(|door| {
                start(None);
                self.met(door)
            }),
        };
        end.expect("rights to each other's port")
    }

    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told> {
        Err(Told::Other(format!("one process is no two: {}", place.folder().display())))
    }

    fn join(&self, place: &Scratch, _side: Side, inherited: Option<OwnedFd>) -> Box<dyn End> {
        let end = match (self, inherited) {
            (Self::FarChecksIn, _) => check_in(place).and_then(|door| self.met(door)),
            (_, Some(end)) => SendRight::from_end(end).map_err(Wrong::from).and_then(|door| self.meet(door)),
            _ => rights::look_up(place, NAME).and_then(|door| self.meet(door)),
        };
        end.expect("rights to each other's port")
    }

    fn clean(&self, place: &Scratch) {
        // Once more where a test lets a call fail.
        rights::sweep(place).or_else(|_| rights::sweep(place)).expect("names that nobody living has");
    }
}

impl From<cabotage_mach::Unsent> for Told {
    fn from(unsent: cabotage_mach::Unsent) -> Self {
        use cabotage_mach::SendError;
        match unsent.error() {
            SendError::TimedOut => Self::Full,
            SendError::TooLarge => Self::TooLong,
            SendError::InvalidDestination => Self::Closed,
            SendError::Forked => Self::Forked,
            error => other(error),
        }
    }
}

impl From<cabotage_mach::ReceiveError> for Told {
    fn from(error: cabotage_mach::ReceiveError) -> Self {
        match error {
            cabotage_mach::ReceiveError::TimedOut => Self::Nothing,
            cabotage_mach::ReceiveError::Forked => Self::Forked,
            error => other(error),
        }
    }
}

impl From<cabotage_mach::PollError> for Told {
    fn from(error: cabotage_mach::PollError) -> Self {
        match error {
            cabotage_mach::PollError::Receive(error) => error.into(),
            error => other(error),
        }
    }
}
