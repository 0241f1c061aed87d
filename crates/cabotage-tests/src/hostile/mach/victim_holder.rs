// SPDX-License-Identifier: MIT OR Apache-2.0
//! The victim that holds a send right: an ordinary program that looks a port up, sends more than it queues, asks for
//! everything that an owner may answer with, uses it, and says how it ended.

use std::fmt::Display;

use cabotage_link::names::Scope;
use cabotage_mach::bootstrap::LookUp;
use cabotage_mach::{
    AnyRight, Carried, Deadline, Message, Outgoing, ReceiveRight, RequestError, SendError, SendRight, Unsent,
};

use super::fields::MEMORY_BYTES;
use crate::hostile::met::{self, How, Met};
use crate::rights::look;
use crate::role::Part;
use crate::scratch::Scratch;

/// How many messages it sends at first: more than a port queues.
pub const NEWS_COUNT: u32 = 7;

/// What the holder sends, by the messages' numbers: what an honest owner does with each.
pub mod wish {
    /// Nothing.
    pub const NEWS: i32 = 1;
    /// Answer with the same bytes.
    pub const ECHO: i32 = 2;
    /// Answer with a send right.
    pub const GIVE: i32 = 3;
    /// Answer with sealed memory, and a right to send one message.
    pub const GRANT: i32 = 4;
    /// Do not answer.
    pub const LOSE: i32 = 5;
    /// Answer with the same bytes, and destroy the port.
    pub const LAST: i32 = 6;
}

/// Plays it: its place.
pub(crate) fn play(part: &Part) {
    met::play(part, |place, deadline| {
        let met = meet(place, deadline);
        // What has gone with the link is given back before that is told.
        (0..16).for_each(|_| look());
        met
    });
}

/// Looks the port up, and asks until something goes wrong or the port dies.
fn meet(place: &Scratch, deadline: Deadline) -> Met {
    let how = LookUp::new().registry(&place.registry()).scope(Scope::System).wait(deadline);
    let right = match how.look_up(super::NAME) {
        Ok(right) => right,
        Err(error) if deadline.has_passed() => return Met::new(How::Silent, error),
        Err(error) => return Met::new(How::Other, error),
    };
    let met = ask_for_everything(&right, deadline).and_then(|()| wait_for_death(&right, deadline));
    match met {
        Ok(()) => Met::new(How::Served, "the port has died in order"),
        Err(met) => {
            // A right that is dead says that its owner has gone or was cut off, and no more.
            (0..16).for_each(|_| look());
            let is_gone = met.how != How::Silent && right.is_dead();
            Met { how: if is_gone { How::Gone } else { met.how }, ..met }
        }
    }
}

fn ask_for_everything(right: &SendRight, deadline: Deadline) -> Result<(), Met> {
    for number in 0..NEWS_COUNT {
        let news = Outgoing::new(wish::NEWS).body(number.to_le_bytes());
        right.send_within(news, deadline).map_err(of_unsent)?;
    }
    let ask =
        |id, body: &str| right.request_within(Outgoing::new(id).body(body), deadline).map_err(of_request);
    if ask(wish::ECHO, "echo")?.body() != b"echo" {
        return Err(unlike("answers with other bytes"));
    }
    use_right(ask(wish::GIVE, "give")?)?;
    use_grants(ask(wish::GRANT, "grant")?, deadline)?;
    match right.request_within(Outgoing::new(wish::LOSE), deadline) {
        Err(RequestError::NoAnswer) => {}
        Err(error) => return Err(of_request(error)),
        Ok(_) => return Err(unlike("answers what it should not")),
    }
    if ask(wish::LAST, "last")?.body() == b"last" { Ok(()) } else { Err(unlike("answers with other bytes")) }
}

/// Sends by a right that came.
fn use_right(mut answer: Message) -> Result<(), Met> {
    match answer.take_carried().pop() {
        // One that is full or dead misses nothing.
        Some(Carried::Right(AnyRight::Send(right))) => drop(right.try_send("thanks")),
        Some(Carried::Right(AnyRight::Dead)) => {}
        _ => return Err(unlike("gives no right")),
    }
    Ok(())
}

/// Reads the memory that came, and uses the right beside it.
fn use_grants(mut answer: Message, deadline: Deadline) -> Result<(), Met> {
    let mut granted = answer.take_carried().into_iter();
    let (Some(Carried::Memory(memory)), Some(Carried::Right(AnyRight::SendOnce(once)))) =
        (granted.next(), granted.next())
    else {
        return Err(unlike("grants something else"));
    };
    let bytes = memory.into_immutable().map_err(|error| Met::new(How::Other, error))?;
    if bytes.len() as u64 != MEMORY_BYTES {
        return Err(unlike("grants other memory"));
    }
    once.send_within("used", deadline).map_err(of_unsent)
}

/// Waits until the port is dead.
fn wait_for_death(right: &SendRight, deadline: Deadline) -> Result<(), Met> {
    let refused = |error: &dyn Display| Met::new(How::Other, error);
    let told = ReceiveRight::new().map_err(|error| refused(&error))?;
    let notify = told.make_send_once().map_err(|error| refused(&error))?;
    match right.notify_when_dead(notify) {
        // One that is dead already has nothing to tell.
        Err(_) => Ok(()),
        Ok(_) => told
            .receive_within(deadline)
            .map(drop)
            .map_err(|_| Met::new(How::Silent, "the port's death is not told")),
    }
}

fn unlike(what: &str) -> Met {
    Met::new(How::Unlike, format_args!("the owner {what}"))
}

fn of_unsent(unsent: Unsent) -> Met {
    let how = match unsent.error() {
        SendError::InvalidDestination => How::Gone,
        SendError::TimedOut => How::Silent,
        _ => How::Other,
    };
    Met::new(how, unsent)
}

fn of_request(error: RequestError) -> Met {
    match error {
        RequestError::NotSent(unsent) => of_unsent(unsent),
        RequestError::TimedOut => Met::new(How::Silent, error),
        RequestError::NoAnswer => Met::new(How::Unlike, error),
        error => Met::new(How::Other, error),
    }
}
