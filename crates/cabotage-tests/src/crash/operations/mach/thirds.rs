// SPDX-License-Identifier: MIT OR Apache-2.0
//! A right to answer that goes on to a third process, by which it gets a link of its own; the victim is who passes it
//! on.
//!
//! Whatever the point, the right comes to one message: the third's answer, or the news that there is none.

use cabotage_mach::{AnyRight, Deadline, Notification, Outgoing, ReceiveError, ReceiveRight, SendRight};

use super::other::{Other, right_in};
use crate::Wrong;
use crate::crash::stage::{Gate, Ground, Operation, Outcome, Stage, Survivor};
use crate::rights::{brought, look, prepare};
use crate::watchdog::soon;

pub(in crate::crash::operations) const OPERATIONS: &[Operation] =
    &[Operation { name: "mach.pass-once", set: |_| pass_once() }];

/// The numbers of the messages that bring a right, the question, and its answer.
const HELLO: i32 = 3_000;
const QUESTION: i32 = 3_001;
const ANSWER: i32 = 3_002;

/// The third: it answers whatever comes.
fn answer(owner: &SendRight) -> Result<(), Wrong> {
    let port = ReceiveRight::new()?;
    owner.send_within(Outgoing::new(HELLO).with(port.make_send()?), soon())?;
    loop {
        // One whose owner is gone has nobody to answer.
        let _ = port.receive_within(soon())?.reply(Outgoing::new(ANSWER));
    }
}

fn pass_once() -> Result<Stage, Wrong> {
    prepare()?;
    let own = ReceiveRight::new()?;
    // Its process starts before there is another end, which it would hold.
    let third = Other::start(own.make_send()?.to_end()?, answer)?;
    let to_third = right_in(own.receive_within(soon())?)?;
    let end = own.make_send()?.to_end()?;
    let victim = move |gate: &Gate<'_>| {
        let right = SendRight::from_end(end).expect("a right");
        let port = ReceiveRight::new().expect("a port");
        let to_port = port.make_send().expect("a right");
        right.send_within(Outgoing::new(HELLO).with(to_port), soon()).expect("room");
        let mut asked = port.receive_within(soon()).expect("a question");
        let third = brought(&mut asked).find_map(AnyRight::into_send).expect("a right to the third");
        let message = Outgoing::new(QUESTION).reply_to(asked.take_reply_right());
        gate.operation(|| gate.notes.doing(|| third.send_within(message, soon())).expect("room"));
    };
    let survivor = Owner { own, third, to_third: Some(to_third) };
    Ok(Stage { victim: Box::new(victim), survivor: Box::new(survivor) })
}

/// Who asks, and gives the right to be answered by.
struct Owner {
    own: ReceiveRight,
    third: Other,
    to_third: Option<SendRight>,
}

impl Survivor for Owner {
    fn prepare(&mut self, _ground: &Ground<'_>) -> Result<(), Wrong> {
        let victim = right_in(self.own.receive_within(soon())?)?;
        let third = self.to_third.take().ok_or("a right to the third")?;
        let question = Outgoing::new(QUESTION).with(third).reply_to(self.own.make_send_once()?);
        Ok(victim.send_within(question, soon())?)
    }

    fn check(self: Box<Self>, ground: &Ground<'_>, outcome: &mut Outcome) -> Result<(), Wrong> {
        let Self { own, third, .. } = *self;
        match outcome.told(|| own.receive_within(soon()))?.into_notification() {
            Err(answer) if answer.id() == ANSWER && ground.notes.is_begun() => {}
            Ok(Notification::SendOnce) if !ground.notes.is_done() => {}
            other => return Err(format!("whoever asks is told {other:?}").into()),
        }
        drop(third);
        own.notify_when_unused(0, own.make_send_once()?)?;
        match own.receive_within(soon())?.into_notification() {
            Ok(Notification::NoSenders { .. }) => {}
            other => return Err(format!("behind the one answer comes {other:?}").into()),
        }
        match own.receive_within(Deadline::Now) {
            Err(ReceiveError::TimedOut) => {}
            other => return Err(format!("nobody can send, and yet comes {other:?}").into()),
        }
        drop(own);
        (0..16).for_each(|_| look());
        Ok(())
    }
}
