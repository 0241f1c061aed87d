// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sets of Mach's ports, with a wait on their descriptor; and child tasks, which are given a right and end.

use cabotage_link::Ready;
use cabotage_mach::{Notification, Outgoing, PortSet, ReceiveRight, Spawn};
use cabotage_os::poll::{self, Readiness};

use super::Answer;
use super::ledger::shortly;
use super::rights::{both, in_place, in_time, next_of};
use crate::rights::look;
use crate::scratch::Scratch;
use crate::watchdog::soon;

pub(super) fn a_set_of_ports_is_waited_for(place: &Scratch) -> Answer {
    in_place(place, || {
        let (port, right) = both(place)?;
        let near = ReceiveRight::new()?;
        let set = PortSet::new()?;
        set.insert(&port)?;
        set.insert(&near)?;
        let to_near = near.make_send()?;
        for number in 0..3 {
            let is_armed = set.ready()? == Ready::Armed;
            to_near.send_within(Outgoing::new(1_000 + number), in_time())?;
            if is_armed {
                let [found] = poll::wait([(set.descriptor()?, Readiness::IN)], soon())?;
                assert!(!found.is_empty(), "a message was sent, and nobody rang");
            }
            let message = set.receive_within(shortly())?;
            assert_eq!((message.id(), message.port()), (1_000 + number, near.name()), "lost or doubled");
            right.send_within(Outgoing::new(2_000 + number), in_time())?;
            let message = match set.receive_within(shortly()) {
                Ok(message) => message,
                Err(_) => next_of(&port, &right)?,
            };
            assert_eq!((message.id(), message.port()), (2_000 + number, port.name()), "lost or doubled");
        }
        set.extract(&near)?;
        assert_eq!(set.members()?, [port.name()]);
        Ok(())
    })
}

pub(super) fn a_child_task_is_given_a_right_and_ends(place: &Scratch) -> Answer {
    in_place(place, || {
        let port = ReceiveRight::new()?;
        let mut child = Spawn::new("true").give("port", port.make_send()?).with_task_port().spawn()?;
        let ended = child.wait(soon())?.ok_or("it still runs")?;
        assert!(ended.success() && child.task_port(shortly())?.is_none());
        drop(child);
        (0..16).for_each(|_| look());
        port.notify_when_unused(0, port.make_send_once()?)?;
        match port.receive_within(shortly())?.into_notification() {
            Ok(Notification::NoSenders { .. }) => Ok(()),
            other => panic!("of one that has ended comes {other:?}"),
        }
    })
}
