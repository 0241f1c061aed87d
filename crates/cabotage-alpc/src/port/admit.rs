// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letting clients in, or not.

use cabotage_link::Key;
use cabotage_os::Deadline;

use super::incoming::{ConnectionRequest, NotAdmitted};
use super::{ClientId, ConnectionPort};
use crate::CONNECT_BYTES_MAX;
use crate::error::{AdmitError, ChannelError, SendError};
use crate::wire::{Header, TERMS_BYTES, Word, reason};

impl ConnectionPort {
    /// Lets a client in, with data for it. `context` is the server's own word for the client, which comes with
    /// everything that the client sends.
    ///
    /// # Errors
    /// [`NotAdmitted`] with the request.
    pub fn accept(
        &mut self,
        mut request: ConnectionRequest,
        data: &[u8],
        context: u64,
    ) -> Result<ClientId, NotAdmitted> {
        let body = [self.hall.terms.bytes(), data].concat();
        match self.admit(&request, Word::Accept, &body) {
            Ok(key) => {
                self.hall.clients.accept(key, context);
                if let Some(letter) = request.held.take() {
                    self.hall.put_back(letter);
                }
                Ok(ClientId::new(key))
            }
            Err(error) => Err(NotAdmitted { error, request }),
        }
    }

    /// Does not let a client in, and sends it data that say why.
    ///
    /// # Errors
    /// [`NotAdmitted`] with the request.
    pub fn refuse(&mut self, mut request: ConnectionRequest, data: &[u8]) -> Result<(), NotAdmitted> {
        let body = [self.hall.terms.bytes(), data].concat();
        match self.admit(&request, Word::Refuse, &body) {
            Ok(key) => {
                self.forget(key);
                if let Some(letter) = request.held.take() {
                    self.hall.put_back(letter);
                }
                Ok(())
            }
            Err(error) => Err(NotAdmitted { error, request }),
        }
    }

    /// Tells a client whether it is in.
    fn admit(&mut self, request: &ConnectionRequest, word: Word, body: &[u8]) -> Result<Key, AdmitError> {
        let is_ours = request.held.is_of(&self.hall.desk);
        let key = request.client().key().filter(|_| is_ours).ok_or(AdmitError::Stranger)?;
        let bytes = body.len() - TERMS_BYTES;
        if bytes > CONNECT_BYTES_MAX {
            return Err(AdmitError::DataTooLong { bytes, bytes_max: CONNECT_BYTES_MAX });
        }
        if !self.hall.clients.get(key).is_some_and(|client| client.connection.is_asking()) {
            return Err(AdmitError::Gone(ChannelError::Died));
        }
        self.answer_asker(key, &Header::new(word, 0, body.len()), body)?;
        Ok(key)
    }

    /// It goes beside our first words, for which there is always room.
    fn answer_asker(&mut self, key: Key, header: &Header, body: &[u8]) -> Result<(), AdmitError> {
        let link = self.set.get_mut(key).ok_or(AdmitError::Gone(ChannelError::Died))?;
        match self.hall.post.send(link, header, body, Deadline::Now).map_err(SendError::from) {
            Ok(()) => Ok(()),
            Err(SendError::Channel(error)) => Err(AdmitError::Gone(error)),
            Err(_) => Err(AdmitError::Gone(ChannelError::Died)),
        }
    }

    fn forget(&mut self, key: Key) {
        drop(self.set.remove(key));
        self.hall.clients.remove(key);
    }

    /// The server let go of a request to connect.
    pub(super) fn refuse_dropped(&mut self, key: Key) {
        if self.hall.clients.get(key).is_some_and(|client| client.connection.is_asking()) {
            self.refuse_for(key, reason::SERVER, 0);
        }
    }

    /// The library itself turns one away who brings so many bytes.
    pub(super) fn turn_away(&mut self, key: Key, bytes: usize) {
        let bytes_max = self.hall.connect_bytes_max;
        if bytes > bytes_max {
            self.refuse_for(key, reason::DATA, bytes_max as u64);
        } else {
            self.refuse_for(key, reason::CROWDED, 0);
        }
    }

    fn refuse_for(&mut self, key: Key, reason: u64, id: u64) {
        let terms = self.hall.terms;
        let header = Header { about: reason, ..Header::new(Word::Refuse, id, TERMS_BYTES) };
        // Whoever does not hear it any more is gone.
        let _ = self.answer_asker(key, &header, terms.bytes());
        self.forget(key);
    }
}
