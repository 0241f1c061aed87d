// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages by a send right, answers by a send-once right, queues that are full.

use super::machine::{Machine, asking, carrying, letter};
use crate::Disposition::{CopySend, MakeSendOnce, MoveSend, MoveSendOnce};
use crate::Right;
use crate::error::SendError;
use crate::kernel::Notification;
use crate::kernel::message::{Item, Letter, Memory, Sender};
use crate::kernel::messages::{Sent, WhenFull};

/// A machine with a port, and one with a send right to it.
fn pair() -> (Machine, crate::Name, Machine, crate::Name) {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    (owner, port, holder, right)
}

#[test]
fn messages_arrive_in_order_with_the_sender_as_the_kernel_knows_it() {
    let (owner, port, holder, right) = pair();
    for id in 0..200 {
        holder.until(|holder| {
            holder.try_send(letter(id, (right, CopySend)), WhenFull::GiveBack).ok().or_else(|| {
                owner.look();
                let received = owner.try_receive(port)?;
                assert_eq!(received.body, received.header.id.to_ne_bytes());
                None
            })
        });
    }
    let last = owner.until(|owner| owner.try_receive(port).filter(|received| received.header.id == 199));
    let Sender::Task(token) = last.header.sender else { panic!("{last:?}") };
    assert_eq!(token.0[5], std::process::id());
    assert_eq!(last.header.sequence, 199);
}

#[test]
fn a_sender_finds_the_port_full_after_as_many_messages_as_it_queues() {
    let (owner, port, holder, right) = pair();
    for id in 0..5 {
        holder.send(letter(id, (right, CopySend)));
    }
    let refused = holder.try_send(letter(5, (right, CopySend)), WhenFull::GiveBack).unwrap_err();
    assert_eq!((refused.0, refused.1.unwrap().id), (SendError::TimedOut, 5));
    for id in 0..5 {
        assert_eq!(owner.receive(port).header.id, id);
    }
    holder.until(|holder| holder.try_send(letter(6, (right, CopySend)), WhenFull::GiveBack).ok());
    assert_eq!(owner.receive(port).header.id, 6);
}

#[test]
fn a_message_that_was_sent_without_waiting_is_on_its_way_or_comes_back() {
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    owner.call(|kernel, space| kernel.set_limit(space, port, 1024)).unwrap();
    for _ in 0..20 {
        owner.look();
        holder.look();
    }
    let long = |id| Letter { body: vec![7; 3000], ..letter(id, (right, CopySend)) };
    // Nobody reads, so the ring is full before the queue is.
    let sent = (1..=1024).take_while(|id| holder.try_send(long(*id), WhenFull::GiveBack).is_ok()).count();
    assert!((1..1024).contains(&sent), "{sent}");
    // The holder does nothing any more, and all that it has sent arrives.
    for id in 1..=sent {
        assert_eq!(owner.receive(port).header.id, i32::try_from(id).unwrap());
    }
    assert!(owner.try_receive(port).is_none());
    holder.send(long(9));
    assert_eq!(owner.receive(port).header.id, 9);
}

#[test]
fn answers_never_wait_for_who_asked_and_does_not_read() {
    const QUESTIONS: i32 = 200;
    let (owner, holder) = (Machine::new(), Machine::new());
    let port = owner.port();
    let right = owner.give(port, &holder);
    owner.call(|kernel, space| kernel.set_limit(space, port, 1024)).unwrap();
    for _ in 0..20 {
        owner.look();
        holder.look();
    }
    let reply = holder.port();
    for id in 1..=QUESTIONS {
        owner.until(|owner| {
            owner.look();
            holder.try_send(asking(id, right, reply), WhenFull::GiveBack).ok()
        });
    }
    let asked: Vec<_> = (1..=QUESTIONS).map(|_| owner.receive(port)).collect();
    // Far more than a ring takes, and nobody takes any.
    for question in asked {
        let to = (question.reply.0, MoveSendOnce);
        owner.send(Letter { body: vec![7; 3000], ..letter(question.header.id, to) });
    }
    for id in 1..=QUESTIONS {
        let answer = holder.until(|holder| {
            owner.look();
            holder.try_receive(reply)
        });
        assert_eq!(answer.header.id, id);
    }
}

