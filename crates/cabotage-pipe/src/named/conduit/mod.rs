// SPDX-License-Identifier: MIT OR Apache-2.0
//! The data path of one end with the rules before it: what both ends have in common.
//!
//! While all is well an operation goes straight to the link. What the link answers otherwise changes the state, and
//! the state says the error: nothing is asked of the kernel that the link has not told.

mod ending;
mod kept;
mod path;

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_link::metered::{
    Begun, Cancelled, Interest, Metered, Peeked, Read, ReadError, ReadMode, WriteId,
};
use cabotage_link::{Ready, Wait};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;

use kept::Kept;
use path::{Path, metered, metered_shape};

use crate::named::error::{Denial, PipeError, WriteError};
use crate::named::identity::Identity;
use crate::named::place::Shape;
use crate::named::rules::{Access, EndState, Flushing, HandleState, PipeMode, State, WaitMode, may_transact};

/// See the [module](self).
#[derive(Debug)]
pub(in crate::named) struct Conduit<P> {
    path: P,
    pub(in crate::named) state: EndState,
    access: Access,
    handle: HandleState,
    shape: Shape,
    wait: Wait,
    /// The other end, from the moment at which it came.
    peer: Option<Identity>,
    /// What was read of a message that no read has got yet.
    kept: Kept,
}

impl Conduit<Metered> {
    /// The end of a client that has connected.
    pub(in crate::named) fn of_client(
        socket: Socket,
        access: Access,
        handle: HandleState,
        shape: Shape,
        wait: Wait,
    ) -> Result<Self, PipeError> {
        let peer = Some(Identity::of(&socket)?);
        let path = metered(socket, metered_shape(shape).reversed(), wait)?;
        let kept = Kept::default();
        Ok(Self { path, state: EndState::CLIENT, access, handle, shape, wait, peer, kept })
    }
}

impl AsFd for Conduit<Metered> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.path.as_fd()
    }
}

impl Conduit<Option<Metered>> {
    /// The end of a server that listens.
    pub(in crate::named) fn of_server(access: Access, handle: HandleState, shape: Shape, wait: Wait) -> Self {
        let kept = Kept::default();
        Self { path: None, state: EndState::SERVER, access, handle, shape, wait, peer: None, kept }
    }

    /// A client has come, at the other end of this socket.
    pub(in crate::named) fn join(&mut self, socket: Socket) -> Result<(), PipeError> {
        let peer = Identity::of(&socket)?;
        self.path = Some(metered(socket, metered_shape(self.shape), self.wait)?);
        self.peer = Some(peer);
        self.state.client_came();
        Ok(())
    }

    /// Parts the two ends, and destroys what is unread.
    pub(in crate::named) fn part(&mut self) {
        self.peer = None;
        self.kept.forget();
        if let Some(link) = self.path.take() {
            // One that could not be told hears the hang-up.
            let _ = link.discard();
        }
    }

    /// The descriptor of the link.
    pub(in crate::named) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.path.as_ref().map(AsFd::as_fd)
    }
}

impl<P: Path> Conduit<P> {
    /// Reads into `target`: across borders, or from one message, as the handle says.
    #[inline]
    pub(in crate::named) fn read(
        &mut self,
        target: &mut [u8],
        deadline: Deadline,
    ) -> Result<Read, PipeError> {
        let deadline = self.patience(deadline);
        let mode = self.read_mode();
        let Some(link) = self.path.link().filter(|_| self.access.read) else {
            return Err(self.unreadable());
        };
        let read = match self.kept.is_empty() {
            true => link.read(target, mode, deadline),
            false => self.kept.read(link, target, mode, deadline),
        };
        match read {
            Ok(Read { bytes, is_rest_left: true, goes_on }) if bytes < target.len() => {
                self.state.has_read();
                self.kept.keep(&target[..bytes], goes_on);
                Err(self.not_read(ReadError::Nothing, deadline))
            }
            Ok(read) => {
                self.state.has_read();
                Ok(read)
            }
            Err(error) => Err(self.not_read(error, deadline)),
        }
    }

