// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which handles a child inherits without a list: those that are marked when it is started, if it inherits at all.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};

use cabotage_pipe::windows::{
    self, AsHandle, Handle, Inherit, InheritError, PipeOptions, ReadHandle, WriteHandle,
};

use crate::PATIENCE;
use crate::child::{echo, exactly, found_by, mistaken, reporter, turn};

fn inheritable() -> (ReadHandle, WriteHandle) {
    PipeOptions::new().inherit(Inherit::Yes).create().unwrap()
}

#[test]
fn inheritance_is_off_unless_asked_for_at_creation() {
    let _turn = turn();
    let (reader, writer) = windows::create_pipe(0).unwrap();
    assert_eq!((reader.inherit(), writer.inherit()), (Inherit::No, Inherit::No));
    assert_eq!(found_by(reporter().inherit_handles()), BTreeMap::new());
    let (reader, writer) = inheritable();
    assert_eq!((reader.inherit(), writer.inherit()), (Inherit::Yes, Inherit::Yes));
    assert_eq!(found_by(reporter().inherit_handles()), exactly(&[&reader, &writer]));
}

#[test]
fn inheritance_can_be_set_later_on_each_handle() {
    let _turn = turn();
    let (reader, writer) = windows::create_pipe(0).unwrap();
    reader.set_inherit(Inherit::Yes);
    assert_eq!(found_by(reporter().inherit_handles()), exactly(&[&reader]));
    writer.set_inherit(Inherit::Yes);
    reader.set_inherit(Inherit::No);
    assert_eq!(found_by(reporter().inherit_handles()), exactly(&[&writer]));
}

#[test]
fn inheritance_of_the_write_end_can_be_forbidden() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    writer.set_inherit(Inherit::No);
    assert_eq!(found_by(reporter().inherit_handles()), exactly(&[&reader]));
}

#[test]
fn inheritance_takes_effect_only_if_the_child_is_started_to_inherit_handles() {
    let _turn = turn();
    let (_reader, _writer) = inheritable();
    assert_eq!(found_by(reporter()), BTreeMap::new());
}

#[test]
fn the_mark_counts_when_the_child_is_started_and_not_before() {
    let _turn = turn();
    let (reader, writer) = windows::create_pipe(0).unwrap();
    let child = reporter().inherit_handles();
    reader.set_inherit(Inherit::Yes);
    writer.set_inherit(Inherit::Yes);
    writer.set_inherit(Inherit::No);
    assert_eq!(found_by(child), exactly(&[&reader]));
}

#[test]
fn a_child_that_others_start_gets_no_handle_however_it_is_marked() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    let script =
        format!("test ! -e /proc/self/fd/{} -a ! -e /proc/self/fd/{}", reader.number(), writer.number());
    let status = std::process::Command::new("sh").args(["-c", &script]).status().unwrap();
    assert!(status.success(), "std's own way of starting passes nothing that is close-on-exec");
}

#[test]
fn handles_and_descriptors_of_the_unix_face_go_in_one_start() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    writer.set_inherit(Inherit::No);
    let (_unix_reader, unix_writer) = cabotage_pipe::anonymous().unwrap();
    let expected = exactly(&[&reader, &unix_writer]);
    assert_eq!(found_by(reporter().inherit_handles().pass(unix_writer)), expected);
}

#[test]
fn a_closed_handle_and_one_that_became_a_plain_descriptor_are_no_longer_inherited() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    drop(reader);
    let _plain: OwnedFd = writer.into();
    assert_eq!(found_by(reporter().inherit_handles()), BTreeMap::new());
}

#[test]
fn a_duplicate_has_a_mark_of_its_own() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    let copy = reader.duplicate(Inherit::No).unwrap();
    reader.set_inherit(Inherit::No);
    writer.set_inherit(Inherit::No);
    copy.set_inherit(Inherit::Yes);
    assert_eq!(found_by(reporter().inherit_handles()), exactly(&[&copy]));
}

#[test]
fn any_descriptor_can_be_a_handle() {
    let _turn = turn();
    let file = Handle::new(File::open("/dev/null").unwrap());
    file.as_handle().set_inherit(Inherit::Yes);
    assert_eq!(found_by(reporter().inherit_handles()), exactly(&[&file]));
}

#[test]
fn a_parent_writes_and_a_child_that_inherited_its_ends_answers() {
    let _turn = turn();
    let (child_reads, parent_writes) = inheritable();
    let (parent_reads, child_writes) = inheritable();
    parent_writes.set_inherit(Inherit::No);
    parent_reads.set_inherit(Inherit::No);
    let mut child = echo(child_reads.number(), child_writes.number()).inherit_handles().spawn().unwrap();
    drop((child_reads, child_writes));
    let mut target = [0; 16];
    for _ in 0..1000 {
        parent_writes.write(b"ahoy", PATIENCE).unwrap();
        assert_eq!(parent_reads.read(&mut target, PATIENCE).unwrap(), 4);
        assert_eq!(&target[..4], b"AHOY");
    }
    drop(parent_writes);
    assert_eq!(parent_reads.read(&mut target, PATIENCE).unwrap_err().windows_code(), Some(109));
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_was_inherited_and_is_no_such_end_is_told_apart() {
    let _turn = turn();
    let (reader, _writer) = inheritable();
    let file = Handle::new(File::open("/dev/null").unwrap());
    file.set_inherit(Inherit::Yes);
    let child = mistaken(reader.number(), file.as_raw_fd()).inherit_handles().spawn();
    assert!(child.unwrap().wait().unwrap().success());
}

#[test]
fn what_was_not_inherited_cannot_be_taken() {
    let (reader, _writer) = windows::create_pipe(0).unwrap();
    let own = ReadHandle::inherited(reader.number());
    assert!(matches!(own, Err(InheritError::NotInherited(_))), "{own:?}");
    assert!(matches!(WriteHandle::inherited(1), Err(InheritError::NotInherited(_))));
}
