// SPDX-License-Identifier: MIT OR Apache-2.0
//! What tasks may do, and how often they do it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::TASKS;
use crate::Right;
use crate::kernel::calls::Notice;
use crate::kernel::messages::GaveUp;
use crate::kernel::space::Held;
use crate::right::Disposition::{self, *};

/// One of the names of a task, and a disposition: the one that is wanted if it goes with the right, or else another, but
/// for wild picks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Picked {
    pub(super) name: u8,
    pub(super) wanted: Disposition,
    pub(super) wild: bool,
}

impl Picked {
    /// The disposition for what is held.
    pub(super) fn disposition(self, held: Option<Held>) -> Disposition {
        let received = matches!(self.wanted, MoveReceive | MakeSend | MakeSendOnce);
        match held {
            _ if self.wild => self.wanted,
            Some(Held::Receive(_)) if !received => MakeSend,
            Some(Held::Send(_)) if received => CopySend,
            Some(Held::Send(_)) if self.wanted == MoveSendOnce => MoveSend,
            Some(Held::SendReceive(_)) if self.wanted == MoveSendOnce => MakeSendOnce,
            Some(Held::SendOnce(_)) => MoveSendOnce,
            _ => self.wanted,
        }
    }
}

/// What a task does. The numbers choose one of its names.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Allocate(Right),
    Give(Picked, usize),
    Send { to: Picked, reply: Option<Picked>, items: Vec<Picked>, full: Full },
    Receive { from: u8, small: bool, leave: bool },
    GiveUp(GaveUp),
    Destroy(u8),
    Deallocate(u8),
    Join(u8, u8),
    Leave(u8),
    Ask(u8, Notice, u8),
    Limit(u8, u8),
    End,
}

/// What is to be done when the queue is full; the number chooses the port to be told by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Full {
    Wait,
    Refuse,
    Tell,
    Cache(u8),
    WaitThenCache(u8),
}

fn picked() -> impl Strategy<Value = Picked> {
    let disposition = (16..=21_u32).prop_map(|raw| Disposition::from_raw(raw).unwrap());
    let parts = (any::<u8>(), disposition, prop::bool::weighted(0.1));
    parts.prop_map(|(name, wanted, wild)| Picked { name, wanted, wild })
}

fn full() -> impl Strategy<Value = Full> {
    prop_oneof![
        3 => Just(Full::Wait),
        1 => Just(Full::Refuse),
        1 => Just(Full::Tell),
        2 => any::<u8>().prop_map(Full::Cache),
        2 => any::<u8>().prop_map(Full::WaitThenCache),
    ]
}

fn notice() -> impl Strategy<Value = Notice> {
    prop_oneof![
        Just(Notice::SendPossible),
        Just(Notice::PortDestroyed),
        Just(Notice::NoSenders),
        Just(Notice::DeadName),
    ]
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let right = prop_oneof![1 => Just(Right::Receive), 2 => Just(Right::PortSet)];
    let send = (picked(), proptest::option::weighted(0.3, picked()), vec(picked(), 0..2), full());
    let give_up = prop_oneof![Just(GaveUp::TimedOut), Just(GaveUp::Interrupted)];
    prop_oneof![
        1 => right.prop_map(Act::Allocate),
        2 => (picked(), 0..TASKS).prop_map(|(right, to)| Act::Give(right, to)),
        20 => send.prop_map(|(to, reply, items, full)| Act::Send { to, reply, items, full }),
        15 => (any::<u8>(), prop::bool::weighted(0.2), any::<bool>()).prop_map(|(from, small, leave)| Act::Receive { from, small, leave }),
        3 => give_up.prop_map(Act::GiveUp),
        1 => any::<u8>().prop_map(Act::Destroy),
        2 => any::<u8>().prop_map(Act::Deallocate),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(port, set)| Act::Join(port, set)),
        1 => any::<u8>().prop_map(Act::Leave),
        3 => (any::<u8>(), notice(), any::<u8>()).prop_map(|(name, notice, notify)| Act::Ask(name, notice, notify)),
        2 => (any::<u8>(), 0..3_u8).prop_map(|(port, limit)| Act::Limit(port, limit)),
        1 => Just(Act::End),
    ]
}
