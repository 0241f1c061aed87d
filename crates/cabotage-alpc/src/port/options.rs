// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a connection port is to be like: values with defaults that fit most.

use cabotage_link::names::{Kind, Name, PublishOptions, Registry};
use cabotage_link::quota::Quota;
use cabotage_link::{Deadline, Listener, Options, Wait};

use super::ConnectionPort;
use crate::error::CreateError;
use crate::handles::{HANDLES_MAX, HandleKind, KindSet};
use crate::post::longest;
use crate::rules::above;
use crate::wire::{READS_MEMORY, Terms};
use crate::{
    CONNECT_BYTES_MAX, DIRECT_BYTES_MAX, INLINE_BYTES, MESSAGE_BYTES_MAX, SECTION_BYTES_MAX, VIEWS_MAX,
};

/// Choices for a connection port.
#[derive(Debug, Clone)]
pub struct PortOptions {
    publish: PublishOptions,
    registry: Option<Registry>,
    wait: Wait,
    quota: Option<Quota>,
    /// The longest body that is copied through the queue, in bytes; at most [`MESSAGE_BYTES_MAX`], which is the
    /// default.
    pub message_bytes_max: usize,
    /// Up to how many bytes a body goes through the queue by itself; [`INLINE_BYTES`] by default.
    pub inline_bytes_max: usize,
    /// The most bytes that a client may send with its request to connect; at most [`CONNECT_BYTES_MAX`],
    /// which is the default.
    pub connect_bytes_max: usize,
    /// How many views of one client are held at once.
    pub views_max: usize,
    /// The largest section of a client that is mapped for one message, in bytes.
    pub section_bytes_max: u64,
    /// The largest body of a client that is read directly before the server gets the request, in bytes; 0 for none.
    pub direct_bytes_max: u64,
    /// Whether the memory of clients that let us is read where it lies.
    pub(super) reads_client_memory: bool,
    /// How many handles one message may bring; none by default.
    pub handles_max: usize,
    pub(super) handle_kinds: KindSet,
    /// How many clients there are at most; one more is refused.
    pub clients_max: usize,
    /// How many unanswered requests of one client there are at most; one more gets no reply.
    pub requests_max: usize,
    /// How many bytes of replies that a client does not read are kept for it at most, before it is disconnected.
    pub unread_bytes_max: usize,
}

impl Default for PortOptions {
    /// In the user scope with mode 0600; bodies of up to 0xFFEF bytes, 256 by themselves; up to 16,384 clients with
    /// 1,024 requests each.
    fn default() -> Self {
        Self {
            publish: PublishOptions::new(),
            registry: None,
            wait: Wait::default(),
            quota: None,
            message_bytes_max: MESSAGE_BYTES_MAX,
            inline_bytes_max: INLINE_BYTES,
            connect_bytes_max: CONNECT_BYTES_MAX,
            views_max: VIEWS_MAX as usize,
            section_bytes_max: SECTION_BYTES_MAX,
            direct_bytes_max: DIRECT_BYTES_MAX,
            reads_client_memory: false,
            handles_max: 0,
            handle_kinds: KindSet::of(&[]),
            clients_max: 16_384,
            requests_max: 1024,
            unread_bytes_max: 1 << 20,
        }
    }
}

cabotage_link::publish_choices!(PortOptions);

