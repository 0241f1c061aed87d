// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a forked child has of its parent's tasks: nothing.

use std::time::Duration;

use cabotage_mach::{
    Deadline, KernError, PollError, ReceiveError, ReceiveRight, RequestError, SendError, Task,
};
use cabotage_os::fork;

const SOON: Duration = Duration::from_secs(60);

/// Whether `check` holds in a forked child.
fn holds_in_a_child(check: impl FnOnce() -> bool) -> bool {
    fork::child_answers(check, Deadline::within(SOON)).unwrap()
}

#[test]
fn each_call_on_a_right_of_the_parent_says_that_it_stayed_there() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    let answers = holds_in_a_child(|| {
        let is_forked = [
            port.make_send().err() == Some(KernError::Forked),
            port.try_receive().err() == Some(ReceiveError::Forked),
            port.ready() == Err(PollError::Receive(ReceiveError::Forked)),
            send.copy().err() == Some(KernError::Forked),
            send.send("x")
                .is_err_and(|unsent| unsent.error() == SendError::Forked && unsent.into_message().is_some()),
            matches!(send.request("x"), Err(RequestError::NoReplyPort(KernError::Forked))),
        ];
        is_forked == [true; 6]
    });
    assert!(answers);
}

#[test]
fn a_child_is_a_task_of_its_own_and_so_is_its_child() {
    let parents = ReceiveRight::new().unwrap();
    let works = move || {
        let port = ReceiveRight::new().unwrap();
        let send = port.make_send().unwrap();
        send.send("in the child").unwrap();
        let token = port.receive().unwrap().audit_token().unwrap();
        port.names() != parents.names() && token.pid() == std::process::id()
    };
    assert!(holds_in_a_child(|| works() && holds_in_a_child(&works)));
}

#[test]
fn what_a_child_drops_stays_with_the_parent() {
    let port = ReceiveRight::new().unwrap();
    let send = port.make_send().unwrap();
    port.ready().unwrap();
    let (to_port, to_send) = (&port, &send);
    let mut rights = Some((port_twin(to_port), to_send.copy().unwrap(), Task::create().unwrap()));
    assert!(holds_in_a_child(|| {
        drop(rights.take());
        true
    }));
    send.send("still here").unwrap();
    assert_eq!(port.receive().unwrap().text(), Ok("still here"));
}

/// Another port, to be dropped.
fn port_twin(port: &ReceiveRight) -> ReceiveRight {
    let twin = ReceiveRight::new().unwrap();
    assert_ne!(twin.name(), port.name());
    twin
}
