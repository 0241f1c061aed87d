// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asking to be let in, and hearing the answer.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_link::{Deadline, Link, Ready, ReceiveError, SendError};

use super::channel::Channel;
use super::inbox::Inbox;
use super::{Client, ConnectOptions};
use crate::CONNECT_BYTES_MAX;
use crate::body::Body;
use crate::error::{ChannelError, ChannelFault, ConnectError};
use crate::handles::KindSet;
use crate::port::Identity;
use crate::post::Post;
use crate::rules::{Ledger, Reserves};
use crate::wire::{HEADER_BYTES, Head, Header, TERMS_BYTES, Terms, WireError, Word, reason};

/// Connects to the port of this name, and waits for the server to accept or refuse; [`ConnectOptions`] has the
/// choices.
///
/// # Errors
/// [`ConnectError`].
pub fn connect(name: &str) -> Result<Client, ConnectError> {
    ConnectOptions::new().connect(name)
}

/// A client that has asked to be let in and has no answer yet. It can wait for it and nothing else; dropping it takes
/// the request back.
#[derive(Debug)]
pub struct Connecting {
    link: Link,
    accept_bytes_max: usize,
    /// What the client takes of its server.
    terms: Terms,
    tells_addresses: bool,
    handle_kinds: KindSet,
    /// The answer that came, if it was too early to be given out.
    answer: Option<(Head, Body)>,
}

impl Connecting {
    pub(super) fn ask(mut link: Link, options: &ConnectOptions) -> Result<Self, ConnectError> {
        let terms = options.terms();
        let body = [terms.bytes(), options.data.as_slice()].concat();
        let header = Header::new(Word::Connect, 0, body.len());
        // It goes beside our first words, for which there is always room.
        match Post::default().send(&mut link, &header, &body, Deadline::Now) {
            Ok(()) => Ok(Self {
                link,
                accept_bytes_max: options.accept_bytes_max,
                terms,
                tells_addresses: options.tells_addresses,
                handle_kinds: options.handle_kinds,
                answer: None,
            }),
            Err(SendError::Link(error)) => Err(ConnectError::Channel(error.into())),
            Err(_) => Err(ConnectError::TimedOut),
        }
    }

    /// Waits for the server's answer at most until `deadline`, and gives up after that.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn finish(mut self, deadline: Deadline) -> Result<Client, ConnectError> {
        if self.answer.is_none() {
            self.answer = Some(self.hear(deadline)?);
        }
        self.enter()
    }

    /// The client, if the server has accepted; this again, if it has not answered yet. This never arranges for the
    /// descriptor to become readable: see [`Connecting::ready`].
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn try_finish(mut self) -> Result<Result<Client, Self>, ConnectError> {
        match self.hear(Deadline::Now) {
            Ok(answer) => {
                self.answer = Some(answer);
                self.enter().map(Ok)
            }
            Err(ConnectError::TimedOut) => Ok(Err(self)),
            Err(error) => Err(error),
        }
    }

    /// Looks for the answer; when there is none, arranges for the descriptor to become readable as soon as there is.
    /// **Call this before every wait on the descriptor**, and wait only on [`Ready::Armed`].
    ///
    /// # Errors
    /// It belongs to the parent process, or the system's refusal.
    pub fn ready(&mut self) -> Result<Ready, ChannelError> {
        Ok(self.link.ready()?)
    }

    fn hear(&mut self, deadline: Deadline) -> Result<(Head, Body), ConnectError> {
        let mut message = match self.link.receive(deadline) {
            Ok(message) => message,
            Err(ReceiveError::Nothing) => return Err(ConnectError::TimedOut),
            Err(ReceiveError::Link(error)) => return Err(ConnectError::Channel(error.into())),
            Err(_) => return Err(ConnectError::Channel(ChannelError::Died)),
        };
        let mut start = [0; HEADER_BYTES];
        let copied = message.copy_to(&mut start);
        let head = Head::parse(&start[..copied], message.bytes()).map_err(ChannelError::from)?;
        let bytes_max = TERMS_BYTES + CONNECT_BYTES_MAX;
        if head.body_bytes > bytes_max {
            let fault = WireError::TooLong { bytes: head.body_bytes, bytes_max };
            return Err(ConnectError::Channel(fault.into()));
        }
        let mut body = Body::default();
        // Whoever is not in yet sends no views.
        let none = Ledger::new(0, 0);
        body.fill(&mut message, &head, &none).map_err(ChannelError::from)?;
        Ok((head, body))
    }

    fn enter(self) -> Result<Client, ConnectError> {
        let Some((head, body)) = &self.answer else { return Err(ConnectError::TimedOut) };
        let short = || ConnectError::Channel(WireError::Short.into());
        let (terms, data) = Terms::split(body.bytes()).ok_or_else(short)?;
        match (head.word, head.about) {
            (Word::Accept, _) => {}
            (Word::Refuse, reason::CROWDED) => return Err(ConnectError::Crowded),
            (Word::Refuse, reason::DATA) => {
                let bytes_max = usize::try_from(head.id).unwrap_or(usize::MAX);
                return Err(ConnectError::DataTooLong { bytes: bytes_max.saturating_add(1), bytes_max });
            }
            (Word::Refuse, _) => return Err(ConnectError::Refused { data: data.to_vec() }),
            (word, _) => {
                return Err(ConnectError::Channel(ChannelFault::OutOfTurn(word.name()).into()));
            }
        }
        if data.len() > self.accept_bytes_max {
            let (bytes, bytes_max) = (data.len(), self.accept_bytes_max);
            return Err(ConnectError::BufferTooSmall { bytes, bytes_max });
        }
        let accept_data = data.to_vec();
        let server = self.link.with_peer(|peer| Identity::of(&peer)).ok_or_else(short)?;
        let channel = Channel::new(self.link, &terms, &self.terms, self.tells_addresses, self.handle_kinds);
        Ok(Client { channel, inbox: Inbox::default(), server, accept_data, reserves: Reserves::default() })
    }
}

impl AsFd for Connecting {
    /// The descriptor to wait on after [`Connecting::ready`] has answered [`Ready::Armed`].
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }
}
