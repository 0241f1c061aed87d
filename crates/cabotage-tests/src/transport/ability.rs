// SPDX-License-Identifier: MIT OR Apache-2.0
//! What some transports can do and others can't: a case names what it needs, a transport says why it lacks it.

/// Something that a case may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// Both ends send and receive.
    TwoWays,
    /// A peer that was killed is told apart from one that closed.
    TellsDeath,
    /// Descriptors go with a record.
    Descriptors,
    /// Large payloads are written and read where they lie.
    Blocks,
    /// The receiving end arms a descriptor to be waited on.
    Pollable,
    /// Many receiving ends are waited on together by a set of their own.
    Sets,
    /// An end that a forked child inherits refuses there.
    RefusesForked,
    /// Threads share an end.
    Threads,
    /// The ends meet by a name, which serves again after its users were killed.
    Place,
    /// A new sender takes the place of a killed one, and the receiver stays.
    TakeOverBySender,
    /// A new receiver takes the place of a killed one and goes on where it was; the sender stays.
    TakeOverByReceiver,
    /// A sender waits for a slow receiver, which gets every record.
    WaitsForTheSlow,
    /// A slow receiver loses records, and is told how many.
    TellsLoss,
    /// A sender is told that its receiver has left.
    TellsSender,
    /// A second sender is refused while the first lives.
    OneSender,
    /// A second receiver is refused while the first lives.
    OneReceiver,
}
