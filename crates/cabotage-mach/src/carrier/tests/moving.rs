// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receive rights that move to another machine, with their queue, while others send.

use cabotage_os::sealed::Region;

use super::machine::{Machine, asking, brought, carrying, letter};
use crate::Disposition::{CopySend, MakeSend, MakeSendOnce, MoveReceive, MoveSendOnce};
use crate::kernel::Ticket;
use crate::kernel::calls::Notice;
use crate::kernel::message::{Item, Letter, Memory};
use crate::kernel::messages::{GaveUp, SendOptions, Sent, WhenFull};
use crate::{Name, Right};

/// An owner of a port, a holder of a right to it, and the port's next owner, to whom the first can send.
pub(super) struct Move {
    pub(super) old: Machine,
    pub(super) port: Name,
    pub(super) holder: Machine,
    pub(super) right: Name,
    pub(super) new: Machine,
    pub(super) door: Name,
    pub(super) to_new: Name,
}

impl Move {
    pub(super) fn new() -> Self {
        let (old, holder, new) = (Machine::new(), Machine::new(), Machine::new());
        let (port, door) = (old.port(), new.port());
        let (right, to_new) = (old.give(port, &holder), new.give(door, &old));
        let all = Self { old, port, holder, right, new, door, to_new };
        all.settle();
        all
    }

    pub(super) fn look(&self) {
        self.old.look();
        self.holder.look();
        self.new.look();
    }

    /// Lets everybody do what is to be done.
    pub(super) fn settle(&self) {
        for _ in 0..50 {
            self.look();
        }
    }

    /// Sends the receive right; the ticket of the thread that waits.
    pub(super) fn set_out(&self) -> Ticket {
        let letter = carrying(9, (self.to_new, CopySend), &[(self.port, MoveReceive)]);
        send_waiting(&self.old, letter)
    }

    /// The name of the port at its new owner.
    pub(super) fn arrive(&self) -> Name {
        let received = self.new.until(|new| {
            self.old.look();
            self.holder.look();
            new.try_receive(self.door)
        });
        assert_eq!(received.header.id, 9);
        let name = brought(&received)[0];
        assert!(self.new.type_of(name).has(Right::Receive));
        name
    }

    pub(super) fn receive(&self, port: Name) -> i32 {
        let received = self.new.until(|new| {
            self.old.look();
            self.holder.look();
            new.try_receive(port)
        });
        received.header.id
    }
}

