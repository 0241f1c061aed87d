// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client's end of the channel: what goes out, what comes in and what it means, and how it ended.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use cabotage_link::{Deadline, Link, Message, ReceiveError as LinkReceiveError};

use super::lending::Lending;
use super::shared::Desk;
use crate::MESSAGE_BYTES_MAX;
use crate::body::{Body, Filled};
use crate::error::{ChannelError, ChannelFault, Loss, ReceiveError, SendError};
use crate::handles::{Custody, KindSet};
use crate::outgoing::Outgoing;
use crate::post::{Post, Takes};
use crate::rules::{Admission, Answer, Asked, Canceling, Ledger, Owed, Settling, Way};
use crate::wire::{
    HEADER_BYTES, Head, Header, READS_MEMORY, SHORT_BYTES, SYNC, Short, Terms, WireError, Word,
};

/// How many callbacks there are at most whose answer the client owes: one in another.
const CALLBACKS_MAX: usize = 64;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Channel {
    link: Link,
    ended: Option<ChannelError>,
    message_bytes_max: usize,
    /// Requests.
    pub(super) asked: Asked,
    /// Callbacks.
    owed: Owed,
    /// Requests that were begun by one who receives what becomes of them.
    pub(super) begun: BTreeSet<u64>,
    /// The callback that is being answered, if one is.
    pub(super) within: u64,
    post: Post,
    /// The body of what came last.
    pub(super) body: Body,
    /// What the server takes.
    pub(super) takes: Takes,
    /// The server's views that are held here.
    views: Arc<Ledger>,
    /// The server's handles whose message has not come yet.
    custody: Custody,
    /// Memory that was lent to the server.
    pub(super) lending: Lending,
}

/// What came, whose body lies in the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Came {
    /// The reply to a request.
    Reply(u64),
    /// No reply will come to a request.
    Lost(u64, Loss),
    /// Something that wants no answer.
    Datagram,
    /// A callback about a request that is blocked.
    Callback(u64, u64),
    /// The server wants to copy from or to memory that was declared: see [`Lending`].
    Copy,
    /// Nothing that anybody has to know.
    Nothing,
}

impl Channel {
    pub(super) fn new(
        link: Link,
        terms: &Terms,
        ours: &Terms,
        tells_addresses: bool,
        handle_kinds: KindSet,
    ) -> Self {
        let told = |bytes: u32| usize::try_from(bytes).unwrap_or(usize::MAX);
        let message_bytes_max = told(terms.message_bytes_max).min(MESSAGE_BYTES_MAX);
        let takes = Takes {
            tells_addresses: tells_addresses && terms.flags & READS_MEMORY != 0,
            ..Takes::new(terms, told(terms.inline_bytes_max), message_bytes_max)
        };
        let views_max = told(ours.views_max);
        Self {
            link,
            ended: None,
            message_bytes_max,
            asked: Asked::default(),
            owed: Owed::new(CALLBACKS_MAX),
            begun: BTreeSet::new(),
            within: 0,
            post: Post::default(),
            body: Body::default(),
            takes,
            views: Ledger::new(views_max, ours.section_bytes_max),
            custody: Custody::new(told(ours.handles_max), handle_kinds),
            lending: Lending::default(),
        }
    }

    /// The link, who waits for what over it, and the server's views, for another form of client.
    pub(super) fn into_parts(self) -> (Link, Desk, Arc<Ledger>) {
        let Self { link, asked, owed, custody, ended, views, .. } = self;
        (link, Desk::new(asked, owed, custody, ended), views)
    }

    pub(super) fn message_bytes_max(&self) -> usize {
        self.message_bytes_max
    }

    /// The link, as long as the channel is not over.
    ///
    /// # Errors
    /// How it ended.
    #[inline]
    pub(super) fn link(&mut self) -> Result<&mut Link, ChannelError> {
        match &self.ended {
            None => Ok(&mut self.link),
            Some(error) => Err(error.clone()),
        }
    }

