// SPDX-License-Identifier: MIT OR Apache-2.0
//! How two ends come together: as a pair of which one goes to another process, by a name, or by an end that somebody
//! handed over.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use cabotage_os::inherited::{self, InheritedError};
use cabotage_os::socket::{AdmitError, Socket};
use cabotage_os::{Deadline, Fault, SystemError};

use crate::error::LinkError;
use crate::link::Link;
use crate::names::{
    ConnectError, ConnectOptions, Kind, Name, NameError, PublishError, PublishOptions, Published, Registry,
};
use crate::options::Options;

/// How long an accepted client may take to say HELLO, unless told otherwise.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// An end that nobody has used yet: a descriptor to be handed to another process, and to become a [`Link`] there.
#[derive(Debug)]
pub struct End(Socket);

/// Why a descriptor is no end of a link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndError {
    /// It was not passed to this process.
    #[error(transparent)]
    Inherited(#[from] InheritedError),
    /// It is something else.
    #[error(transparent)]
    Admit(#[from] AdmitError),
}

impl EndError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Inherited(_) => Fault::Caller,
            Self::Admit(AdmitError::System(_)) => Fault::System,
            Self::Admit(_) => Fault::Peer,
        }
    }
}

impl End {
    /// The end that a parent passed under this number.
    ///
    /// # Errors
    /// [`EndError`].
    pub fn inherited(number: RawFd) -> Result<Self, EndError> {
        Self::received(inherited::take(number)?)
    }

    /// An end that came from somebody else, perhaps over a link.
    ///
    /// # Errors
    /// [`EndError::Admit`] when it is not the unused end of a connection that keeps messages whole.
    pub fn received(descriptor: OwnedFd) -> Result<Self, EndError> {
        Ok(Self(Socket::admit(descriptor)?))
    }

    /// The end of a connection that this process has just made or accepted, and not used.
    pub fn connected(socket: Socket) -> Self {
        Self(socket)
    }

    /// Goes to work with this end.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn link(self, options: Options) -> Result<Link, LinkError> {
        Link::over(self.0, options)
    }

    /// The descriptor, to be handed to another process. `None` in a forked child.
    pub fn into_fd(self) -> Option<OwnedFd> {
        self.0.into_fd()
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Link {
    /// A link whose other end goes to another process: by [`End::into_fd`] to a spawned child or over another link.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn pair(options: Options) -> Result<(Self, End), LinkError> {
        let (near, far) = Socket::pair()?;
        Ok((Self::over(near, options)?, End(far)))
    }

    /// Connects to the link published under `name`, waiting for room at most until `deadline`; not for the server
    /// to accept: what is sent meanwhile waits for it.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn connect(name: &str, options: Options, deadline: Deadline) -> Result<Self, JoinError> {
        let name = name.parse::<Name>()?;
        Self::connect_in(&Registry::from_environment(), &name, ConnectOptions::default(), options, deadline)
    }

    /// Connects to a name of this registry: see [`Link::connect`].
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn connect_in(
        registry: &Registry,
        name: &Name,
        how: ConnectOptions,
        options: Options,
        deadline: Deadline,
    ) -> Result<Self, JoinError> {
        Self::connect_to(Kind::Link, registry, name, how, options, deadline)
    }

    /// Connects to a name of another kind, for systems that stand on links and have names of their own.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn connect_to(
        kind: Kind,
        registry: &Registry,
        name: &Name,
        how: ConnectOptions,
        options: Options,
        deadline: Deadline,
    ) -> Result<Self, JoinError> {
        let socket = registry.connect(kind, name, how, deadline)?;
        Ok(Self::over(socket, options)?)
    }
}

/// Why there is no link by a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// It is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nobody could be connected to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The name could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The link could not be made.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl JoinError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Name(error) => error.fault(),
            Self::Connect(error) => error.fault(),
            Self::Publish(error) => error.fault(),
            Self::Link(error) => error.fault(),
        }
    }
}

/// A published name: clients connect to it, and each accepted one is a link.
#[derive(Debug)]
pub struct Listener {
    published: Published,
    options: Options,
}

/// Why no client was accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// None came until the deadline.
    #[error("no client came until the deadline")]
    Nobody,
    /// The listener belongs to the parent process.
    #[error("this listener stayed with the parent process when it forked")]
    Forked,
    /// The kernel refused. With `EMFILE` the client stays in the queue: close descriptors first.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl Listener {
    /// Publishes `name` for our own user. Links that are accepted behave as `options` say.
    ///
    /// # Errors
    /// [`JoinError::Publish`] when a living process has the name; [`JoinError::Name`].
    pub fn publish(name: &str, options: Options, deadline: Deadline) -> Result<Self, JoinError> {
        let name = name.parse::<Name>()?;
        let registry = Registry::from_environment();
        Self::publish_in(&registry, &name, PublishOptions::default(), options, deadline)
    }

    /// Publishes a name of this registry.
    ///
    /// # Errors
    /// As [`Listener::publish`].
    pub fn publish_in(
        registry: &Registry,
        name: &Name,
        how: PublishOptions,
        options: Options,
        deadline: Deadline,
    ) -> Result<Self, JoinError> {
        Self::publish_as(Kind::Link, registry, name, how, options, deadline)
    }

    /// Publishes a name of another kind, for systems that stand on links and have names of their own.
    ///
    /// # Errors
    /// As [`Listener::publish`].
    pub fn publish_as(
        kind: Kind,
        registry: &Registry,
        name: &Name,
        how: PublishOptions,
        options: Options,
        deadline: Deadline,
    ) -> Result<Self, JoinError> {
        let published = registry.publish(kind, name, how, deadline)?;
        let hello_within = options.hello_within.or(Some(HELLO_WITHIN));
        Ok(Self { published, options: Options { hello_within, ..options } })
    }

    /// The next client, waiting for one at most until `deadline`. It has connected, and perhaps sent, and may
    /// already be gone again.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub fn accept(&self, deadline: Deadline) -> Result<Link, AcceptError> {
        use cabotage_os::socket::AcceptError as Refused;
        let socket = self.published.accept(deadline).map_err(|error| match error {
            Refused::Nobody => AcceptError::Nobody,
            Refused::System(refusal) => AcceptError::System(refusal),
            _ => AcceptError::Forked,
        })?;
        match Link::over(socket, self.options.clone()) {
            Ok(link) => Ok(link),
            Err(LinkError::System(refusal)) => Err(refusal.into()),
            Err(_) => Err(AcceptError::Forked),
        }
    }

    /// The name and where it stands.
    pub fn published(&self) -> &Published {
        &self.published
    }

    /// Takes the name back; answers whether it was still ours. Dropping the listener does the same.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn unpublish(self) -> Result<bool, SystemError> {
        self.published.unpublish()
    }
}

impl AsFd for Listener {
    /// Readable when a client waits.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.published.as_fd()
    }
}
