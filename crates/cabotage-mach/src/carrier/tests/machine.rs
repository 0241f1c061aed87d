// SPDX-License-Identifier: MIT OR Apache-2.0
//! A host with one task, as a process has it, without threads: it looks when it is told to.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use cabotage_link::Wait;
use cabotage_os::Deadline;
use cabotage_os::poll::{self, Readiness};
use std::os::fd::AsFd;
use std::time::Duration;

use crate::carrier::Carrier;
use crate::error::SendError;
use crate::kernel::message::{AuditToken, Capability, Item, Letter, Sender};
use crate::kernel::messages::{
    At, Receipt, ReceiveOptions, Received, SendOptions, Sent, Short, Slot, WhenFull,
};
use crate::kernel::{Kernel, SpaceId, Ticket};
use crate::{Disposition, Name, Right, RightTypes};

pub(super) struct Machine {
    pub(super) kernel: Mutex<Kernel>,
    pub(super) carrier: Carrier,
    pub(super) space: SpaceId,
    pub(super) woken: Mutex<Vec<Ticket>>,
    /// Whether messages go the direct way where they can.
    is_direct: bool,
    /// How many did, out and in.
    direct: Cell<(usize, usize)>,
}

const LOOKS: usize = 8;
/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

impl Machine {
    pub(super) fn new() -> Self {
        let mut kernel = Kernel::new();
        let space = kernel.create_space();
        let carrier = Carrier::new().unwrap();
        Self {
            kernel: Mutex::new(kernel),
            carrier,
            space,
            woken: Mutex::default(),
            is_direct: false,
            direct: Cell::default(),
        }
    }

    /// One that sends and receives directly where it can.
    pub(super) fn direct() -> Self {
        let machine = Self::new();
        machine.carrier.desk().patience.set(Wait::Block);
        Self { is_direct: true, ..machine }
    }

    fn note<T>(&self, (answer, woken): (T, Vec<Ticket>)) -> T {
        self.woken.lock().unwrap().extend(woken);
        answer
    }

    /// A call of the task, and what follows from it.
    pub(super) fn call<T>(&self, act: impl FnOnce(&mut Kernel, SpaceId) -> T) -> T {
        let answer = act(&mut self.kernel.lock().unwrap(), self.space);
        let woken = self.carrier.settle(&self.kernel);
        self.note((answer, woken))
    }

    /// Takes what has come.
    pub(super) fn look(&self) {
        let woken = self.carrier.look(&self.kernel);
        self.note(((), woken));
    }

    /// Looks until `found` answers something.
    pub(super) fn until<T>(&self, mut found: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Deadline::within(PATIENCE);
        loop {
            self.look();
            if let Some(found) = found(self) {
                return found;
            }
            assert!(!deadline.has_passed(), "it never came");
            if let Some(wake_by) = self.carrier.arm().unwrap() {
                let soon = wake_by.or_sooner(Deadline::within(Duration::from_millis(20)));
                poll::wait([(self.carrier.as_fd(), Readiness::IN)], soon).unwrap();
            }
        }
    }

    pub(super) fn port(&self) -> Name {
        self.call(|kernel, space| kernel.allocate(space, Right::Receive)).unwrap()
    }

    /// An end of a link that is a send right to this port.
    pub(super) fn end_for(&self, name: Name) -> OwnedFd {
        let disposition = match self.type_of(name).has(Right::Receive) {
            true => Disposition::MakeSend,
            false => Disposition::CopySend,
        };
        let right = self.call(|kernel, space| kernel.copy_in(space, name, disposition)).unwrap();
        let Capability::Send(port) = right else { panic!("{right:?}") };
        let end = self.note(self.carrier.end_for(&self.kernel, port)).unwrap();
        self.call(|kernel, _| kernel.destroy_capability(right));
        end
    }

    pub(super) fn take_end(&self, end: OwnedFd) -> Name {
        let right = self.note(self.carrier.take_end(&self.kernel, end)).unwrap();
        self.call(|kernel, space| kernel.copy_out(space, right)).unwrap()
    }

    /// A send right of this machine's port or right for another one.
    pub(super) fn give(&self, name: Name, other: &Self) -> Name {
        other.take_end(self.end_for(name))
    }

    pub(super) fn try_send(
        &self,
        letter: Letter,
        when_full: WhenFull,
    ) -> Result<Sent, (SendError, Option<Letter>)> {
        let options = SendOptions { when_full, ..SendOptions::default() };
        if self.is_direct && self.send_directly(&letter) {
            return Ok(Sent::Queued);
        }
        self.look();
        let sent = self.call(|kernel, space| kernel.send(space, letter, &options));
        let sent = match sent {
            Ok(Sent::Away(route, outgoing)) => {
                self.note(self.carrier.send(&self.kernel, route, outgoing, |_| ()))
            }
            sent => sent,
        };
        sent.map_err(|failed| (failed.error, failed.letter))
    }

