// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of types: what they carry, what comes back, and who sent them.

use std::fs::File;
use std::io::{Read, Seek, Write};

use cabotage_mach::kernel::message::Letter;
use cabotage_mach::kernel::messages::WhenFull as RawWhenFull;
use cabotage_mach::{
    AnyRight, Carried, Deadline, Disposition, Memory, Name, Notification, Outgoing, ReceiveRight, Right,
    SendError, SendRight, Sender, Task, Unanswered, WhenFull,
};

fn port() -> (ReceiveRight, SendRight) {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    (port, send)
}

/// How many send references the name has.
fn references(right: &SendRight) -> u32 {
    right.names().references(right.name(), Right::Send).unwrap()
}

#[test]
fn text_and_bytes_are_messages_by_themselves() {
    let (port, send) = port();
    send.send("text").unwrap();
    send.send(b"bytes").unwrap();
    send.send(vec![0xFF]).unwrap();
    send.send(Outgoing::new(7).body("numbered")).unwrap();
    assert_eq!(port.receive().unwrap().text(), Ok("text"));
    assert_eq!(port.receive().unwrap().into_body(), b"bytes");
    assert!(port.receive().unwrap().text().is_err());
    let numbered = port.receive().unwrap();
    assert_eq!((numbered.id(), numbered.body(), numbered.sequence()), (7, &b"numbered"[..], 3));
    assert_eq!(numbered.port(), port.name());
}

#[test]
fn a_message_says_who_sent_it_whatever_it_says_itself() {
    let (port, send) = port();
    send.send("I am the king").unwrap();
    let token = port.receive().unwrap().audit_token().expect("of a task");
    assert_eq!(token.pid(), std::process::id());
    let proc = std::fs::metadata("/proc/self").unwrap();
    assert_eq!(token.effective_uid(), std::os::unix::fs::MetadataExt::uid(&proc));
    assert_ne!(token.pid_version(), 0);
}

#[test]
fn rights_memory_and_files_go_along() {
    let (port, send) = port();
    let (moved, to_moved) = self::port();
    let (kept, to_kept) = self::port();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"in a file").unwrap();
    let message =
        Outgoing::new(1).with(moved).with(to_kept).with(AnyRight::Null).memory(vec![7; 100_000]).file(file);
    send.send(message).unwrap();
    to_moved.send("in the queue of the port that moved").unwrap();

    let mut carried = port.receive().unwrap().take_carried().into_iter();
    let Some(Carried::Right(AnyRight::Receive(moved))) = carried.next() else { panic!("a receive right") };
    assert!(moved.receive().unwrap().text().unwrap().contains("that moved"));
    let Some(Carried::Right(AnyRight::Send(to_kept))) = carried.next() else { panic!("a send right") };
    to_kept.send("by the right that came").unwrap();
    assert!(kept.receive().unwrap().text().unwrap().contains("that came"));
    assert!(matches!(carried.next(), Some(Carried::Right(AnyRight::Null))));
    assert!(
        matches!(carried.next(), Some(Carried::Memory(Memory::Bytes(bytes))) if bytes == vec![7; 100_000])
    );
    let Some(Carried::File(file)) = carried.next() else { panic!("a file") };
    let mut file = File::from(file);
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "in a file");
    assert!(carried.next().is_none());
}

#[test]
fn an_array_of_rights_arrives_in_order_with_the_dead_marked() {
    let (port, send) = port();
    let (alive, to_alive) = self::port();
    let (dead, to_dead) = self::port();
    send.send(Outgoing::new(0).with(Carried::Rights(Right::Send, vec![to_alive.into(), to_dead.into()])))
        .unwrap();
    drop(dead);
    let Some(Carried::Rights(Right::Send, rights)) = port.receive().unwrap().take_carried().pop() else {
        panic!("an array of rights")
    };
    let [AnyRight::Send(to_alive), AnyRight::Dead] = &rights[..] else { panic!("{rights:?}") };
    to_alive.send("hello").unwrap();
    assert_eq!(alive.receive().unwrap().text(), Ok("hello"));
}