#[test]
fn messages_longer_than_the_ring_leave_one_after_the_other_as_the_owner_reads() {
    let (owner, port, holder, right) = pair();
    let long = |id: i32| {
        let mut long = letter(id, (right, CopySend));
        long.body = vec![id.to_ne_bytes()[0]; 16 << 10];
        long
    };
    let mut received = 0;
    for id in 0..40 {
        holder.until(|holder| {
            holder.try_send(long(id), WhenFull::GiveBack).ok().or_else(|| {
                owner.look();
                assert_eq!(owner.try_receive(port)?.header.id, received);
                received += 1;
                None
            })
        });
    }
    for id in received..40 {
        owner.until(|owner| {
            holder.look();
            owner.try_receive(port).inspect(|last| assert_eq!(last.header.id, id))
        });
    }
}

#[test]
fn a_higher_limit_reaches_those_who_send() {
    let (owner, port, holder, right) = pair();
    owner.call(|kernel, space| kernel.set_limit(space, port, 50)).unwrap();
    for id in 0..50 {
        holder.until(|holder| holder.try_send(letter(id, (right, CopySend)), WhenFull::GiveBack).ok());
    }
    let refused = holder.try_send(letter(50, (right, CopySend)), WhenFull::GiveBack).unwrap_err();
    assert_eq!(refused.0, SendError::TimedOut);
}

#[test]
fn one_message_is_cached_beyond_the_limit_and_its_sender_told_when_it_goes() {
    let (owner, port, holder, right) = pair();
    let told = holder.port();
    for id in 0..5 {
        holder.send(letter(id, (right, CopySend)));
    }
    let cached = holder.try_send(letter(5, (right, CopySend)), WhenFull::Cache(told)).unwrap();
    assert!(matches!(cached, Sent::WillNotify));
    let again = holder.try_send(letter(6, (right, CopySend)), WhenFull::Cache(told)).unwrap_err();
    assert_eq!(again.0, SendError::NotifyInProgress);
    (0..5).for_each(|id| assert_eq!(owner.receive(port).header.id, id));
    let notice = holder.receive(told);
    assert_eq!((notice.header.id, notice.header.sender), (66, Sender::Kernel));
    assert_eq!(owner.receive(port).header.id, 5);
}

#[test]
fn an_answer_comes_by_the_send_once_right_and_no_descriptor() {
    let (owner, port, holder, right) = pair();
    let reply = holder.port();
    for id in 0..50 {
        holder.until(|holder| holder.try_send(asking(id, right, reply), WhenFull::GiveBack).ok());
        let asked = owner.receive(port);
        assert_eq!(asked.reply.1, Some(MoveSendOnce));
        owner.send(letter(id + 100, (asked.reply.0, MoveSendOnce)));
        assert_eq!(holder.receive(reply).header.id, id + 100);
    }
    assert_eq!((owner.counts().1, holder.counts().1), (1, 1));
    assert_eq!((owner.counts().0, holder.counts().0), (1, 2));
}

#[test]
fn a_send_once_right_that_is_destroyed_is_told_by_the_kernel_once() {
    let (owner, port, holder, right) = pair();
    let reply = holder.port();
    holder.send(asking(1, right, reply));
    let asked = owner.receive(port);
    owner.deallocate(asked.reply.0);
    let notice = holder.receive(reply);
    assert_eq!((notice.header.id, notice.header.sender), (Notification::SEND_ONCE_ID, Sender::Kernel));
    holder.look();
    assert!(holder.try_receive(reply).is_none());
}

#[test]
fn an_owner_that_ends_leaves_dead_names_and_a_notification_for_each_open_answer() {
    let (owner, port, holder, right) = pair();
    let reply = holder.port();
    holder.send(asking(1, right, reply));
    holder.send(asking(2, right, reply));
    owner.receive(port);
    drop(owner);
    for _ in 0..2 {
        assert_eq!(holder.receive(reply).header.id, Notification::SEND_ONCE_ID);
    }
    holder.until_dead(right);
    let refused = holder.try_send(letter(1, (right, CopySend)), WhenFull::GiveBack).unwrap_err();
    assert_eq!(refused.0, SendError::InvalidDestination);
    assert_eq!(holder.counts(), (1, 0));
}