impl PortOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How waiting calls wait.
    #[must_use]
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// The longest body that is copied through the queue, in bytes: see the field.
    #[must_use]
    pub fn message_bytes_max(mut self, bytes: usize) -> Self {
        self.message_bytes_max = bytes;
        self
    }

    /// Up to how many bytes a body goes through the queue by itself: see the field.
    #[must_use]
    pub fn inline_bytes_max(mut self, bytes: usize) -> Self {
        self.inline_bytes_max = bytes;
        self
    }

    /// The most bytes that come with a request to connect: see the field.
    #[must_use]
    pub fn connect_bytes_max(mut self, bytes: usize) -> Self {
        self.connect_bytes_max = bytes;
        self
    }

    /// How many views of one client are held at once; with 0 clients send none.
    #[must_use]
    pub fn views_max(mut self, views: usize) -> Self {
        self.views_max = views;
        self
    }

    /// The largest section of a client that is mapped for one message, in bytes.
    #[must_use]
    pub fn section_bytes_max(mut self, bytes: u64) -> Self {
        self.section_bytes_max = bytes;
        self
    }

    /// The largest body of a client that is read directly, in bytes: see the field.
    #[must_use]
    pub fn direct_bytes_max(mut self, bytes: u64) -> Self {
        self.direct_bytes_max = bytes;
        self
    }

    /// Reads the memory of clients that let us where it lies, instead of having them copy. **A client may then hold
    /// the thread that reads for as long as it likes**: its memory may be of a kind that it serves itself.
    #[must_use]
    pub fn reads_client_memory(mut self) -> Self {
        self.reads_client_memory = true;
        self
    }

    /// Takes up to so many handles with one message, at most [`HANDLES_MAX`], of these kinds. Those of other kinds are
    /// closed when they come.
    #[must_use]
    pub fn take_handles(mut self, handles_max: usize, kinds: &[HandleKind]) -> Self {
        (self.handles_max, self.handle_kinds) = (handles_max, KindSet::of(kinds));
        self
    }

    /// How many clients there are at most.
    #[must_use]
    pub fn clients_max(mut self, clients: usize) -> Self {
        self.clients_max = clients;
        self
    }

    /// How many unanswered requests of one client there are at most.
    #[must_use]
    pub fn requests_max(mut self, requests: usize) -> Self {
        self.requests_max = requests;
        self
    }

    /// How many bytes of replies that a client does not read are kept for it at most: see the field.
    #[must_use]
    pub fn unread_bytes_max(mut self, bytes: usize) -> Self {
        self.unread_bytes_max = bytes;
        self
    }

    /// Creates the port under this name.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn create(self, name: &str) -> Result<ConnectionPort, CreateError> {
        let name = name.parse::<Name>().map_err(CreateError::Name)?;
        self.create_as(&name)
    }

    /// Creates the port under a name that was checked.
    ///
    /// # Errors
    /// [`CreateError`].
    pub fn create_as(self, name: &Name) -> Result<ConnectionPort, CreateError> {
        self.check()?;
        let registry = self.names_at();
        let how = self.publish;
        // Others who publish the same name at this moment take a few system calls for it.
        let soon = Deadline::within(std::time::Duration::from_secs(1));
        let listener = Listener::publish_as(Kind::Alpc, &registry, name, how, self.link_options(), soon)?;
        ConnectionPort::over(listener, self)
    }

    fn check(&self) -> Result<(), CreateError> {
        let limits = [
            ("a maximum message length", self.message_bytes_max, MESSAGE_BYTES_MAX),
            ("a limit for data of clients", self.connect_bytes_max, CONNECT_BYTES_MAX),
            ("a limit for handles", self.handles_max, HANDLES_MAX),
            ("an inline limit", self.inline_bytes_max, self.message_bytes_max),
        ];
        match above(limits) {
            Some((what, value, max)) => Err(CreateError::Limit { what, value, max }),
            None => Ok(()),
        }
    }

    fn link_options(&self) -> Options {
        let options = Options::new().wait(self.wait).message_bytes_max(longest(self.section_bytes_max));
        match &self.quota {
            Some(quota) => options.quota(quota),
            None => options,
        }
    }

    pub(super) fn wait_wanted(&self) -> Wait {
        self.wait
    }

    /// What clients are told.
    pub(super) fn terms(&self) -> Terms {
        let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Terms {
            section_bytes_max: self.section_bytes_max,
            message_bytes_max: narrow(self.message_bytes_max),
            inline_bytes_max: narrow(self.inline_bytes_max),
            views_max: narrow(self.views_max),
            handles_max: narrow(self.handles_max),
            direct_bytes_max: self.direct_bytes_max,
            flags: if self.reads_client_memory { READS_MEMORY } else { 0 },
        }
    }
}
