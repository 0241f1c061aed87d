// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clients of a port: what it knows of each, found by its key.

use std::fmt;
use std::sync::Arc;

use cabotage_link::Key;
use cabotage_link::peer::Peer;
use cabotage_os::process::Pidfd;

use super::Token;
use super::fetch::Fetch;
use super::over::Over;
use super::unsent::Unsent;
use crate::error::WhyServed;
use crate::handles::Custody;
use crate::rules::{Asked, Connection, Ledger, Numbers, Owed};
use crate::wire::Terms;

/// Names a client of one port: the server's communication port of its channel. A client that is gone is named by its
/// number for ever, and no other is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Option<Key>);

impl ClientId {
    pub(super) const NOBODY: Self = Self(None);

    #[inline]
    pub(super) fn new(key: Key) -> Self {
        Self(Some(key))
    }

    #[inline]
    pub(super) fn key(self) -> Option<Key> {
        self.0
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, "ClientId({key:?})"),
            None => f.write_str("ClientId(nobody)"),
        }
    }
}

/// Who a process is, in the kernel's words, when it connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Its number in our pid namespace.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl Identity {
    pub(crate) fn of(peer: &Peer<'_>) -> Self {
        Self { pid: peer.pid(), uid: peer.uid(), gid: peer.gid() }
    }
}

/// What a port knows of one client.
#[derive(Debug)]
pub(super) struct Client {
    key: Key,
    pub(super) connection: Connection,
    pub(super) context: u64,
    /// What the client takes.
    pub(super) terms: Option<Terms>,
    /// Who it is, once it has asked to be let in.
    pub(super) token: Option<Arc<Token>>,
    /// Which of its requests are over, for those who have them.
    pub(super) over: Arc<Over>,
    /// How many messages of it were received.
    pub(super) received: u64,
    /// Callbacks.
    pub(super) asked: Asked,
    /// Requests.
    pub(super) owed: Owed,
    /// Answers that will not come, and for which there was no room yet when that was to be said.
    pub(super) unsaid: Vec<(u64, u64)>,
    /// Replies for which there was no room.
    pub(super) unsent: Unsent,
    /// Its views that are held here.
    pub(super) views: Arc<Ledger>,
    /// Its handles whose message has not come yet.
    pub(super) custody: Custody,
    /// Copies that were asked of it.
    pub(super) copies: Numbers,
    /// The request whose body is being fetched.
    pub(super) fetch: Option<Box<Fetch>>,
    /// The process whose memory may be read for it, or why not; once it was looked for.
    pub(super) process: Option<Result<Pidfd, WhyServed>>,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Clients {
    places: Vec<Option<Client>>,
    accepted: usize,
}

impl Clients {
    pub(super) fn add(&mut self, key: Key, requests_max: usize, views: Arc<Ledger>, custody: Custody) {
        let place = key.place();
        if self.places.len() <= place {
            self.places.resize_with(place + 1, || None);
        }
        self.places[place] = Some(Client {
            key,
            connection: Connection::new(),
            context: 0,
            terms: None,
            token: None,
            over: Arc::default(),
            received: 0,
            asked: Asked::default(),
            owed: Owed::new(requests_max),
            unsaid: Vec::new(),
            unsent: Unsent::default(),
            views,
            custody,
            copies: Numbers::default(),
            fetch: None,
            process: None,
        });
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Client> {
        self.places.get_mut(key.place())?.as_mut().filter(|client| client.key == key)
    }

    pub(super) fn get(&self, key: Key) -> Option<&Client> {
        self.places.get(key.place())?.as_ref().filter(|client| client.key == key)
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Client> {
        self.get(key)?;
        let client = self.places.get_mut(key.place())?.take()?;
        client.over.set_gone();
        self.accepted -= usize::from(client.connection.is_in());
        Some(client)
    }

    /// Lets one in; answers whether it was waiting for that.
    pub(super) fn accept(&mut self, key: Key, context: u64) -> bool {
        let was_asking = self.get_mut(key).is_some_and(|client| {
            client.context = context;
            client.connection.accept()
        });
        self.accepted += usize::from(was_asking);
        was_asking
    }

    /// All of them are gone.
    pub(super) fn end(&self) {
        self.places.iter().flatten().for_each(|client| client.over.set_gone());
    }

    /// How many requests of all clients have no answer yet.
    pub(super) fn requests_pending(&self) -> usize {
        self.places.iter().flatten().map(|client| client.owed.pending()).sum()
    }

    /// How many are in.
    pub(super) fn accepted(&self) -> usize {
        self.accepted
    }

    /// The keys of those who are in.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.places.iter().flatten().filter(|client| client.connection.is_in()).map(|client| client.key)
    }
}
