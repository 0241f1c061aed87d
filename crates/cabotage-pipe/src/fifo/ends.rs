// SPDX-License-Identifier: MIT OR Apache-2.0
//! The open ends of a FIFO.
//!
//! The kernel does not know `RWF_NOWAIT` on FIFOs. So the first call that may not wait gives an end a second,
//! non-blocking description of its own, reopened through /proc; plain blocking calls never need it. Where /proc
//! refuses, such calls take the way that every pipe has.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::OnceLock;

use cabotage_os::pipe;

use super::{Fifo, OpenError, Peer};
use crate::end::PipeEnd;
use crate::read::ReadEnd;
use crate::write::WriteEnd;

/// The end of a FIFO that reads: blocking, until the last writer leaves.
#[derive(Debug)]
pub struct Reader(End);

/// The end of a FIFO that writes: blocking when the FIFO is full, an error when nobody reads.
#[derive(Debug)]
pub struct Writer(End);

#[derive(Debug)]
struct End {
    fd: OwnedFd,
    twin: OnceLock<OwnedFd>,
}

impl End {
    fn new(fd: OwnedFd) -> Self {
        Self { fd, twin: OnceLock::new() }
    }

    #[inline]
    fn twin(&self) -> Option<BorrowedFd<'_>> {
        if self.twin.get().is_none() {
            self.make_twin();
        }
        self.twin.get().map(OwnedFd::as_fd)
    }

    /// A refusal is not kept: the next call asks again. Of two threads that ask at once, one's is closed.
    #[cold]
    fn make_twin(&self) {
        if let Ok(twin) = pipe::reopen_nonblocking(&self.fd) {
            let _ = self.twin.set(twin);
        }
    }
}

impl Reader {
    /// Opens the FIFO at `path`, as [`Fifo::at`] and [`Fifo::reader`] do.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>, peer: Peer) -> Result<Self, OpenError> {
        Fifo::at(path)?.reader(peer)
    }

    pub(super) fn new(fd: OwnedFd) -> Self {
        Self(End::new(fd))
    }
}

impl Writer {
    /// Opens the FIFO at `path`, as [`Fifo::at`] and [`Fifo::writer`] do.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>, peer: Peer) -> Result<Self, OpenError> {
        Fifo::at(path)?.writer(peer)
    }

    pub(super) fn new(fd: OwnedFd) -> Self {
        Self(End::new(fd))
    }
}

impl PipeEnd for Reader {
    #[inline]
    fn nonblocking_twin(&self) -> Option<BorrowedFd<'_>> {
        self.0.twin()
    }
}

impl PipeEnd for Writer {
    #[inline]
    fn nonblocking_twin(&self) -> Option<BorrowedFd<'_>> {
        self.0.twin()
    }
}

impl ReadEnd for Reader {}
impl WriteEnd for Writer {}

impl AsFd for Reader {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.fd.as_fd()
    }
}

impl AsFd for Writer {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.fd.as_fd()
    }
}

impl From<OwnedFd> for Reader {
    /// An end that was inherited or came over a socket, as std's ends do it: that it is one is not checked.
    fn from(fd: OwnedFd) -> Self {
        Self::new(fd)
    }
}

impl From<OwnedFd> for Writer {
    /// An end that was inherited or came over a socket, as std's ends do it: that it is one is not checked.
    fn from(fd: OwnedFd) -> Self {
        Self::new(fd)
    }
}

impl From<Reader> for OwnedFd {
    fn from(reader: Reader) -> Self {
        reader.0.fd
    }
}

impl From<Writer> for OwnedFd {
    fn from(writer: Writer) -> Self {
        writer.0.fd
    }
}

impl Read for Reader {
    #[inline]
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        (&*self).read(target)
    }
}

impl Read for &Reader {
    #[inline]
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        Ok(self.read_within(target, cabotage_os::Deadline::Never)?)
    }
}

impl Write for Writer {
    #[inline]
    fn write(&mut self, source: &[u8]) -> io::Result<usize> {
        (&*self).write(source)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for &Writer {
    #[inline]
    fn write(&mut self, source: &[u8]) -> io::Result<usize> {
        Ok(self.write_within(source, cabotage_os::Deadline::Never)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
