// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is told when an operation is over, in which order: the `OVERLAPPED` first, then whoever waits or is called.

use std::sync::{Arc, OnceLock};

use super::{Pipe, SKIP_PACKET, SKIP_SIGNAL};
use crate::failure::Outcome;
use crate::memory::OverlappedAt;
use crate::port::Packet;
use crate::thread::Thread;
use crate::wait::{Reset, Signal};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Teller {
    pub(crate) overlapped: Option<OverlappedAt>,
    pub(crate) told: Told,
    /// Who has begun the operation.
    pub(crate) thread: Arc<Thread>,
}

/// The event of an `OVERLAPPED`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    pub(crate) signal: Option<Arc<Signal>>,
    /// Whether it is marked as keeping the packet from a port.
    pub(crate) keeps_packet: bool,
}

/// Who is told besides.
pub(crate) enum Told {
    /// The event, or else the handle; and the port.
    Event(Event),
    /// Whoever waits for it in its call.
    Waiter(Arc<Slot>),
    /// The thread that began it, in its next alertable wait (`ReadFileEx`, `WriteFileEx`).
    Apc(Box<dyn FnOnce(Outcome) + Send>),
}

/// Where the outcome is put for one who waits.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) signal: Arc<Signal>,
    pub(crate) outcome: OnceLock<Outcome>,
}

impl Slot {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { signal: Arc::new(Signal::new(Reset::Manual, false)), outcome: OnceLock::new() })
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(event) => event.fmt(f),
            Self::Waiter(slot) => slot.fmt(f),
            Self::Apc(_) => f.write_str("Apc"),
        }
    }
}

impl Pipe {
    /// The operation begins: what is to be signalled at its end is not signalled.
    pub(super) fn tell_beginning(&self, teller: &Teller) {
        if let Some(overlapped) = &teller.overlapped {
            overlapped.begin();
        }
        self.runtime.dispatcher.reset(&self.signal);
        if let Told::Event(Event { signal: Some(signal), .. }) = &teller.told {
            self.runtime.dispatcher.reset(signal);
        }
    }

    /// The operation is over, in the call that began it or later.
    pub(super) fn tell_end(&self, teller: Teller, outcome: Outcome, is_at_once: bool) {
        let Teller { overlapped, told, thread } = teller;
        if let Some(overlapped) = &overlapped {
            overlapped.end(outcome);
        }
        let dispatcher = &self.runtime.dispatcher;
        let has_event = matches!(&told, Told::Event(Event { signal: Some(_), .. }));
        if !has_event && !self.skips(SKIP_SIGNAL) {
            dispatcher.set(&self.signal);
        }
        match told {
            Told::Waiter(slot) => {
                let _ = slot.outcome.set(outcome);
                dispatcher.set(&slot.signal);
            }
            Told::Apc(call) => dispatcher.queue_apc(&thread, Box::new(move || call(outcome))),
            Told::Event(Event { signal, keeps_packet }) => {
                signal.iter().for_each(|signal| dispatcher.set(signal));
                let Some((port, key)) = self.binding.get() else { return };
                let is_skipped = is_at_once && self.skips(SKIP_PACKET);
                if let Some(overlapped) = overlapped.filter(|_| !keeps_packet && !is_skipped) {
                    port.post(dispatcher, Packet { key: *key, overlapped: overlapped.address(), outcome });
                }
            }
        }
    }
}
