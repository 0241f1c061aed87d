// SPDX-License-Identifier: MIT OR Apache-2.0
//! A victim: it tells the survivor where its own port is, gets a right to a port of its, and sends or receives.

use std::time::Duration;

use cabotage_mach::{AnyRight, Outgoing, ReceiveError, ReceiveRight, SendRight};

use super::super::{Answer, receive_for_ever, send_for_ever};
use super::{HELLO, Mach, answer_some, roomy_port, sent};
use crate::Wrong;
use crate::kill::session::{Life, Side};
use crate::record::InOrder;
use crate::rights::{NAME, brought, look_up};
use crate::watchdog::soon;

/// How long a victim waits in one call.
const WHILE: Duration = Duration::from_secs(1);

/// Meets the survivor, then sends or receives until it is killed.
pub(super) fn live(what: Mach, life: &Life<'_>) -> Result<(), Wrong> {
    let (to, own) = what.meet(life)?;
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
    match life.side {
        Side::Sender => send_for_ever(&life.notes, life.number, |record| {
            while own.try_receive().is_ok() {}
            sent(to.send_within(what.message(record, &own)?, WHILE))
        }),
        Side::Receiver => {
            let mut due = InOrder::from(life.number, 0);
            receive_for_ever(&life.notes, &mut due, |take| match own.receive_within(WHILE) {
                Ok(mut message) => {
                    take(message.body())?;
                    answer_some(&mut message);
                    Ok(Answer::Done)
                }
                Err(ReceiveError::TimedOut) if to.is_dead() => Ok(Answer::Over),
                Err(ReceiveError::TimedOut) => Ok(Answer::NotYet),
                Err(error) => Err(error.into()),
            })
        }
    }
}

impl Mach {
    /// A right to the survivor's port and a port of its own, in one of the two cases another's.
    fn meet(self, life: &Life<'_>) -> Result<(SendRight, ReceiveRight), Wrong> {
        let (door, own) = (look_up(&life.place, NAME)?, roomy_port()?);
        let send = own.make_send()?;
        let is_given_away = self == Self::Moved && life.side == Side::Sender;
        let (kept, given) = if is_given_away {
            (roomy_port()?, AnyRight::from(own))
        } else {
            (own, AnyRight::from(send.copy()?))
        };
        let mut answer = door.request_within(Outgoing::new(HELLO).with(given), soon())?;
        match brought(&mut answer).next() {
            Some(AnyRight::Send(to)) => Ok((to, kept)),
            Some(AnyRight::Receive(port)) => Ok((send, port)),
            _ if is_given_away => Ok((send, kept)),
            other => Err(format!("no right to send by, but {other:?}").into()),
        }
    }
}
