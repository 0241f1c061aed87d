// SPDX-License-Identifier: MIT OR Apache-2.0
//! What handles stand for. Several handles may stand for one object ([`Handles`]); when the last is closed, the object
//! is, also when calls are in it still.

use std::sync::Arc;

use crate::event::Event;
use crate::failure::{Answer, Failure};
use crate::pipe::Pipe;
use crate::port::Port;
use crate::runtime::Runtime;
use crate::spawn::Process;
use crate::stream::Stream;
use crate::thread::Thread;
use crate::wait::Signal;

/// See the [module](self).
#[derive(Debug, Clone)]
pub(crate) enum Object {
    Event(Event),
    /// An end of a named pipe.
    Pipe(Arc<Handles<Pipe>>),
    /// An end of an anonymous pipe, or a standard stream.
    Stream(Arc<Handles<Stream>>),
    Port(Arc<Handles<Port>>),
    /// A child.
    Process(Arc<Process>),
    /// The first thread of a child: it ends with the child.
    ChildThread(Arc<Process>),
    /// A thread of this process.
    Thread(Arc<Thread>),
}

/// The handles of one object together.
#[derive(Debug)]
pub(crate) struct Handles<T: Closes> {
    object: Arc<T>,
    runtime: &'static Runtime,
}

/// What is done when the last handle of an object is closed.
pub(crate) trait Closes {
    fn close(&self, runtime: &'static Runtime);
}

impl<T: Closes> Handles<T> {
    pub(crate) fn new(object: T, runtime: &'static Runtime) -> Arc<Self> {
        Self::of(Arc::new(object), runtime)
    }

    pub(crate) fn of(object: Arc<T>, runtime: &'static Runtime) -> Arc<Self> {
        Arc::new(Self { object, runtime })
    }
}

impl<T: Closes> Drop for Handles<T> {
    fn drop(&mut self) {
        self.object.close(self.runtime);
    }
}

impl Closes for Port {
    fn close(&self, runtime: &'static Runtime) {
        Self::close(self, &runtime.dispatcher);
    }
}

/// What reads and writes.
#[derive(Debug, Clone)]
pub(crate) enum File {
    Pipe(Arc<Pipe>),
    Stream(Arc<Stream>),
}

impl Object {
    /// What it reads from or writes to.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE` for what is no file.
    pub(crate) fn file(&self) -> Answer<File> {
        match self {
            Self::Pipe(handles) => Ok(File::Pipe(handles.object.clone())),
            Self::Stream(handles) => Ok(File::Stream(handles.object.clone())),
            _ => Err(Failure::INVALID_HANDLE),
        }
    }
}

impl Runtime {
    /// What a handle reads from or writes to.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn file(&self, handle: usize) -> Answer<File> {
        self.table.with(handle, |entry| entry.object.file())?
    }

    /// An end of a named pipe.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`; `ERROR_INVALID_FUNCTION` for a file that is none, as Windows has it.
    pub(crate) fn pipe(&self, handle: usize) -> Answer<Arc<Pipe>> {
        match self.file(handle)? {
            File::Pipe(pipe) => Ok(pipe),
            File::Stream(_) => Err(Failure::INVALID_FUNCTION),
        }
    }

    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn event(&self, handle: usize) -> Answer<Arc<Signal>> {
        self.table.with(handle, |entry| match &entry.object {
            Object::Event(event) => Ok(event.signal.clone()),
            _ => Err(Failure::INVALID_HANDLE),
        })?
    }

    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn port(&self, handle: usize) -> Answer<Arc<Port>> {
        self.table.with(handle, |entry| match &entry.object {
            Object::Port(handles) => Ok(handles.object.clone()),
            _ => Err(Failure::INVALID_HANDLE),
        })?
    }

    /// A child, by its own handle.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn process(&self, handle: usize) -> Answer<Arc<Process>> {
        self.table.with(handle, |entry| match &entry.object {
            Object::Process(process) => Ok(process.clone()),
            _ => Err(Failure::INVALID_HANDLE),
        })?
    }

    /// What a wait for this handle waits for. A child that has ended is found to have.
    ///
    /// # Errors
    /// `ERROR_INVALID_HANDLE`.
    pub(crate) fn waitable(&self, handle: usize) -> Answer<Arc<Signal>> {
        let object = self.table.with(handle, |entry| match &entry.object {
            Object::Event(event) => Ok(event.signal.clone()),
            Object::Pipe(handles) => Ok(handles.object.signal.clone()),
            Object::Stream(handles) => Ok(handles.object.signal.clone()),
            Object::Thread(thread) => Ok(thread.ended.clone()),
            Object::Process(process) | Object::ChildThread(process) => Err(Some(process.clone())),
            Object::Port(_) => Err(None),
        })?;
        match object {
            Ok(signal) => Ok(signal),
            Err(Some(process)) => {
                process.exit();
                Ok(process.ended.clone())
            }
            Err(None) => Err(Failure::INVALID_HANDLE),
        }
    }
}
