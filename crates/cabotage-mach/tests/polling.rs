// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports and sets in an epoll loop: the descriptor is readable when there may be a message, and no thread that waits
//! meanwhile is forgotten for it.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::thread;
use std::time::Duration;

use cabotage_mach::{Deadline, PollError, PortSet, Ready, ReceiveError, ReceiveRight, Task};
use cabotage_os::poll::{self, Readiness};

const SOON: Duration = Duration::from_secs(60);

fn is_readable(descriptor: BorrowedFd<'_>, deadline: Deadline) -> bool {
    let [seen] = poll::wait([(descriptor, Readiness::IN)], deadline).unwrap();
    seen.contains(Readiness::IN)
}

#[test]
fn a_descriptor_becomes_readable_with_the_first_message_after_it_was_armed() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    assert_eq!(port.ready(), Ok(Ready::Armed));
    assert!(!is_readable(port.descriptor().unwrap(), Deadline::Now));
    send.send("one").unwrap();
    assert!(is_readable(port.descriptor().unwrap(), Deadline::Now));
    assert_eq!(port.ready(), Ok(Ready::Ready));
    port.receive().unwrap();
    assert_eq!(port.ready(), Ok(Ready::Armed));
    assert!(!is_readable(port.descriptor().unwrap(), Deadline::Now));
}

#[test]
fn the_descriptor_is_the_same_for_as_long_as_the_right() {
    let port = ReceiveRight::new().unwrap();
    let first = port.descriptor().unwrap().as_raw_fd();
    port.make_send().unwrap().send("one").unwrap();
    assert_eq!(port.ready(), Ok(Ready::Ready));
    assert_eq!(port.descriptor().unwrap().as_raw_fd(), first);
}

#[test]
fn a_set_is_polled_for_all_its_ports() {
    let ports: Vec<_> = (0..3).map(|_| ReceiveRight::new().unwrap()).collect();
    let set = PortSet::new().unwrap();
    ports.iter().for_each(|port| set.insert(port).unwrap());
    for port in &ports {
        assert_eq!(set.ready(), Ok(Ready::Armed));
        port.make_send().unwrap().send("x").unwrap();
        assert!(is_readable(set.descriptor().unwrap(), Deadline::Now));
        assert_eq!(set.ready(), Ok(Ready::Ready));
        assert_eq!(set.receive().unwrap().port(), port.name());
    }
}

#[test]
fn messages_sent_in_every_gap_are_all_received_by_a_poll_loop() {
    const MESSAGES: usize = 5_000;
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..MESSAGES {
                send.send_within(number.to_string(), SOON).unwrap();
            }
        });
        for expected in 0..MESSAGES {
            while port.ready().unwrap() == Ready::Armed {
                assert!(is_readable(port.descriptor().unwrap(), SOON.into()), "a message was not told");
            }
            assert_eq!(port.try_receive().unwrap().text(), Ok(&*expected.to_string()));
        }
    });
}

#[test]
fn a_thread_that_waits_behind_a_bell_is_woken_all_the_same() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    thread::scope(|scope| {
        for _ in 0..200 {
            assert_eq!(port.ready(), Ok(Ready::Armed));
            let receiver = scope.spawn(|| port.receive_within(SOON).unwrap().into_body());
            send.send_within("for the thread", SOON).unwrap();
            assert_eq!(receiver.join().unwrap(), b"for the thread");
        }
    });
}

#[test]
fn the_descriptor_of_a_port_that_dies_becomes_readable() {
    let task = Task::create().unwrap();
    let port = task.allocate().unwrap();
    assert_eq!(port.ready(), Ok(Ready::Armed));
    drop(task);
    assert!(is_readable(port.descriptor().unwrap(), Deadline::Now));
    assert_eq!(port.ready(), Err(PollError::Receive(ReceiveError::InvalidName)));
}
