// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end of two ports of Mach, in the words of all transports: it sends to the other's port and receives from its own.
//! That nobody can send any more is told at the same port, so it comes after everything that was sent.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use cabotage_mach::{
    Carried, KernError, Message, Notification, Outgoing, PortSet, Ready, ReceiveRight, SendRight,
};
use cabotage_os::Deadline;

use super::{End, Parcel, ReceivesLetters, Sends, SplitEnds, Told, other};

/// How records are sent and received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// As messages, from the port itself.
    Plain,
    /// Each with a right to answer once.
    Asks,
    /// From a set with the port in it.
    Set,
}

/// Number of a message that is a record, and of one that says that it was taken.
const RECORD: i32 = 1_001;
const TAKEN: i32 = 1_002;
/// By which threads tell each other that nobody sends any more.
const OVER: i32 = 1_003;

/// How many records may be on their way before the first of them is answered.
const UNANSWERED_MAX: usize = 64;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct MachEnd {
    rights: Rights,
    manner: Manner,
    unanswered: usize,
    found: Option<Message>,
    ended: Option<Told>,
}

/// The rights that an end has.
#[derive(Debug)]
struct Rights {
    send: SendRight,
    port: ReceiveRight,
    set: Option<(PortSet, ReceiveRight)>,
}

impl MachEnd {
    pub(super) fn new(send: SendRight, port: ReceiveRight, manner: Manner) -> Result<Self, KernError> {
        port.notify_when_unused(0, port.make_send_once()?)?;
        let set = match manner {
            Manner::Set => Some(set_of(&port)?),
            _ => None,
        };
        let rights = Rights { send, port, set };
        Ok(Self { rights, manner, unanswered: 0, found: None, ended: None })
    }

    /// The next record, which was taken whether it is looked at or not.
    fn next(&mut self, deadline: Deadline) -> Result<Message, Told> {
        if let Some(found) = self.found.take() {
            return Ok(found);
        }
        if let Some(told) = &self.ended {
            return Err(told.clone());
        }
        match self.rights.receive(deadline)?.into_notification() {
            Ok(news) => Err(self.heed(&news)),
            Err(mut message) => {
                if self.manner == Manner::Asks {
                    // One who is gone needs no answer; the end is told next.
                    let _ = message.reply(Outgoing::new(TAKEN));
                }
                Ok(*message)
            }
        }
    }

    fn heed(&mut self, news: &Notification) -> Told {
        match news {
            Notification::NoSenders { .. } => self.ended.insert(Told::Closed).clone(),
            news => Told::Other(format!("{news:?}")),
        }
    }

    /// A message with this record, which may ask for an answer.
    fn message(&mut self, parcel: Parcel, deadline: Deadline) -> Result<Outgoing, Told> {
        let mut message = self.rights.message(parcel, deadline)?;
        if self.manner == Manner::Asks {
            self.hear_answers(deadline)?;
            message = message.reply_to(self.rights.port.make_send_once().map_err(of_kern)?);
            // Sent or not, it comes to exactly one answer.
            self.unanswered += 1;
        }
        Ok(message)
    }

    /// Hears the answers that are here, and waits for one if too many are not.
    fn hear_answers(&mut self, deadline: Deadline) -> Result<(), Told> {
        while self.unanswered > 0 {
            let is_full = self.unanswered >= UNANSWERED_MAX;
            match self.hear_answer(if is_full { deadline } else { Deadline::Now }) {
                Ok(()) => {}
                // One whose end has been told answers no more, though the news of each question is still to come.
                Err(Told::Nothing) if is_full => return Err(self.ended.clone().unwrap_or(Told::Full)),
                Err(Told::Nothing) => break,
                Err(told) => return Err(told),
            }
        }
        Ok(())
    }

    /// Hears one answer, or that none comes.
    fn hear_answer(&mut self, deadline: Deadline) -> Result<(), Told> {
        let answer = self.rights.receive(deadline)?;
        match answer.into_notification() {
            Ok(Notification::SendOnce) => {}
            Err(answer) if answer.id() == TAKEN => {}
            Ok(news) => return Err(self.heed(&news)),
            Err(message) => return Err(Told::Other(format!("no answer, but {message:?}"))),
        }
        self.unanswered -= 1;
        Ok(())
    }

