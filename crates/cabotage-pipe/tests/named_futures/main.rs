// SPDX-License-Identifier: MIT OR Apache-2.0
//! Operations of named pipes as futures, on a reactor that tells of edges only. Both ends are in this process, which
//! starts no other.
#![cfg(feature = "named")]
#![forbid(unsafe_code)]

mod cancelling;
mod executor;
mod gaps;
mod sharing;

use std::rc::Rc;
use std::time::Duration;

use cabotage_pipe::named::{
    AsyncPipe, ClientOptions, NamedPipeClient, NamedPipeServer, Registry, ServerOptions,
};

use executor::{Executor, Registered};

const SOON: Duration = Duration::from_secs(60);

type Client = AsyncPipe<NamedPipeClient, Registered>;
type Server = AsyncPipe<NamedPipeServer, Registered>;

/// A directory of names, and a reactor, for one test.
struct Harbour {
    registry: Registry,
    executor: Rc<Executor>,
    _directory: tempfile::TempDir,
}

impl Harbour {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::at(directory.path().join("user"), directory.path().join("system"));
        Self { registry, executor: Rc::new(Executor::new()), _directory: directory }
    }

    /// A pipe of messages whose client may leave 16 bytes unread.
    fn options(&self) -> ServerOptions {
        ServerOptions::messages().registry(&self.registry).in_buffer_size(16)
    }

    fn create(&self) -> NamedPipeServer {
        self.options().create("pipe").unwrap()
    }

    fn open(&self) -> NamedPipeClient {
        ClientOptions::messages().registry(&self.registry).open("pipe").unwrap()
    }

    fn server(&self, end: NamedPipeServer) -> Server {
        AsyncPipe::new(end, |fd| self.executor.register(fd)).unwrap()
    }

    fn client(&self, end: NamedPipeClient) -> Client {
        AsyncPipe::new(end, |fd| self.executor.register(fd)).unwrap()
    }

    /// Both ends, connected: the server's waits, the client's is for futures.
    fn joined(&self) -> (NamedPipeServer, Client) {
        let mut server = self.create();
        let client = self.open();
        server.connect(SOON).unwrap();
        (server, self.client(client))
    }
}
