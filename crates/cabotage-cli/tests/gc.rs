// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sweep of the command: what it tells, what it removes, and what it leaves alone.

mod support;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cabotage::Deadline;
use cabotage::pipe::named::ServerOptions;
use cabotage::shm::{ChannelOptions, Directory, Name};
use serde_json::Value;
use tempfile::TempDir;

use support::{Outcome, cabotage, start, until};

/// A place for names and files, and the commands that leave something there.
struct Harbour(TempDir);

impl Harbour {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = cabotage(arguments);
        command.env("XDG_RUNTIME_DIR", self.0.path()).env("TMPDIR", self.0.path());
        start(command.env_remove("RUNTIME_DIRECTORY"))
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.start(arguments))
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.0.path().join("cabotage/link").join(name)
    }

    fn publisher(&self, name: &str) -> Child {
        let child = self.start(&["receive", &format!("link:{name}")]);
        until("the name is published", || self.socket(name).exists());
        child
    }

    /// Sweeps here alone: other tests have things of their own in /dev/shm.
    fn sweep(&self, arguments: &[&str]) -> Outcome {
        let objects = self.0.path().join("objects");
        std::fs::create_dir_all(&objects).unwrap();
        self.run(&[&["gc", "--directory", objects.to_str().unwrap()], arguments].concat())
    }

    /// What a sweep says of the things that lie here; the system scope may have others.
    fn told(&self, arguments: &[&str]) -> Vec<Value> {
        let rows = self.sweep(&[&["--json"], arguments].concat()).expect(0).json();
        let lies_here =
            |row: &Value| row["path"].as_str().unwrap().starts_with(self.0.path().to_str().unwrap());
        rows.into_iter().filter(lies_here).collect()
    }
}

#[test]
fn what_the_dead_left_is_told_first_and_then_removed_and_the_living_are_left_alone() {
    let harbour = Harbour::new();
    let mut living = harbour.publisher("living");
    let mut dead = harbour.publisher("dead");
    let pid = dead.id();
    dead.kill().unwrap();
    dead.wait().unwrap();

    let rows = harbour.told(&["--dry-run"]);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&row["kind"], &row["name"], &row["scope"]), (&"link".into(), &"dead".into(), &"user".into()));
    assert_eq!((&row["pid"], &row["outcome"]), (&pid.into(), &"found".into()));
    assert!(row["reason"].as_str().unwrap().contains("nobody holds its lock"), "{row}");
    assert!(harbour.socket("dead").exists());

    let listed = harbour.run(&["ls", "link"]).expect(0);
    assert!(listed.errors().contains("cabotage gc"), "{}", listed.errors());

    assert_eq!(harbour.told(&[])[0]["outcome"], "removed");
    assert!(!harbour.socket("dead").exists() && harbour.socket("living").exists());
    assert_eq!(harbour.told(&[]), [] as [Value; 0]);
    living.kill().unwrap();
    living.wait().unwrap();

    let words = harbour.sweep(&[]).expect(0).text();
    assert!(words.contains(&format!("of process {} of", living.id())), "{words}");
    assert!(words.contains("put in order"), "{words}");
    assert!(!harbour.socket("living").exists());
}

/// Tells a process that it is the server of a pipe, and where.
const PIPE_SERVER: &str = "CABOTAGE_TEST_PIPE_SERVER";

#[test]
fn the_server_of_a_pipe_waits_to_be_killed() {
    let Some(place) = std::env::var_os(PIPE_SERVER) else { return };
    let pipe = ServerOptions::new().create("chat").unwrap();
    std::fs::write(place, "").unwrap();
    std::io::stdin().lines().for_each(drop);
    drop(pipe);
}

#[test]
fn a_pipe_whose_server_was_killed_is_told_and_removed() {
    let harbour = Harbour::new();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["the_server_of_a_pipe_waits_to_be_killed", "--exact", "--test-threads=1"]);
    command.env("XDG_RUNTIME_DIR", harbour.0.path()).env_remove("RUNTIME_DIRECTORY");
    let ready = harbour.0.path().join("ready");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut server = start(command.env(PIPE_SERVER, &ready));
    until("the pipe is created", || ready.exists());
    assert_eq!(harbour.told(&[]), [] as [Value; 0], "its server lives");
    let pid = server.id();
    server.kill().unwrap();
    server.wait().unwrap();
    for outcome in [(&["--dry-run"][..], "found"), (&[], "removed")] {
        let rows = harbour.told(outcome.0);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(
            (&row["kind"], &row["name"], &row["scope"]),
            (&"pipe".into(), &"chat".into(), &"user".into())
        );
        assert_eq!((&row["pid"], &row["outcome"]), (&pid.into(), &outcome.1.into()));
        assert!(row["reason"].as_str().unwrap().contains("nobody shows their signs"), "{row}");
    }
    assert_eq!(harbour.told(&[]), [] as [Value; 0]);
}

#[test]
fn a_place_that_cannot_be_looked_into_is_told_and_the_others_are_swept() {
    let harbour = Harbour::new();
    // A file where the directory of names should be.
    std::fs::write(harbour.0.path().join("cabotage"), "").unwrap();
    let refused = harbour.sweep(&[]).expect(1);
    assert_eq!(refused.errors().matches("is not a directory").count(), 1, "{}", refused.errors());
    assert!(refused.text().contains("left behind"), "{}", refused.text());
}

#[test]
fn a_channel_with_unread_records_is_told_and_stays_until_it_may_go() {
    let harbour = Harbour::new();
    harbour.sweep(&[]).expect(0);
    let directory = Directory::open(harbour.0.path().join("objects")).unwrap();
    let name = Name::parse("/frames").unwrap();
    let options = ChannelOptions::new().directory(&directory);
    let mut producer = options.create_trusting(&name).unwrap();
    assert_eq!(harbour.told(&["--channels"]), [] as [Value; 0], "its producer lives");
    producer.send(b"x", Deadline::Now).unwrap();
    drop(producer);
    for (arguments, outcome) in [(&["--dry-run"][..], "found"), (&[], "kept"), (&["--channels"], "removed")] {
        let rows = harbour.told(arguments);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((&row["kind"], &row["name"]), (&"trusting".into(), &"/frames".into()));
        assert_eq!((&row["pid"], &row["outcome"]), (&std::process::id().into(), &outcome.into()));
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_a_killed_benchmark_left_goes_and_what_a_living_one_uses_does_not() {
    let harbour = Harbour::new();
    let scraps = || {
        let entries = std::fs::read_dir(harbour.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        entries.filter(|name| name.to_string_lossy().starts_with("cabotage-bench-")).count()
    };
    let mut command = cabotage(&["bench", "link.connect", "--seconds", "60"]);
    let mut bench = start(command.env("TMPDIR", harbour.0.path()).process_group(0));
    until("subject and limit have a directory each", || scraps() == 2);
    assert_eq!(harbour.told(&[]), [] as [Value; 0]);
    assert_eq!(scraps(), 2);
    let group = format!("-{}", bench.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    bench.wait().unwrap();
    until("all that was left is removed", || {
        harbour.told(&[]).iter().for_each(|row| {
            assert_eq!((&row["kind"], &row["outcome"]), (&"bench".into(), &"removed".into()))
        });
        scraps() == 0
    });
}
