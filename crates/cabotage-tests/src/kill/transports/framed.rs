// SPDX-License-Identifier: MIT OR Apache-2.0
//! Framed messages on the end of a pipe or of a FIFO: what victims and survivors do with it.

use std::time::Duration;

use cabotage_os::{Deadline, Fault};
use cabotage_pipe::framed::{Reader, ReceiveError, Received, SendError, Writer};
use cabotage_pipe::{ReadEnd, WriteEnd};

use super::link::wait_for_death;
use super::{Answer, receive_for_ever, record, send_for_ever};
use crate::Wrong;
use crate::kill::session::{Life, Session};
use crate::record::InOrder;

/// How long a victim waits in one call.
const WHILE: Duration = Duration::from_secs(1);

/// The life of a victim that sends.
pub(super) fn send(end: impl WriteEnd, life: &Life<'_>) -> Result<(), Wrong> {
    let mut writer = Writer::new(end)?;
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
    Ok(send_for_ever(&life.notes, life.number, |record| {
        answer(writer.send(record, Deadline::within(WHILE)))
    })?)
}

/// The life of a victim that receives.
pub(super) fn receive(end: impl ReadEnd, life: &Life<'_>) -> Result<(), Wrong> {
    let mut reader = Reader::new(end);
    life.notes.begin_stream(life.number);
    life.notes.set_ready(true);
    let mut due = InOrder::from(life.number, 0);
    receive_for_ever(&life.notes, &mut due, |take| match reader.receive(Deadline::within(WHILE)) {
        Ok(Received::Message(message)) => take(&message.body).map(|()| Answer::Done),
        Ok(Received::Lost(lost)) => Err(format!("a message is lost: {lost:?}").into()),
        Ok(Received::End) => Ok(Answer::Over),
        Err(ReceiveError::TimedOut) => Ok(Answer::NotYet),
        Err(error) => Err(error.into()),
    })
}

/// Receives until the sender is dead and all that it sent is here.
pub(super) fn outlive_sender(end: impl ReadEnd, session: &Session<'_>) -> Result<(), Wrong> {
    let mut reader = Reader::new(end);
    let mut due = InOrder::from(session.number, 0);
    loop {
        // The end of file of a FIFO also comes before its writer does.
        let (has_come, was_dead) = (session.notes.is_ready(), session.is_dead());
        match session.slice(|deadline| reader.receive(deadline)) {
            Ok(Received::Message(message)) => drop(due.take(&message.body)?),
            Ok(Received::Lost(lost)) => return Err(format!("a message is lost: {lost:?}").into()),
            Ok(Received::End) if has_come => {
                session.told();
                break;
            }
            Ok(Received::End) if was_dead => break,
            Ok(Received::End) | Err(ReceiveError::TimedOut) => session.still_waits()?,
            Err(error) => return Err(error.into()),
        }
    }
    wait_for_death(session)?;
    session.notes.check_received(due.next())
}

/// Sends until the receiver is dead.
pub(super) fn outlive_receiver(end: impl WriteEnd, session: &Session<'_>) -> Result<(), Wrong> {
    let mut writer = Writer::new(end)?;
    let mut number = 0;
    loop {
        let next = record(session.number, number);
        match answer(session.slice(|deadline| writer.send(&next, deadline)))? {
            Answer::Done => number += 1,
            Answer::NotYet => session.still_waits()?,
            Answer::Over => break,
        }
    }
    session.told();
    wait_for_death(session)?;
    match session.notes.taken() {
        taken if taken <= number => Ok(()),
        taken => Err(format!("{taken} records were taken, of {number} that were sent").into()),
    }
}

fn answer(sent: Result<(), SendError>) -> Result<Answer, SendError> {
    use cabotage_pipe::WriteError;
    match sent {
        Ok(()) => Ok(Answer::Done),
        Err(SendError { sent_bytes: 0, source: WriteError::TimedOut | WriteError::Full, .. }) => {
            Ok(Answer::NotYet)
        }
        Err(error) if error.fault() == Fault::Peer => Ok(Answer::Over),
        Err(error) => Err(error),
    }
}
