// SPDX-License-Identifier: MIT OR Apache-2.0
//! Instances of named pipes across processes: who gets which, what a killed server leaves, and what a stranger can do
//! about it.
#![cfg(feature = "named")]

mod creating;
mod failing;
mod hostile;
mod killed;
mod listening;
mod race;
#[path = "../../../cabotage-link/tests/support/random.rs"]
mod random;
mod sweeping;
mod worker;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cabotage_link::names::{Registry, Scope};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;
use cabotage_pipe::named::place::{self, ConnectOptions, Connection, Instance, Patience, Rights};
use cabotage_pipe::named::rules::{Access, Asked, Creation, HandleState, PipeMode};
use cabotage_pipe::named::{PipeError, PipeName};

/// A registry of its own for each test.
struct Harbour {
    root: tempfile::TempDir,
    registry: Registry,
}

fn harbour() -> Harbour {
    let root = tempfile::tempdir().unwrap();
    let registry = registry_in(root.path());
    Harbour { root, registry }
}

fn registry_in(root: &Path) -> Registry {
    Registry::at(root.join("user"), root.join("system"))
}

impl Harbour {
    fn create(&self, text: &str) -> Result<Instance, PipeError> {
        self.create_as(text, creation(ASKED))
    }

    fn create_as(&self, text: &str, creation: Creation) -> Result<Instance, PipeError> {
        place::create(&self.registry, Scope::User, &name(text), &creation, Rights::default(), soon())
    }

    fn create_shared(&self, text: &str, rights: Rights) -> Result<Instance, PipeError> {
        place::create(&self.registry, Scope::System, &name(text), &creation(ASKED), rights, soon())
    }

    fn connect(&self, text: &str) -> Result<Connection, PipeError> {
        self.connect_by(text, Deadline::Now)
    }

    fn connect_by(&self, text: &str, deadline: Deadline) -> Result<Connection, PipeError> {
        place::connect(&self.registry, &name(text), Access::BOTH, ConnectOptions::default(), deadline)
    }

    fn wait(&self, text: &str, deadline: Deadline) -> Result<(), PipeError> {
        place::wait(&self.registry, &name(text), ConnectOptions::default(), Patience::Until(deadline))
    }

    /// The names of one scope, hidden ones included.
    fn names(&self, scope: Scope) -> Vec<String> {
        files(&self.folder(scope))
    }

    fn folder(&self, scope: Scope) -> PathBuf {
        self.root.path().join(scope.to_string()).join("pipe")
    }
}

/// What is in a directory, hidden names included; nothing, where it is missing.
fn files(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Removes all that is stale in one scope; answers how many things that were.
fn sweep(registry: &Registry, scope: Scope) -> usize {
    let found = place::leavings(registry, scope).unwrap();
    found.iter().filter(|left| place::remove_leaving(registry, left, soon()).unwrap()).count()
}

const ASKED: Asked = Asked {
    access: Access::BOTH,
    pipe_mode: PipeMode::Message,
    handle: HandleState::CLIENT,
    instances_max: 255,
    in_quota_bytes: 4096,
    out_quota_bytes: 2048,
    default_timeout: Duration::ZERO,
    first_instance: false,
};

fn creation(asked: Asked) -> Creation {
    asked.check().unwrap()
}

fn name(text: &str) -> PipeName {
    text.parse().unwrap()
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

fn moment() -> Deadline {
    Deadline::within(Duration::from_millis(5))
}

fn own_uid() -> u32 {
    cabotage_os::fifo::own_user()
}

fn mode_of(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Sends a word that the other end can be known by.
fn say(socket: &Socket, word: &str) {
    socket.send(word.as_bytes(), &[], Deadline::Now).unwrap();
}

/// The word that came.
fn heard(socket: &Socket) -> String {
    let mut buffer = [0; 64];
    let arrival = socket.receive(&mut buffer, soon()).unwrap();
    String::from_utf8(buffer[..arrival.bytes].to_vec()).unwrap()
}
