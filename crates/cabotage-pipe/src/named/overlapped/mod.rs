// SPDX-License-Identifier: MIT OR Apache-2.0
//! Overlapped operations: several at a time on one end, begun without waiting, then looked at, waited for or cancelled.
//!
//! Reads are served in the order in which they were begun, and so are writes. Nothing goes on behind the caller's back:
//! each call on the end goes on with what is pending, and the descriptor tells when a call is worth it. An error that
//! is known at the beginning is the answer of the beginning, and leaves no operation behind.

mod operation;
mod pending;

use std::os::fd::BorrowedFd;

use cabotage_link::Ready;
use cabotage_link::metered::{Begun, Interest, Read};
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};

use super::client::NamedPipeClient;
use super::error::PipeError;
use super::server::NamedPipeServer;

pub use operation::{Completed, Operation};
pub(super) use operation::{LOOKS_MAX, Steps};
use pending::{Kind, Pending};

/// An end of a pipe with operations under way.
///
/// ```
/// # use std::time::Duration;
/// # use cabotage_pipe::named::{ClientOptions, Completed, Registry, ServerOptions};
/// # let root = tempfile::tempdir()?;
/// # let names = Registry::at(root.path().join("user"), root.path().join("system"));
/// # let mut pipe = ServerOptions::messages().registry(&names).create("chat")?;
/// # let mut chat = ClientOptions::messages().registry(&names).open("chat")?;
/// # let client = pipe.accept(Duration::from_secs(60))?;
/// let mut client = client.overlapped();
/// let first = client.begin_read(64)?;
/// let second = client.begin_read(64)?;
/// client.begin_write(b"what is it?")?;
/// # chat.send(b"ahoy", Duration::from_secs(60))?;
/// assert_eq!(client.wait(first, Duration::from_secs(60))?, Completed::Read { data: b"ahoy".into(), is_more: false });
/// client.cancel(second)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Overlapped<E> {
    end: E,
    pending: Pending,
}

impl NamedPipeServer {
    /// This end, for overlapped operations.
    pub fn overlapped(self) -> Overlapped<Self> {
        Overlapped { end: self, pending: Pending::default() }
    }
}

impl NamedPipeClient {
    /// This end, for overlapped operations.
    pub fn overlapped(self) -> Overlapped<Self> {
        Overlapped { end: self, pending: Pending::default() }
    }
}

impl Overlapped<NamedPipeServer> {
    /// Begins to wait for a client: see [`NamedPipeServer::connect`].
    ///
    /// # Errors
    /// As there, but that there is no client yet.
    pub fn begin_connect(&mut self) -> Result<Operation, PipeError> {
        match self.end.connect(Deadline::Now) {
            Ok(()) => Ok(self.pending.done(Ok(Completed::Connected))),
            Err(PipeError::Listening) => Ok(self.pending.add(Kind::Connect)),
            Err(error) => Err(error),
        }
    }
}

#[allow(private_bounds, reason = "the two ends, and no others")]
impl<E: Steps> Overlapped<E> {
    /// Begins to read at most `bytes_max` bytes, behind the reads that are pending.
    ///
    /// # Errors
    /// As `read_within`, but that there is nothing yet.
    pub fn begin_read(&mut self, bytes_max: usize) -> Result<Operation, PipeError> {
        self.advance();
        let mut target = vec![0; bytes_max];
        if self.pending.has_reads() {
            return Ok(self.pending.add(Kind::Read { target }));
        }
        match self.end.read_now(&mut target) {
            Ok(read) => Ok(self.pending.done(Ok(completed(target, read)))),
            Err(PipeError::Empty) => Ok(self.pending.add(Kind::Read { target })),
            Err(error) => Err(error),
        }
    }

    /// Begins to write `bytes`, behind the writes that are pending. They can be read at once.
    ///
    /// # Errors
    /// As `write_within`, but that the other end has read too little yet.
    pub fn begin_write(&mut self, bytes: &[u8]) -> Result<Operation, PipeError> {
        self.advance();
        match self.end.begin_write(bytes)? {
            Begun::Complete => Ok(self.pending.done(Ok(Completed::Written { bytes: bytes.len() }))),
            Begun::Pending(id) => Ok(self.pending.add(Kind::Write { id, bytes: bytes.len() })),
        }
    }

