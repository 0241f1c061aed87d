// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a port receives: the messages of its clients, and what happens to them.

use std::fmt;

use cabotage_os::{Deadline, SystemError};

use super::letter::{Held, Letter};
use super::{ClientId, Identity, Token};
use crate::attributes::AttributeSet;
use crate::error::{AdmitError, ChannelError, Loss, ReplyError};
use crate::kind::Kind;
use crate::rules::Way;
use crate::serve::IntoAnswer;

/// What came to a port. `context` is what the server gave the client when it accepted it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// Somebody wants to connect: accept or refuse it.
    ConnectionRequest(ConnectionRequest),
    /// A client wants an answer.
    Request(Request),
    /// A client says something and wants no answer.
    Datagram(Datagram),
    /// A client answers a callback.
    CallbackReply {
        /// The number of the callback.
        id: u64,
        /// The answer.
        reply: Datagram,
    },
    /// A callback gets no answer.
    LostReply {
        /// Who was called back.
        client: ClientId,
        /// The server's own word for the client.
        context: u64,
        /// The number of the callback.
        id: u64,
        /// Why.
        loss: Loss,
    },
    /// A client does not want an answer any more to a request that it has sent.
    Canceled {
        /// Whose.
        client: ClientId,
        /// The server's own word for the client.
        context: u64,
        /// The number of the request.
        id: u64,
    },
    /// A client has closed its port. Everything that it sent before was received.
    PortClosed {
        /// Which.
        client: ClientId,
        /// The server's own word for the client.
        context: u64,
    },
    /// A client has died without closing its port. Everything that it sent before was received.
    ClientDied {
        /// Which.
        client: ClientId,
        /// The server's own word for the client.
        context: u64,
    },
    /// The channel of a client was ended since it, or the kernel, broke it.
    Disconnected {
        /// Which.
        client: ClientId,
        /// The server's own word for the client.
        context: u64,
        /// Why.
        error: Box<ChannelError>,
    },
    /// Somebody who wants to connect could not be heard for lack of something, such as descriptors. The port tries
    /// again a moment later.
    CannotAccept(Box<SystemError>),
    /// Somebody asked this server to stop, by a [`Stopper`](super::Stopper).
    Stop {
        /// Until when.
        by: Deadline,
    },
}

impl Incoming {
    /// What it is, with Windows' numbers; `None` where Windows has no message for it.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::ConnectionRequest(_) => Some(Kind::ConnectionRequest),
            Self::Request(_) => Some(Kind::Request),
            Self::Datagram(_) => Some(Kind::Datagram),
            Self::CallbackReply { .. } => Some(Kind::Reply),
            Self::LostReply { .. } => Some(Kind::LostReply),
            Self::Canceled { .. } => Some(Kind::Canceled),
            Self::PortClosed { .. } => Some(Kind::PortClosed),
            Self::ClientDied { .. } => Some(Kind::ClientDied),
            Self::Disconnected { .. } | Self::CannotAccept(_) | Self::Stop { .. } => None,
        }
    }

    /// Whose it is.
    pub fn client(&self) -> Option<ClientId> {
        match self {
            Self::ConnectionRequest(request) => Some(request.client()),
            Self::Request(request) => Some(request.client()),
            Self::Datagram(datagram) | Self::CallbackReply { reply: datagram, .. } => Some(datagram.client()),
            Self::LostReply { client, .. }
            | Self::Canceled { client, .. }
            | Self::PortClosed { client, .. }
            | Self::ClientDied { client, .. }
            | Self::Disconnected { client, .. } => Some(*client),
            Self::CannotAccept(_) | Self::Stop { .. } => None,
        }
    }

    /// The bytes of the message, if it is one.
    pub fn body(&self) -> &[u8] {
        match self {
            Self::ConnectionRequest(request) => request.data(),
            Self::Request(request) => request.body(),
            Self::Datagram(datagram) | Self::CallbackReply { reply: datagram, .. } => datagram.body(),
            _ => &[],
        }
    }
}

/// Of no letter: what a message answers while it is taken apart, which nobody can see.
const NOBODY: ClientId = ClientId::NOBODY;

macro_rules! message {
    ($name:ident) => {
        impl $name {
            #[inline]
            pub(super) fn letter(&self) -> Option<&Letter> {
                self.held.letter()
            }

            /// Who sent it.
            #[inline]
            pub fn client(&self) -> ClientId {
                self.letter().map_or(NOBODY, |letter| letter.client)
            }

            /// Who sent it, in the kernel's words: there with every message, whatever its sender does.
            pub fn token(&self) -> &Token {
                self.letter().and_then(|letter| letter.token.as_deref()).unwrap_or(&Token::NOBODY)
            }

            /// The number of the message among those of its sender: 1, 2, 3…
            pub fn sequence(&self) -> u64 {
                self.letter().map_or(0, |letter| letter.sequence)
            }

            /// What came beside the body. Context and token always do.
            pub fn attributes(&self) -> AttributeSet {
                self.letter().map_or(AttributeSet::ALWAYS, |letter| letter.attributes)
            }
        }
    };
}

