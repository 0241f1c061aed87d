// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes between real processes: what each end is told when the other writes, closes, disconnects, or is killed.
#![cfg(feature = "named")]
#![forbid(unsafe_code)]

mod killed;
mod table;
mod waiting;
mod worker;

use std::time::Duration;

use cabotage_pipe::named::{ClientOptions, Registry, ServerOptions};

const SOON: Duration = Duration::from_secs(60);

/// A directory of names, for one test and its workers.
struct Harbour {
    registry: Registry,
    directory: tempfile::TempDir,
}

impl Harbour {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { registry: worker::registry_in(directory.path()), directory }
    }

    fn server(&self) -> ServerOptions {
        ServerOptions::messages().registry(&self.registry)
    }

    fn client(&self) -> ClientOptions {
        ClientOptions::messages().registry(&self.registry)
    }

    fn worker(&self) -> worker::Worker {
        worker::Worker::start(self.directory.path())
    }
}