    /// Begins a transaction: writes `question`, which no quota holds up, and begins to read at most `bytes_max` bytes of
    /// the answer. Cancelling it leaves the question written.
    ///
    /// # Errors
    /// As `transact`; a read that is pending counts as unread data, since it would take the answer.
    pub fn begin_transact(&mut self, question: &[u8], bytes_max: usize) -> Result<Operation, PipeError> {
        self.advance();
        if self.pending.has_reads() {
            return Err(PipeError::UnreadData);
        }
        if let Begun::Pending(id) = self.end.ask(question)? {
            self.pending.add(Kind::Question { id });
        }
        Ok(self.pending.add(Kind::Read { target: vec![0; bytes_max] }))
    }

    /// Begins to wait until the other end has read everything.
    ///
    /// # Errors
    /// As `flush_within`, but that something is unread yet.
    pub fn begin_flush(&mut self) -> Result<Operation, PipeError> {
        self.advance();
        match self.end.flush_now() {
            Ok(()) => Ok(self.pending.done(Ok(Completed::Flushed))),
            Err(PipeError::TimedOut) => Ok(self.pending.add(Kind::Flush)),
            Err(error) => Err(error),
        }
    }

    /// What came of an operation; then it is forgotten. Never waits.
    ///
    /// # Errors
    /// [`PipeError::Incomplete`] while it is pending. Otherwise what it came to: [`PipeError::Cancelled`], or as the call
    /// that would have waited. [`PipeError::NothingToCancel`] when it was forgotten before.
    pub fn result(&mut self, operation: Operation) -> Result<Completed, PipeError> {
        self.advance();
        self.pending.take(operation)
    }

    /// Waits for an operation at most until `deadline`, and answers as [`result`](Self::result).
    ///
    /// # Errors
    /// As [`result`](Self::result); [`PipeError::TimedOut`], and it stays pending.
    pub fn wait(
        &mut self,
        operation: Operation,
        deadline: impl Into<Deadline>,
    ) -> Result<Completed, PipeError> {
        let deadline = deadline.into();
        loop {
            match self.result(operation) {
                Err(PipeError::Incomplete) => self.sleep(deadline)?,
                answer => return answer,
            }
        }
    }

    /// Waits for any operation at most until `deadline`: the one that was finished first, and what came of it.
    ///
    /// # Errors
    /// [`PipeError::TimedOut`]; [`PipeError::NothingToCancel`] when there is none.
    #[allow(clippy::type_complexity, reason = "an operation, and its own result")]
    pub fn next(
        &mut self,
        deadline: impl Into<Deadline>,
    ) -> Result<(Operation, Result<Completed, PipeError>), PipeError> {
        let deadline = deadline.into();
        loop {
            self.advance();
            match self.pending.take_first() {
                Some(finished) => return Ok(finished),
                None if self.pending.is_empty() => return Err(PipeError::NothingToCancel),
                None => self.sleep(deadline)?,
            }
        }
    }

    /// Cancels an operation: its result is [`PipeError::Cancelled`]. What the other end has not read of a write is taken
    /// back; answers how many of its bytes stay there.
    ///
    /// # Errors
    /// [`PipeError::NothingToCancel`] when it is finished, cancelled or not.
    pub fn cancel(&mut self, operation: Operation) -> Result<usize, PipeError> {
        self.advance();
        let taken_bytes = match self.pending.find(operation) {
            Some(&Kind::Write { id, .. }) => match self.end.cancel_write(id)? {
                Some(taken_bytes) => taken_bytes,
                None => {
                    self.advance();
                    return Err(PipeError::NothingToCancel);
                }
            },
            Some(_) => 0,
            None => return Err(PipeError::NothingToCancel),
        };
        self.pending.finish(operation, Err(PipeError::Cancelled));
        Ok(taken_bytes)
    }

