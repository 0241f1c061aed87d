// SPDX-License-Identifier: MIT OR Apache-2.0
//! A list of handles narrows what a child inherits; what a list must be.

use cabotage_os::Fault;
use cabotage_pipe::windows::{Inherit, PipeOptions, ReadHandle, WriteHandle};
use cabotage_pipe::{Spawn, SpawnError};

use crate::child::{exactly, found_by, reporter, turn};

fn inheritable() -> (ReadHandle, WriteHandle) {
    PipeOptions::new().inherit(Inherit::Yes).create().unwrap()
}

/// The answer to a start that must be refused, with the code that Windows gives.
fn refused(child: Spawn) -> (SpawnError, u32) {
    let error = child.spawn().expect_err("a list that cannot be");
    assert_eq!(error.fault(), Fault::Caller, "{error}");
    let code = error.windows_code().expect("a code");
    (error, code)
}

#[test]
fn a_listed_handle_is_valid_in_the_child_and_an_unlisted_one_is_not() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    let (_other_reader, _other_writer) = inheritable();
    assert_eq!(found_by(reporter().inherit_handles().handle_list(&[&reader])), exactly(&[&reader]));
    let both = reporter().inherit_handles().handle_list(&[&writer, &reader]);
    assert_eq!(found_by(both), exactly(&[&reader, &writer]));
}

#[test]
fn a_handle_that_is_listed_twice_is_one() {
    let _turn = turn();
    let (reader, _writer) = inheritable();
    assert_eq!(found_by(reporter().inherit_handles().handle_list(&[&reader, &reader])), exactly(&[&reader]));
}

#[test]
fn listed_handles_must_themselves_be_inheritable() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    writer.set_inherit(Inherit::No);
    let (error, code) = refused(reporter().inherit_handles().handle_list(&[&reader, &writer]));
    let number = writer.number();
    assert!(matches!(error, SpawnError::NotInheritable { number: named } if named == number), "{error}");
    assert_eq!(code, 87);
}

#[test]
fn a_listed_handle_that_was_closed_before_the_start_is_refused() {
    let _turn = turn();
    let (reader, _writer) = inheritable();
    let child = reporter().inherit_handles().handle_list(&[&reader]);
    drop(reader);
    // Others may have its number by now; that is not what was listed.
    let (_new_reader, _new_writer) = inheritable();
    assert!(matches!(refused(child), (SpawnError::NotInheritable { .. }, 87)));
}

#[test]
fn a_list_still_needs_a_child_that_inherits_handles() {
    let _turn = turn();
    let (reader, _writer) = inheritable();
    let (error, code) = refused(reporter().handle_list(&[&reader]));
    assert!(matches!(error, SpawnError::ListWithoutInheritance), "{error}");
    assert_eq!(code, 87);
}

#[test]
fn a_list_of_bad_size_is_refused_as_bad_length() {
    let (error, code) = refused(reporter().inherit_handles().handle_list(&[]));
    assert!(matches!(error, SpawnError::ListEmpty), "{error}");
    assert_eq!(code, 24);
}

#[test]
fn a_list_given_twice_is_refused_as_a_name_that_exists() {
    let _turn = turn();
    let (reader, writer) = inheritable();
    let (error, code) = refused(reporter().inherit_handles().handle_list(&[&reader]).handle_list(&[&writer]));
    assert!(matches!(error, SpawnError::ListTwice), "{error}");
    assert_eq!(code, 698);
}

#[test]
fn a_handle_and_a_passed_descriptor_cannot_have_one_number() {
    let _turn = turn();
    let (reader, _writer) = inheritable();
    let (_other, end) = cabotage_pipe::anonymous().unwrap();
    let number = reader.number();
    let answer = reporter().inherit_handles().handle_list(&[&reader]).pass_as(end, number).spawn();
    assert!(matches!(answer, Err(SpawnError::Twice { number: named }) if named == number), "{answer:?}");
}
