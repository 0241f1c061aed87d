// SPDX-License-Identifier: MIT OR Apache-2.0
//! What calls lead to outside the tables.

use super::ids::{PortId, Ticket};
use super::message::Message;

/// Something to be done by whoever runs the kernel.
#[derive(Debug)]
pub enum Step {
    /// The thread with this ticket looks again: it has sent, there may be a message, or what it waited on has changed.
    Wake(Ticket),
    /// No right of this process is left to a port that is [away](super::port::Home::Away); it is forgotten here.
    Release(u64),
    /// The last right to receive went with a message to a port that is away, or the like: carry this message there.
    Carry(u64, Message),
    /// A port of this process died that others may have rights to.
    Died(PortId),
}
