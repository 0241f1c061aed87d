// SPDX-License-Identifier: MIT OR Apache-2.0
//! Serving: a loop over what comes to a port, in which what a handler returns is the reply.
//!
//! A loop of one's own over [`ConnectionPort::receive`] can do all that this does; here stands what most servers
//! want: everybody who may connect is let in, each request is answered, nobody who does not read holds the others
//! up, and whoever asks the server to stop gets an orderly end.

mod answer;
mod desk;
mod workers;

pub use answer::{Answer, IntoAnswer};

use cabotage_os::Fault;

use crate::error::{ChannelError, ReceiveError};
use crate::port::{ConnectionPort, ConnectionRequest, Incoming, Request, Stopper};
use desk::{Desk, Turn};

/// Whether a client is let in, and what it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It is.
    Accept {
        /// What it gets along.
        data: Vec<u8>,
        /// The server's own word for it.
        context: u64,
    },
    /// It is not.
    Refuse {
        /// What it gets along, to say why.
        data: Vec<u8>,
    },
}

impl Default for Admission {
    /// It is, without data.
    fn default() -> Self {
        Self::Accept { data: Vec::new(), context: 0 }
    }
}

/// Why a server ended that nobody asked to stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The port belongs to the parent process, or the kernel refused.
    #[error("the port can't be served any more: {0}")]
    Port(#[from] ChannelError),
}

impl ServeError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Port(error) => error.fault(),
        }
    }

    fn of(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Channel(error) => Self::Port(error),
            // A port that waits without a deadline ends in no other way.
            _ => Self::Port(ChannelError::Disconnected),
        }
    }
}

type Admit<'h> = Box<dyn FnMut(&ConnectionRequest) -> Admission + Send + 'h>;
type Notice<'h> = Box<dyn FnMut(Incoming) + Send + 'h>;

/// A port, and how to serve it.
///
/// ```no_run
/// use cabotage_alpc::{Admission, ConnectionPort, Incoming};
///
/// let server = ConnectionPort::create("echo")?
///     .server()
///     .admit(|request| match request.identity().uid {
///         0 => Admission::Refuse { data: b"not for root".to_vec() },
///         uid => Admission::Accept { data: Vec::new(), context: uid.into() },
///     })
///     .notice(|news| {
///         if let Incoming::ClientDied { client, .. } = news {
///             eprintln!("{client:?} has died");
///         }
///     });
/// server.run(|request| request.body().to_vec())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server<'h> {
    port: ConnectionPort,
    admit: Admit<'h>,
    notice: Notice<'h>,
}

impl std::fmt::Debug for Server<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("port", &self.port).finish_non_exhaustive()
    }
}

impl ConnectionPort {
    /// Serves the port in this thread: `handler` gets each request, and what it returns is the reply. Everybody who
    /// may connect is let in. This returns when a [`Stopper`] says so, or in an error; the port is closed then.
    ///
    /// ```no_run
    /// let port = cabotage_alpc::ConnectionPort::create("echo")?;
    /// port.serve(|request| request.body().to_vec())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ServeError`]. What is wrong with one client ends that client.
    pub fn serve<A: IntoAnswer>(self, handler: impl FnMut(&mut Request) -> A) -> Result<(), ServeError> {
        self.server().run(handler)
    }

    /// Serves the port by `workers` threads, at least one: the calling one and those that it starts. One at a time has
    /// the port and waits, and hands it on before it answers a request, so that a handler that takes long, or waits,
    /// keeps nobody but its asker waiting.
    ///
    /// # Errors
    /// [`ServeError`].
    ///
    /// # Panics
    /// When a handler has panicked, once all others have ended; that handler's asker is told that its reply is lost.
    pub fn serve_with<A: IntoAnswer>(
        self,
        workers: usize,
        handler: impl Fn(&mut Request) -> A + Sync,
    ) -> Result<(), ServeError> {
        self.server().run_with(workers, handler)
    }

    /// This port, with choices of how to serve it.
    pub fn server<'h>(self) -> Server<'h> {
        Server { port: self, admit: Box::new(|_| Admission::default()), notice: Box::new(drop) }
    }
}

impl<'h> Server<'h> {
    /// Who is let in, and with what data and context.
    #[must_use]
    pub fn admit(mut self, admit: impl FnMut(&ConnectionRequest) -> Admission + Send + 'h) -> Self {
        self.admit = Box::new(admit);
        self
    }

    /// Gets everything that is neither a request nor a wish to connect: datagrams, cancels, the ends of clients.
    #[must_use]
    pub fn notice(mut self, notice: impl FnMut(Incoming) + Send + 'h) -> Self {
        self.notice = Box::new(notice);
        self
    }

    /// What asks this server to stop, from any thread.
    pub fn stopper(&self) -> Stopper {
        self.port.stopper()
    }

    /// Serves in this thread: see [`ConnectionPort::serve`].
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn run<A: IntoAnswer>(self, mut handler: impl FnMut(&mut Request) -> A) -> Result<(), ServeError> {
        let mut desk = Desk::new(self);
        loop {
            match desk.turn() {
                Turn::Request(mut request) => {
                    let answer = handler(&mut request).into_answer();
                    desk.reply(request, answer);
                }
                Turn::Over(end) => return end,
            }
        }
    }

    /// Serves by several threads: see [`ConnectionPort::serve_with`].
    ///
    /// # Errors
    /// [`ServeError`].
    ///
    /// # Panics
    /// When a handler has panicked, once all others have ended.
    pub fn run_with<A: IntoAnswer>(
        self,
        workers: usize,
        handler: impl Fn(&mut Request) -> A + Sync,
    ) -> Result<(), ServeError> {
        workers::run(Desk::new(self), workers, &handler)
    }
}
