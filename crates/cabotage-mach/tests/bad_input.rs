// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a program may get wrong: each mistake has Mach's own code, and a sentence that says what to do about it.

use cabotage_mach::kernel::calls::{GuardFlags, Notice, PortFlags};
use cabotage_mach::kernel::message::{Item, Letter};
use cabotage_mach::kernel::messages::{ReceiveOptions, WhenFull};
use cabotage_mach::{Deadline, Disposition, KernError, Name, Names, Right, SendError, Task};

const SUCCESS: i32 = 0;
const FAILURE: i32 = 5;
const INVALID_NAME: i32 = 15;
const INVALID_RIGHT: i32 = 17;
const INVALID_VALUE: i32 = 18;

/// A name of each kind.
struct Kinds {
    names: Names,
    receive: Name,
    send: Name,
    once: Name,
    set: Name,
    dead: Name,
}

fn kinds(task: &Task) -> Kinds {
    let names = task.names();
    let receive = names.allocate(Right::Receive).unwrap();
    let elsewhere = Box::leak(Box::new(Task::create().unwrap())).names();
    let port = elsewhere.allocate(Right::Receive).unwrap();
    Kinds {
        names,
        receive,
        send: elsewhere.transfer(port, Disposition::MakeSend, names).unwrap(),
        once: elsewhere.transfer(port, Disposition::MakeSendOnce, names).unwrap(),
        set: names.allocate(Right::PortSet).unwrap(),
        dead: names.allocate(Right::DeadName).unwrap(),
    }
}

/// Mach's number, after a look at the sentence.
fn code<T>(answer: Result<T, KernError>) -> i32 {
    let Err(error) = answer else { return SUCCESS };
    assert!(error.to_string().split(' ').count() > 4, "says little: {error}");
    assert_eq!(KernError::from_code(error.code()), Some(error));
    error.code()
}

#[test]
fn no_name_a_name_that_is_not_given_and_one_of_another_right_are_told_apart() {
    let task = Task::create().unwrap();
    let Kinds { names, receive, send, once, set, dead } = kinds(&task);
    let strange = Name::from_raw(0x1234_5603);
    type Call = fn(Names, Name) -> i32;
    let of_receivers: [(&str, Call); 8] = [
        ("set_limit", |names, name| code(names.set_limit(name, 5))),
        ("status", |names, name| code(names.status(name))),
        ("set_sequence", |names, name| code(names.set_sequence(name, 1))),
        ("set_make_send_count", |names, name| code(names.set_make_send_count(name, 1))),
        ("send_rights", |names, name| code(names.send_rights(name))),
        ("set_context", |names, name| code(names.set_context(name, 0))),
        ("destruct", |names, name| code(names.destruct(name, 0, 0))),
        ("peek", |names, name| code(names.peek(name, 0))),
    ];
    for (call, run) in of_receivers {
        for name in [send, once, set, dead] {
            assert_eq!(run(names, name), INVALID_RIGHT, "{call} of {name:?}");
        }
        assert_eq!(run(names, strange), INVALID_NAME, "{call}");
        let nothing = [Name::NULL, Name::DEAD].map(|name| run(names, name));
        assert!(nothing.iter().all(|code| [INVALID_NAME, INVALID_RIGHT].contains(code)), "{call}");
    }
    assert_eq!(code(names.peek(receive, 0)), FAILURE);
    assert_eq!(code(names.set_members(receive)), INVALID_RIGHT);
    assert_eq!(code(names.type_of(Name::NULL)), INVALID_NAME);
    assert_eq!(code(names.deallocate(receive)), INVALID_RIGHT);
    assert_eq!(code(names.deallocate(strange)), INVALID_NAME);
    for name in [Name::NULL, Name::DEAD] {
        assert_eq!((code(names.deallocate(name)), code(names.destroy(name))), (SUCCESS, SUCCESS));
    }
}