#[test]
fn rights_in_a_message_that_nobody_takes_are_given_back() {
    let (port, send) = port();
    let (watched, to_watched) = self::port();
    watched.notify_when_unused(0, watched.make_send_once().unwrap()).unwrap();
    send.send(Outgoing::new(0).with(to_watched)).unwrap();
    drop(port.receive().unwrap());
    let news = watched.try_receive().unwrap().into_notification().unwrap();
    assert_eq!(news, Notification::NoSenders { make_send_count: 1 });
}

#[test]
fn a_message_for_which_there_is_no_room_comes_back_whole_and_can_be_sent_again() {
    let (port, send) = port();
    let (carried, to_carried) = self::port();
    while send.try_send("filling").is_ok() {}
    let before = references(&send);
    let message = Outgoing::new(3).body("whole").with(to_carried).reply_to(port.make_send_once().unwrap());
    let unsent = send.try_send(message).unwrap_err();
    assert_eq!(unsent.error(), SendError::TimedOut);
    assert_eq!(references(&send), before, "the reference that was taken for the message is given back");
    let message = unsent.into_message().expect("nothing of it has left");

    for _ in 0..5 {
        port.receive().unwrap();
    }
    send.send(message).unwrap();
    let mut message = port.receive().unwrap();
    assert_eq!((message.id(), message.text()), (3, Ok("whole")));
    message.reply("answered").unwrap();
    let Some(Carried::Right(AnyRight::Send(to_carried))) = message.take_carried().pop() else {
        panic!("a right")
    };
    to_carried.send("x").unwrap();
    carried.receive().unwrap();
    assert_eq!(port.receive().unwrap().text(), Ok("answered"));
}

#[test]
fn one_message_is_cached_beyond_the_limit_and_the_notification_tells_when_it_is_taken() {
    let (port, send) = port();
    let news = ReceiveRight::new().unwrap();
    while send.try_send("filling").is_ok() {}
    send.send_when_full("cached", WhenFull::Cache(&news)).unwrap();
    let second = send.send_when_full("another", WhenFull::Cache(&news)).unwrap_err();
    assert_eq!(second.error(), SendError::NotifyInProgress);
    for _ in 0..5 {
        assert_eq!(port.receive().unwrap().text(), Ok("filling"));
        assert!(news.try_receive().is_err(), "not yet");
    }
    assert_eq!(port.receive().unwrap().text(), Ok("cached"));
    let told = news.try_receive().unwrap().into_notification().unwrap();
    assert_eq!(told, Notification::SendPossible(send.name()));
}

#[test]
fn one_who_found_the_queue_full_is_told_when_there_is_room() {
    let (port, send) = port();
    let news = ReceiveRight::new().unwrap();
    send.notify_when_possible(news.make_send_once().unwrap()).unwrap();
    while send.try_send("filling").is_ok() {}
    send.send_when_full("one more", WhenFull::Notify).unwrap_err();
    assert!(news.try_receive().is_err(), "not yet");
    port.receive().unwrap();
    let told = news.try_receive().unwrap().into_notification().unwrap();
    assert_eq!(told, Notification::SendPossible(send.name()));
}

#[test]
fn a_task_cannot_imitate_the_kernel() {
    let (port, send) = port();
    for id in 64..=72 {
        let unsent = send.send(Outgoing::new(id)).unwrap_err();
        assert_eq!(unsent.error(), SendError::ReservedId);
        assert_eq!(unsent.into_message().map(|message| message.id()), Some(id));
    }
    // By names it can be sent, as C programs may; it is what it is.
    let letter = Letter {
        id: 72,
        destination: (send.name(), Some(Disposition::CopySend)),
        reply: (Name::NULL, None),
        body: port.name().as_raw().to_ne_bytes().to_vec(),
        items: Vec::new(),
        complex: false,
    };
    send.names().send(letter, RawWhenFull::GiveBack, Deadline::Now).unwrap();
    let forged = port.receive().unwrap().into_notification().unwrap_err();
    assert!(matches!(forged.sender(), Sender::Task(_)));
    assert_eq!(forged.id(), 72);
}

