// SPDX-License-Identifier: MIT OR Apache-2.0
//! A channel of ALPC: datagrams both ways, with the port in either process, short ones through the queue and long ones
//! as views; requests one way, all through the queue, of which the reply says that the record was taken; and datagrams
//! of a client that threads share.

use std::os::fd::OwnedFd;
use std::time::Duration;

use cabotage_alpc::{Client, ConnectOptions, ConnectionPort, PortOptions, ReceiveError, SendError};

use cabotage_os::Deadline;

use super::port_ends::{Asking, ClientEnd, ServerEnd};
use super::port_shared::SharedEnd;
use super::{Ability, BothEnds, End, Side, StartFar, Told, Transport, other};
use crate::ports::{self, NAME, SECTION_BYTES_MAX, Served, connect_options, let_in, port_options};
use crate::scratch::Scratch;
use crate::suite::soon;

/// What goes over the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alpc {
    /// Datagrams to and from a port of the near process.
    NearServes,
    /// Datagrams to and from a port of the far process.
    FarServes,
    /// Requests, to whichever process receives.
    Requests,
    /// Datagrams to and from a client that threads share, with the port in the far process.
    Shared,
}

impl Alpc {
    /// Whether the process of this side, near or far, has the port.
    fn serves(self, side: Side, is_near: bool) -> bool {
        match self {
            Self::NearServes => is_near,
            Self::FarServes | Self::Shared => !is_near,
            Self::Requests => side == Side::Receiver,
        }
    }

    fn client_end(self, client: Client) -> Box<dyn End> {
        match self {
            Self::Requests => Box::new(Asking::new(client)),
            Self::Shared => Box::new(SharedEnd(client.share())),
            _ => Box::new(ClientEnd(client)),
        }
    }

    fn options(self, place: &Scratch) -> PortOptions {
        match self {
            // Whatever the queue holds goes through it.
            Self::Requests | Self::Shared => port_options(place).views_max(0),
            _ => port_options(place),
        }
    }

    fn client_options(self, options: ConnectOptions) -> ConnectOptions {
        if self == Self::Shared { options.views_max(0) } else { options }
    }

    fn publish(self, place: &Scratch) -> ConnectionPort {
        self.options(place).create(NAME).expect("a free name")
    }

    fn connect(self, place: &Scratch) -> Box<dyn End> {
        let options = connect_options(place).wait_for_name();
        let client = self.client_options(options).connect(NAME);
        self.client_end(client.expect("a server that accepts"))
    }
}

fn serve(mut port: ConnectionPort) -> Box<dyn End> {
    let client = let_in(&mut port, soon()).expect("a client");
    Box::new(ServerEnd::new(Served { port, client }))
}

impl Transport for Alpc {
    fn title(&self) -> &'static str {
        match self {
            Self::NearServes => "alpc",
            Self::FarServes => "alpc_of_the_far_one",
            Self::Requests => "alpc_requests",
            Self::Shared => "alpc_shared",
        }
    }

    fn lacks(&self, ability: Ability) -> Option<&'static str> {
        match ability {
            Ability::TwoWays if *self == Self::Requests => {
                Some("a server calls a client back only while that is blocked")
            }
            Ability::TakeOverBySender
            | Ability::TakeOverByReceiver
            | Ability::OneSender
            | Ability::OneReceiver => {
                Some("a channel ends with either of its ends, and a port has many clients")
            }
            Ability::TellsLoss => Some("a sender waits for a slow receiver"),
            Ability::Sets => Some("a port is one receive point for all of its clients"),
            Ability::Threads if *self != Self::Shared => {
                Some("a client is in one pair of hands, and a port shares its work by workers")
            }
            Ability::Descriptors if *self == Self::Shared => Some("a client that threads share sends bodies"),
            Ability::Pollable | Ability::RefusesForked if *self == Self::Shared => {
                Some("threads that share a client wait in its calls")
            }
            Ability::Blocks if matches!(self, Self::Requests | Self::Shared) => {
                Some("this port takes no views")
            }
            _ => None,
        }
    }

    fn record_bytes_max(&self) -> usize {
        match self {
            Self::Requests | Self::Shared => cabotage_alpc::MESSAGE_BYTES_MAX,
            _ => SECTION_BYTES_MAX,
        }
    }

    fn open(&self, place: &Scratch, side: Side, start: StartFar<'_>) -> Box<dyn End> {
        if self.serves(side, true) {
            let port = self.publish(place);
            start(None);
            serve(port)
        } else {
            start(None);
            self.connect(place)
        }
    }

    fn open_both(&self, place: &Scratch) -> Result<BothEnds, Told> {
        // Both are in one thread, so what does not come at once does not come.
        let at_once = Deadline::within(Duration::from_millis(100));
        let options = self.client_options(connect_options(place));
        let (client, served) = ports::both(self.options(place), options, at_once).map_err(other)?;
        let (client, server) = (self.client_end(client), Box::new(ServerEnd::new(served)));
        Ok(if matches!(self, Self::FarServes | Self::Shared) { (server, client) } else { (client, server) })
    }

    fn join(&self, place: &Scratch, side: Side, _inherited: Option<OwnedFd>) -> Box<dyn End> {
        if self.serves(side, false) { serve(self.publish(place)) } else { self.connect(place) }
    }

    fn clean(&self, place: &Scratch) {
        // Once more where a test lets a call fail.
        ports::sweep(place).or_else(|_| ports::sweep(place)).expect("names that nobody living has");
    }
}

impl From<cabotage_alpc::ChannelError> for Told {
    fn from(error: cabotage_alpc::ChannelError) -> Self {
        match error {
            cabotage_alpc::ChannelError::Closed => Self::Closed,
            cabotage_alpc::ChannelError::Died => Self::Died,
            cabotage_alpc::ChannelError::Forked => Self::Forked,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<SendError> for Told {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => Self::Full,
            SendError::TooLong { .. } | SendError::TooLarge(_) => Self::TooLong,
            SendError::Channel(error) => error.into(),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<ReceiveError> for Told {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Nothing => Self::Nothing,
            ReceiveError::Channel(error) => error.into(),
            other => Self::Other(other.to_string()),
        }
    }
}
