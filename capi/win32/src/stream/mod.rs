// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end of an anonymous pipe, or a standard stream: a descriptor of the kernel, so that a child may be any program.
//!
//! Such handles are never overlapped, as on Windows: who calls waits, one call at a time, and can be cancelled. A forked
//! child keeps no end of a pipe, lest it hold one open that nobody knows of.

mod peek;
mod wait;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cabotage_os::descriptor::duplicate;
use cabotage_os::fork::SoleFd;
use cabotage_os::pipe::{self, Direction, nowait};
use cabotage_os::poll::Readiness;
use cabotage_os::{Errno, SystemError};
use cabotage_pipe::windows::PipeOptions;

use crate::failure::{Answer, Failure};
use crate::object::Closes;
use crate::runtime::Runtime;
use crate::thread::Thread;
use crate::wait::{Reset, Signal};
use wait::Step;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Stream {
    /// `None` once the last handle is closed.
    fd: Mutex<Option<Arc<Fd>>>,
    /// Whoever calls has it: one at a time.
    turn: Mutex<()>,
    pub(crate) direction: Direction,
    /// Whether it is a pipe, rather than a terminal or a file.
    pub(crate) is_pipe: bool,
    /// What the pipe was asked to hold.
    pub(crate) size_bytes: u32,
    pub(crate) signal: Arc<Signal>,
    is_nowait: AtomicBool,
    inside: Mutex<Option<Arc<Thread>>>,
    is_closing: AtomicBool,
}

/// A descriptor of ours, or one that belongs to the whole process.
#[derive(Debug)]
enum Fd {
    Own(SoleFd),
    Standard(Standard),
}

/// A standard stream.
#[derive(Debug)]
pub(crate) enum Standard {
    Input(io::Stdin),
    Output(io::Stdout),
    Error(io::Stderr),
}

impl AsFd for Fd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Own(fd) => fd.as_fd(),
            Self::Standard(standard) => standard.as_fd(),
        }
    }
}

impl AsFd for Standard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Input(stream) => stream.as_fd(),
            Self::Output(stream) => stream.as_fd(),
            Self::Error(stream) => stream.as_fd(),
        }
    }
}

/// The reading and the writing end of a new pipe: `CreatePipe`.
///
/// # Errors
/// The system's refusal.
pub(crate) fn create(size_bytes: u32) -> Answer<[Stream; 2]> {
    let size = size_bytes as usize;
    let (reader, writer) = PipeOptions::new().size_bytes(size).create()?;
    let size_bytes = u32::try_from(reader.size_bytes()).unwrap_or(u32::MAX);
    Ok([
        Stream::of_pipe(reader.into(), Direction::Read, size_bytes)?,
        Stream::of_pipe(writer.into(), Direction::Write, size_bytes)?,
    ])
}

impl Stream {
    /// An end of a pipe that was made, or inherited.
    ///
    /// # Errors
    /// The system's refusal.
    pub(crate) fn of_pipe(fd: OwnedFd, direction: Direction, size_bytes: u32) -> Answer<Self> {
        Ok(Self::new(Fd::Own(SoleFd::new(fd)?), direction, true, size_bytes))
    }

    /// A standard stream.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE` when this process has none.
    pub(crate) fn standard(standard: Standard) -> Answer<Self> {
        let found = pipe::direction(&standard).map_err(|_| Failure::INVALID_HANDLE)?;
        let is_input = matches!(standard, Standard::Input(_));
        let usual = if is_input { Direction::Read } else { Direction::Write };
        let size_bytes = found.and_then(|_| pipe::capacity_bytes(&standard).ok()).unwrap_or(0);
        let size_bytes = u32::try_from(size_bytes).unwrap_or(u32::MAX);
        Ok(Self::new(Fd::Standard(standard), found.unwrap_or(usual), found.is_some(), size_bytes))
    }