/// A request to connect. Dropped, it is a refusal without data.
#[derive(Debug)]
pub struct ConnectionRequest {
    pub(super) held: Held,
    pub(super) identity: Identity,
}

message!(ConnectionRequest);

impl ConnectionRequest {
    /// What the client sent along.
    pub fn data(&self) -> &[u8] {
        self.letter()
            .map_or(&[], |letter| letter.body.bytes().get(crate::wire::TERMS_BYTES..).unwrap_or_default())
    }

    /// Who it is, in the kernel's words.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

/// A request to connect that was not answered, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotAdmitted {
    /// Why.
    #[source]
    pub error: AdmitError,
    /// The request, to be answered again.
    pub request: ConnectionRequest,
}

/// A request of a client: reply to it once. Dropped, it tells the client that its reply is lost.
pub struct Request {
    pub(super) held: Held,
}

message!(Request);

impl Request {
    /// Its bytes.
    #[inline]
    pub fn body(&self) -> &[u8] {
        self.letter().map_or(&[], |letter| letter.body.bytes())
    }

    /// Its number, which no other request of this client has.
    #[inline]
    pub fn id(&self) -> u64 {
        self.letter().map_or(0, |letter| letter.id)
    }

    /// The server's own word for the client.
    #[inline]
    pub fn context(&self) -> u64 {
        self.letter().map_or(0, |letter| letter.context)
    }

    /// Whether the client lets the server act as it while it is at this request.
    pub(super) fn consents(&self) -> bool {
        self.attributes().contains(AttributeSet::SECURITY)
    }

    /// Whether the client is blocked until the answer comes, and so can be called back.
    pub fn is_synchronous(&self) -> bool {
        self.letter().is_some_and(|letter| letter.way == Way::Sync)
    }

    /// Whether its asker still waits for the answer, as far as the port has heard: it has not canceled the request, and
    /// its channel is not over. One who works long on an answer may ask now and then; the port hears of a cancel when
    /// it receives, in whichever thread.
    pub fn is_awaited(&self) -> bool {
        self.letter().is_some_and(|letter| !letter.over.contains(letter.id))
    }

    /// The callback in whose answering the client made this request, if it did.
    pub fn within(&self) -> Option<u64> {
        self.letter().map(|letter| letter.about).filter(|id| *id != 0)
    }

    /// Answers the request without having the port, from any thread: the port sends the answer in its next call, and
    /// is woken for it. What can't be sent is lost, of which the client is told.
    pub fn answer(mut self, answer: impl IntoAnswer) {
        let answer = answer.into_answer();
        if let Some(mut letter) = self.held.take() {
            letter.answer = answer.body.is_some().then_some(answer);
            drop(Held::new(letter));
        }
    }

    /// Lets go of the message and goes on owing the answer, which
    /// [`ConnectionPort::reply_to`](super::ConnectionPort::reply_to) gives.
    pub fn into_id(mut self) -> (ClientId, u64) {
        let named = (self.client(), self.id());
        if let Some(mut letter) = self.held.take() {
            letter.owes = super::letter::Owes::Nothing;
            drop(Held::new(letter));
        }
        named
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Request");
        shown
            .field("client", &self.client())
            .field("id", &self.id())
            .field("bytes", &self.letter().map_or(0, |letter| letter.body.len()));
        shown.finish_non_exhaustive()
    }
}

/// A request whose reply did not go, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unanswered {
    /// Why.
    #[source]
    pub error: ReplyError,
    /// The request, to be answered again.
    pub request: Request,
}

/// A message of a client that wants no answer.
pub struct Datagram {
    pub(super) held: Held,
}

message!(Datagram);

impl Datagram {
    /// Its bytes.
    #[inline]
    pub fn body(&self) -> &[u8] {
        self.letter().map_or(&[], |letter| letter.body.bytes())
    }

    /// The server's own word for the client.
    #[inline]
    pub fn context(&self) -> u64 {
        self.letter().map_or(0, |letter| letter.context)
    }
}

impl fmt::Debug for Datagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Datagram");
        shown
            .field("client", &self.client())
            .field("bytes", &self.letter().map_or(0, |letter| letter.body.len()))
            .finish_non_exhaustive()
    }
}
