// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach's own interface: calls that take names, as a program does that was written for Mach.

use std::io::{Read, Write};

use cabotage_mach::kernel::calls::{GuardFlags, Notice, PortFlags};
use cabotage_mach::kernel::message::Letter;
use cabotage_mach::kernel::messages::WhenFull;
use cabotage_mach::{
    Deadline, Disposition, KernError, Name, Names, RequestError, Right, RightTypes, SendRight, Sender, Task,
};

fn letter(id: i32, to: Name, disposition: Disposition) -> Letter {
    Letter {
        id,
        destination: (to, Some(disposition)),
        reply: (Name::NULL, None),
        body: b"12345678".to_vec(),
        items: Vec::new(),
        complex: false,
    }
}

fn send(names: Names, letter: Letter) {
    names.send(letter, WhenFull::GiveBack, Deadline::Now).expect("sent");
}

#[test]
fn a_port_is_constructed_guarded_and_destructed_by_names() {
    let task = Task::create().unwrap();
    let names = task.names();
    let flags = PortFlags::QUEUE_LIMIT.and(PortFlags::INSERT_SEND_RIGHT);
    let port = names.construct(flags, 9, 0).unwrap();
    assert_eq!((names.limit(port), names.send_rights(port)), (Ok(9), Ok(1)));
    names.guard(port, 77, true).unwrap();
    assert_eq!(names.context(port), Ok(0));
    assert_eq!(names.destroy(port), Err(KernError::InvalidRight));
    assert_eq!(names.unguard(port, 1), Err(KernError::InvalidArgument));
    names.unguard(port, 77).unwrap();
    names.guard_with_flags(port, 7, GuardFlags::IMMOVABLE_RECEIVE).unwrap();
    names.swap_guard(port, 7, 8).unwrap();
    assert_eq!(names.transfer(port, Disposition::MoveReceive, names), Err(KernError::InvalidCapability));
    assert_eq!(names.destruct(port, -1, 8), Ok(()));
    assert_eq!(names.type_of(port), Err(KernError::InvalidName));
}

#[test]
fn messages_in_a_queue_are_looked_at_by_number_and_stay() {
    let task = Task::create().unwrap();
    let names = task.names();
    let port = names.allocate(Right::Receive).unwrap();
    names.set_sequence(port, 30).unwrap();
    for id in [5, 6] {
        send(names, letter(id, port, Disposition::MakeSend));
    }
    let first = names.peek(port, 0).unwrap();
    assert_eq!((first.sequence, first.id, first.bytes), (30, 5, 32));
    assert!(matches!(first.sender, Sender::Task(token) if token.pid() == std::process::id()));
    assert_eq!(names.peek(port, 31).unwrap().id, 6);
    assert_eq!(names.peek(port, 32), Err(KernError::Failure));
    assert_eq!(names.status(port).unwrap().queued, 2);
}

#[test]
fn rights_go_between_tasks_by_names_and_a_death_is_told() {
    let (server, client) = (Task::create().unwrap(), Task::create().unwrap());
    let (theirs, ours) = (server.names(), client.names());
    let port = theirs.allocate(Right::Receive).unwrap();
    let chosen = Name::from_raw(0x1107);
    theirs.insert_right(port, Disposition::MakeSend, (ours, chosen)).unwrap();
    assert_eq!(
        theirs.insert_right(port, Disposition::MakeSendOnce, (ours, chosen)),
        Err(KernError::NameExists)
    );
    assert_eq!(theirs.transfer(port, Disposition::MakeSend, ours), Ok(chosen));
    assert_eq!(ours.references(chosen, Right::Send), Ok(2));
    assert_eq!(ours.modify_references(chosen, Right::Send, -1), Ok(()));

    let watch = ours.allocate(Right::Receive).unwrap();
    let notify = (watch, Disposition::MakeSendOnce);
    assert_eq!(ours.request_notification(chosen, (Notice::DeadName, 0), notify), Ok(Name::NULL));
    let before = ours.request_notification(chosen, (Notice::DeadName, 0), notify).unwrap();
    assert_eq!(ours.references(before, Right::SendOnce), Ok(1), "what was registered before comes back");
    ours.deallocate(before).unwrap();
    assert_eq!(theirs.dead_name_requests(port), Ok(1));
    drop(server);
    assert_eq!(ours.references(chosen, Right::DeadName), Ok(2));
    let told: Vec<i32> = [0, 1].map(|at| ours.peek(watch, at).unwrap().id).to_vec();
    assert_eq!(told, [71, 72], "the unused right, then the death");
    assert_eq!(theirs.allocate(Right::Receive), Err(KernError::InvalidTask));
}

#[test]
fn sets_are_filled_moved_and_listed_by_names() {
    let task = Task::create().unwrap();
    let names = task.names();
    let [first, second] = [Right::PortSet; 2].map(|right| names.allocate(right).unwrap());
    let port = names.allocate(Right::Receive).unwrap();
    names.insert_member(port, first).unwrap();
    assert_eq!(names.insert_member(port, first), Err(KernError::AlreadyInSet));
    names.move_member(port, second).unwrap();
    assert_eq!((names.set_members(first), names.set_members(second)), (Ok(vec![]), Ok(vec![port])));
    assert_eq!(names.extract_member(port, first), Err(KernError::NotInSet));
    names.extract_member(port, second).unwrap();
    assert_eq!(names.set_members(second), Ok(vec![]));
}

#[test]
fn an_open_file_is_a_right_and_is_closed_with_the_last_one() {
    let task = Task::create().unwrap();
    let names = task.names();
    let mut ends = std::io::pipe().unwrap();
    let port = names.make_file_port(ends.1.into()).unwrap();
    assert_eq!(names.type_of(port), Ok(RightTypes::of(Right::Send)));
    let file = std::fs::File::from(names.file_of(port).unwrap().try_clone().unwrap());
    (&file).write_all(b"through the right").unwrap();
    drop(file);

    // Nobody receives there; who sends has sent.
    send(names, letter(1, port, Disposition::CopySend));
    let other = names.allocate(Right::Receive).unwrap();
    assert_eq!(names.file_of(other).unwrap_err(), KernError::InvalidRight);
    let own = names.transfer(other, Disposition::MakeSend, names).unwrap();
    assert_eq!(names.file_of(own).unwrap_err(), KernError::InvalidCapability);

    names.deallocate(port).unwrap();
    let mut read = String::new();
    ends.0.read_to_string(&mut read).unwrap();
    assert_eq!(read, "through the right", "and then the end: nobody has the file any more");
}

#[test]
fn who_asks_at_a_port_that_stands_for_nothing_is_told_so_at_once() {
    let task = Task::create().unwrap();
    let names = task.names();
    let idle = SendRight::from_raw(names, names.make_idle_port().unwrap()).unwrap();
    assert!(matches!(idle.request("anybody?"), Err(RequestError::NoAnswer)));
    assert_eq!(names.file_of(idle.name()).unwrap_err(), KernError::InvalidCapability);
}
