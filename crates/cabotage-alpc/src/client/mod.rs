// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client's side: one end of a channel in one pair of hands.

mod begun;
mod channel;
mod connect;
mod inbox;
mod lending;
mod options;
mod payload;
mod receive;
mod request;
mod reserve;
mod shared;

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_link::{KeptRoom, Ready};

pub use connect::{Connecting, connect};
pub use options::ConnectOptions;
pub use receive::Received;
pub use request::{Callback, Reply};
pub use shared::{SharedClient, SharedMessage, Waiting};

use crate::error::{ChannelError, ReceiveError};
use crate::port::Identity;
use crate::rules::Reserves;
use channel::Channel;
use inbox::Inbox;

/// The client communication port: asks the server of one channel, and receives what it says.
///
/// Each call takes `&mut self`, so there is no lock anywhere. Dropping it closes the channel.
#[derive(Debug)]
pub struct Client {
    channel: Channel,
    inbox: Inbox,
    server: Identity,
    accept_data: Vec<u8>,
    reserves: Reserves<KeptRoom>,
}

impl Client {
    /// Who the server is, in the kernel's words.
    pub fn server(&self) -> Identity {
        self.server
    }

    /// What the server sent along when it accepted.
    pub fn accept_data(&self) -> &[u8] {
        &self.accept_data
    }

    /// The longest body that the server takes through the queue, in bytes.
    pub fn message_bytes_max(&self) -> usize {
        self.channel.message_bytes_max()
    }

    /// How many requests wait for their reply.
    pub fn requests_waiting(&self) -> usize {
        self.channel.asked.waiting()
    }

    /// Looks for something to receive; when there is nothing, arranges for the descriptor to become readable as soon
    /// as there is. **Call this before every wait on the descriptor**, and wait only on [`Ready::Armed`].
    ///
    /// # Errors
    /// The port belongs to the parent process, or the system's refusal. That the channel is over is
    /// [`Ready::Ready`].
    pub fn ready(&mut self) -> Result<Ready, ReceiveError> {
        if !self.inbox.is_empty() {
            return Ok(Ready::Ready);
        }
        match self.channel.link() {
            Ok(link) => Ok(link.ready().map_err(ChannelError::from)?),
            Err(error @ ChannelError::Forked) => Err(error.into()),
            Err(_) => Ok(Ready::Ready),
        }
    }

    /// Closes the channel. What was sent stays readable for the server, which is then told that the port closed.
    /// Dropping the client does the same.
    pub fn close(self) {}
}

impl AsFd for Client {
    /// The descriptor to wait on after [`Client::ready`] has answered [`Ready::Armed`]; the same for life.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}
