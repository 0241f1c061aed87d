// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes with both ends in this process, which starts no other: each sentence of the rules that the state table
//! does not say has a test that is named after it.
#![cfg(feature = "named")]
#![forbid(unsafe_code)]

mod calling;
mod descriptor;
mod ends;
mod halves;
mod identity;
mod long;
mod modes;
mod opening;
mod overlapped;

use std::time::Duration;

use cabotage_pipe::named::{ClientOptions, NamedPipeClient, NamedPipeServer, Registry, ServerOptions};

const SOON: Duration = Duration::from_secs(60);
/// For what does not come.
const IMPATIENCE: Duration = Duration::from_millis(20);

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

    fn bytes(&self) -> ServerOptions {
        ServerOptions::new().registry(&self.registry)
    }

    fn messages(&self) -> ServerOptions {
        ServerOptions::messages().registry(&self.registry)
    }

    fn client(&self) -> ClientOptions {
        ClientOptions::new().registry(&self.registry)
    }

    fn message_client(&self) -> ClientOptions {
        ClientOptions::messages().registry(&self.registry)
    }
}

/// Both ends of a pipe of bytes, connected.
fn joined_bytes() -> (Harbour, NamedPipeServer, NamedPipeClient) {
    let harbour = Harbour::new();
    joined(&harbour.bytes(), &harbour.client()).with(harbour)
}

/// Both ends of a pipe of messages that are read as messages, connected.
fn joined_messages() -> (Harbour, NamedPipeServer, NamedPipeClient) {
    let harbour = Harbour::new();
    joined(&harbour.messages(), &harbour.message_client()).with(harbour)
}

struct Joined(NamedPipeServer, NamedPipeClient);

impl Joined {
    fn with(self, harbour: Harbour) -> (Harbour, NamedPipeServer, NamedPipeClient) {
        (harbour, self.0, self.1)
    }
}

fn joined(server: &ServerOptions, client: &ClientOptions) -> Joined {
    let mut server = server.create("pipe").unwrap();
    let client = client.open("pipe").unwrap();
    server.connect(SOON).unwrap();
    Joined(server, client)
}
