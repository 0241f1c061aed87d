// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names: who gets one, who finds it, what a killed owner leaves, and what a stranger can do about it.

mod connecting;
mod gaps;
mod hostile;
mod killed;
mod publishing;
mod race;
#[path = "../support/random.rs"]
mod random;
mod sweeping;
mod sweeping_gaps;
mod waiting;
mod worker;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cabotage_link::names::{ConnectError, ConnectOptions, Kind, Name, PublishOptions, Registry, Scope};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;

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
    /// The files of one scope, hidden ones included.
    fn files(&self, scope: Scope) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder(scope)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn folder(&self, scope: Scope) -> PathBuf {
        self.root.path().join(scope.to_string()).join("link")
    }

    fn connect(&self, text: &str) -> Result<Socket, ConnectError> {
        self.registry.connect(Kind::Link, &name(text), ConnectOptions::new(), Deadline::Now)
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

fn defaults() -> PublishOptions {
    PublishOptions::new()
}

fn in_system() -> PublishOptions {
    defaults().scope(Scope::System)
}

fn own_pid() -> i32 {
    std::process::id().cast_signed()
}

fn own_uid() -> u32 {
    cabotage_os::fifo::own_user()
}

fn mode_of(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}