    fn new(fd: Fd, direction: Direction, is_pipe: bool, size_bytes: u32) -> Self {
        Self {
            fd: Mutex::new(Some(Arc::new(fd))),
            turn: Mutex::default(),
            direction,
            is_pipe,
            size_bytes,
            signal: Arc::new(Signal::new(Reset::Manual, true)),
            is_nowait: AtomicBool::new(false),
            inside: Mutex::default(),
            is_closing: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_nowait(&self) -> bool {
        self.is_nowait.load(Ordering::Relaxed)
    }

    pub(crate) fn set_nowait(&self, is_nowait: bool) {
        self.is_nowait.store(is_nowait, Ordering::Relaxed);
    }

    /// Another descriptor of the same, for a child, and the number that this one has.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`; the system's refusal.
    pub(crate) fn copy(&self) -> Answer<(OwnedFd, i32)> {
        let fd = self.fd()?;
        let number = fd.as_fd().as_raw_fd();
        Ok((duplicate(&*fd)?, number))
    }

    /// # Errors
    /// As `ReadFile`.
    pub(crate) fn read(&self, target: &mut [u8], thread: &Arc<Thread>) -> Answer<usize> {
        self.check(Direction::Read)?;
        let nothing = if self.is_nowait() { Some(Failure::PIPE_EMPTY) } else { None };
        self.until(Readiness::IN, thread, |fd| match self.read_step(fd, target)? {
            Step::Wait => nothing.map_or(Ok(Step::Wait), Err),
            done @ Step::Done(_) => Ok(done),
        })
    }

    fn read_step(&self, fd: BorrowedFd<'_>, target: &mut [u8]) -> Answer<Step> {
        if !self.is_pipe || target.is_empty() {
            let found = wait::now(fd, Readiness::IN)?;
            return match (found.contains(Readiness::IN), found.contains(Readiness::HUP)) {
                (false, false) => Ok(Step::Wait),
                (true, _) if target.is_empty() => Ok(Step::Done(0)),
                (false, true) if self.is_pipe => Err(Failure::BROKEN_PIPE),
                _ => Ok(Step::Done(pipe::read(fd, target)?.unwrap_or(0))),
            };
        }
        match nowait::read_now(fd, target)? {
            None => Ok(Step::Wait),
            Some(0) => Err(Failure::BROKEN_PIPE),
            Some(bytes) => Ok(Step::Done(bytes)),
        }
    }

    /// # Errors
    /// As `WriteFile`.
    pub(crate) fn write(&self, source: &[u8], thread: &Arc<Thread>) -> Answer<usize> {
        self.check(Direction::Write)?;
        let mut written = 0;
        let mut step = |fd: BorrowedFd<'_>| {
            while written < source.len() {
                let left = &source[written..];
                let wrote = if self.is_pipe { nowait::write_now(fd, left) } else { pipe::write(fd, left) };
                match wrote.map_err(|refusal| broken(&refusal))? {
                    Some(bytes) => written += bytes,
                    None if self.is_nowait() => break,
                    None => return Ok(Step::Wait),
                }
            }
            Ok(Step::Done(written))
        };
        self.until(Readiness::OUT, thread, &mut step)
    }

    /// Waits until all was read.
    ///
    /// # Errors
    /// As `FlushFileBuffers`.
    pub(crate) fn flush(&self, thread: &Arc<Thread>) -> Answer<()> {
        if self.direction == Direction::Read || !self.is_pipe {
            return Ok(());
        }
        self.until_read(thread)
    }

    fn check(&self, wanted: Direction) -> Answer<()> {
        if self.direction == wanted { Ok(()) } else { Err(Failure::ACCESS_DENIED) }
    }

    fn fd(&self) -> Answer<Arc<Fd>> {
        let held = self.fd.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().ok_or(Failure::INVALID_HANDLE)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_inside(&self) -> MutexGuard<'_, Option<Arc<Thread>>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancels the call that waits: `CancelIoEx`.
    ///
    /// # Errors
    /// `ERROR_NOT_FOUND` when none does.
    pub(crate) fn cancel(&self) -> Answer<()> {
        match self.lock_inside().as_ref().is_some_and(|thread| thread.cancel()) {
            true => Ok(()),
            false => Err(Failure::NOT_FOUND),
        }
    }
}

/// What a write says that nobody would read.
fn broken(refusal: &SystemError) -> Failure {
    match refusal.errno() {
        Errno::PIPE => Failure::NO_DATA,
        _ => refusal.clone().into(),
    }
}

impl Closes for Stream {
    fn close(&self, _: &'static Runtime) {
        self.is_closing.store(true, Ordering::SeqCst);
        *self.fd.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = self.cancel();
        // Whoever was in a call has left it then, and the descriptor is closed.
        drop(self.turn());
    }
}
