// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a receive right moves to another process while others hold rights to its port and go on sending: what each of
//! the three parties owes, without system calls.
//!
//! ```text
//!   old owner                     a holder                       new owner
//!      OFFER (an end of a link of their own) ──────────────────────►
//!      ◄─────────────────────────────────────────────────────── READY
//!      DETACH (an end) to whoever has a send-once right
//!      ◄────────── DETACHED, or its message
//!      PAUSE (an end to the new owner) ──►
//!      takes what the holder sent before, then looks once more
//!      the other ends and how much each holder was heard, the queue, WHOLE ──►
//!      ◄───────────────────────────────────────────────────── CUSTODY
//!      the message with the right: this decides ───────────────────►
//!      MOVED (how much was heard) ───────►
//!                                        ◄──────── WELCOME (how much was heard)
//!                                sends again what was not, goes on
//! ```
//!
//! Send-once rights to the port become links of their own before anybody is paused, and their other ends go along; what
//! the old owner keeps of them are tokens of its own new link.
//!
//! Nobody is paused before the new owner has answered, and until the message is sent the old owner can take everything
//! back: RESUME. Whoever dies before the deciding message leaves the right where it was: with the old owner, or dead
//! with it. Whoever dies after it changes nothing for the others, since the new owner has all there is.
//!
//! A holder publishes, then looks for PAUSE; the old owner publishes PAUSE, then looks for what was published. So one
//! of them sees the other (both looks come after a full fence): what a holder published without seeing PAUSE is taken
//! by the old owner, and of what it published otherwise there is one record at most, which it keeps until it hears
//! which of the two owners has it. Explored with the death of each party at every step: see `explored`.

mod arrival;
mod departure;
mod follower;

pub(crate) use arrival::Arrival;
pub(crate) use departure::{Departure, Reading};
pub(crate) use follower::{Follower, Lost};

/// The rule that a peer broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// Something was said that has no meaning at this point of a move.
    #[error("said something about a move that is not due")]
    OutOfTurn,
    /// A new owner was told of more or fewer records than the holder has sent.
    #[error("says that it was sent what was never sent, or not sent what was")]
    Count,
    /// A port came with more or fewer links or messages than its old owner says.
    #[error("handed over a port in part and called it whole")]
    Part,
}
