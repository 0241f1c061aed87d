// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads that wait, for messages and for room: none sleeps while there is what it waits for.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cabotage_mach::{Deadline, Message, PortSet, ReceiveError, ReceiveRight, SendError, Task};

/// Long enough that only a lost wake-up ends by it.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_receiver_sleeps_until_a_message_comes() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| port.receive_within(SOON).unwrap().into_body());
        send.send("come").unwrap();
        assert_eq!(receiver.join().unwrap(), b"come");
    });
}

#[test]
fn a_wait_for_a_message_ends_at_its_deadline() {
    let port = ReceiveRight::new().unwrap();
    assert_eq!(port.try_receive().unwrap_err(), ReceiveError::TimedOut);
    let at = Instant::now() + Duration::from_millis(5);
    assert_eq!(port.receive_within(at).unwrap_err(), ReceiveError::TimedOut);
    assert!(Instant::now() >= at);
}

#[test]
fn a_wait_for_room_ends_at_its_deadline_with_the_message() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    while send.try_send("filling").is_ok() {}
    let at = Instant::now() + Duration::from_millis(5);
    let unsent = send.send_within("one more", at).unwrap_err();
    assert_eq!(unsent.error(), SendError::TimedOut);
    assert!(unsent.into_message().is_some() && Instant::now() >= at);
    for _ in 0..5 {
        assert_eq!(port.try_receive().unwrap().text(), Ok("filling"));
    }
    assert!(port.try_receive().is_err(), "what was given back is not in the queue");
}

#[test]
fn a_sender_sleeps_until_there_is_room_and_its_messages_keep_their_order() {
    const MESSAGES: u32 = 2_000;
    let port = ReceiveRight::new().unwrap();
    let senders: Vec<_> = (0..4).map(|_| port.make_send().unwrap()).collect();
    thread::scope(|scope| {
        for (number, send) in senders.into_iter().enumerate() {
            scope.spawn(move || {
                for count in 0..MESSAGES {
                    send.send_within(format!("{number} {count}"), SOON).unwrap();
                }
            });
        }
        let mut next = BTreeMap::new();
        for _ in 0..4 * MESSAGES {
            let message = port.receive_within(SOON).unwrap();
            let (sender, count) = message.text().unwrap().split_once(' ').unwrap();
            let next: &mut u32 = next.entry(sender.to_owned()).or_default();
            assert_eq!(count.parse(), Ok(*next), "of sender {sender}");
            *next += 1;
        }
    });
    assert!(port.try_receive().is_err(), "none came twice");
}

#[test]
fn of_many_threads_that_receive_each_message_goes_to_one() {
    const MESSAGES: usize = 4_000;
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    let (done, received) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..4 {
            let (port, done) = (&port, done.clone());
            scope.spawn(move || {
                loop {
                    let message = port.receive_within(SOON).unwrap();
                    if message.text() == Ok("go home") {
                        return;
                    }
                    done.send(message.text().unwrap().parse::<usize>().unwrap()).unwrap();
                }
            });
        }
        for number in 0..MESSAGES {
            send.send_within(number.to_string(), SOON).unwrap();
        }
        for _ in 0..4 {
            send.send_within("go home", SOON).unwrap();
        }
    });
    drop(done);
    let mut numbers: Vec<_> = received.iter().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..MESSAGES).collect::<Vec<_>>());
}

#[test]
fn threads_at_a_port_and_at_its_sets_take_what_comes_together() {
    const MESSAGES: usize = 3_000;
    let port = ReceiveRight::new().unwrap();
    let sets = [PortSet::new().unwrap(), PortSet::new().unwrap()];
    sets.iter().for_each(|set| set.insert(&port).unwrap());
    let send = port.make_send().unwrap();
    let count = thread::scope(|scope| {
        let at_port = scope.spawn(|| count_until_told(|| port.receive_within(SOON)));
        let at_sets =
            sets.each_ref().map(|set| scope.spawn(move || count_until_told(|| set.receive_within(SOON))));
        for _ in 0..MESSAGES {
            send.send_within("work", SOON).unwrap();
        }
        for _ in 0..3 {
            send.send_within("go home", SOON).unwrap();
        }
        at_port.join().unwrap() + at_sets.map(|thread| thread.join().unwrap()).iter().sum::<usize>()
    });
    assert_eq!(count, MESSAGES);
}

fn count_until_told(receive: impl Fn() -> Result<Message, ReceiveError>) -> usize {
    (0..).take_while(|_| receive().unwrap().text() != Ok("go home")).count()
}

#[test]
fn a_thread_that_waits_at_a_port_whose_task_ends_is_told() {
    let task = Task::create().unwrap();
    let port = task.allocate().unwrap();
    let send = port.make_send().unwrap().move_to(Task::current().unwrap()).unwrap();
    let (here, is_here) = mpsc::channel();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            assert_eq!(port.receive_within(SOON).unwrap().text(), Ok("are you there?"));
            here.send(()).unwrap();
            port.receive_within(SOON).unwrap_err()
        });
        send.send("are you there?").unwrap();
        is_here.recv().unwrap();
        drop(task);
        let told = receiver.join().unwrap();
        // It may have looked before it slept, or have been woken.
        assert!(matches!(told, ReceiveError::PortChanged | ReceiveError::InvalidName), "{told:?}");
    });
}

#[test]
fn a_sender_that_waits_at_a_port_that_dies_has_sent() {
    let port = ReceiveRight::new().unwrap();
    let stranger = Task::create().unwrap();
    let send = port.make_send().unwrap().move_to(&stranger).unwrap();
    while send.try_send("filling").is_ok() {}
    thread::scope(|scope| {
        let sender = scope.spawn(|| send.send_within("one more", SOON));
        // Until the message waits at the port, or the port has died: both answer as Mach has it.
        thread::yield_now();
        drop(port);
        match sender.join().unwrap() {
            Ok(()) => {}
            Err(unsent) => assert_eq!(unsent.error(), SendError::InvalidDestination),
        }
    });
}

#[test]
fn messages_come_one_by_one_until_the_port_is_gone() {
    let task = Task::create().unwrap();
    let port = task.allocate().unwrap();
    let send = port.make_send().unwrap();
    send.send("one").unwrap();
    send.send("two").unwrap();
    let mut messages = port.messages();
    assert_eq!(messages.next().unwrap().unwrap().text(), Ok("one"));
    assert_eq!(messages.next().unwrap().unwrap().text(), Ok("two"));
    drop(task);
    assert_eq!(messages.next().unwrap().unwrap_err(), ReceiveError::InvalidName);
    assert!(messages.next().is_none());
}

#[test]
fn a_deadline_of_never_is_for_those_who_know() {
    let port = ReceiveRight::new().unwrap();
    port.make_send().unwrap().send("here already").unwrap();
    assert_eq!(port.receive_within(Deadline::Never).unwrap().text(), Ok("here already"));
}

#[test]
fn a_longer_queue_lets_those_in_who_wait() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    while send.try_send("filling").is_ok() {}
    thread::scope(|scope| {
        let sender = scope.spawn(|| send.send_within("one more", SOON));
        port.set_queue_limit(6).unwrap();
        sender.join().unwrap().unwrap();
    });
    assert_eq!(port.status().unwrap().queued, 6);
    assert!(port.set_queue_limit(1_025).is_err());
    assert_eq!(port.status().unwrap().queue_limit, 6);
}