    /// Sends a request; answers its number.
    #[inline]
    pub(super) fn ask(&mut self, way: Way, body: &[u8], deadline: Deadline) -> Result<u64, SendError> {
        let id = self.asked.ask(way);
        let flags = if way == Way::Sync { SYNC } else { 0 };
        let header = Header { about: self.within, flags, ..Header::new(Word::Request, id, body.len()) };
        match self.send(&header, body, deadline) {
            Ok(()) => Ok(id),
            Err(error) => {
                self.asked.forget(id);
                Err(error)
            }
        }
    }

    /// Sends a message.
    #[inline]
    pub(super) fn send(&mut self, header: &Header, body: &[u8], deadline: Deadline) -> Result<(), SendError> {
        if let Some(error) = &self.ended {
            return Err(error.clone().into());
        }
        if body.len() > self.takes.inline_bytes_max {
            return self.send_outgoing(*header, &mut Outgoing::new(body), deadline);
        }
        Ok(self.post.send(&mut self.link, header, body, deadline)?)
    }

    /// Sends a request with all that goes with it; answers its number.
    pub(super) fn ask_as(
        &mut self,
        way: Way,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<u64, SendError> {
        let id = self.asked.ask(way);
        let flags = if way == Way::Sync { SYNC } else { 0 };
        let header = Header { about: self.within, flags, ..Header::new(Word::Request, id, 0) };
        let sent = self.send_outgoing(header, message, deadline);
        if sent.is_err() {
            self.asked.forget(id);
        }
        sent.map(|()| id)
    }

    /// Sends a message with all that goes with it.
    #[cold]
    pub(super) fn send_outgoing(
        &mut self,
        header: Header,
        message: &mut Outgoing<'_>,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        if let Some(error) = &self.ended {
            return Err(error.clone().into());
        }
        self.post.send_outgoing(&mut self.link, header, message, &self.takes, deadline)
    }

    /// Takes what comes next, waiting for it at most until `deadline`.
    ///
    /// # Errors
    /// [`ReceiveError`].
    #[inline]
    pub(super) fn take(&mut self, deadline: Deadline) -> Result<Came, ReceiveError> {
        if let Some(error) = &self.ended {
            return Err(error.clone().into());
        }
        let Self { link, asked, owed, body, views, custody, lending, message_bytes_max, .. } = self;
        let understood = link.receive(deadline).map(|mut message| {
            understand(asked, owed, (body, views, custody), lending, *message_bytes_max, &mut message)
        });
        match understood {
            Ok(Ok(came)) => Ok(came),
            Ok(Err(fault)) => Err(self.condemn(fault).into()),
            Err(error) => Err(not_received(&mut self.ended, error)),
        }
    }

    /// As [`Channel::take`], where the reply to the last request is nearly always what comes: `None` when it is that.
    #[inline]
    pub(super) fn take_reply(&mut self, id: u64, deadline: Deadline) -> Option<Result<Came, ReceiveError>> {
        if self.ended.is_some() {
            return Some(self.take(deadline));
        }
        let Self { link, asked, owed, body, views, custody, lending, message_bytes_max, .. } = self;
        let understood = {
            let mut message = match link.receive(deadline) {
                Ok(message) => message,
                Err(error) => return Some(Err(not_received(&mut self.ended, error))),
            };
            if Short::read(&message) == Short::new(Word::Reply, id)
                && let Some(bytes) = Short::body_bytes(&message, *message_bytes_max)
                && asked.last_answered(id)
            {
                body.fill_plain(&message, SHORT_BYTES, bytes);
                return None;
            }
            understand(asked, owed, (body, views, custody), lending, *message_bytes_max, &mut message)
        };
        Some(understood.map_err(|fault| self.condemn(fault).into()))
    }

    /// Ends the channel since the server broke a rule, and tells it so.
    #[cold]
    pub(super) fn condemn(&mut self, fault: ChannelFault) -> ChannelError {
        self.link.condemn("broke a rule of the channel");
        self.ended.get_or_insert(fault.into()).clone()
    }

