// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the end of file does not come: the answer names processes and descriptors.

use std::os::fd::AsRawFd;
use std::time::Duration;

use cabotage_pipe::{ReadEnd, ReadError, WriteEnd};

const PATIENCE: Duration = Duration::from_secs(20);
const IMPATIENCE: Duration = Duration::from_millis(20);

#[test]
fn the_streams_of_a_child_are_ends_too() {
    let mut child = std::process::Command::new("/bin/cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    assert!(matches!(stdout.try_read(&mut [0; 8]), Err(ReadError::Empty)));
    stdin.write_all_within(b"meow", PATIENCE).unwrap();
    let mut target = [0; 4];
    stdout.read_exact_within(&mut target, PATIENCE).unwrap();
    assert_eq!(&target, b"meow");
    let keepers = stdout.who_keeps_it_open().unwrap();
    assert!(keepers.processes.iter().any(|holder| holder.pid == child.id() && holder.command == "cat"));
    drop(stdin);
    assert_eq!(stdout.read_within(&mut target, PATIENCE).unwrap(), 0);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_forgotten_copy_of_the_writing_end_is_found() {
    let (reader, writer) = cabotage_pipe::anonymous().unwrap();
    let forgotten = writer.try_clone().unwrap();
    drop(writer);
    assert!(matches!(reader.read_within(&mut [0], IMPATIENCE), Err(ReadError::TimedOut)));
    let keepers = reader.who_keeps_it_open().unwrap();
    let own = keepers.processes.iter().find(|holder| holder.pid == std::process::id()).unwrap();
    let numbers: Vec<_> = own.descriptors.iter().map(|descriptor| descriptor.number).collect();
    assert_eq!(numbers, [forgotten.as_raw_fd()]);
    let readers = forgotten.who_reads().unwrap();
    assert!(readers.processes.iter().any(|holder| {
        holder.descriptors.iter().any(|descriptor| descriptor.number == reader.as_raw_fd())
    }));
}
