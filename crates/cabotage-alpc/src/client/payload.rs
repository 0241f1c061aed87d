// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests whose bodies are more than bytes through the queue: views, and memory that is lent to the server.

use cabotage_link::Deadline;

use super::{Client, Reply};
use crate::attributes::AttributeSet;
use crate::error::{RequestError, SendError};
use crate::handles::Handles;
use crate::outgoing::Outgoing;
use crate::post::Post;
use crate::rules::Way;
use crate::section::{View, ViewMut};
use crate::wire::{Header, Word};

impl Client {
    /// A plain view for `bytes` bytes, to fill and to send on this channel, waiting for memory at most until `deadline`.
    /// What it holds is what this client wrote there last.
    ///
    /// ```no_run
    /// # use cabotage_alpc::{Deadline, Outgoing};
    /// # let mut client = cabotage_alpc::connect("images")?;
    /// let mut view = client.view(64 << 20, Deadline::Never)?;
    /// view.write_at(0, b"the first line")?;
    /// let reply = client.request_as(&mut Outgoing::in_view(view), Deadline::Never)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SendError::TooLarge`] above the server's cap on sections; [`SendError::Full`], or the channel is over.
    pub fn view(&mut self, bytes: usize, deadline: Deadline) -> Result<ViewMut, SendError> {
        let takes = self.channel.takes;
        Post::view(self.channel.link()?, &takes, bytes, deadline)
    }

    /// Asks the server with all that goes with the message, and waits for its answer at most until `deadline`; then
    /// the request is canceled. Meanwhile the server may copy from and to what the message lends, and does so
    /// through this call.
    ///
    /// # Errors
    /// [`RequestError`]. If nothing was sent, the message is as it was.
    pub fn request_as(
        &mut self,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<Reply<'_>, RequestError> {
        let id = self.channel.ask_as(Way::Sync, message, deadline)?;
        if let Some(came) = self.channel.take_reply(id, deadline) {
            self.wait_for(id, came, deadline, Some(message), None)?;
        }
        Ok(Reply::new(&self.channel.body))
    }

    /// Asks the server with a view, without waiting for its answer: see [`Client::send_request`]. What a message lends
    /// it lends to a request that is waited for: see [`Client::send_request_lending`].
    ///
    /// # Errors
    /// [`SendError`], with the message as it was.
    pub fn send_request_as(
        &mut self,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<u64, SendError> {
        check_lends_nothing(message)?;
        self.channel.ask_as(Way::Async, message, deadline)
    }

    /// Says something with a view to the server that it does not answer. The view is a plain one: of secure ones the
    /// server could not say that it has enough.
    ///
    /// # Errors
    /// [`SendError`], with the message as it was.
    pub fn send_datagram_as(
        &mut self,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        check_lends_nothing(message)?;
        message.check_is_not_secure()?;
        self.channel.send_outgoing(Header::new(Word::Datagram, 0, 0), message, deadline)
    }

    /// The handles that came with what was received last, of which those that are not taken are closed with the next
    /// message.
    pub fn handles_received(&mut self) -> Option<&mut Handles> {
        self.channel.body.handles().filter(|handles| !handles.is_empty())
    }

    /// What came beside the body of what was received last. Context and token always do: the number of the request, and
    /// [`Client::server`].
    pub fn attributes_received(&self) -> AttributeSet {
        AttributeSet::received(0, self.channel.body.brought())
    }

    /// The view that came with what was received last: a reply or a datagram.
    pub fn view_received(&self) -> Option<&View> {
        self.channel.body.view()
    }

    /// Takes the view that came with what was received last. The body, if it lies there, is the view's from then on.
    pub fn take_view(&mut self) -> Option<View> {
        self.channel.body.take_view()
    }
}

fn check_lends_nothing(message: &Outgoing<'_>) -> Result<(), SendError> {
    match message.lends() {
        true => Err(SendError::TooManyRanges { given: message.entries(false).len(), max: 0 }),
        false => Ok(()),
    }
}