#[test]
fn a_holder_that_ends_leaves_its_messages_and_the_rights_to_answer_die() {
    let (owner, port, holder, right) = pair();
    let reply = holder.port();
    holder.send(asking(1, right, reply));
    drop(holder);
    let asked = owner.receive(port);
    assert_eq!(asked.header.id, 1);
    owner.until_send_rights(port, 0);
    owner.until(|owner| {
        let name = asked.reply.0;
        (!name.is_valid() || owner.type_of(name).has(Right::DeadName)).then_some(())
    });
    assert_eq!(owner.counts(), (1, 0));
}

#[test]
fn a_port_that_dies_is_a_dead_name_elsewhere_though_answers_are_open() {
    let (owner, port, holder, right) = pair();
    let reply = holder.port();
    holder.send(asking(1, right, reply));
    let asked = owner.receive(port);
    owner.call(|kernel, space| kernel.destroy(space, port)).unwrap();
    holder.until_dead(right);
    owner.send(letter(2, (asked.reply.0, MoveSendOnce)));
    assert_eq!(holder.receive(reply).header.id, 2);
    owner.until(|owner| (owner.counts() == (0, 0)).then_some(()));
    holder.until(|holder| (holder.counts() == (1, 0)).then_some(()));
}

#[test]
fn a_message_to_a_port_that_has_died_meanwhile_is_destroyed_with_its_rights() {
    let (owner, port, holder, right) = pair();
    let reply = holder.port();
    owner.call(|kernel, space| kernel.destroy(space, port)).unwrap();
    // Not looked yet: the holder does not know.
    let options = crate::kernel::messages::SendOptions::default();
    let sent = holder.call(|kernel, space| kernel.send(space, asking(1, right, reply), &options));
    if let Ok(Sent::Away(route, outgoing)) = sent {
        let _ = holder.carrier.send(&holder.kernel, route, outgoing, |_| ());
    }
    assert_eq!(holder.receive(reply).header.id, Notification::SEND_ONCE_ID);
    holder.until_dead(right);
}

#[test]
fn a_right_that_is_given_back_ends_the_link_and_the_last_sender_is_told() {
    let (owner, port, holder, right) = pair();
    let told = owner.port();
    owner.call(|kernel, space| {
        let notify = kernel.copy_in(space, told, MakeSendOnce).unwrap();
        kernel.request_notification(space, port, crate::kernel::calls::Notice::NoSenders, 1, notify).unwrap()
    });
    holder.send(letter(1, (right, MoveSend)));
    assert_eq!(owner.receive(port).header.id, 1);
    assert_eq!(owner.receive(told).header.id, 70);
    owner.until(|owner| (owner.counts() == (2, 0)).then_some(()));
    holder.until(|holder| (holder.counts() == (0, 0)).then_some(()));
}

#[test]
fn a_link_stays_for_answers_after_its_right_was_given_back() {
    let (owner, port, holder, right) = pair();
    let reply = holder.port();
    holder.send(asking(1, right, reply));
    holder.deallocate(right);
    let asked = owner.receive(port);
    owner.until_send_rights(port, 0);
    owner.send(letter(2, (asked.reply.0, MoveSendOnce)));
    assert_eq!(holder.receive(reply).header.id, 2);
    owner.until(|owner| (owner.counts() == (1, 0)).then_some(()));
    holder.until(|holder| (holder.counts() == (1, 0)).then_some(()));
}

#[test]
fn bodies_memory_and_files_arrive_whole_however_large() {
    let (owner, port, holder, right) = pair();
    for bytes in [0, 1, 4000, 70_000, 3 << 20] {
        let content: Vec<u8> = (0..bytes).map(|at: u32| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
        let file = std::fs::File::open("/dev/null").unwrap();
        let mut sent = carrying(7, (right, CopySend), &[]);
        sent.body = content.clone();
        sent.items = vec![Item::File(file.into()), Item::Memory(Memory::Bytes(content.clone()))];
        owner.look();
        holder.send(sent);
        let received = owner.until(|owner| {
            holder.look();
            owner.try_receive(port)
        });
        assert_eq!(received.body, content);
        let [Item::File(_), Item::Memory(memory)] = &received.items[..] else {
            panic!("{:?}", received.items)
        };
        assert_eq!(memory.to_vec(), content);
        let is_block = matches!(memory, Memory::Block(_));
        assert_eq!(is_block, bytes >= 16 << 10, "{bytes} bytes");
    }
}
