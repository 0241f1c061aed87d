// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights as values: each owns one reference, and gives it back.

use cabotage_mach::{
    AnyRight, DeadName, KernError, PortSet, ReceiveRight, Right, SendError, SendRight, Task,
};

fn references(right: &SendRight) -> u32 {
    right.names().references(right.name(), Right::Send).unwrap()
}

#[test]
fn each_value_owns_one_reference_and_gives_it_back() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    let copy = send.copy().unwrap();
    let made = port.make_send().unwrap();
    assert_eq!((references(&send), &copy, &made), (3, &send, &send));
    drop((copy, made));
    assert_eq!(references(&send), 1);
    let (names, name) = (send.names(), send.name());
    drop(send);
    assert_eq!(names.references(name, Right::Send), Ok(0), "and the receive right is still there");
    drop(port);
    assert_eq!(names.type_of(name), Err(KernError::InvalidName));
}

#[test]
fn a_right_to_the_own_port_has_the_name_of_the_receive_right_and_a_send_once_right_its_own() {
    let port = ReceiveRight::new().unwrap();
    assert_eq!(port.make_send().unwrap().name(), port.name());
    let (one, other) = (port.make_send_once().unwrap(), port.make_send_once().unwrap());
    assert!(one != other && one.name() != port.name());
}

#[test]
fn a_port_dies_with_its_receive_right_and_a_send_right_says_so() {
    let port = ReceiveRight::new().unwrap();
    let other_task = Task::create().unwrap();
    let send = port.make_send().unwrap().move_to(&other_task).unwrap();
    assert!(!send.is_dead());
    drop(port);
    assert!(send.is_dead());
    assert_eq!(send.copy().unwrap_err(), KernError::InvalidRight);
    let unsent = send.send("hello").unwrap_err();
    assert_eq!(unsent.error(), SendError::InvalidDestination);
    assert!(unsent.into_message().is_some(), "the message comes back");
    let (names, name) = (send.names(), send.into_raw());
    assert!(SendRight::from_raw(names, name).is_err(), "it is none any more");
    drop(DeadName::from_raw(names, name).unwrap());
    assert_eq!(names.type_of(name), Err(KernError::InvalidName));
}

#[test]
fn a_name_becomes_a_value_only_of_its_kind() {
    let port = ReceiveRight::new().unwrap();
    let (names, name) = (port.names(), port.into_raw());
    assert_eq!(SendRight::from_raw(names, name).unwrap_err(), KernError::InvalidRight);
    assert_eq!(PortSet::from_raw(names, name).unwrap_err(), KernError::InvalidRight);
    let port = ReceiveRight::from_raw(names, name).unwrap();
    drop(port);
    assert_eq!(ReceiveRight::from_raw(names, name).unwrap_err(), KernError::InvalidName);
}

#[test]
fn the_rights_of_a_task_end_with_it() {
    let port = ReceiveRight::new().unwrap();
    let task = Task::create().unwrap();
    let its_send = port.make_send().unwrap().move_to(&task).unwrap();
    let its_port = task.allocate().unwrap();
    let to_it = its_port.make_send().unwrap().move_to(Task::current().unwrap()).unwrap();
    port.notify_when_unused(0, port.make_send_once().unwrap()).unwrap();
    drop(task);
    assert!(to_it.is_dead());
    assert_eq!(its_send.copy().unwrap_err(), KernError::InvalidTask);
    assert!(port.try_receive().unwrap().into_notification().is_ok(), "no sender is left");
    drop((its_send, its_port));
}

#[test]
fn a_receive_right_moves_to_another_task_with_its_queue_and_send_rights_stay() {
    let (giver, taker) = (Task::create().unwrap(), Task::create().unwrap());
    let port = giver.allocate().unwrap();
    let send = port.make_send().unwrap();
    send.send("before").unwrap();
    let port = port.move_to(&taker).unwrap();
    send.send("after").unwrap();
    assert_eq!(port.names(), taker.names());
    assert_eq!(port.receive().unwrap().text(), Ok("before"));
    assert_eq!(port.receive().unwrap().text(), Ok("after"));
}

#[test]
fn a_set_gives_messages_of_its_ports_in_turn_and_says_whose() {
    let (one, other) = (ReceiveRight::new().unwrap(), ReceiveRight::new().unwrap());
    let set = PortSet::new().unwrap();
    set.insert(&one).unwrap();
    set.move_in(&other).unwrap();
    assert_eq!(set.insert(&one), Err(KernError::AlreadyInSet));
    let mut names = [one.name(), other.name()];
    names.sort();
    assert_eq!(set.members().unwrap(), names);
    for port in [&one, &one, &other, &other] {
        port.make_send().unwrap().send("x").unwrap();
    }
    let turns: Vec<_> = (0..4).map(|_| set.receive().unwrap().port()).collect();
    assert_eq!(turns, [one.name(), other.name(), one.name(), other.name()]);
    set.extract(&one).unwrap();
    assert_eq!(set.extract(&one), Err(KernError::NotInSet));
    drop(set);
    one.make_send().unwrap().send("still a port").unwrap();
    assert_eq!(one.receive().unwrap().text(), Ok("still a port"));
}

#[test]
fn a_right_of_any_kind_is_told_by_its_kind() {
    let port = ReceiveRight::new().unwrap();
    let once = AnyRight::from(port.make_send_once().unwrap());
    assert_eq!(once.kind(), Some(Right::SendOnce));
    assert!(once.into_send_once().is_some());
    assert!(AnyRight::from(port.make_send().unwrap()).into_receive().is_none());
    assert!(AnyRight::from(port).into_receive().is_some());
    assert_eq!(AnyRight::Dead.kind(), None);
}

#[test]
fn a_guarded_port_goes_with_the_value_that_owns_it() {
    let port = ReceiveRight::new().unwrap();
    let (names, name) = (port.names(), port.name());
    let right = port.make_send().unwrap();
    names.guard(name, 5, true).unwrap();
    drop(port);
    assert!(right.is_dead());
}