    fn send_directly(&self, letter: &Letter) -> bool {
        let kernel = self.kernel.lock().unwrap();
        let Some(short) = Short::of(letter) else { return false };
        let Some(direct) = kernel.direct(self.space, short) else { return false };
        let sender = Sender::Task(AuditToken::default());
        let has_gone =
            self.carrier.send_directly(kernel, (self.space, sender), (short, &letter.body), direct);
        let (sent, received) = self.direct.get();
        self.direct.set((sent + usize::from(has_gone), received));
        has_gone
    }

    /// How many messages went out and came in directly.
    pub(super) fn went_directly(&self) -> (usize, usize) {
        self.direct.get()
    }

    /// Receives what has come, as a thread does that looks.
    fn look_and_receive(&self, name: Name) -> Option<Received> {
        let at = At { space: self.space, name, options: &ReceiveOptions::default() };
        let wake = |woken| self.woken.lock().unwrap().extend(woken);
        let mut slot = Slot::Empty;
        // What a link has that was at rest is seen by the second look, or the third.
        for _ in 0..LOOKS {
            if self.carrier.poll(&self.kernel, wake, at, Deadline::Now, &mut slot) {
                break;
            }
        }
        let (sent, received) = self.direct.get();
        self.direct.set((sent, received + usize::from(matches!(slot, Slot::Plain(_)))));
        match slot.into_receipt()? {
            Ok(Receipt::Letter(received)) => Some(received),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn send(&self, letter: Letter) {
        self.try_send(letter, WhenFull::GiveBack).unwrap();
    }

    pub(super) fn try_receive(&self, name: Name) -> Option<Received> {
        if self.is_direct {
            return self.look_and_receive(name);
        }
        let options = ReceiveOptions::default();
        match self.call(|kernel, space| kernel.receive(space, name, &options)).unwrap() {
            Receipt::Letter(received) => Some(received),
            Receipt::Nothing => None,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn receive(&self, name: Name) -> Received {
        if self.is_direct
            && let Some(received) = self.try_receive(name)
        {
            return received;
        }
        self.until(|machine| machine.try_receive(name))
    }

    pub(super) fn type_of(&self, name: Name) -> RightTypes {
        self.call(|kernel, space| kernel.type_of(space, name)).unwrap()
    }

    /// Waits until the port of a name has died.
    pub(super) fn until_dead(&self, name: Name) {
        self.until(|machine| machine.type_of(name).has(Right::DeadName).then_some(()));
    }

    pub(super) fn deallocate(&self, name: Name) {
        self.call(|kernel, space| kernel.deallocate(space, name)).unwrap();
    }

    /// How many send rights there are to a port of this task.
    pub(super) fn send_rights(&self, name: Name) -> u32 {
        self.call(|kernel, space| {
            let port = kernel.receive_right(space, name).unwrap();
            kernel.ports.get(port).unwrap().send_rights
        })
    }

    /// How many messages wait at a port of this task.
    pub(super) fn queued_messages(&self, name: Name) -> usize {
        self.call(|kernel, space| {
            let port = kernel.receive_right(space, name).unwrap();
            kernel.ports.get(port).unwrap().queue.len()
        })
    }

    pub(super) fn until_send_rights(&self, name: Name, count: u32) {
        self.until(|machine| (machine.send_rights(name) == count).then_some(()));
    }

    /// How many ports the kernel knows, and how many links there are.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.kernel.lock().unwrap().ports.len(), self.carrier.desk().set.len())
    }
}

/// A message with this number.
pub(super) fn letter(id: i32, destination: (Name, Disposition)) -> Letter {
    Letter {
        id,
        destination: (destination.0, Some(destination.1)),
        reply: (Name::NULL, None),
        body: id.to_ne_bytes().to_vec(),
        items: Vec::new(),
        complex: false,
    }
}

/// One that asks for an answer by a send-once right to this port.
pub(super) fn asking(id: i32, destination: Name, reply: Name) -> Letter {
    Letter {
        reply: (reply, Some(Disposition::MakeSendOnce)),
        ..letter(id, (destination, Disposition::CopySend))
    }
}

/// One that carries rights.
pub(super) fn carrying(id: i32, destination: (Name, Disposition), rights: &[(Name, Disposition)]) -> Letter {
    let items = rights.iter().map(|(name, disposition)| Item::Port(*name, *disposition)).collect();
    Letter { items, ..letter(id, destination) }
}

/// The names of the rights that a message brought.
pub(super) fn brought(received: &Received) -> Vec<Name> {
    let name = |item: &Item| if let Item::Port(name, _) = item { Some(*name) } else { None };
    received.items.iter().filter_map(name).collect()
}
