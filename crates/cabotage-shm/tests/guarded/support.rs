// SPDX-License-Identifier: MIT OR Apache-2.0
//! A registry of names of each test's own, both ends in one process, and children that play a role.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cabotage_link::names::Registry;
use cabotage_os::Deadline;
use cabotage_shm::{ChannelOptions, Consumer, Name, Producer};

#[path = "../../../cabotage-link/tests/support/hostile.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
pub(crate) mod hostile;

/// Names the role that a process started by a test plays, and where its names stand.
const ROLE: &str = "CABOTAGE_GUARDED_ROLE";
const ROOT: &str = "CABOTAGE_GUARDED_ROOT";

/// Long enough for anything that is to happen.
pub(crate) fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(10))
}

/// Long enough for what is not to happen.
pub(crate) fn shortly() -> Deadline {
    Deadline::within(Duration::from_millis(20))
}

/// Where the names of one test stand.
#[derive(Debug)]
pub(crate) struct Harbour {
    root: tempfile::TempDir,
}

impl Harbour {
    pub(crate) fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn registry(&self) -> Registry {
        registry_in(self.root.path())
    }

    pub(crate) fn options(&self) -> ChannelOptions {
        ChannelOptions::new().registry(&self.registry())
    }

    pub(crate) fn producer(&self) -> Producer {
        self.options().create(&name()).unwrap()
    }

    /// A consumer of this producer, which sees to its door meanwhile.
    pub(crate) fn consumer(&self, producer: &mut Producer) -> Consumer {
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| self.options().until_there(soon()).open(&name()).unwrap());
            producer.wait_for_consumer(soon()).unwrap();
            opening.join().unwrap()
        })
    }

    /// A process that plays `role` in the test named `test`.
    pub(crate) fn start(&self, test: &str, role: &str) -> Watched {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(ROLE, role).env(ROOT, self.root.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Watched(command.spawn().unwrap())
    }

    pub(crate) fn path(&self, file: &str) -> std::path::PathBuf {
        self.root.path().join(file)
    }
}

fn registry_in(root: &std::path::Path) -> Registry {
    Registry::at(root.join("user"), root.join("system"))
}

pub(crate) fn name() -> Name {
    Name::parse("/frames").unwrap()
}

/// The role this process was started in, if a test started it, and the choices for its channel.
pub(crate) fn role() -> Option<(String, ChannelOptions)> {
    let role = std::env::var(ROLE).ok()?;
    let root = std::env::var(ROOT).unwrap();
    let options = ChannelOptions::new().registry(&registry_in(root.as_ref())).until_there(soon());
    Some((role, options))
}

/// A file of the harbour that a child's test is in.
pub(crate) fn path_of_child(file: &str) -> std::path::PathBuf {
    std::path::Path::new(&std::env::var(ROOT).unwrap()).join(file)
}

/// A child that does not outlive its test.
#[derive(Debug)]
pub(crate) struct Watched(pub(crate) Child);

impl Watched {
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub(crate) fn must_succeed(mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A record of its own for each number, of many lengths.
pub(crate) fn record(number: u64) -> Vec<u8> {
    let bytes = 8 + usize::try_from(number * 37 % 301).unwrap();
    let mut record = vec![number.to_le_bytes()[0]; bytes];
    record[..8].copy_from_slice(&number.to_le_bytes());
    record
}

/// Which record this is; it must be whole.
#[track_caller]
pub(crate) fn number(record_bytes: &[u8]) -> u64 {
    let number = u64::from_le_bytes(record_bytes[..8].try_into().unwrap());
    assert_eq!(record_bytes, record(number), "a torn record");
    number
}