    /// Writes `bytes`, and waits until the other end has read enough. Answers how many: all, but from an end that does
    /// not wait.
    #[inline]
    pub(in crate::named) fn write(&mut self, bytes: &[u8], deadline: Deadline) -> Result<usize, WriteError> {
        if self.handle.wait_mode == WaitMode::NoWait {
            return self.write_now(bytes);
        }
        let Some(link) = self.path.link().filter(|_| self.access.write) else {
            return Err(WriteError::new(0, bytes, self.unwritable()));
        };
        match link.write(bytes, deadline) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => Err(self.not_written(error, bytes)),
        }
    }

    /// Writes what is complete at once; answers how many bytes.
    pub(in crate::named) fn write_now(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        let Some(link) = self.path.link().filter(|_| self.access.write) else {
            return Err(WriteError::new(0, bytes, self.unwritable()));
        };
        link.try_write(bytes).map_err(|error| self.not_written(error, bytes))
    }

    /// Begins a write, which goes on when the other end reads.
    pub(in crate::named) fn begin_write(&mut self, bytes: &[u8]) -> Result<Begun, WriteError> {
        let Some(link) = self.path.link().filter(|_| self.access.write) else {
            return Err(WriteError::new(0, bytes, self.unwritable()));
        };
        link.begin_write(bytes).map_err(|error| self.not_written(error, bytes))
    }

    /// Whether a write that was begun is complete.
    pub(in crate::named) fn is_written(&mut self, id: WriteId) -> Result<bool, WriteError> {
        let Some(link) = self.path.link() else { return Err(WriteError::new(0, &[], self.unwritable())) };
        link.is_complete(id).map_err(|error| self.not_written(error, &[]))
    }

    /// Takes back what was not read of a write that was begun; answers how many bytes stay. `None`: it is complete.
    pub(in crate::named) fn cancel_write(&mut self, id: WriteId) -> Result<Option<usize>, PipeError> {
        let Some(link) = self.path.link() else { return Err(self.unwritable()) };
        match link.cancel_write(id).map_err(|error| self.not_written(error, &[]))? {
            Cancelled::Complete => Ok(None),
            Cancelled::Withdrawn { taken_bytes } => Ok(Some(taken_bytes)),
        }
    }

    /// Looks at what is there to read, and takes nothing.
    pub(in crate::named) fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, PipeError> {
        self.check_readable()?;
        let Some(link) = self.path.link() else {
            self.state.peek(false)?;
            return Err(PipeError::InvalidState);
        };
        let peeked = match self.kept.is_empty() {
            true => link.peek(target),
            false => self.kept.peek(link, target),
        };
        let peeked = peeked.map_err(|error| self.ended(error))?;
        if peeked.available_bytes == 0 {
            self.observe()?;
            self.state.peek(false)?;
        }
        Ok(peeked)
    }

    /// Writes a message, and reads the next one as its answer.
    pub(in crate::named) fn transact(
        &mut self,
        question: &[u8],
        answer: &mut [u8],
        deadline: Deadline,
    ) -> Result<usize, PipeError> {
        self.may_transact()?;
        let Some(link) = self.path.link() else { return Err(PipeError::InvalidState) };
        link.write_beyond_quota(question, deadline).map_err(|error| self.not_asked(error))?;
        match self.read(answer, deadline)? {
            Read { bytes, is_rest_left: true, .. } => Err(PipeError::MoreData { got_bytes: bytes }),
            Read { bytes, .. } => Ok(bytes),
        }
    }

    /// Writes the question of a transaction, and waits for nothing: the ring takes it when it has room.
    pub(in crate::named) fn ask(&mut self, question: &[u8]) -> Result<(), PipeError> {
        self.may_transact()?;
        let Some(link) = self.path.link() else { return Err(PipeError::InvalidState) };
        link.begin_write_beyond_quota(question).map(drop).map_err(|error| self.not_asked(error))
    }

    /// Whether a transaction may begin.
    fn may_transact(&mut self) -> Result<(), PipeError> {
        self.check_readable()?;
        self.check_writable()?;
        self.state.transact()?;
        let Some(link) = self.path.link() else { return Err(PipeError::InvalidState) };
        let is_unread = match link.peek(&mut []) {
            Ok(peeked) => peeked.available_bytes > 0 || !self.kept.is_empty(),
            // Written to, it says the same, and in the words of a transaction.
            Err(_) => false,
        };
        if let Err(error) = may_transact(self.shape.pipe_mode, self.handle, is_unread) {
            // An end that has come is told before.
            self.observe()?;
            return Err(self.state.transact().err().unwrap_or(error));
        }
        Ok(())
    }

    /// Waits until the other end has read everything.
    pub(in crate::named) fn flush(&mut self, deadline: Deadline) -> Result<(), PipeError> {
        self.check_writable()?;
        self.observe()?;
        if self.state.flush()? == Flushing::Done {
            return Ok(());
        }
        let Some(link) = self.path.link() else { return Ok(()) };
        match link.wait_until_read(deadline) {
            Ok(true) => Ok(()),
            Ok(false) => Err(PipeError::TimedOut),
            Err(error) => Err(self.ended(error)),
        }
    }

    /// Reads a message of any length.
    pub(in crate::named) fn receive(
        &mut self,
        message: &mut Vec<u8>,
        deadline: Deadline,
    ) -> Result<(), PipeError> {
        self.check_readable()?;
        if self.handle.read_mode != PipeMode::Message {
            return Err(PipeError::InvalidReadMode);
        }
        let mut got = 0;
        message.resize(message.capacity().max(MESSAGE_BYTES_USUAL), 0);
        loop {
            match self.read(&mut message[got..], deadline) {
                Ok(Read { bytes, is_rest_left, goes_on }) => {
                    if !goes_on {
                        // The rest of the message before was taken back.
                        message.copy_within(got..got + bytes, 0);
                        got = 0;
                    }
                    got += bytes;
                    if !is_rest_left {
                        message.truncate(got);
                        return Ok(());
                    }
                }
                Err(error) => {
                    if matches!(error, PipeError::Empty | PipeError::TimedOut) {
                        self.kept.put_back(&message[..got]);
                    }
                    message.clear();
                    return Err(error);
                }
            }
            message.resize(message.len() * 2, 0);
        }
    }

    /// Looks for what is waited for, and arranges for the descriptor to tell.
    pub(in crate::named) fn ready(&mut self, interest: Interest) -> Result<Ready, PipeError> {
        match self.path.link() {
            Some(link) => link.ready(interest).map_err(|error| self.ended(error)),
            None => Ok(Ready::Ready),
        }
    }

    /// Where this end stands, and how much has come for it.
    pub(in crate::named) fn news(&mut self) -> (State, u64) {
        (self.state.state(), self.path.link().map_or(0, |link| link.arrivals()))
    }

    /// Whether a reader that waits is told of what comes. Without a link nothing can come but a client.
    pub(in crate::named) fn is_told_of_data(&mut self) -> bool {
        self.path.link().is_none_or(|link| link.is_rung_for_reads())
    }

    /// Who is at the other end.
    pub(in crate::named) fn peer(&mut self) -> Result<&Identity, PipeError> {
        self.observe()?;
        self.state.identify()?;
        self.peer.as_ref().ok_or(PipeError::NoClient)
    }

    /// How this handle reads and waits.
    pub(in crate::named) fn handle(&mut self) -> Result<HandleState, PipeError> {
        self.observe()?;
        self.state.inform()?;
        Ok(self.handle)
    }

    /// From now on this handle reads and waits like this.
    pub(in crate::named) fn set_handle(&mut self, handle: HandleState) -> Result<(), PipeError> {
        self.observe()?;
        self.state.inform()?;
        self.handle = handle.on(self.shape.pipe_mode)?;
        Ok(())
    }

    /// From now on calls wait like this for the other end.
    pub(in crate::named) fn set_wait(&mut self, wait: Wait) {
        self.wait = wait;
        if let Some(link) = self.path.link() {
            link.set_wait(wait);
        }
    }

    /// Whether calls wait.
    pub(in crate::named) fn wait_mode(&self) -> WaitMode {
        self.handle.wait_mode
    }

    /// How writes are kept apart, and the quotas.
    pub(in crate::named) fn shape(&self) -> Shape {
        self.shape
    }

    /// Why nothing can be read without a link or without the right.
    #[cold]
    fn unreadable(&self) -> PipeError {
        let refused = self.check_readable().err().or(self.state.read(false, WaitMode::NoWait).err());
        refused.unwrap_or(PipeError::Empty)
    }

    #[cold]
    fn unwritable(&self) -> PipeError {
        let refused = self.check_writable().err().or(self.state.write().err());
        refused.unwrap_or(PipeError::Closing)
    }

    fn check_readable(&self) -> Result<(), PipeError> {
        if self.access.read { Ok(()) } else { Err(PipeError::AccessDenied(Denial::NotForReading)) }
    }

    fn check_writable(&self) -> Result<(), PipeError> {
        if self.access.write { Ok(()) } else { Err(PipeError::AccessDenied(Denial::NotForWriting)) }
    }

    #[inline]
    fn patience(&self, deadline: Deadline) -> Deadline {
        match self.handle.wait_mode {
            WaitMode::Wait => deadline,
            WaitMode::NoWait => Deadline::Now,
        }
    }

    #[inline]
    fn read_mode(&self) -> ReadMode {
        match self.handle.read_mode {
            PipeMode::Byte => ReadMode::Bytes,
            PipeMode::Message => ReadMode::Message,
        }
    }
}

/// How many bytes a message is expected to have at most: beyond that, room for it is made when it is seen.
const MESSAGE_BYTES_USUAL: usize = 4096;