    fn post(&mut self, parcel: Parcel, deadline: Deadline) -> Result<(), Told> {
        let message = self.message(parcel, deadline)?;
        Ok(self.rights.send.send_within(message, deadline)?)
    }
}

fn set_of(port: &ReceiveRight) -> Result<(PortSet, ReceiveRight), KernError> {
    let (set, idle) = (PortSet::new()?, ReceiveRight::new()?);
    set.insert(&idle)?;
    set.insert(port)?;
    Ok((set, idle))
}

fn of_kern(error: KernError) -> Told {
    if error == KernError::Forked { Told::Forked } else { other(error) }
}

impl Rights {
    fn receive(&self, deadline: Deadline) -> Result<Message, Told> {
        Ok(match &self.set {
            Some((set, _)) => set.receive_within(deadline),
            None => self.port.receive_within(deadline),
        }?)
    }

    /// A message with this record. Its blocks lie where the receiver reads them.
    fn message(&self, parcel: Parcel, deadline: Deadline) -> Result<Outgoing, Told> {
        let Parcel { bytes, blocks, descriptors } = parcel;
        let mut message = Outgoing::new(RECORD).body(bytes);
        for block in blocks {
            let loan = self.send.loan(block.len(), deadline).map_err(other)?;
            let mut loan = loan.ok_or(Told::Full)?;
            if !loan.write_at(0, &block) {
                return Err(Told::Other("a block is shorter than it was asked for".to_owned()));
            }
            message = message.lend(loan);
        }
        Ok(descriptors.into_iter().fold(message, Outgoing::file))
    }
}

/// What a message brought.
fn parcel(mut message: Message) -> Result<Parcel, Told> {
    let mut parcel = Parcel::default();
    for carried in message.take_carried() {
        match carried {
            Carried::Memory(memory) => parcel.blocks.push(memory.to_vec()),
            Carried::File(file) => parcel.descriptors.push(file),
            other => return Err(Told::Other(format!("a record came with {other:?}"))),
        }
    }
    parcel.bytes = message.into_body();
    Ok(parcel)
}

impl End for MachEnd {
    fn send(&mut self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        self.post(Parcel { bytes: record.to_vec(), ..Parcel::default() }, deadline)
    }

    fn receive(&mut self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        self.next(deadline).map(Message::into_body)
    }

    fn send_parcel(&mut self, parcel: Parcel, deadline: Deadline) -> Result<(), Told> {
        self.post(parcel, deadline)
    }

    fn receive_parcel(&mut self, deadline: Deadline) -> Result<Parcel, Told> {
        self.next(deadline).and_then(parcel)
    }

    fn must_wait(&mut self) -> Result<bool, Told> {
        if self.found.is_some() || self.ended.is_some() {
            return Ok(false);
        }
        let ready = match &self.rights.set {
            Some((set, _)) => set.ready(),
            None => self.rights.port.ready(),
        };
        Ok(ready? == Ready::Armed)
    }

    fn descriptor(&self) -> Result<BorrowedFd<'_>, Told> {
        Ok(match &self.rights.set {
            Some((set, _)) => set.descriptor(),
            None => self.rights.port.descriptor(),
        }?)
    }

    fn split(self: Box<Self>) -> Result<SplitEnds, Told> {
        let shared = Shared(Arc::new(self.rights));
        Ok((Box::new(shared.clone()), Box::new(shared)))
    }

    fn close(self: Box<Self>) {}
}

/// Rights that threads share, as any rights are.
#[derive(Debug, Clone)]
struct Shared(Arc<Rights>);

impl Sends for Shared {
    fn send(&self, record: &[u8], deadline: Deadline) -> Result<(), Told> {
        Ok(self.0.send.send_within(Outgoing::new(RECORD).body(record), deadline)?)
    }
}

impl ReceivesLetters for Shared {
    fn receive(&self, deadline: Deadline) -> Result<Vec<u8>, Told> {
        let message = self.0.receive(deadline)?;
        if message.id() != OVER && message.audit_token().is_some() {
            return Ok(message.into_body());
        }
        // One thread is told that nobody sends any more, and tells the next.
        let right = self.0.port.make_send().map_err(of_kern)?;
        right.try_send(Outgoing::new(OVER))?;
        Err(Told::Closed)
    }
}
