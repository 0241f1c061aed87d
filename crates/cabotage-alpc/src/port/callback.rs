// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calling back a client that is blocked in a request.

use cabotage_link::Key;
use cabotage_os::Deadline;

use super::ConnectionPort;
use super::incoming::{Datagram, Incoming, Request};
use crate::error::{CallbackError, ChannelError, ChannelFault, Loss, ReceiveError, RequestError, SendError};
use crate::rules::Way;
use crate::wire::{Header, SYNC, Word};

/// How many messages of a client are put off at most while it owes the answer to a callback.
pub(super) const PUT_OFF_MAX: usize = 1024;

impl ConnectionPort {
    /// Asks a client something that is blocked in `request`; answers the number of the callback, under which its
    /// reply is received as [`Incoming::CallbackReply`].
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn callback(
        &mut self,
        request: &Request,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<u64, CallbackError> {
        Ok(self.ask_back(request, Way::Async, body, deadline)?.1)
    }

    /// Asks a client something that is blocked in `request`, and waits for its reply. Other clients wait meanwhile.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn call_back(
        &mut self,
        request: &Request,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<Datagram, CallbackError> {
        // Whoever makes requests while it answers gets no reply to them here: they are let go of.
        self.call_back_with(request, body, deadline, |_, nested| drop(nested))
    }

    /// As [`ConnectionPort::call_back`], for a client that makes requests of its own before it answers: `nested` gets
    /// each and replies to it, or calls back in turn.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn call_back_with(
        &mut self,
        request: &Request,
        body: &[u8],
        deadline: Deadline,
        mut nested: impl FnMut(&mut Self, Request),
    ) -> Result<Datagram, CallbackError> {
        let (key, id) = self.ask_back(request, Way::Sync, body, deadline)?;
        let put_off_before = self.hall.deferred.len();
        loop {
            match self.receive_from(key, deadline) {
                Ok(None) => {}
                Ok(Some(Incoming::CallbackReply { id: answered, reply })) if answered == id => {
                    return Ok(reply);
                }
                Ok(Some(Incoming::LostReply { id: lost, loss, .. })) if lost == id => {
                    return Err(RequestError::Lost(loss).into());
                }
                Ok(Some(Incoming::Request(request))) if request.within() == Some(id) => {
                    nested(self, request);
                    self.see_to_desk();
                }
                Ok(Some(other)) => self.hall.deferred.push_back(other),
                Err(ReceiveError::Nothing) => {
                    self.give_up(key, id);
                    return Err(RequestError::TimedOut.into());
                }
                Err(error) => return Err(self.broken(key, id, ended(error))),
            }
            let messages = self.hall.deferred.len().saturating_sub(put_off_before);
            if messages > PUT_OFF_MAX {
                return Err(self.broken(key, id, ChannelFault::Flood { messages }.into()));
            }
        }
    }

    /// The channel has ended under a callback: the caller is told here, and of the end itself as of any other.
    fn broken(&mut self, key: Key, id: u64, error: ChannelError) -> CallbackError {
        if let Some(client) = self.hall.clients.get_mut(key) {
            client.asked.forget(id);
        }
        if let ChannelError::Fault(_) = error {
            self.expel(key, error.clone());
        }
        RequestError::Lost(Loss::Gone(error)).into()
    }

    /// Sends a callback about a request.
    fn ask_back(
        &mut self,
        request: &Request,
        way: Way,
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(Key, u64), CallbackError> {
        let is_ours = request.held.is_of(&self.hall.desk);
        let key = request.client().key().filter(|_| is_ours).ok_or(CallbackError::NotBlocked)?;
        let client = self.hall.clients.get_mut(key).ok_or(SendError::NoClient)?;
        if client.owed.way(request.id()) != Some(Way::Sync) {
            return Err(CallbackError::NotBlocked);
        }
        let id = client.asked.ask(way);
        let header =
            Header { about: request.id(), flags: SYNC, ..Header::new(Word::Request, id, body.len()) };
        if let Err(error) = self.post(key, &header, body, deadline) {
            if let Some(client) = self.hall.clients.get_mut(key) {
                client.asked.forget(id);
            }
            return Err(error.into());
        }
        Ok((key, id))
    }

    /// The next thing that this client sends, waiting for it at most until `deadline`; `None` for what concerns only
    /// the library.
    pub(super) fn receive_from(
        &mut self,
        key: Key,
        deadline: Deadline,
    ) -> Result<Option<Incoming>, ReceiveError> {
        let link = self.set.get_mut(key).ok_or(ReceiveError::Channel(ChannelError::Died))?;
        let understood = {
            let mut message = link.receive(deadline)?;
            self.hall.understand(key, &mut message)
        };
        Ok(self.act(understood.map_err(ChannelError::from)?))
    }

    /// Nobody waits for this callback any more.
    fn give_up(&mut self, key: Key, id: u64) {
        if let Some(client) = self.hall.clients.get_mut(key)
            && client.asked.forget(id)
        {
            // A client without room for it answers in vain.
            let _ = self.post(key, &Header::new(Word::Cancel, id, 0), &[], Deadline::Now);
        }
    }
}

fn ended(error: ReceiveError) -> ChannelError {
    match error {
        ReceiveError::Channel(error) => error,
        _ => ChannelError::Died,
    }
}