#[test]
fn numbers_that_stand_for_nothing_are_no_rights_dispositions_flags_or_notifications() {
    assert!((5..100).all(|raw| Right::from_raw(raw).is_none()));
    let dispositions = (0..100).filter(|raw| Disposition::from_raw(*raw).is_some());
    assert_eq!(dispositions.collect::<Vec<_>>(), [16, 17, 18, 19, 20, 21]);
    assert!(PortFlags::from_raw(0x8000_0000).is_none() && GuardFlags::from_raw(0x8).is_none());
    let notices = (0..200).filter(|raw| Notice::from_raw(*raw).is_some());
    assert_eq!(notices.collect::<Vec<_>>(), [66, 69, 70, 72]);
}

#[test]
fn references_neither_overflow_nor_underflow() {
    let task = Task::create().unwrap();
    let Kinds { names, receive, send, once, dead, .. } = kinds(&task);
    assert_eq!(code(names.modify_references(send, Right::Send, -2)), INVALID_VALUE);
    assert_eq!(code(names.modify_references(send, Right::Send, i32::MIN)), INVALID_VALUE);
    assert_eq!(names.references(send, Right::Send), Ok(1));
    for _ in 0..2 {
        assert_eq!(code(names.modify_references(send, Right::Send, i32::MAX)), SUCCESS);
        assert_eq!(names.references(send, Right::Send), Ok(65_535));
    }
    assert_eq!(code(names.modify_references(dead, Right::DeadName, 70_000)), SUCCESS);
    assert_eq!(names.references(dead, Right::DeadName), Ok(65_535));
    for (name, right) in [(receive, Right::Receive), (once, Right::SendOnce)] {
        assert_eq!(code(names.modify_references(name, right, 1)), INVALID_VALUE);
        assert_eq!(code(names.modify_references(name, right, -2)), INVALID_VALUE);
    }
    assert_eq!(code(names.set_limit(receive, 1025)), INVALID_VALUE);
    assert_eq!(code(names.allocate(Right::Send)), INVALID_VALUE);
    assert_eq!(code(names.allocate_name(Right::Receive, Name::from_raw(0x100))), INVALID_VALUE);
}

fn sent(names: Names, to: (Name, Option<Disposition>), items: Vec<Item>) -> SendError {
    let letter =
        Letter { id: 1, destination: to, reply: (Name::NULL, None), body: vec![], items, complex: false };
    let failed = names.send(letter, WhenFull::GiveBack, Deadline::Now).unwrap_err();
    assert!(failed.error.to_string().split(' ').count() > 4, "says little: {}", failed.error);
    failed.error
}

#[test]
fn messages_that_cannot_be_sent_say_which_part_of_them_is_wrong() {
    let task = Task::create().unwrap();
    let Kinds { names, receive, send, set, dead, .. } = kinds(&task);
    let to = |name| (name, Some(Disposition::CopySend));
    for name in [Name::NULL, Name::DEAD, dead, set, receive, Name::from_raw(0x7703)] {
        assert_eq!(sent(names, to(name), vec![]).code(), 0x1000_0003, "{name:?}");
    }
    assert_eq!(sent(names, (send, None), vec![]).code(), 0x1000_0010);
    assert_eq!(sent(names, (send, Some(Disposition::MoveReceive)), vec![]).code(), 0x1000_0010);
    let wrong = vec![Item::Port(set, Disposition::CopySend)];
    assert_eq!(sent(names, to(send), wrong).code(), 0x1000_000a);
    let too_many = vec![Item::Ports(vec![Name::NULL; 16_384], Disposition::CopySend)];
    assert_eq!(sent(names, to(send), too_many).code(), 0x1000_000e);
    let most = vec![Item::Ports(vec![Name::NULL; 16_383], Disposition::CopySend)];
    let letter = Letter {
        id: 1,
        destination: to(send),
        reply: (Name::NULL, None),
        body: vec![],
        items: most,
        complex: true,
    };
    names.send(letter, WhenFull::GiveBack, Deadline::Now).expect("that many may go");
    let error = names.receive(send, &ReceiveOptions::default(), Deadline::Now).unwrap_err();
    assert_eq!(error.code(), 0x1000_4002);
}
