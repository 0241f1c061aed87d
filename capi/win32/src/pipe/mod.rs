// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end of a named pipe as a handle has it: one lock around the end, calls that wait in it, operations that go on
//! without their caller.
//!
//! A handle that was opened without `FILE_FLAG_OVERLAPPED` has one call at a time, as on Windows: whoever waits in one
//! keeps the lock, and can be cancelled through its thread. On one that is overlapped nobody waits with the lock held:
//! what is not over at once is a [`Request`](request::Request), and the pump goes on with it.

mod begin;
mod cancel;
mod end;
mod info;
mod open;
mod request;
mod settle;
mod teller;
mod wait_here;

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use cabotage_link::Patience;
use cabotage_pipe::named::PipeError;

pub(crate) use begin::Work;
use end::End;
pub(crate) use info::{Asked, HandleModes, Whose};
pub(crate) use open::{Creation, Opening, call, create, open, wait_for_instance};
use request::Request;
pub(crate) use teller::{Event, Slot, Teller, Told};

use crate::failure::{Answer, Failure};
use crate::object::Closes;
use crate::port::Port;
use crate::runtime::Runtime;
use crate::thread::Thread;
use crate::wait::{Reset, Signal};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Pipe {
    runtime: &'static Runtime,
    own: Weak<Pipe>,
    /// The handle's own signal, for operations without an event.
    pub(crate) signal: Arc<Signal>,
    is_overlapped: bool,
    cell: Mutex<Cell>,
    /// Who waits in a call.
    inside: Mutex<Option<Arc<Thread>>>,
    is_closing: AtomicBool,
    /// The port that is told of what is over, and with which key.
    binding: OnceLock<(Arc<Port>, usize)>,
    /// Which tellings are not wanted: `FILE_SKIP_…`.
    skips: AtomicU8,
}

/// What the lock is around.
#[derive(Debug)]
struct Cell {
    /// `None` once the last handle is closed.
    end: Option<End>,
    requests: Vec<Request>,
    is_nowait: bool,
    /// Its number at the pump.
    watched: Option<u64>,
    patience: Patience,
}

/// No packet at the port for what is over at once (`FILE_SKIP_COMPLETION_PORT_ON_SUCCESS`).
const SKIP_PACKET: u8 = 1;
/// The handle itself is not signalled (`FILE_SKIP_SET_EVENT_ON_HANDLE`).
const SKIP_SIGNAL: u8 = 2;

impl Pipe {
    fn new(runtime: &'static Runtime, end: End, is_overlapped: bool, is_nowait: bool) -> Arc<Self> {
        let cell = Cell {
            end: Some(end),
            requests: Vec::new(),
            is_nowait,
            watched: None,
            patience: end::patience(),
        };
        Arc::new_cyclic(|own| Self {
            runtime,
            own: own.clone(),
            signal: Arc::new(Signal::new(Reset::Manual, true)),
            is_overlapped,
            cell: Mutex::new(cell),
            inside: Mutex::default(),
            is_closing: AtomicBool::new(false),
            binding: OnceLock::new(),
            skips: AtomicU8::new(0),
        })
    }

    pub(crate) fn is_overlapped(&self) -> bool {
        self.is_overlapped
    }

    /// From now on what is over is told at this port, with this key. Once for each end.
    ///
    /// # Errors
    /// `ERROR_INVALID_PARAMETER`: it has a port, or is not overlapped.
    pub(crate) fn bind(&self, port: Arc<Port>, key: usize) -> Answer<()> {
        if !self.is_overlapped {
            return Err(Failure::INVALID_PARAMETER);
        }
        self.binding.set((port, key)).map_err(|_| Failure::INVALID_PARAMETER)
    }

    /// Whether a port is told.
    pub(crate) fn is_bound(&self) -> bool {
        self.binding.get().is_some()
    }

    /// Which tellings are not wanted: `SetFileCompletionNotificationModes`. They are only ever added.
    ///
    /// # Errors
    /// `ERROR_INVALID_PARAMETER`.
    pub(crate) fn skip(&self, skips: u8) -> Answer<()> {
        if skips & !(SKIP_PACKET | SKIP_SIGNAL) != 0 {
            return Err(Failure::INVALID_PARAMETER);
        }
        self.skips.fetch_or(skips, Ordering::Relaxed);
        Ok(())
    }

    fn skips(&self, what: u8) -> bool {
        self.skips.load(Ordering::Relaxed) & what != 0
    }

    fn lock(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step on the end that never waits. What is under way goes on afterwards.
    fn with_end<T>(&self, act: impl FnOnce(&mut End) -> Result<T, PipeError>) -> Answer<T> {
        let mut cell = self.lock();
        let answer = act(cell.end()?);
        self.settle(&mut cell);
        Ok(answer?)
    }
}

impl Cell {
    fn end(&mut self) -> Answer<&mut End> {
        self.end.as_mut().ok_or(Failure::INVALID_HANDLE)
    }
}

impl Closes for Pipe {
    fn close(&self, runtime: &'static Runtime) {
        self.is_closing.store(true, Ordering::SeqCst);
        self.cancel_inside();
        let mut cell = self.lock();
        self.cancel_requests(&mut cell, |_| true);
        if let Some(token) = cell.watched.take() {
            runtime.pump.forget(token);
        }
        cell.end = None;
    }
}
