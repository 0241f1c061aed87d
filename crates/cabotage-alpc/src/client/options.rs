// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a client connects: values with defaults that fit most.

use cabotage_link::names::{self, Kind, Name, Registry};
use cabotage_link::{Deadline, Link, Options, Wait};

use super::Client;
use super::connect::Connecting;
use crate::error::ConnectError;
use crate::handles::{HANDLES_MAX, HandleKind, KindSet};
use crate::post::longest;
use crate::rules::above;
use crate::wire::{CONSENTS, Terms};
use crate::{CONNECT_BYTES_MAX, INLINE_BYTES, MESSAGE_BYTES_MAX, SECTION_BYTES_MAX, VIEWS_MAX};

/// Choices for connecting.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    find: names::ConnectOptions,
    registry: Option<Registry>,
    wait: Wait,
    pub(super) data: Vec<u8>,
    deadline: Deadline,
    pub(super) accept_bytes_max: usize,
    views_max: u32,
    section_bytes_max: u64,
    pub(super) tells_addresses: bool,
    consents: bool,
    handles_max: usize,
    pub(super) handle_kinds: KindSet,
}

impl Default for ConnectOptions {
    /// Both scopes, any server, no data, and as much time as the server takes; 16 views of up to 256 MiB, and no word
    /// about where memory lies.
    fn default() -> Self {
        Self {
            find: names::ConnectOptions::new(),
            registry: None,
            wait: Wait::default(),
            data: Vec::new(),
            deadline: Deadline::Never,
            accept_bytes_max: CONNECT_BYTES_MAX,
            views_max: VIEWS_MAX,
            section_bytes_max: SECTION_BYTES_MAX,
            tells_addresses: false,
            consents: false,
            handles_max: 0,
            handle_kinds: KindSet::of(&[]),
        }
    }
}

cabotage_link::find_choices!(ConnectOptions);

impl ConnectOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until the deadline for a name that is not there.
    #[must_use]
    pub fn wait_for_name(mut self) -> Self {
        self.find = self.find.wait_for_name();
        self
    }

    /// What the server gets with the request to connect: at most [`CONNECT_BYTES_MAX`] bytes, and what it takes.
    #[must_use]
    pub fn data(mut self, data: &[u8]) -> Self {
        self.data = data.to_vec();
        self
    }

    /// Until when the server may take to answer.
    #[must_use]
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many bytes of data the server may send with its acceptance; if it sends more, nothing is connected.
    #[must_use]
    pub fn accept_bytes_max(mut self, bytes: usize) -> Self {
        self.accept_bytes_max = bytes;
        self
    }

    /// How many views of the server's are held at once: 16 unless told otherwise, and with 0 it sends none.
    #[must_use]
    pub fn views_max(mut self, views: u32) -> Self {
        self.views_max = views;
        self
    }

    /// The largest section of the server's that is mapped for one message, in bytes.
    #[must_use]
    pub fn section_bytes_max(mut self, bytes: u64) -> Self {
        self.section_bytes_max = bytes;
        self
    }

    /// Lets the server read what a request lends where it lies, if the kernel lets it and it wants to. It is told
    /// addresses of this process then. Otherwise this client copies for it.
    #[must_use]
    pub fn readable_in_place(mut self) -> Self {
        self.tells_addresses = true;
        self
    }

    /// Takes up to so many handles with one message of the server's, at most [`HANDLES_MAX`], of these kinds. Those of
    /// other kinds are closed when they come. None are taken unless this is said.
    #[must_use]
    pub fn take_handles(mut self, handles_max: usize, kinds: &[HandleKind]) -> Self {
        (self.handles_max, self.handle_kinds) = (handles_max, KindSet::of(kinds));
        self
    }

    /// Lets the server act as this client, with its user and groups, while it is at a request of it. A server can do so
    /// only if it may become any user. To consent for single requests see [`Outgoing::consent`](crate::Outgoing).
    #[must_use]
    pub fn consent(mut self) -> Self {
        self.consents = true;
        self
    }

    /// How waiting calls wait.
    #[must_use]
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Connects to the port of this name, and waits for the server to accept or refuse.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn connect(self, name: &str) -> Result<Client, ConnectError> {
        let deadline = self.deadline;
        self.begin(name)?.finish(deadline)
    }

    /// What the client takes of its server.
    pub(super) fn terms(&self) -> Terms {
        let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Terms {
            section_bytes_max: self.section_bytes_max,
            message_bytes_max: narrow(MESSAGE_BYTES_MAX),
            inline_bytes_max: narrow(INLINE_BYTES),
            views_max: self.views_max,
            handles_max: narrow(self.handles_max),
            direct_bytes_max: 0,
            flags: if self.consents { CONSENTS } else { 0 },
        }
    }

    /// Asks the port of this name to be let in, and does not wait for the answer.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn begin(self, name: &str) -> Result<Connecting, ConnectError> {
        if let Some((what, value, max)) = above([("a limit for handles", self.handles_max, HANDLES_MAX)]) {
            return Err(ConnectError::Limit { what, value, max });
        }
        let bytes = self.data.len();
        if bytes > CONNECT_BYTES_MAX {
            return Err(ConnectError::DataTooLong { bytes, bytes_max: CONNECT_BYTES_MAX });
        }
        let name = name.parse::<Name>().map_err(ConnectError::Name)?;
        let registry = self.names_at();
        let options = Options::new().wait(self.wait).message_bytes_max(longest(self.section_bytes_max));
        let link = Link::connect_to(Kind::Alpc, &registry, &name, self.find, options, self.deadline)?;
        Connecting::ask(link, &self)
    }
}
