// SPDX-License-Identifier: MIT OR Apache-2.0
//! A space: what the names of one task stand for.

use std::collections::HashMap;

use super::ids::{PortId, SetId};
use super::port::OnceRight;
use crate::name::Name;

/// The most user references that a name has; one that got so many keeps them until all are taken away at once.
pub const REFERENCES_MAX: u16 = u16::MAX;

/// The names of one task.
#[derive(Debug, Default)]
pub struct Space {
    /// By the index of the name; the first place is never given away.
    pub(crate) entries: Vec<Slot>,
    pub(crate) free: Vec<u32>,
    /// The one name of each port of which the space has the receive right or send rights.
    pub(crate) by_port: HashMap<PortId, Name>,
}

#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) generation: u8,
    pub(crate) entry: Option<Entry>,
}

/// What one name stands for.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) held: Held,
    /// Of the send right or of the dead name; 1 for whatever has no count.
    pub(crate) references: u16,
    /// The dead-name or send-possible notification that is registered: boxed, since few have one.
    pub(crate) request: Option<Box<Request>>,
}

/// The right itself. A port that has died is noticed by whoever looks at the entry, which then becomes
/// [`Held::Dead`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Send rights.
    Send(PortId),
    /// The receive right.
    Receive(PortId),
    /// Both, under one name.
    SendReceive(PortId),
    SendOnce(PortId),
    Set(SetId),
    Dead,
}

/// A notification that is owed when the port of this name dies, or can be sent to.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) notify: OnceRight,
    /// Whether it asks for send-possible too; and whether a send has failed since, so that it is owed.
    pub(crate) send_possible: Option<bool>,
}
