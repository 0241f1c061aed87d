// SPDX-License-Identifier: MIT OR Apache-2.0
//! Serving: what handlers return, many clients at once, clients that do harm, and an orderly end.
#![forbid(unsafe_code)]

mod answers;
mod harm;
mod stopping;
#[path = "../channel/support.rs"]
mod support;
mod workers;

use std::thread::{self, JoinHandle};

use cabotage_alpc::{ConnectionPort, Deadline, ServeError, Stopper};

use support::soon;

/// A server in a thread of its own, which is stopped with its test.
pub(crate) struct Serving {
    stopper: Stopper,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Serving {
    pub(crate) fn start(
        port: ConnectionPort,
        serve: impl FnOnce(ConnectionPort) -> Result<(), ServeError> + Send + 'static,
    ) -> Self {
        Self { stopper: port.stopper(), thread: Some(thread::spawn(move || serve(port))) }
    }

    pub(crate) fn stopper(&self) -> &Stopper {
        &self.stopper
    }

    /// Waits until it has ended, as it should.
    pub(crate) fn end(mut self) {
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stopper.stop(if thread::panicking() { Deadline::Now } else { soon() });
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(thread::panicking() || ended.unwrap().is_ok());
        }
    }
}
