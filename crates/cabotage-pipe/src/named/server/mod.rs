// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server's end of an instance: it listens, serves a client, throws it out, and listens again.

mod beacon;
mod incoming;
mod options;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use cabotage_link::metered::{Begun, Interest, Metered, Peeked, Read, WriteId};
use cabotage_link::{Ready, Wait};
use cabotage_os::Deadline;

use beacon::Beacon;
pub use incoming::Incoming;
pub use options::ServerOptions;

use super::conduit::Conduit;
use super::error::{Denial, PipeError, WriteError};
use super::halves::{Apart, Halves, Splits, Unsplit, split};
use super::identity::{ClientToken, Identity};
use super::info::PipeInfo;
use super::methods::{pipe_methods, reading_methods, state_methods, writing_methods};
use super::name::PipeName;
use super::overlapped::Steps;
use super::place::Instance;
use super::rules::{Creation, Direction, EndState, HandleState, Listening, PipeMode, State, WaitMode};

/// The server's end of one instance.
///
/// It listens from its creation, and a client that opens the pipe has it from that moment: what the client writes is
/// read by the next call here, accepted or not.
#[derive(Debug)]
pub struct NamedPipeServer {
    instance: Instance,
    end: Conduit<Option<Metered>>,
    /// For the next instance: what this one was made with.
    options: ServerOptions,
    name: PipeName,
    beacon: Beacon,
}

/// How long listening anew waits for others who are creating instances of the same name.
const TURN: Duration = Duration::from_secs(10);

impl NamedPipeServer {
    pub(super) fn new(
        instance: Instance,
        creation: &Creation,
        options: ServerOptions,
        name: PipeName,
    ) -> Self {
        let access = creation.direction.server();
        let end = Conduit::of_server(access, creation.handle, instance.shape(), options.wait);
        Self { instance, end, options, name, beacon: Beacon::default() }
    }

    /// Waits for a client at most until `deadline`; after [`disconnect`](Self::disconnect) it listens first, behind all
    /// instances that listen already.
    ///
    /// A client that has come since this end listens is no error, whoever was first: what Windows tells as
    /// [`PipeError::AlreadyConnected`] then is what was wanted.
    ///
    /// # Errors
    /// [`PipeError::Listening`] at once, with [`Deadline::Now`], and [`PipeError::TimedOut`], when none came;
    /// [`PipeError::AlreadyConnected`] and [`PipeError::Closing`] while the last client was not disconnected.
    ///
    /// # Source
    /// `ConnectNamedPipe` of the Windows API.
    pub fn connect(&mut self, deadline: impl Into<Deadline>) -> Result<(), PipeError> {
        let is_nowait = self.end.wait_mode() == WaitMode::NoWait;
        let deadline = if is_nowait { Deadline::Now } else { deadline.into() };
        self.end.observe()?;
        match self.end.state.listen(WaitMode::Wait)? {
            Listening::Goes => {}
            Listening::Begins => {
                if let Err(error) = self.instance.listen(Deadline::within(TURN)) {
                    self.end.state = EndState::PARTED_SERVER;
                    return Err(error);
                }
                if is_nowait {
                    return Ok(()); // The first call only begins to listen; the next ones ask.
                }
            }
        }
        self.take_client(deadline)
    }

    /// Takes the client that has come, or comes before the deadline.
    fn take_client(&mut self, deadline: Deadline) -> Result<(), PipeError> {
        self.instance.wait_for_client(deadline)?;
        self.beacon.hide(self.instance.listening_fd());
        let socket = self.instance.accept(Deadline::Now)?;
        self.end.join(socket)
    }

    /// Waits for a client at most until `deadline`, and answers with the end that serves it. This end listens on, as
    /// another instance of the same kind.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and as [`ServerOptions::create`]. When there can be no other instance the client
    /// is here, with this end.
    pub fn accept(&mut self, deadline: impl Into<Deadline>) -> Result<Self, PipeError> {
        match self.connect(deadline) {
            Ok(()) | Err(PipeError::AlreadyConnected) => {}
            Err(error) => return Err(error),
        }
        let mut next = self.options.clone().first_pipe_instance(false).create_at(&self.name)?;
        // Whoever watches this end watches for clients.
        self.beacon.hide(self.current());
        next.beacon = std::mem::take(&mut self.beacon);
        Ok(std::mem::replace(self, next))
    }

