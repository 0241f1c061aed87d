// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who a client is, in the kernel's words, and what a server may do in its name.
//!
//! A token says who connected: it stays the same for the life of the channel, whatever the client becomes afterwards,
//! and is there with every message, which no sender can prevent. Acting as the client takes more: a privileged server,
//! a request that is pending, and the client's consent, for the channel or for that request.

use std::os::fd::OwnedFd;
use std::path::Path;

use cabotage_link::peer::Peer;
use cabotage_os::open_for::{OpenForError, open_for};
use cabotage_os::process::{RunAs, RunAsError, Subject, Wish};
use cabotage_os::{Fault, SystemError};

use super::{Identity, Request};
use crate::status::Status;

/// Who sent a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    id: u64,
    identity: Identity,
    groups: Option<Vec<u32>>,
    consents: bool,
}

impl Token {
    pub(super) const NOBODY: Self = Self {
        id: 0,
        identity: Identity { pid: 0, uid: u32::MAX, gid: u32::MAX },
        groups: None,
        consents: false,
    };

    pub(super) fn of(peer: &Peer<'_>, id: u64, consents: bool) -> Self {
        // Without them the client can be named, and nothing is done as it.
        let groups = peer.groups().unwrap_or_default();
        Self { id, identity: Identity::of(peer), groups, consents }
    }

    /// The number of the channel at its port: no other ever has it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The process, its user and its group, when it connected.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Its supplementary groups when it connected; `None` when they could not be told for sure.
    pub fn groups(&self) -> Option<&[u32]> {
        self.groups.as_deref()
    }

    /// Whether the client lets the server act as it, on all its requests.
    pub fn consents(&self) -> bool {
        self.consents
    }

    /// As whom files are opened for it.
    pub fn subject(&self) -> Option<Subject> {
        let Identity { uid, gid, .. } = self.identity;
        self.groups.clone().map(|groups| Subject { uid, gid, groups })
    }

    /// Opens a file for the client as a server does that may not act as it: with the server's rights, if the mode bits
    /// let the client do so too, all the way from the root. What they don't decide is refused.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, path: &Path, wish: Wish) -> Result<OwnedFd, OpenError> {
        let subject = self.subject().ok_or(OpenError::GroupsUnknown)?;
        Ok(open_for(&subject, path, wish)?)
    }
}

/// Why a file was not opened for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The kernel does not tell the client's groups for sure, since another process made its end of the channel.
    #[error("the groups of the client are not known: it got its end of the channel from another process")]
    GroupsUnknown,
    /// The client may not, or it can't be told.
    #[error(transparent)]
    OpenFor(#[from] OpenForError),
}

impl OpenError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::GroupsUnknown => Fault::Peer,
            Self::OpenFor(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::OpenFor(OpenForError::System(_)) => Status::UNSUCCESSFUL,
            Self::GroupsUnknown | Self::OpenFor(_) => Status::ACCESS_DENIED,
        }
    }
}

/// Why a thread does not act as the client. **It acts as itself**, so whatever was to be done as the client must not be
/// done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImpersonateError {
    /// The request waits no more.
    #[error("the request is canceled, or the channel of its client is over: nothing is to be done for it")]
    NotPending,
    /// The client did not consent.
    #[error(
        "the client lets nobody act as it: it would have to say so when it connects, or with the request"
    )]
    NoConsent,
    /// The kernel does not tell the client's groups for sure.
    #[error("the groups of the client are not known: it got its end of the channel from another process")]
    GroupsUnknown,
    /// The server may not, or not now.
    #[error(transparent)]
    RunAs(#[from] RunAsError),
}

impl ImpersonateError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotPending | Self::NoConsent | Self::GroupsUnknown => Fault::Peer,
            Self::RunAs(error) => error.fault(),
        }
    }

    /// The number by which Windows programmers know it.
    pub fn status(&self) -> Status {
        match self {
            Self::RunAs(RunAsError::System(SystemError { .. })) => Status::UNSUCCESSFUL,
            Self::NotPending | Self::NoConsent | Self::GroupsUnknown | Self::RunAs(_) => {
                Status::ACCESS_DENIED
            }
        }
    }
}

/// The calling thread acts as the client of a request until this is dropped: see [`RunAs`] for what that means. It
/// can't outlive the request, nor leave the thread.
#[derive(Debug)]
#[must_use = "dropped at once, the thread is itself again at once"]
pub struct Impersonation<'request> {
    _as_client: RunAs,
    request: &'request Request,
}

impl Impersonation<'_> {
    /// As whom the thread acts.
    pub fn token(&self) -> &Token {
        self.request.token()
    }

    /// The thread is itself again. Dropping this does the same.
    pub fn end(self) {}
}

impl Request {
    /// The calling thread acts as the client, as long as the answer lives and the request is pending: it opens what
    /// the client may open and nothing else.
    ///
    /// # Errors
    /// [`ImpersonateError`]: the thread acts as itself, and must not do what was to be done as the client.
    pub fn impersonate(&self) -> Result<Impersonation<'_>, ImpersonateError> {
        if !self.is_awaited() {
            return Err(ImpersonateError::NotPending);
        }
        if !self.token().consents && !self.consents() {
            return Err(ImpersonateError::NoConsent);
        }
        let subject = self.token().subject().ok_or(ImpersonateError::GroupsUnknown)?;
        Ok(Impersonation { _as_client: RunAs::begin(&subject)?, request: self })
    }
}
