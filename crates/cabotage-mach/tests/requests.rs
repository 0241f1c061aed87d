// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests: sent, answered and received in one call.

use std::thread;
use std::time::{Duration, Instant};

use cabotage_mach::{Outgoing, ReceiveRight, RequestError, SendError, Task};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_request_gets_its_answer_and_the_reply_port_serves_the_next_one() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..100 {
                let mut question = port.receive_within(SOON).unwrap();
                let answer = question.text().unwrap().to_uppercase();
                question.reply(answer).unwrap();
            }
        });
        let mut reply_port = None;
        for number in 0..100 {
            let answer = send.request_within(format!("question {number}"), SOON).unwrap();
            assert_eq!(answer.text(), Ok(&*format!("QUESTION {number}")));
            assert_eq!(*reply_port.get_or_insert(answer.port()), answer.port());
        }
    });
}

#[test]
fn a_request_that_is_dropped_has_no_answer() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| drop(port.receive_within(SOON).unwrap()));
        assert!(matches!(send.request_within("anybody?", SOON), Err(RequestError::NoAnswer)));
    });
}

#[test]
fn a_request_in_the_queue_of_a_port_that_dies_has_no_answer() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            while matches!(port.ready().unwrap(), cabotage_mach::Ready::Armed) {
                thread::yield_now();
            }
            drop(port);
        });
        assert!(matches!(send.request_within("anybody?", SOON), Err(RequestError::NoAnswer)));
    });
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_one() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    let soon = Instant::now() + Duration::from_millis(2);
    assert!(matches!(send.request_within("first", soon), Err(RequestError::TimedOut)));
    let mut first = port.receive().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut second = port.receive_within(SOON).unwrap();
            assert!(first.reply("late").is_err(), "nobody waits for it");
            second.reply("in time").unwrap();
        });
        assert_eq!(send.request_within("second", SOON).unwrap().text(), Ok("in time"));
    });
}

#[test]
fn a_request_without_room_comes_back_and_leaves_no_right_behind() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    while send.try_send("filling").is_ok() {}
    let rights =
        || Task::current().unwrap().names().references(send.name(), cabotage_mach::Right::Send).unwrap();
    let before = rights();
    let Err(RequestError::NotSent(unsent)) = send.request_within(Outgoing::new(5), Duration::ZERO) else {
        panic!("there was no room")
    };
    assert_eq!((unsent.error(), rights()), (SendError::TimedOut, before));
    for _ in 0..5 {
        port.receive().unwrap();
    }
    send.send(unsent.into_message().expect("whole")).unwrap();
    assert_eq!(port.receive().unwrap().id(), 5);
}

#[test]
fn a_request_that_brings_its_own_right_to_answer_is_refused() {
    let port = ReceiveRight::new().unwrap();
    let message = Outgoing::new(0).reply_to(port.make_send_once().unwrap());
    let asked = port.make_send().unwrap().request_within(message, SOON);
    assert!(matches!(asked, Err(RequestError::HasReplyRight)));
}

#[test]
fn a_thread_asks_in_the_name_of_two_tasks() {
    let port = ReceiveRight::new().unwrap();
    let other = Task::create().unwrap();
    let sends = [port.make_send().unwrap(), port.make_send().unwrap().move_to(&other).unwrap()];
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..6 {
                port.receive_within(SOON).unwrap().reply("yes").unwrap();
            }
        });
        for send in sends.iter().cycle().take(6) {
            assert_eq!(send.request_within("yes?", SOON).unwrap().text(), Ok("yes"));
        }
    });
}
