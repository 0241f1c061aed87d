// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guarded form: the name is only the place where two processes meet, and they exchange sealed memory through its
//! socket. Whatever a [link](cabotage_link) promises holds, also between users.
//!
//! The producer has the name. A consumer connects to it and says so by its [`Knock`](words::Knock); the producer's
//! [`door`] lets it in, from the producer's own calls, and answers who it is and with which record the stream begins.
//! A second one is answered that the place is taken.
//!
//! **Nothing is lost or doubled when a consumer ends.** Consumption is told at each record. The producer knows where
//! [its records end](ends), takes back from its own memory, which nobody else can write, what the count of the one that
//! ended leaves, and keeps it in its [`backlog`] for the next, which gets new memory: nobody who has been the consumer
//! goes on reading. What the count says is a claim: who lies about it changes what its successor gets, whole records
//! more or fewer, and nothing else.
//!
//! **When the producer ends** its records live on in the memory that the consumer has mapped. The next producer of the
//! name does not have them: what no consumer had been handed is gone with a killed producer.

mod backlog;
mod consumer;
mod door;
mod ends;
mod loan;
mod place;
mod producer;
mod seat;
mod seeking;
mod words;

pub(crate) use consumer::Consumer;
pub(crate) use loan::Loan;
pub(crate) use producer::Producer;