    /// One client after the other, each with the end that serves it, for ever.
    pub fn incoming(&mut self) -> Incoming<'_> {
        Incoming::new(self)
    }

    /// Throws the client out. What is unread is destroyed, both ways. [`connect`](Self::connect) listens again.
    ///
    /// # Errors
    /// [`PipeError::Listening`] when there was no client; [`PipeError::Disconnected`] when it was done before.
    ///
    /// # Source
    /// `DisconnectNamedPipe` of the Windows API.
    pub fn disconnect(&mut self) -> Result<(), PipeError> {
        self.data()?.state.disconnect()?;
        self.beacon.hide(self.end.fd());
        self.end.part();
        Ok(())
    }

    /// Who the client is: fixed when it connected, and known until it is disconnected.
    ///
    /// # Errors
    /// [`PipeError::NoClient`].
    ///
    /// # Source
    /// `GetNamedPipeClientProcessId`, `GetNamedPipeClientSessionId` of the Windows API.
    pub fn client(&mut self) -> Result<&Identity, PipeError> {
        self.data()?.peer()
    }

    /// The process of this server.
    pub fn server_process_id(&self) -> u32 {
        std::process::id()
    }

    /// A token to act as the client, once something that it wrote was read; also when it is gone.
    ///
    /// # Errors
    /// [`PipeError::CannotImpersonate`].
    ///
    /// # Source
    /// `ImpersonateNamedPipeClient` of the Windows API.
    pub fn impersonate(&mut self) -> Result<ClientToken, PipeError> {
        let end = self.data()?;
        end.state.impersonate()?;
        Ok(ClientToken::new(end.peer()?))
    }

    /// What kind of pipe it is, and how many instances it has.
    ///
    /// # Errors
    /// [`PipeError::AccessDenied`] when the server only writes; the system's refusal.
    ///
    /// # Source
    /// `GetNamedPipeInfo`, `GetNamedPipeHandleState` of the Windows API.
    pub fn info(&mut self) -> Result<PipeInfo, PipeError> {
        if self.instance.definition().direction == Direction::Outbound {
            return Err(PipeError::AccessDenied(Denial::Information));
        }
        let instances = self.instance.instances()?;
        Ok(PipeInfo::new(self.end.state.side(), self.instance.definition(), self.instance.shape(), instances))
    }

    /// The name, as this server wrote it.
    pub fn name(&self) -> &PipeName {
        &self.name
    }

    /// Looks for what is waited for: a client while this end listens, then what `interest` says. When it is not there,
    /// arranges for the [descriptor](Self::fd) to become readable as soon as it may be. **Call this before every wait
    /// on the descriptor**, and wait only on [`Ready::Armed`].
    ///
    /// # Errors
    /// The system's refusal. That the client is gone is [`Ready::Ready`].
    pub fn ready(&mut self, interest: Interest) -> Result<Ready, PipeError> {
        let had_client = self.end.state.state() != State::Listening;
        self.data()?;
        self.beacon.show(self.current())?;
        match self.end.state.state() {
            State::Listening => Ok(Ready::Armed),
            _ if had_client => self.end.ready(interest),
            _ => Ok(Ready::Ready), // It has come just now, which may be what is waited for.
        }
    }

    /// The descriptor to wait on after [`ready`](Self::ready): the same for the life of this end, whichever client it
    /// has and while it listens. It stays with this end when [`accept`](Self::accept) hands a client out. Never read
    /// from it, and never change the set that it is.
    ///
    /// # Errors
    /// The system's refusal: the descriptor is made when it is asked for first.
    pub fn fd(&self) -> Result<BorrowedFd<'_>, PipeError> {
        Ok(self.beacon.light(self.current())?)
    }

    /// What this end waits on at present.
    fn current(&self) -> Option<BorrowedFd<'_>> {
        self.end.fd().or_else(|| self.instance.listening_fd())
    }

    /// The two halves of this end, for two threads: one reads while the other writes. [`PipeReader::unite`](super::PipeReader::unite) gives it
    /// back, to disconnect and listen again.
    ///
    /// # Errors
    /// This end, without a client.
    pub fn split(mut self) -> Result<Halves<Self>, Box<Unsplit<Self>>> {
        match self.data() {
            Ok(_) => split(self),
            Err(error) => Err(Box::new(Unsplit { end: self, error })),
        }
    }

    /// Closes this end: what was written completely stays readable for the client. Dropping does the same, and tells
    /// nobody what was refused.
    ///
    /// # Errors
    /// The system's refusal of removing the name.
    pub fn close(self) -> Result<(), PipeError> {
        drop(self.end);
        self.instance.close()
    }

    /// The end as it is, with the client that may have come.
    #[inline]
    fn data(&mut self) -> Result<&mut Conduit<Option<Metered>>, PipeError> {
        if self.end.state.state() == State::Listening {
            self.look_for_client()?;
        }
        Ok(&mut self.end)
    }

    fn connect_once(&mut self) -> Result<(), PipeError> {
        self.connect(Deadline::Now)
    }

    fn waitable(&self) -> Result<BorrowedFd<'_>, PipeError> {
        self.fd()
    }

    #[inline]
    pub(super) fn conduit(&mut self) -> &mut Conduit<Option<Metered>> {
        &mut self.end
    }

    /// Windows connects a client when it opens the pipe, so each operation looks whether one has.
    #[cold]
    fn look_for_client(&mut self) -> Result<(), PipeError> {
        if self.instance.has_client()? {
            match self.take_client(Deadline::Now) {
                Ok(()) | Err(PipeError::Listening) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Splits for NamedPipeServer {
    type Rest = (Instance, ServerOptions, PipeName, Beacon);

    fn take_apart(self) -> Result<Apart<Self>, Box<Unsplit<Self>>> {
        let Self { instance, end, options, name, beacon } = self;
        match end.of_client_here() {
            Ok(end) => Ok((end, (instance, options, name, beacon))),
            Err(end) => {
                let error = end.state.write().err().unwrap_or(PipeError::NoClient);
                Err(Box::new(Unsplit { end: Self { instance, end: *end, options, name, beacon }, error }))
            }
        }
    }

    fn put_together(end: Conduit<Metered>, (instance, options, name, beacon): Self::Rest) -> Self {
        Self { instance, end: end.into(), options, name, beacon }
    }
}

pipe_methods!(NamedPipeServer);
