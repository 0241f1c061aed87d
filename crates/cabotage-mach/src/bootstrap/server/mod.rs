// SPDX-License-Identifier: MIT OR Apache-2.0
//! The textbook's bootstrap server, on ports of its own: names in namespaces, services that outlive a planned restart of
//! their process or are started when they are wanted. It holds no traffic: whoever has looked a service up sends to it
//! directly. If it ends, every right lives on, and services tell the next server by themselves
//! ([`Keeper`](super::Keeper)).

mod answering;
mod custody;
mod files;
mod handing;
mod jobs;
mod launching;
mod loose;
mod rules;

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cabotage_link::Ready;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::process::own_uid;
use cabotage_os::{Deadline, SystemError, limits};

use super::{CheckIn, SERVER_NAME};
use crate::code::KernError;
use crate::error::{BootstrapError, OutsideError, PollError, ReceiveError};
use crate::name::Name;
use crate::rights::{PortSet, ReceiveRight, SendRight};
use custody::Custody;
use files::Files;
pub use files::ServiceFileError;
use handing::Handing;
use jobs::Jobs;
use loose::{Pending, Unanswered};
use rules::{NamespaceId, Rules, ServiceId};

/// How long after its start a server starts no service: those that ran before it was there say so first.
const GRACE: Duration = Duration::from_secs(1);
/// How many messages are looked at before jobs and look-ups that wait get their turn.
const MESSAGES_AT_ONCE: usize = 64;

/// How a server runs.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    check_in: CheckIn,
    services: Option<PathBuf>,
    grace: Duration,
}

/// A server of names.
#[derive(Debug)]
pub struct Server {
    rules: Rules,
    /// The ports of namespaces, the news, and ports that come back.
    set: PortSet,
    spaces: HashMap<NamespaceId, Space>,
    /// By the names of their ports.
    by_port: HashMap<Name, Of>,
    custody: HashMap<ServiceId, Custody>,
    /// Where deaths are told, and what has become of check-ins.
    news: ReceiveRight,
    /// Ports of services that are started when a message comes.
    wanted: PortSet,
    files: Option<Files>,
    jobs: Jobs,
    handing: Handing,
    pending: Vec<Pending>,
    unanswered: Vec<Unanswered>,
    started: Instant,
    grace: Duration,
}

/// What a port of the server is for.
#[derive(Debug, Clone, Copy)]
enum Of {
    Namespace(NamespaceId),
    /// The receive right of this service comes back here.
    Return(ServiceId),
}

/// A namespace's port, and the right to the port with which it ends.
#[derive(Debug)]
struct Space {
    port: ReceiveRight,
    requestor: Option<SendRight>,
}

/// Why a server does not start, or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Its name can't be had; with 1103: a server runs already.
    #[error(transparent)]
    Name(#[from] BootstrapError),
    /// What Mach says.
    #[error(transparent)]
    Kern(#[from] KernError),
    /// It can't receive any more.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// It can't wait any more.
    #[error(transparent)]
    Poll(#[from] PollError),
    /// The services that are started on demand.
    #[error(transparent)]
    Files(#[from] ServiceFileError),
    /// The system's refusal.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { check_in: CheckIn::new(), services: None, grace: GRACE }
    }
}

impl ServerOptions {
    /// In the user scope, for this user alone, without services on demand.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who finds the server, and who may ask it.
    #[must_use]
    pub fn check_in(mut self, how: CheckIn) -> Self {
        self.check_in = how;
        self
    }

    /// Where the files of services are that are started on demand. What the directory has is looked up anew each time.
    #[must_use]
    pub fn services(mut self, directory: impl Into<PathBuf>) -> Self {
        self.services = Some(directory.into());
        self
    }

    /// How long after its start the server starts no service, so that those that run already can say so: a second,
    /// unless this says otherwise.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Takes the server's name.
    ///
    /// # Errors
    /// [`ServerError`]
    pub fn start(self) -> Result<Server, ServerError> {
        let (set, wanted, news) = (PortSet::new()?, PortSet::new()?, ReceiveRight::new()?);
        let root = ReceiveRight::new()?;
        for port in [&news, &root] {
            port.set_queue_limit(QUEUE_LIMIT)?;
            set.insert(port)?;
        }
        let descriptors = limits::descriptors()?.soft;
        let handing = Handing::new(news.make_send()?);
        let by_port = HashMap::from([(root.name(), Of::Namespace(Rules::ROOT))]);
        let mut server = Server {
            rules: Rules::new(own_uid(), descriptors),
            set,
            spaces: HashMap::new(),
            by_port,
            custody: HashMap::new(),
            news,
            wanted,
            files: self.services.map(Files::at),
            jobs: Jobs::new()?,
            handing,
            pending: Vec::new(),
            unanswered: Vec::new(),
            started: Instant::now(),
            grace: self.grace,
        };
        server.declare_all()?;
        self.check_in.with_quota(descriptors)?.publish(SERVER_NAME, &root)?;
        server.spaces.insert(Rules::ROOT, Space { port: root, requestor: None });
        Ok(server)
    }
}

impl Server {
    /// The bootstrap port of the outermost namespace.
    ///
    /// # Errors
    /// [`KernError`]
    pub fn bootstrap_port(&self) -> Result<SendRight, BootstrapError> {
        let root = self.spaces.get(&Rules::ROOT).ok_or(BootstrapError::ServerGone)?;
        Ok(root.port.make_send().map_err(OutsideError::from)?)
    }

    /// Serves until the deadline, as a rule for ever.
    ///
    /// # Errors
    /// [`ServerError`]: the system refuses what it needs to go on.
    pub fn run(&mut self, deadline: impl Into<Deadline>) -> Result<(), ServerError> {
        let deadline = deadline.into();
        while !deadline.has_passed() {
            let is_behind = self.take_messages()?;
            self.jobs.reap();
            self.look_after_pending();
            let next = self.launch_wanted(Instant::now());
            self.answer_again();
            if !is_behind {
                self.wait(deadline.or_sooner(next))?;
            }
        }
        Ok(())
    }

    /// Deals with what has come; answers whether there may be more.
    fn take_messages(&mut self) -> Result<bool, ServerError> {
        for _ in 0..MESSAGES_AT_ONCE {
            match self.set.try_receive() {
                Ok(message) => self.heed(message),
                Err(ReceiveError::TimedOut) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    fn wait(&mut self, deadline: Deadline) -> Result<(), ServerError> {
        let deadline = match self.unanswered.is_empty() && self.pending.is_empty() {
            true => deadline,
            false => deadline.or_sooner(Deadline::within(LOOK_AGAIN_AFTER)),
        };
        // Messages for jobs that must not be started yet are always there: the set, which is asked last, is what wakes.
        let has_wanted = self.wanted.ready()? == Ready::Ready && self.may_launch(Instant::now());
        if self.set.ready()? == Ready::Ready || has_wanted {
            return Ok(());
        }
        let watched = [self.set.descriptor()?, self.wanted.descriptor()?, self.jobs.as_fd()];
        poll::wait(watched.map(|descriptor| (descriptor, Readiness::IN)), deadline)?;
        Ok(())
    }
}

/// How many messages of each client wait at the server.
const QUEUE_LIMIT: u32 = 64;
/// Nobody rings when a service can be answered for at last.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);
