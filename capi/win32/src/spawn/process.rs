// SPDX-License-Identifier: MIT OR Apache-2.0
//! A child: its end is signalled, and its exit code kept, for as long as somebody has a handle of it.

use std::os::fd::AsFd;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cabotage_os::process::{Exit, Pidfd, Signal as Killing};

use crate::failure::{Answer, Failure};
use crate::pump::Watched;
use crate::runtime::Runtime;
use crate::wait::{Reset, Signal};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Process {
    runtime: &'static Runtime,
    pidfd: Pidfd,
    pub(crate) id: u32,
    pub(crate) ended: Arc<Signal>,
    course: Mutex<Course>,
}

/// How far it is.
#[derive(Debug, Default)]
struct Course {
    exit: Option<u32>,
    /// The code that `TerminateProcess` was called with.
    terminated_with: Option<u32>,
    /// Keeps itself until it has ended, so that it is reaped although its handles are closed.
    own: Option<Arc<Process>>,
    watched: Option<u64>,
}

/// The exit code of one that runs.
pub(crate) const STILL_ACTIVE: u32 = 259;

/// What is added to the number of the signal that ended a process, as shells do.
const BY_SIGNAL: u32 = 128;

impl Process {
    /// A child that was just started.
    ///
    /// # Errors
    /// The system's refusal: the child goes on, unknown.
    pub(super) fn of(runtime: &'static Runtime, child: &Child) -> Answer<Arc<Self>> {
        let process = Arc::new(Self {
            runtime,
            pidfd: Pidfd::of_child(child)?,
            id: child.id(),
            ended: Arc::new(Signal::new(Reset::Manual, false)),
            course: Mutex::default(),
        });
        let own: Weak<Self> = Arc::downgrade(&process);
        process.lock().own = Some(process.clone());
        let watched = runtime.pump.watch(process.pidfd.as_fd(), own)?;
        process.lock().watched = Some(watched);
        Ok(process)
    }

    /// Its exit code, once it has ended.
    pub(crate) fn exit(&self) -> Option<u32> {
        let mut course = self.lock();
        if course.exit.is_some() {
            return course.exit;
        }
        let exit = match self.pidfd.reap() {
            Ok(None) => return None,
            Ok(Some(Exit::Code(code))) => code.cast_unsigned(),
            Ok(Some(Exit::Signal(number))) => {
                course.terminated_with.unwrap_or(BY_SIGNAL + number.unsigned_abs())
            }
            // The program reaps all children itself, and how this one ended is known to it alone.
            Err(_) => course.terminated_with.unwrap_or(0),
        };
        course.exit = Some(exit);
        let (own, watched) = (course.own.take(), course.watched.take());
        drop(course);
        if let Some(token) = watched {
            self.runtime.pump.forget(token);
        }
        self.runtime.dispatcher.set(&self.ended);
        drop(own);
        Some(exit)
    }

    /// Ends it, with this exit code.
    ///
    /// # Errors
    /// `ERROR_ACCESS_DENIED` when it has ended.
    pub(crate) fn terminate(&self, code: u32) -> Answer<()> {
        if self.exit().is_some() {
            return Err(Failure::ACCESS_DENIED);
        }
        self.lock().terminated_with = Some(code);
        self.pidfd.send_signal(Killing::KILL)?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched for Process {
    fn look(&self) {
        self.exit();
    }
}
