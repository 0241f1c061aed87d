// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes on tokio: what programs for Windows do with tokio's own, and what only ours can do.
#![cfg(feature = "tokio")]
#![forbid(unsafe_code)]

mod crowd;
mod messages;
mod pattern;
mod streams;
mod trying;

use std::future::Future;
use std::time::Duration;

use cabotage_pipe::named::tokio::{ClientOptions, NamedPipeClient, NamedPipeServer, PipeMode, ServerOptions};
use cabotage_pipe::named::{self, Registry};

const SOON: Duration = Duration::from_secs(60);
const NAME: &str = r"\\.\pipe\on tokio";

/// A directory of names, for one test.
struct Harbour {
    registry: Registry,
    _directory: tempfile::TempDir,
}

impl Harbour {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::at(directory.path().join("user"), directory.path().join("system"));
        Self { registry, _directory: directory }
    }

    fn server(&self) -> ServerOptions {
        named::ServerOptions::new().registry(&self.registry).into()
    }

    fn client(&self) -> ClientOptions {
        named::ClientOptions::new().registry(&self.registry).into()
    }

    /// Both ends of a pipe of messages, connected; the quota is 16 bytes each way.
    async fn messages(&self) -> (NamedPipeServer, NamedPipeClient) {
        let mut options = self.server();
        options.pipe_mode(PipeMode::Message).in_buffer_size(16).out_buffer_size(16);
        let server = options.create(NAME).unwrap();
        let client = self.client().pipe_mode(PipeMode::Message).open(NAME).unwrap();
        server.connect().await.unwrap();
        (server, client)
    }

    /// Both ends of a pipe of bytes, connected, likewise.
    async fn bytes(&self) -> (NamedPipeServer, NamedPipeClient) {
        let server = self.server().in_buffer_size(16).out_buffer_size(16).create(NAME).unwrap();
        let client = self.client().open(NAME).unwrap();
        server.connect().await.unwrap();
        (server, client)
    }
}

/// What `future` comes to, which must be soon.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("it is told in time")
}