    /// Cancels whatever is pending; answers how many operations.
    ///
    /// # Errors
    /// As [`cancel`](Self::cancel), of the first that could not be cancelled.
    pub fn cancel_all(&mut self) -> Result<usize, PipeError> {
        let mut count = 0;
        // The last write first: those before it need not be written once more.
        for operation in self.pending.operations().into_iter().rev() {
            match self.cancel(operation) {
                Ok(_) => count += 1,
                Err(PipeError::NothingToCancel) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Looks whether an operation is finished; when none is, arranges for the [descriptor](Self::fd) to become readable
    /// as soon as one may be. **Call this before every wait on the descriptor**, and wait only on [`Ready::Armed`].
    ///
    /// # Errors
    /// The system's refusal.
    pub fn ready(&mut self) -> Result<Ready, PipeError> {
        self.advance();
        let interests = self.pending.interests();
        if self.pending.has_finished() || interests == [None; 2] {
            return Ok(Ready::Ready);
        }
        if self.end.announce(interests)?.is_some() {
            return Ok(Ready::Armed);
        }
        self.advance(); // Now and then it was for nothing: whoever waits looks again at once.
        Ok(Ready::Ready)
    }

    /// The descriptor to wait on after [`ready`](Self::ready), the same for the life of this end.
    ///
    /// # Errors
    /// As [`NamedPipeServer::fd`].
    pub fn fd(&self) -> Result<BorrowedFd<'_>, PipeError> {
        self.end.descriptor()
    }

    /// Whether something goes on here: an operation that is pending, or the rest of a question whose transaction was
    /// cancelled. While it does, somebody has to call: when [`ready`](Self::ready) and the descriptor say so.
    pub fn is_busy(&self) -> bool {
        self.pending.is_pending()
    }

    /// The end itself, when nothing else is to be overlapped. What is pending is cancelled.
    ///
    /// # Errors
    /// As [`cancel_all`](Self::cancel_all).
    pub fn into_inner(mut self) -> Result<E, PipeError> {
        self.cancel_all()?;
        Ok(self.end)
    }

    /// The end, for what is not overlapped. A read between pending ones takes what they would get.
    pub fn get_mut(&mut self) -> &mut E {
        &mut self.end
    }

    fn sleep(&mut self, deadline: Deadline) -> Result<(), PipeError> {
        if deadline.has_passed() {
            return Err(PipeError::TimedOut);
        }
        if self.ready()? == Ready::Armed {
            poll::wait([(self.fd()?, Readiness::IN)], deadline)?;
        }
        Ok(())
    }

    /// Goes on with what is pending, as far as possible now.
    fn advance(&mut self) {
        self.advance_connect();
        self.advance_reads();
        self.advance_writes();
        self.advance_flushes();
    }

    fn advance_connect(&mut self) {
        for operation in self.pending.all(|kind| matches!(kind, Kind::Connect)) {
            match self.end.connect_now() {
                Err(PipeError::Listening) => return,
                // A client has come: perhaps another call has seen it first.
                Ok(()) | Err(PipeError::AlreadyConnected | PipeError::Closing) => {
                    self.pending.finish(operation, Ok(Completed::Connected));
                }
                Err(error) => self.pending.finish(operation, Err(error)),
            }
        }
    }

    fn advance_reads(&mut self) {
        for operation in self.pending.all(|kind| matches!(kind, Kind::Read { .. })) {
            let Some(mut target) = self.pending.target(operation) else { continue };
            match self.end.read_now(&mut target) {
                Ok(read) => self.pending.finish(operation, Ok(completed(target, read))),
                Err(PipeError::Empty) => return self.pending.put_back(operation, target),
                Err(error) => self.pending.finish(operation, Err(error)),
            }
        }
    }

    fn advance_writes(&mut self) {
        for operation in self.pending.all(|kind| matches!(kind, Kind::Write { .. } | Kind::Question { .. })) {
            let (id, bytes) = match self.pending.find(operation) {
                Some(&Kind::Write { id, bytes }) => (id, Some(bytes)),
                Some(&Kind::Question { id }) => (id, None),
                _ => continue,
            };
            match (self.end.is_written(id), bytes) {
                (Ok(false), _) => return,
                (Ok(true), Some(bytes)) => self.pending.finish(operation, Ok(Completed::Written { bytes })),
                (Err(error), Some(_)) => self.pending.finish(operation, Err(error.into())),
                // Whoever waits for the answer is told of the end.
                (_, None) => self.pending.forget(operation),
            }
        }
    }

    fn advance_flushes(&mut self) {
        for operation in self.pending.all(|kind| matches!(kind, Kind::Flush)) {
            match self.end.flush_on() {
                Ok(()) => self.pending.finish(operation, Ok(Completed::Flushed)),
                Err(PipeError::TimedOut) => return,
                Err(error) => self.pending.finish(operation, Err(error)),
            }
        }
    }
}

fn completed(mut target: Vec<u8>, read: Read) -> Completed {
    target.truncate(read.bytes);
    Completed::Read { data: target, is_more: read.is_rest_left }
}

/// What is waited for when reads are pending, and writes.
fn interest(reads: bool, writes: bool) -> Option<Interest> {
    match (reads, writes) {
        (true, true) => Some(Interest::Both),
        (true, false) => Some(Interest::Read),
        (false, true) => Some(Interest::Write),
        (false, false) => None,
    }
}
