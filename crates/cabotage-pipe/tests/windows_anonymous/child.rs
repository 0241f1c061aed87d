// SPDX-License-Identifier: MIT OR Apache-2.0
//! The children: this test program again, told by a variable to say what it finds open, or to echo.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cabotage_pipe::Spawn;
use cabotage_pipe::windows::{InheritError, ReadError, ReadHandle, WriteHandle};

use crate::PATIENCE;

const PLAYS: &str = "CABOTAGE_TEST_WINDOWS_CHILD";

/// Marks belong to the whole process, so tests that set one and start a child take turns.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that says what it finds open.
pub(crate) fn reporter() -> Spawn {
    player("report")
}

/// A child that reads from one number and writes what it got, in capitals, to the other, until the pipe is broken.
pub(crate) fn echo(reads: RawFd, writes: RawFd) -> Spawn {
    player(&format!("echo {reads} {writes}")).stdout(Stdio::null())
}

/// A child that takes a read end for a write end, and a file for a pipe.
pub(crate) fn mistaken(reads: RawFd, file: RawFd) -> Spawn {
    player(&format!("takes {reads} {file}")).stdout(Stdio::null())
}

fn player(part: &str) -> Spawn {
    let own_program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "child::plays_its_part", "--nocapture", "--test-threads=1"];
    Spawn::new(own_program).args(arguments).env(PLAYS, part).stdin(Stdio::null()).stderr(Stdio::null())
}

/// Not a test of its own: what the children run.
#[test]
fn plays_its_part() {
    let Ok(part) = std::env::var(PLAYS) else { return };
    let words: Vec<_> = part.split(' ').collect();
    match words[..] {
        ["report"] => report(),
        ["echo", reads, writes] => {
            let reads = ReadHandle::inherited(reads.parse().unwrap()).unwrap();
            repeat(&reads, &WriteHandle::inherited(writes.parse().unwrap()).unwrap());
        }
        ["takes", reads, file] => {
            let (reads, file) = (reads.parse().unwrap(), file.parse().unwrap());
            assert!(matches!(WriteHandle::inherited(reads), Err(InheritError::OtherEnd { .. })));
            assert!(matches!(ReadHandle::inherited(file), Err(InheritError::NoPipe { .. })));
        }
        _ => panic!("{part}"),
    }
}

fn report() {
    // Listed first, looked at afterwards: by then the descriptor of the listing itself is gone.
    let paths: Vec<_> =
        std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in paths {
        if let Ok(target) = std::fs::read_link(&path) {
            println!("\nfd {} {}", path.file_name().unwrap().display(), target.display());
        }
    }
}

fn repeat(reads: &ReadHandle, writes: &WriteHandle) {
    let mut target = [0; 64];
    loop {
        match reads.read(&mut target, PATIENCE) {
            Ok(bytes) => writes.write(&target[..bytes].to_ascii_uppercase(), PATIENCE).unwrap(),
            Err(ReadError::Broken) => return,
            Err(other) => panic!("{other}"),
        }
    }
}

/// Starts a reporter and answers what it found from number 3 up.
pub(crate) fn found_by(child: Spawn) -> BTreeMap<RawFd, String> {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut child = child.stdout(writer).spawn().unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    let found: BTreeMap<RawFd, String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("fd ")?.split_once(' '))
        .map(|(number, target)| (number.parse().unwrap(), target.to_owned()))
        .collect();
    assert!([0, 1, 2].iter().all(|number| found.contains_key(number)), "{text}");
    found.into_iter().filter(|(number, _)| *number > 2).collect()
}

/// What a child that has exactly these finds.
pub(crate) fn exactly(handles: &[&dyn AsFd]) -> BTreeMap<RawFd, String> {
    handles.iter().map(|handle| (handle.as_fd().as_raw_fd(), target_of(*handle))).collect()
}

fn target_of(handle: &dyn AsFd) -> String {
    let link = format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd());
    std::fs::read_link(link).unwrap().display().to_string()
}
