// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two ends, with tokio's methods and traits.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use ::tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

use super::held::Held;
use super::info::PipeInfo;
use super::watch::TokioWatch;
use crate::named::error::PipeError;
use crate::named::futures::AsyncPipe;
use crate::named::{self};

/// The server's end of an instance. It listens from its creation.
#[derive(Debug)]
pub struct NamedPipeServer {
    held: Held<named::NamedPipeServer>,
}

/// The client's end of an instance.
#[derive(Debug)]
pub struct NamedPipeClient {
    held: Held<named::NamedPipeClient>,
}

impl NamedPipeServer {
    /// Waits for a client; after [`disconnect`](Self::disconnect) it listens first. Dropped, it changes nothing: a client
    /// that came is there.
    ///
    /// # Errors
    /// The system's refusal.
    pub async fn connect(&self) -> io::Result<()> {
        Ok(self.held.connect().await?)
    }

    /// Waits for a client, and answers with the end that serves it; this end listens on. Tokio has no such call: there
    /// one creates the next instance by hand, before the client is served, lest the next client finds none.
    ///
    /// # Errors
    /// As [`named::NamedPipeServer::accept`].
    pub async fn accept(&self) -> io::Result<Self> {
        Self::new(self.held.accept().await?)
    }

    /// Throws the client out. What is unread is destroyed, both ways.
    ///
    /// # Errors
    /// As [`named::NamedPipeServer::disconnect`].
    pub fn disconnect(&self) -> io::Result<()> {
        Ok(self.held.with(named::NamedPipeServer::disconnect)?)
    }
}

/// The methods and traits that both ends share.
macro_rules! tokio_end {
    ($end:ident) => {
        impl $end {
            /// An end that was made otherwise, in the runtime in which this is called.
            ///
            /// # Errors
            /// The system's refusal.
            ///
            /// # Panics
            /// Outside of a runtime of tokio, and in one without its driver of input and output.
            pub fn new(end: named::$end) -> io::Result<Self> {
                Ok(Self { held: Held::new(end)? })
            }

            /// The operations that tokio's streams do not know: messages, transactions, flushes, writes that are taken
            /// back by dropping them; and the end itself, for what does not wait.
            pub fn get_ref(&self) -> &AsyncPipe<named::$end, TokioWatch> {
                &self.held
            }

            /// What kind of pipe it is.
            ///
            /// # Errors
            /// As `info` of the end that waits.
            pub fn info(&self) -> io::Result<PipeInfo> {
                Ok(self.held.with(named::$end::info)?.into())
            }

            /// Waits until one of these is possible: to read, or to write.
            ///
            /// # Errors
            /// The system's refusal, or what became of a write that was taken over.
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                let (mut readable, mut writable) = (pin!(self.held.readable()), pin!(self.held.writable()));
                let ready = std::future::poll_fn(|context| {
                    let mut ready = Ready::EMPTY;
                    if interest.is_readable() && readable.as_mut().poll(context)?.is_ready() {
                        ready |= Ready::READABLE;
                    }
                    if interest.is_writable() && writable.as_mut().poll(context)?.is_ready() {
                        ready |= Ready::WRITABLE;
                    }
                    if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok::<_, PipeError>(ready)) }
                });
                Ok(ready.await?)
            }

            /// Waits until there is something to read, or the other end is gone.
            ///
            /// # Errors
            /// The system's refusal.
            pub async fn readable(&self) -> io::Result<()> {
                Ok(self.held.readable().await?)
            }

            /// The same for one task at a time.
            ///
            /// # Errors
            /// The system's refusal.
            pub fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.held.poll_readable(context).map_err(io::Error::from)
            }

            /// Reads what is there: of a message that is too long comes what fits, then the rest. 0 bytes are the end, or
            /// an empty message.
            ///
            /// # Errors
            /// [`io::ErrorKind::WouldBlock`] when there is nothing; as `try_read` of the end that waits.
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                as_stream(self.held.with(|end| end.try_read(buf)))
            }

            /// As [`try_read`](Self::try_read), into the first of these that is not empty.
            ///
            /// # Errors
            /// As there.
            pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                match bufs.iter_mut().find(|buf| !buf.is_empty()) {
                    Some(buf) => self.try_read(buf),
                    None => self.try_read(&mut []),
                }
            }

            /// Waits until what was written is with the other end, so that more is taken.
            ///
            /// # Errors
            /// What became of it.
            pub async fn writable(&self) -> io::Result<()> {
                Ok(self.held.writable().await?)
            }

            /// The same for one task at a time.
            ///
            /// # Errors
            /// What became of it.
            pub fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.held.poll_written(context).map_err(io::Error::from)
            }

            /// Takes `buf` over to write it, whole, unless what was taken over before is not written yet.
            ///
            /// # Errors
            /// [`io::ErrorKind::WouldBlock`] then; as `write_within` of the end that waits.
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                let taken = self.held.try_take_over(buf)?;
                self.held.tend();
                match taken {
                    0 if !buf.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
                    taken => Ok(taken),
                }
            }

            /// As [`try_write`](Self::try_write), of all of these as one.
            ///
            /// # Errors
            /// As there.
            pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                self.try_write(&joined(bufs))
            }

            /// Does something with the end that may answer [`io::ErrorKind::WouldBlock`]. Since this end looks for
            /// itself whether something is possible, that is all: there is no readiness to be cleared.
            ///
            /// # Errors
            /// What `f` answers.
            pub fn try_io<R>(&self, _interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
                f()
            }
        }

        impl AsyncRead for $end {
            fn poll_read(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let bytes = as_stream(ready!(self.held.poll_read(context, buf.initialize_unfilled())));
                buf.advance(bytes.map_err(not_yet)?);
                Poll::Ready(Ok(()))
            }
        }

        impl AsyncWrite for $end {
            fn poll_write(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                let written = ready!(self.held.poll_write(context, buf));
                self.held.tend();
                Poll::Ready(written.map_err(|error| not_yet(error.into())))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.poll_write(context, &joined(bufs))
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            /// Waits until what was taken over is written.
            fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.held.poll_written(context).map_err(io::Error::from)
            }

            /// The same: a pipe has no half that can be shut down.
            fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(context)
            }
        }
    };
}

tokio_end!(NamedPipeServer);
tokio_end!(NamedPipeClient);

/// One write, so that it is one message.
fn joined(bufs: &[IoSlice<'_>]) -> Vec<u8> {
    bufs.iter().flat_map(|buf| buf.iter().copied()).collect()
}

/// As a stream reads: the end of the other end is the end of the stream, and of a message that is too long comes what
/// fits.
fn as_stream(read: Result<usize, PipeError>) -> io::Result<usize> {
    match read {
        Err(PipeError::MoreData { got_bytes }) => Ok(got_bytes),
        Err(PipeError::Broken) => Ok(0),
        answer => Ok(answer?),
    }
}

/// A stream that says it would block would be asked again for ever: an end without a client is not connected.
fn not_yet(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::new(io::ErrorKind::NotConnected, error),
        _ => error,
    }
}
