// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ports of Mach found by their names, from the same process: over a link all the same. What is sent arrives or comes
//! back, each send-once right comes to one message, and no right, name or link stays behind.

use std::time::Duration;

use cabotage_mach::{
    AnyRight, Deadline, Message, Notification, Outgoing, ReceiveError, ReceiveRight, SendRight,
};

use super::Answer;
use super::ledger::shortly;
use crate::Wrong;
use crate::rights::{NAME, brought, check_in, look, look_up, prepare, sweep};
use crate::scratch::Scratch;
use crate::watchdog::soon;

/// Does it, and lets the library notice what has gone.
pub(super) fn in_place(place: &Scratch, act: impl FnOnce() -> Answer) -> Answer {
    let done = prepare().and_then(|()| act());
    (0..16).for_each(|_| look());
    sweep(place).or_else(|_| sweep(place)).expect("names that nobody living has");
    done
}

/// A port, and a right to it that came by its name.
pub(super) fn both(place: &Scratch) -> Result<(ReceiveRight, SendRight), Wrong> {
    let port = check_in(place, NAME)?;
    let right = look_up(place, NAME)?;
    Ok((port, right))
}

fn next(port: &ReceiveRight) -> Result<Message, Wrong> {
    Ok(port.receive_within(shortly())?)
}

/// Long enough for what both ends in this process do in one call, on a busy machine too.
pub(super) fn in_time() -> Deadline {
    Deadline::within(Duration::from_secs(2))
}

/// What was sent by this right and comes next: it comes, at once or when the library tries again, or the right is dead.
pub(super) fn next_of(port: &ReceiveRight, right: &SendRight) -> Result<Message, Wrong> {
    let patience = soon();
    loop {
        match port.receive_within(shortly()) {
            Err(ReceiveError::TimedOut) if !right.is_dead() => {
                assert!(!patience.has_passed(), "a message is lost, and the right by which it went lives");
            }
            came => return Ok(came?),
        }
    }
}

pub(super) fn a_port_of_mach_is_found_and_sent_to(place: &Scratch) -> Answer {
    in_place(place, || {
        let (port, right) = both(place)?;
        for number in 0..8_u8 {
            right.send_within(Outgoing::new(1_000).body([number; 100]), shortly())?;
            let message = next(&port)?;
            assert_eq!(message.body(), [number; 100], "lost or doubled");
        }
        drop(right);
        match port.receive_within(Deadline::Now) {
            Err(_) => Ok(()),
            Ok(message) => panic!("nobody sent {message:?}"),
        }
    })
}

pub(super) fn rights_in_messages_of_mach_come_to_one_end_each(place: &Scratch) -> Answer {
    in_place(place, || {
        let (port, right) = both(place)?;
        let own = ReceiveRight::new()?;
        let asked = Outgoing::new(1_000).with(own.make_send()?).reply_to(own.make_send_once()?);
        let sent = right.send_within(asked, shortly()).map_err(|unsent| unsent.error());
        if sent.is_ok() {
            let mut message = next(&port)?;
            let back = brought(&mut message).next().and_then(AnyRight::into_send);
            let answered = message.reply(Outgoing::new(1_001)).is_ok();
            let answer = next(&own)?;
            assert!(answered && answer.id() == 1_001 || answer.into_notification().is_ok());
            back.ok_or("the right did not come")?.send_within(Outgoing::new(1_002), shortly())?;
            assert_eq!(next(&own)?.id(), 1_002);
        } else {
            let news = next(&own)?.into_notification();
            assert!(matches!(news, Ok(Notification::SendOnce)), "{news:?}");
        }
        match own.receive_within(Deadline::Now) {
            Err(_) => Ok(sent?),
            Ok(message) => panic!("a second end of one right: {message:?}"),
        }
    })
}