    /// Answers a callback. Whoever called back and does not wait any more misses nothing.
    pub(super) fn answer(&mut self, id: u64, body: &[u8], deadline: Deadline) -> Result<(), SendError> {
        match self.owed.settle(id) {
            Settling::Goes => self.send(&Header::new(Word::Reply, id, body.len()), body, deadline),
            _ => Ok(()),
        }
    }

    /// Tells the server that a callback gets no answer.
    pub(super) fn lose(&mut self, id: u64, loss: &Loss, deadline: Deadline) -> Result<(), SendError> {
        self.owed.settle(id);
        let header = Header { about: loss.number(), ..Header::new(Word::Lost, id, 0) };
        self.send(&header, &[], deadline)
    }

    /// The asker of this request does not wait any more; answers whether it did.
    pub(super) fn cancel(&mut self, id: u64) -> bool {
        let did_wait = self.asked.forget(id);
        self.begun.remove(&id);
        if did_wait {
            // A server without room for it works in vain, and its late reply is dropped.
            let _ = self.send(&Header::new(Word::Cancel, id, 0), &[], Deadline::Now);
        }
        did_wait
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.link.as_fd()
    }
}

/// Why nothing was received, noting how the channel ended if it has.
#[cold]
fn not_received(ended: &mut Option<ChannelError>, error: LinkReceiveError) -> ReceiveError {
    let error = ReceiveError::from(error);
    if let ReceiveError::Channel(error) = &error {
        *ended = Some(error.clone());
    }
    error
}

/// What a message of the server means; its body is copied in.
#[inline(never)]
fn understand(
    asked: &mut Asked,
    owed: &mut Owed,
    (body, views, custody): (&mut Body, &Arc<Ledger>, &mut Custody),
    lending: &mut Lending,
    bytes_max: usize,
    message: &mut Message<'_>,
) -> Result<Came, ChannelFault> {
    let mut start = [0; HEADER_BYTES];
    let copied = message.copy_to(&mut start);
    let head = Head::parse(&start[..copied], message.bytes())?;
    if head.body_bytes > bytes_max {
        return Err(WireError::TooLong { bytes: head.body_bytes, bytes_max }.into());
    }
    let filled = body.fill(message, &head, views)?;
    body.take_handles(custody)?;
    let id = head.id;
    let forged = || ChannelFault::Forged { what: head.word.name(), id };
    match head.word {
        Word::Reply | Word::Lost => match asked.answered(id) {
            Answer::Expected(_) if filled == Filled::ViewRefused => Ok(Came::Lost(id, Loss::Views)),
            Answer::Expected(_) if head.word == Word::Reply => Ok(Came::Reply(id)),
            Answer::Expected(_) => Ok(Came::Lost(id, Loss::told(head.about))),
            Answer::Late => Ok(Came::Nothing),
            Answer::Forged => Err(forged()),
        },
        Word::Datagram if filled == Filled::ViewRefused => Err(WireError::View.into()),
        Word::Datagram => Ok(Came::Datagram),
        Word::Request => match (owed.admit(id, Way::Sync), asked.way(head.about)) {
            (Admission::Taken, Some(Way::Sync)) => Ok(Came::Callback(id, head.about)),
            // Its request was canceled meanwhile, or answered by another thread of the server.
            (Admission::Taken | Admission::Excess, _) if asked.was_given(head.about) => {
                Ok(Came::Callback(id, 0))
            }
            _ => Err(forged()),
        },
        Word::Cancel => match owed.cancel(id) {
            Canceling::Forged => Err(forged()),
            Canceling::Told | Canceling::Late => Ok(Came::Nothing),
        },
        Word::Copy => match lending.note(id, head.about, body.bytes(), message) {
            true => Ok(Came::Copy),
            false => Err(forged()),
        },
        Word::Handles => {
            custody.add(id, message.take_descriptors())?;
            Ok(Came::Nothing)
        }
        Word::Connect | Word::Accept | Word::Refuse | Word::Copied => {
            Err(ChannelFault::OutOfTurn(head.word.name()))
        }
    }
}