/// Sends a message that has to wait; the ticket of the thread that does.
pub(super) fn send_waiting(sender: &Machine, letter: Letter) -> Ticket {
    let options = SendOptions { wait: true, ..SendOptions::default() };
    match sender.call(|kernel, space| kernel.send(space, letter, &options)) {
        Ok(Sent::Away(route, outgoing)) => {
            let (sent, woken) = sender.carrier.send(&sender.kernel, route, outgoing, |_| ());
            sender.woken.lock().unwrap().extend(woken);
            match sent {
                Ok(Sent::Waits(ticket)) => ticket,
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_receive_right_goes_with_its_queue_and_its_senders_follow() {
    let all = Move::new();
    for id in 1..=3 {
        all.holder.send(letter(id, (all.right, CopySend)));
    }
    all.old.until(|old| (old.queued_messages(all.port) == 3).then_some(()));
    let ticket = all.set_out();
    let port = all.arrive();
    assert!(all.old.woken.lock().unwrap().contains(&ticket));
    assert_eq!([1, 2, 3].map(|_| all.receive(port)), [1, 2, 3]);
    all.settle();
    for id in 4..=6 {
        all.holder.send(letter(id, (all.right, CopySend)));
    }
    assert_eq!([4, 5, 6].map(|_| all.receive(port)), [4, 5, 6]);
    all.settle();
    assert_eq!(all.new.send_rights(port), 1);
    drop(all.old);
    all.holder.look();
    all.holder.send(letter(7, (all.right, CopySend)));
    all.new.until(|new| {
        all.holder.look();
        new.try_receive(port)
    });
    drop(all.holder);
    all.new.until_send_rights(port, 0);
}

#[test]
fn memory_in_the_queue_goes_along_and_outlives_its_sender_and_the_old_owner() {
    let all = Move::new();
    let sealed = Region::create("test", 300).unwrap().seal().unwrap();
    let memory = [Memory::Bytes(vec![1; 100_000]), Memory::Sealed(sealed), Memory::Bytes(vec![2; 3])];
    let mut laden = letter(1, (all.right, CopySend));
    laden.items = memory.into_iter().map(Item::Memory).collect();
    all.holder.send(laden);
    all.old.until(|old| (old.queued_messages(all.port) == 1).then_some(()));
    all.set_out();
    let port = all.arrive();
    drop((all.holder, all.old));
    let received = all.new.receive(port);
    let [Item::Memory(long), Item::Memory(sealed), Item::Memory(short)] = &received.items[..] else {
        panic!("{:?}", received.items)
    };
    assert!(matches!(sealed, Memory::Sealed(_)));
    assert_eq!(
        (long.to_vec(), sealed.to_vec(), short.to_vec()),
        (vec![1; 100_000], vec![0; 300], vec![2; 3])
    );
}

#[test]
fn a_sender_that_goes_on_while_the_port_moves_loses_nothing() {
    for before in 0..40 {
        let all = Move::new();
        let mut sent = 0;
        let send = |sent: &mut i32| {
            if all.holder.try_send(letter(*sent + 1, (all.right, CopySend)), WhenFull::GiveBack).is_ok() {
                *sent += 1;
            }
        };
        send(&mut sent);
        all.set_out();
        // Each party takes a turn at another place of the move.
        for turn in 0..60 {
            match (turn + before) % 4 {
                0 => all.old.look(),
                1 => all.new.look(),
                2 if turn % 3 == before % 3 => all.holder.look(),
                _ => send(&mut sent),
            }
        }
        let port = all.arrive();
        let mut received = Vec::new();
        while received.len() < usize::try_from(sent).unwrap() {
            received.push(all.receive(port));
        }
        assert_eq!(received, (1..=sent).collect::<Vec<_>>());
    }
}

#[test]
fn a_question_in_the_queue_is_answered_by_the_new_owner() {
    let all = Move::new();
    let reply = all.holder.port();
    all.holder.send(asking(1, all.right, reply));
    all.old.until(|old| (old.queued_messages(all.port) == 1).then_some(()));
    all.set_out();
    let port = all.arrive();
    let question = all.new.until(|new| {
        all.holder.look();
        new.try_receive(port)
    });
    all.new.send(letter(2, (question.reply.0, MoveSendOnce)));
    let answer = all.holder.until(|holder| {
        all.new.look();
        holder.try_receive(reply)
    });
    assert_eq!(answer.header.id, 2);
}

#[test]
fn a_question_that_was_received_before_is_answered_by_the_old_owner() {
    let all = Move::new();
    let reply = all.holder.port();
    all.holder.send(asking(1, all.right, reply));
    let question = all.old.receive(all.port);
    all.set_out();
    let port = all.arrive();
    all.settle();
    all.holder.send(letter(3, (all.right, CopySend)));
    assert_eq!(all.receive(port), 3);
    all.old.send(letter(2, (question.reply.0, MoveSendOnce)));
    assert_eq!(all.holder.receive(reply).header.id, 2);
}

#[test]
fn a_move_that_is_given_up_leaves_everything_as_it_was() {
    let all = Move::new();
    all.holder.send(letter(1, (all.right, CopySend)));
    let ticket = all.set_out();
    all.old.look();
    all.new.look();
    all.old.look();
    all.holder.look();
    let given_up = all.old.call(|kernel, _| kernel.give_up(ticket, GaveUp::TimedOut));
    let letter_back = given_up.unwrap_err().letter.unwrap();
    let Item::Port(port, _) = letter_back.items[0] else { panic!("no right") };
    all.settle();
    assert!(all.old.type_of(port).has(Right::Receive));
    assert_eq!(all.old.receive(port).header.id, 1);
    all.holder.send(letter(2, (all.right, CopySend)));
    assert_eq!(all.old.receive(port).header.id, 2);
}

#[test]
fn a_port_dies_with_the_one_to_whom_it_was_sent() {
    let all = Move::new();
    all.set_out();
    all.old.look();
    all.new.look();
    drop(all.new);
    all.holder.until(|holder| {
        all.old.look();
        holder.type_of(all.right).has(Right::DeadName).then_some(())
    });
}

#[test]
fn send_rights_that_the_old_owner_keeps_lead_to_the_new_one() {
    let all = Move::new();
    let own = all.port;
    all.old.call(|kernel, space| {
        let right = kernel.copy_in(space, own, MakeSend).unwrap();
        kernel.insert_right(space, own, right).unwrap();
    });
    all.set_out();
    let port = all.arrive();
    all.settle();
    all.old.send(letter(4, (own, CopySend)));
    assert_eq!(all.receive(port), 4);
    assert_eq!(all.new.send_rights(port), 2);
    all.old.deallocate(own);
    all.old.look();
    all.new.until_send_rights(port, 1);
}

#[test]
fn whoever_asked_to_be_told_of_no_senders_is_told_by_the_new_owner() {
    let all = Move::new();
    let told = all.old.port();
    all.old.call(|kernel, space| {
        let notify = kernel.copy_in(space, told, MakeSendOnce).unwrap();
        kernel.request_notification(space, all.port, Notice::NoSenders, 0, notify).unwrap()
    });
    all.set_out();
    let port = all.arrive();
    all.settle();
    drop(all.holder);
    all.new.until_send_rights(port, 0);
    let news = all.old.until(|old| {
        all.new.look();
        old.try_receive(told)
    });
    assert_eq!(news.header.id, 70);
}

#[test]
fn an_owner_receives_before_it_moves_its_port_and_counts_are_heard_in_their_order() {
    // What was taken is told with PAUSE to the holder, and with OFFER to whoever has sent over the same link: here the
    // new owner, who asks for the port and gets it in the answer.
    let all = Move::new();
    for id in 1..=4 {
        all.holder.send(letter(id, (all.right, CopySend)));
    }
    assert_eq!([1, 2].map(|_| all.old.receive(all.port).header.id), [1, 2]);
    let office = all.old.port();
    let to_office = all.old.give(office, &all.new);
    let reply = all.new.port();
    for id in 1..=3 {
        all.new.send(asking(id, to_office, reply));
    }
    let [_, _, asked] = [(); 3].map(|()| {
        all.new.look();
        all.old.receive(office)
    });
    let mut answer = carrying(9, (asked.reply.0, MoveSendOnce), &[(all.port, MoveReceive)]);
    answer.complex = true;
    send_waiting(&all.old, answer);
    let received = loop {
        let received = all.new.until(|new| {
            all.old.look();
            all.holder.look();
            new.try_receive(reply)
        });
        if received.header.id == 9 {
            break received;
        }
    };
    let port = brought(&received)[0];
    assert_eq!([3, 4].map(|_| all.receive(port)), [3, 4]);
    all.settle();
    for id in 5..=20 {
        all.new.until(|_| {
            all.look();
            let sent = all.holder.try_send(letter(id, (all.right, CopySend)), WhenFull::GiveBack);
            sent.is_ok().then_some(())
        });
        assert_eq!(all.receive(port), id);
    }
    // The link by which it came goes on, too.
    all.new.send(asking(4, to_office, reply));
    assert_eq!(all.old.receive(office).header.id, 4);
}

#[test]
fn a_question_of_which_the_old_owner_heard_nothing_is_asked_once_though_that_dies() {
    let all = Move::new();
    let reply = all.holder.port();
    all.set_out();
    // The holder is paused and does not know; its question comes after the last look of the old owner.
    let received = all.new.until(|new| {
        all.old.look();
        new.try_receive(all.door)
    });
    let port = brought(&received)[0];
    let sent = all
        .holder
        .call(|kernel, space| kernel.send(space, asking(1, all.right, reply), &SendOptions::default()));
    let Ok(Sent::Away(route, outgoing)) = sent else { panic!("{sent:?}") };
    let (sent, _) = all.holder.carrier.send(&all.holder.kernel, route, outgoing, |_| ());
    let Move { old, holder, new, .. } = all;
    drop(old);
    assert!(matches!(sent, Ok(Sent::Queued)), "{sent:?}");
    let question = new.until(|new| {
        holder.look();
        new.try_receive(port)
    });
    new.send(letter(2, (question.reply.0, MoveSendOnce)));
    assert_eq!(holder.receive(reply).header.id, 2);
    for _ in 0..50 {
        holder.look();
        new.look();
    }
    assert!(holder.try_receive(reply).is_none(), "nobody tells that the answer is lost");
    assert!(new.try_receive(port).is_none());
}
