// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server's side: a name under which clients find it, and one point at which it receives what all of them send.
//!
//! A client is one link in a set. What the rules say about it stands in [`Hall`]; this file and those beside it do
//! what they say.

mod admit;
mod callback;
mod clients;
mod copying;
mod fetch;
mod hall;
mod incoming;
mod letter;
mod options;
mod over;
mod payload;
mod receive;
mod send;
mod silent;
mod stop;
mod token;
mod unsent;

use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use cabotage_link::names::Name;
use cabotage_link::peer::Peer;
use cabotage_link::{Key, Link, LinkSet, Listener, Options, Ready};
use cabotage_os::Deadline;

pub use clients::{ClientId, Identity};
pub use incoming::{ConnectionRequest, Datagram, Incoming, NotAdmitted, Request, Unanswered};
pub use options::PortOptions;
pub use stop::Stopper;
pub use token::{ImpersonateError, Impersonation, OpenError, Token};

use crate::error::{ChannelError, CreateError, ReceiveError, SendError};
use hall::Hall;
use letter::Desk;

/// A connection port: clients connect to it by its name, and it receives what they send.
///
/// Dropping it closes the channels of all clients.
#[derive(Debug)]
pub struct ConnectionPort {
    set: LinkSet,
    hall: Hall,
    /// The member of the set by which clients come.
    door: Key,
}

impl ConnectionPort {
    /// Creates a port for our own user under this name; [`PortOptions`] has the choices.
    ///
    /// # Errors
    /// [`CreateError`]: a living process has the name, or it is none.
    pub fn create(name: &str) -> Result<Self, CreateError> {
        PortOptions::new().create(name)
    }

    fn over(listener: Listener, options: PortOptions) -> Result<Self, CreateError> {
        let mut set = LinkSet::new()?;
        set.set_wait(options.wait_wanted());
        let (near, far) = Link::pair(Options::new())?;
        let far = far.link(Options::new())?;
        set.insert(near).map_err(|refused| refused.error)?;
        let door = set.listen(listener).map_err(|refused| refused.error)?;
        Ok(Self { set, hall: Hall::new(Desk::new(far), &options), door })
    }

    /// The name.
    pub fn name(&self) -> Option<&Name> {
        self.set.listener(self.door).map(|listener| listener.published().name())
    }

    /// Where the name stands; for messages.
    pub fn path(&self) -> Option<PathBuf> {
        self.set.listener(self.door).map(|listener| listener.published().path())
    }

    /// How many clients are connected.
    pub fn clients(&self) -> usize {
        self.hall.clients.accepted()
    }

    /// Those who are connected.
    pub fn client_ids(&self) -> impl Iterator<Item = ClientId> {
        self.hall.clients.keys().map(ClientId::new)
    }

    /// The server's own word for a client, given when it was accepted.
    pub fn context(&self, client: ClientId) -> Option<u64> {
        let client = self.hall.clients.get(client.key()?)?;
        client.connection.is_in().then_some(client.context)
    }

    /// How many requests of a client have no answer yet.
    pub fn requests_pending(&self, client: ClientId) -> usize {
        client.key().and_then(|key| self.hall.clients.get(key)).map_or(0, |client| client.owed.pending())
    }

    /// Who a client is, in the kernel's words; `None` if it is gone.
    pub fn with_peer<T>(&mut self, client: ClientId, act: impl FnOnce(Peer<'_>) -> T) -> Option<T> {
        self.set.get_mut(client.key()?)?.with_peer(act)
    }

    /// Ends the channel of a client. What was sent to it stays readable for it; what it does afterwards it is told to
    /// be in vain. What came from it before and was not received yet is received still.
    ///
    /// # Errors
    /// [`SendError::NoClient`] if it is gone already.
    pub fn disconnect(&mut self, client: ClientId) -> Result<(), SendError> {
        let key =
            client.key().filter(|key| self.hall.clients.get(*key).is_some()).ok_or(SendError::NoClient)?;
        drop(self.set.remove(key));
        self.hall.clients.remove(key);
        Ok(())
    }

    /// What asks this server to stop, from any thread.
    pub fn stopper(&self) -> Stopper {
        Stopper { order: self.hall.order.clone(), desk: self.hall.desk.clone() }
    }

    /// Whether every request has its answer, and every answer has gone.
    pub(crate) fn is_settled(&self) -> bool {
        self.hall.clients.requests_pending() == 0 && self.hall.unsaid.is_empty() && !self.hall.has_news()
    }

    /// Takes the name back, so that nobody else can connect; those who have go on.
    pub fn unpublish(&mut self) {
        drop(self.set.unlisten(self.door));
    }

    /// Looks for something to receive; when there is nothing, arranges for the descriptor to become readable as soon
    /// as there is. **Call this before every wait on the descriptor**, wait only on [`Ready::Armed`], and at most
    /// until [`ConnectionPort::wake_by`]. After [`Ready::Ready`] ask [`ConnectionPort::try_receive`], which may still
    /// find nothing.
    ///
    /// # Errors
    /// The port belongs to the parent process, or the system's refusal.
    pub fn ready(&mut self) -> Result<Ready, ReceiveError> {
        if self.hall.has_news() { Ok(Ready::Ready) } else { Ok(self.set.ready()?) }
    }

    /// When the port wants to be asked again at the latest, although its descriptor is not readable.
    pub fn wake_by(&self) -> Deadline {
        self.hall.wake_by().or_sooner(self.set.wake_by())
    }

    /// A client is gone, or has to go.
    fn expel(&mut self, key: Key, error: ChannelError) {
        drop(self.set.remove(key));
        self.hall.gone(key, error);
    }
}

impl AsFd for ConnectionPort {
    /// The descriptor to wait on after [`ConnectionPort::ready`] has answered [`Ready::Armed`]; the same for life.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.set.as_fd()
    }
}

impl Drop for ConnectionPort {
    fn drop(&mut self) {
        self.hall.clients.end();
        self.hall.desk.close();
    }
}
