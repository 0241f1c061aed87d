// SPDX-License-Identifier: MIT OR Apache-2.0
//! Nothing is left behind, counted where nobody else counts: in a forked child, whose kernel is fresh.

use std::thread;
use std::time::Duration;

use cabotage_os::{Deadline, fork};

use super::{Host, Task};
use crate::{Carried, Notification, Outgoing, Ready, RequestError, WhenFull};

const SOON: Duration = Duration::from_secs(60);

/// Whether after `act`, which runs in a forked child, its kernel has neither tasks nor ports nor sets, and nobody waits.
fn leaves_nothing(act: impl FnOnce()) -> bool {
    let check = || {
        act();
        let host = Host::here().unwrap();
        let left = host.run(|kernel| (kernel.spaces.len(), kernel.ports.len(), kernel.sets.len()));
        (left, host.parking.len()) == ((0, 0, 0), 0)
    };
    fork::child_answers(check, Deadline::within(SOON)).unwrap()
}

#[test]
fn a_thousand_tasks_that_send_each_other_rights_leave_nothing() {
    assert!(leaves_nothing(|| {
        let tasks: Vec<_> = (0..1_000).map(|_| Task::create().unwrap()).collect();
        let ports: Vec<_> = tasks.iter().map(|task| task.allocate().unwrap()).collect();
        for (at, port) in ports.iter().enumerate() {
            let next = &tasks[(at + 1) % tasks.len()];
            let send = port.make_send().unwrap().move_to(next).unwrap();
            let its_port = next.allocate().unwrap();
            send.notify_when_dead(its_port.make_send_once().unwrap()).unwrap();
            send.send(Outgoing::new(0).with(its_port)).unwrap();
            send.into_raw(); // forgotten: the task's end is to give it back
        }
        let set = tasks[0].allocate_set().unwrap();
        set.insert(&ports[0]).unwrap();
        assert_eq!(set.ready(), Ok(Ready::Ready));
        drop(tasks);
    }));
}

#[test]
fn every_way_a_message_ends_leaves_nothing() {
    assert!(leaves_nothing(|| {
        let (server, client) = (Task::create().unwrap(), Task::create().unwrap());
        let port = server.allocate().unwrap();
        let send = port.make_send().unwrap().move_to(&client).unwrap();
        let news = client.allocate().unwrap();
        let full = |at: u8| Outgoing::new(1).body([at]).with(news.make_send().unwrap());

        assert!(matches!(
            send.request_within("nobody", Duration::from_millis(1)),
            Err(RequestError::TimedOut)
        ));
        while send.try_send(full(0)).is_ok() {}
        send.send_when_full(full(1), WhenFull::Cache(&news)).unwrap();
        drop(send.send_when_full(full(2), WhenFull::Notify));
        send.send_within(full(3), Duration::from_millis(1)).unwrap_err();
        assert_eq!(port.ready(), Ok(Ready::Ready));
        let first = port.receive().unwrap();
        first.into_notification().unwrap_err();
        thread::scope(|scope| {
            scope.spawn(|| send.send_within(full(4), SOON));
            let mut taken = port.receive_within(SOON).unwrap().take_carried();
            assert!(matches!(taken.pop(), Some(Carried::Right(_))));
            drop(port);
        });
        // The cached message went with the port.
        assert_eq!(news.try_receive().unwrap().into_notification().unwrap(), Notification::SendOnce);
        news.try_receive().unwrap_err();
    }));
}

#[test]
fn a_bell_that_is_armed_goes_with_its_right() {
    assert!(leaves_nothing(|| {
        let task = Task::create().unwrap();
        let (port, set) = (task.allocate().unwrap(), task.allocate_set().unwrap());
        set.insert(&port).unwrap();
        assert_eq!((port.ready(), set.ready()), (Ok(Ready::Armed), Ok(Ready::Armed)));
        port.make_send().unwrap().send("x").unwrap();
        assert_eq!((port.ready(), set.ready()), (Ok(Ready::Ready), Ok(Ready::Ready)));
        port.receive().unwrap();
        assert_eq!((port.ready(), set.ready()), (Ok(Ready::Armed), Ok(Ready::Armed)));
        drop((set, port.into_raw()));
    }));
}
