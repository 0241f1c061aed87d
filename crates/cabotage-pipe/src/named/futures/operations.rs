// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations: each is one attempt that does not wait, made again whenever it may work.

use std::future::poll_fn;
use std::task::Poll;

use cabotage_link::Ready;
use cabotage_link::metered::{Begun, Interest, Read};
use cabotage_os::Deadline;

use super::shared::Shared;
use super::{AsyncPipe, Bound, Watch};
use crate::named::error::{PipeError, WriteError};
use crate::named::overlapped::Steps;
use crate::named::server::NamedPipeServer;

#[allow(private_bounds, reason = "the two ends, and no others")]
impl<E: Steps, W: Watch> AsyncPipe<E, W> {
    /// Reads into `target`, as [`read_within`](NamedPipeServer::read_within) does. Dropped, it has taken nothing.
    ///
    /// # Errors
    /// As there, but for deadlines.
    pub async fn read(&self, target: &mut [u8]) -> Result<usize, PipeError> {
        let mut bound = Bound::reader(self);
        poll_fn(|context| bound.poll(context, |end, _| counted(end.read_now(target)))).await
    }

    /// Receives a message, whole, whatever its length: `message` grows to it, and what it held is gone. Dropped, it has
    /// taken nothing.
    ///
    /// # Errors
    /// As [`receive`](NamedPipeServer::receive), but for deadlines.
    pub async fn receive(&self, message: &mut Vec<u8>) -> Result<(), PipeError> {
        let mut bound = Bound::reader(self);
        poll_fn(|context| bound.poll(context, |end, _| unless_empty(end.receive_now(message)))).await
    }

    /// Writes `bytes`, and is done when the other end has read so much that the quota holds the rest. They can be read
    /// at once. Dropped, it takes back what was not read.
    ///
    /// # Errors
    /// As [`write_within`](NamedPipeServer::write_within), but for deadlines.
    pub async fn write(&self, bytes: &[u8]) -> Result<usize, WriteError> {
        let mut bound = Bound::new(self, Interest::Write);
        let written = poll_fn(|context| {
            bound.poll(context, |end, pending| {
                let is_over = match *pending {
                    Some(id) => end.is_written(id),
                    None => end.begin_write(bytes).map(|begun| match begun {
                        Begun::Complete => true,
                        Begun::Pending(id) => {
                            *pending = Some(id);
                            false
                        }
                    }),
                };
                if let Ok(false) = is_over {
                    return Poll::Pending;
                }
                *pending = None;
                Poll::Ready(Ok(is_over))
            })
        });
        match written.await {
            Ok(Ok(_)) => Ok(bytes.len()),
            Ok(Err(error)) => Err(WriteError::new(error.taken_bytes, bytes, error.source)),
            Err(error) => Err(WriteError::new(0, bytes, error)),
        }
    }

    /// Sends `message`, whole. Dropped, it takes back what was not read.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn send(&self, message: &[u8]) -> Result<(), WriteError> {
        self.write(message).await.map(drop)
    }

    /// Writes `question` and reads the next message into `answer`, as [`transact`](NamedPipeServer::transact) does.
    /// Dropped, it leaves the question written.
    ///
    /// # Errors
    /// As there, but for deadlines.
    pub async fn transact(&self, question: &[u8], answer: &mut [u8]) -> Result<usize, PipeError> {
        let mut bound = Bound::reader(self);
        if let Begun::Pending(id) = self.with(|end| end.ask(question))? {
            // What the ring has no room for goes on when the other end reads.
            bound.wait_for(Interest::Both);
            let early = poll_fn(|context| {
                bound.poll(context, |end, _| match end.is_written(id) {
                    Ok(false) => counted(end.read_now(answer)).map_ok(Some),
                    _ => Poll::Ready(Ok(None)), // If the other end is gone, the read tells.
                })
            });
            if let Some(bytes) = early.await? {
                return Ok(bytes);
            }
            bound.wait_for(Interest::Read);
        }
        poll_fn(|context| bound.poll(context, |end, _| counted(end.read_now(answer)))).await
    }

    /// Waits until the other end has read everything.
    ///
    /// # Errors
    /// As [`flush_within`](NamedPipeServer::flush_within), but for deadlines.
    pub async fn flush(&self) -> Result<(), PipeError> {
        let mut bound = Bound::new(self, Interest::AllRead);
        let flushed = poll_fn(|context| {
            bound.poll(context, |end, _| match end.flush_now() {
                Err(PipeError::TimedOut) => Poll::Pending,
                flushed => Poll::Ready(flushed),
            })
        });
        flushed.await
    }

    /// Waits until what was [taken over](Self::poll_write) is written: then more is.
    ///
    /// # Errors
    /// What became of it.
    pub async fn writable(&self) -> Result<(), PipeError> {
        let bound = Bound::new(self, Interest::Write);
        poll_fn(|context| bound.poll_shared(context, Shared::poll_behind)).await
    }

    /// Waits until there is something to read, or the other end is gone. Others may take it first.
    ///
    /// # Errors
    /// The system's refusal.
    pub async fn readable(&self) -> Result<(), PipeError> {
        let mut bound = Bound::new(self, Interest::Read);
        let readable = poll_fn(|context| {
            bound.poll(context, |end, _| match end.ready(Interest::Read) {
                Ok(Ready::Armed) => Poll::Pending,
                answer => Poll::Ready(answer.map(drop)),
            })
        });
        readable.await
    }
}

#[allow(private_bounds, reason = "a reactor of the caller's")]
impl<W: Watch> AsyncPipe<NamedPipeServer, W> {
    /// Waits for a client; after [`disconnect`](NamedPipeServer::disconnect) it listens first. A client that is here
    /// already is what was wanted.
    ///
    /// Listening anew takes a few system calls and, where others are creating instances of the same name at this very
    /// moment, waits for them.
    ///
    /// # Errors
    /// The system's refusal.
    pub async fn connect(&self) -> Result<(), PipeError> {
        let mut bound = Bound::new(self, Interest::Read);
        let connected = poll_fn(|context| {
            bound.poll(context, |end, _| match end.connect_now() {
                Err(PipeError::Listening) => Poll::Pending,
                // One that has come and gone has come: the next operation tells.
                Err(PipeError::AlreadyConnected | PipeError::Closing) => Poll::Ready(Ok(())),
                answer => Poll::Ready(answer),
            })
        });
        connected.await
    }

    /// Waits for a client, and answers with the end that serves it, as [`accept`](NamedPipeServer::accept) does. This
    /// end listens on.
    ///
    /// # Errors
    /// As there, but for deadlines.
    pub async fn accept(&self) -> Result<NamedPipeServer, PipeError> {
        let mut bound = Bound::new(self, Interest::Read);
        let accepted = poll_fn(|context| {
            bound.poll(context, |end, _| match end.accept(Deadline::Now) {
                Err(PipeError::Listening) => Poll::Pending,
                answer => Poll::Ready(answer),
            })
        });
        accepted.await
    }
}

pub(super) fn unless_empty<T>(read: Result<T, PipeError>) -> Poll<Result<T, PipeError>> {
    match read {
        Err(PipeError::Empty) => Poll::Pending,
        answer => Poll::Ready(answer),
    }
}

pub(super) fn counted(read: Result<Read, PipeError>) -> Poll<Result<usize, PipeError>> {
    unless_empty(read.and_then(|read| match read {
        Read { bytes, is_rest_left: true, .. } => Err(PipeError::MoreData { got_bytes: bytes }),
        Read { bytes, .. } => Ok(bytes),
    }))
}
