// SPDX-License-Identifier: MIT OR Apache-2.0
//! Creating instances: what the first one fixes, what later ones may differ in, and when the name goes.

use std::time::Duration;

use cabotage_link::names::Scope;
use cabotage_pipe::named::error::Denial;
use cabotage_pipe::named::place::Shape;
use cabotage_pipe::named::rules::{Access, Asked, PipeMode};
use cabotage_pipe::named::{Direction, PipeError};

use crate::{ASKED, creation, harbour};

fn denied(error: PipeError) -> Denial {
    match error {
        PipeError::AccessDenied(denial) => denial,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_instance_listens_from_its_creation() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    assert!(instance.is_listening() && !instance.has_client().unwrap());
    let client = harbour.connect("chat").unwrap();
    assert!(instance.has_client().unwrap());
    crate::say(&client.socket, "early");
    assert_eq!(crate::heard(&instance.accept(crate::soon()).unwrap()), "early");
}

#[test]
fn the_name_goes_when_the_last_instance_closes() {
    let harbour = harbour();
    let one = harbour.create("chat").unwrap();
    let two = harbour.create("CHAT").unwrap();
    assert_eq!(harbour.names(Scope::User), ["chat"]);
    assert_eq!(one.instances().unwrap(), 2);
    one.close().unwrap();
    assert_eq!(two.instances().unwrap(), 1);
    harbour.connect("chat").unwrap();
    drop(two);
    assert_eq!(harbour.connect("chat").unwrap_err(), PipeError::NotFound);
    assert!(harbour.names(Scope::User).is_empty());
}

#[test]
fn more_instances_than_the_maximum_of_the_first_are_busy() {
    let harbour = harbour();
    let few = creation(Asked { instances_max: 2, ..ASKED });
    let first = harbour.create_as("chat", few).unwrap();
    let second = harbour.create("chat").unwrap();
    assert_eq!(harbour.create("chat").unwrap_err(), PipeError::TooManyInstances { max: 2 });
    assert_eq!(harbour.create_as("chat", few).unwrap_err().code(), 231);
    drop(second);
    let third = harbour.create("chat").unwrap();
    assert_eq!(third.definition().instances_max.number(), 2, "the maximum is the first one's");
    drop(first);
    let _fourth = harbour.create_as("chat", few).unwrap();
    assert_eq!(harbour.create("chat").unwrap_err().code(), 231);
}

#[test]
fn a_later_instance_with_another_direction_is_denied() {
    let harbour = harbour();
    let _first = harbour.create_as("chat", creation(Asked { access: Access::READ, ..ASKED })).unwrap();
    for access in [Access::WRITE, Access::BOTH] {
        let refused = harbour.create_as("chat", creation(Asked { access, ..ASKED })).unwrap_err();
        assert_eq!(denied(refused), Denial::OtherDirection { direction: Direction::Inbound });
    }
}

#[test]
fn a_later_instance_may_have_another_type_count_buffers_and_time_out() {
    let harbour = harbour();
    let _first = harbour.create("chat").unwrap();
    let other = Asked {
        pipe_mode: PipeMode::Byte,
        instances_max: 1,
        in_quota_bytes: 0,
        out_quota_bytes: 9,
        default_timeout: Duration::from_secs(9),
        ..ASKED
    };
    let second = harbour.create_as("chat", creation(other)).unwrap();
    assert_eq!(second.definition().instances_max.number(), 255);
    assert_eq!(second.definition().default_timeout_ms, 50);
    let of_first = Shape { pipe_mode: PipeMode::Message, in_quota_bytes: 4096, out_quota_bytes: 2048 };
    let of_second = Shape { pipe_mode: PipeMode::Byte, in_quota_bytes: 0, out_quota_bytes: 9 };
    assert_eq!(second.shape(), of_second);
    // Each client knows the shape of the instance that it has.
    let (one, two) = (harbour.connect("chat").unwrap(), harbour.connect("chat").unwrap());
    assert_eq!((one.shape, two.shape), (of_first, of_second));
    assert_eq!(two.definition, *second.definition());
}

#[test]
fn a_first_instance_of_a_name_that_exists_is_denied() {
    let harbour = harbour();
    let first = creation(Asked { first_instance: true, ..ASKED });
    let owner = harbour.create_as("chat", first).unwrap();
    assert_eq!(denied(harbour.create_as("chat", first).unwrap_err()), Denial::NotFirst);
    let _other = harbour.create("chat").unwrap();
    drop(owner);
    assert_eq!(denied(harbour.create_as("chat", first).unwrap_err()), Denial::NotFirst);
}

#[test]
fn a_name_that_is_free_again_is_defined_anew() {
    let harbour = harbour();
    drop(harbour.create_as("chat", creation(Asked { access: Access::READ, ..ASKED })).unwrap());
    let anew = harbour.create("chat").unwrap();
    assert_eq!(anew.definition().direction, Direction::Duplex);
    assert_eq!(anew.definition().name, "chat");
}

#[test]
fn the_name_can_be_created_anew_while_an_old_client_lives() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    let client = harbour.connect("chat").unwrap();
    let served = instance.accept(crate::soon()).unwrap();
    drop(instance);
    let _anew = harbour.create_as("chat", creation(Asked { first_instance: true, ..ASKED })).unwrap();
    crate::say(&served, "still here");
    assert_eq!(crate::heard(&client.socket), "still here");
}

#[test]
fn names_of_every_kind_find_their_pipe() {
    let harbour = harbour();
    let long = "x".repeat(247);
    for text in [r#"a<>*?|"/b"#, "..", r"a\", "Ärger", "new\nline", long.as_str()] {
        let instance = harbour.create(text).unwrap();
        assert_eq!(harbour.connect(text).unwrap().definition.name, text);
        drop(instance);
    }
    assert!(harbour.names(Scope::User).is_empty());
}
