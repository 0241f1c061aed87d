// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who holds an object is found by its inode, in this process and in others.

use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Stdio;

use cabotage_os::holders;
use cabotage_os::spawn::Spawn;

#[test]
fn another_process_that_keeps_an_end_open_is_named_with_its_descriptor() {
    let (reader, writer) = std::io::pipe().unwrap();
    let (mut started, child_started) = std::io::pipe().unwrap();
    let mut child = Spawn::new("/bin/sh")
        .args(["-c", "echo ready; read line"])
        .stdin(Stdio::piped())
        .stdout(child_started)
        .pass_as(writer, 9)
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    started.read_exact(&mut ready).unwrap();

    let found = holders::of(&reader).unwrap().only(|access| access.write);
    let holder = found.processes.iter().find(|holder| holder.pid == child.id()).expect("the child holds it");
    assert!(!holder.command.is_empty());
    let [descriptor] = holder.descriptors[..] else { panic!("{holder:?}") };
    assert_eq!(descriptor.number, 9);
    assert!(descriptor.access.write && !descriptor.access.read);

    drop(child.stdin.take());
    child.wait().unwrap();
    let found = holders::of(&reader).unwrap();
    assert!(found.processes.iter().all(|holder| holder.pid != child.id()), "{found:?}");
}

#[test]
fn the_descriptor_that_asks_is_left_out_and_its_copy_is_not() {
    let (reader, writer) = std::io::pipe().unwrap();
    let copy = reader.try_clone().unwrap();
    let found = holders::of(&reader).unwrap();
    let own = found.processes.iter().find(|holder| holder.pid == std::process::id()).unwrap();
    let mut numbers: Vec<_> = own.descriptors.iter().map(|descriptor| descriptor.number).collect();
    numbers.sort_unstable();
    let mut expected = [copy.as_raw_fd(), writer.as_raw_fd()];
    expected.sort_unstable();
    assert_eq!(numbers, expected);
    assert!(own.maps.is_empty());
}

#[test]
fn a_map_without_a_descriptor_is_found_too() {
    let file: OwnedFd = tempfile::tempfile().unwrap().into();
    rustix::fs::ftruncate(&file, 8192).unwrap();
    let map = cabotage_os::map::MapOptions::new().read_write(&file, 8192).unwrap();
    let found = holders::of(&file).unwrap();
    let own = found.processes.iter().find(|holder| holder.pid == std::process::id()).unwrap();
    let [mapping] = own.maps[..] else { panic!("{own:?}") };
    assert_eq!(mapping.bytes, 8192);
    assert!(mapping.access.read && mapping.access.write && mapping.is_shared);
    drop(map);
    assert!(holders::of(&file).unwrap().processes.iter().all(|holder| holder.pid != std::process::id()));
}