#[test]
fn a_right_of_another_task_is_refused_with_the_message() {
    let (_port, send) = port();
    let stranger = Task::create().unwrap();
    let its_port = stranger.allocate().unwrap();
    let unsent = send.send(Outgoing::new(0).with(its_port)).unwrap_err();
    assert_eq!(unsent.error(), SendError::StrangeRight);
    let carried = unsent.into_message().unwrap().into_carried().pop();
    assert!(
        matches!(carried, Some(Carried::Right(AnyRight::Receive(port))) if port.names() == stranger.names())
    );
}

#[test]
fn a_message_is_answered_once_if_it_asked_for_an_answer() {
    let (port, send) = port();
    send.send("no answer, please").unwrap();
    let mut message = port.receive().unwrap();
    assert!(matches!(message.reply("here it is"), Err(Unanswered::NoReplyRight)));

    let answers = ReceiveRight::new().unwrap();
    send.send(Outgoing::new(0).reply_to(answers.make_send_once().unwrap())).unwrap();
    let mut message = port.receive().unwrap();
    message.reply("one").unwrap();
    assert!(matches!(message.reply("two"), Err(Unanswered::NoReplyRight)));
    assert_eq!(answers.receive().unwrap().text(), Ok("one"));

    send.send(Outgoing::new(0).reply_to(answers.make_send_once().unwrap())).unwrap();
    drop(answers);
    let mut message = port.receive().unwrap();
    assert!(matches!(message.reply("too late"), Err(Unanswered::Dead)), "{message:?}");
}

#[test]
fn a_send_once_right_that_is_dropped_tells_so_and_one_that_is_used_does_not() {
    let port = ReceiveRight::new().unwrap();
    drop(port.make_send_once().unwrap());
    assert_eq!(port.try_receive().unwrap().into_notification().unwrap(), Notification::SendOnce);
    port.make_send_once().unwrap().send("used").unwrap();
    assert_eq!(port.try_receive().unwrap().text(), Ok("used"));
    assert!(port.try_receive().is_err());
}

#[test]
fn a_send_once_right_whose_message_is_refused_tells_that_none_will_come() {
    let port = ReceiveRight::new().unwrap();
    let unsent = port.make_send_once().unwrap().send(Outgoing::new(64)).unwrap_err();
    assert_eq!(unsent.error(), SendError::ReservedId);
    assert_eq!(port.try_receive().unwrap().into_notification().unwrap(), Notification::SendOnce);
}

#[test]
fn a_port_that_was_to_die_is_rescued_with_its_queue() {
    let (port, send) = port();
    let heir = ReceiveRight::new().unwrap();
    port.rescue_to(heir.make_send_once().unwrap()).unwrap();
    assert!(port.rescue_to(heir.make_send_once().unwrap()).is_err(), "only one heir");
    assert_eq!(heir.try_receive().unwrap().into_notification().unwrap(), Notification::SendOnce);
    send.send("do not lose me").unwrap();
    drop(port);
    let Ok(Notification::PortDestroyed(port)) = heir.try_receive().unwrap().into_notification() else {
        panic!("the port comes")
    };
    assert_eq!(port.receive().unwrap().text(), Ok("do not lose me"));
}

#[test]
fn a_death_is_told_once_and_brings_a_reference_of_the_dead_name() {
    let (port, send) = port();
    let task = Task::create().unwrap();
    let send = send.move_to(&task).unwrap();
    let news = task.allocate().unwrap();
    send.notify_when_dead(news.make_send_once().unwrap()).unwrap();
    let previous = send.notify_when_dead(news.make_send_once().unwrap()).unwrap();
    drop(previous.expect("the one that was registered before comes back"));
    assert_eq!(news.try_receive().unwrap().into_notification().unwrap(), Notification::SendOnce);
    drop(port);
    let Ok(Notification::DeadName(dead)) = news.try_receive().unwrap().into_notification() else {
        panic!("the death is told")
    };
    assert_eq!(dead.name(), send.name());
    let count = || task.names().references(send.name(), Right::DeadName).unwrap();
    assert_eq!(count(), 2);
    drop(dead);
    assert_eq!(count(), 1);
    let late = send.notify_when_dead(news.make_send_once().unwrap());
    assert!(late.is_err(), "it is dead already");
}
