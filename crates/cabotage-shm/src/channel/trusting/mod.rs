// SPDX-License-Identifier: MIT OR Apache-2.0
//! The trusting form: a lane between two named objects, each written by one end and read by the other.
//!
//! `create` makes a channel complete before its name appears; `seat` takes an end of it, alone; `producer` and
//! `consumer` run the lane over it. What is peculiar is succession: a killed end's successor goes on in the same ring
//! and with the same counts. A producer finds the end of what is published by following the headers; a consumer, whose
//! count is stored at each record, goes on behind it. So a kill at any instant loses nothing and doubles nothing.
//!
//! A new producer says so in the ring, by a [succession](succession) record where its own records begin: the consumer
//! learns of it exactly there.

mod consumer;
mod create;
mod look;
mod producer;
mod seat;
mod succession;
mod waiting;

pub(crate) use consumer::Consumer;
pub(crate) use look::look;
pub(crate) use producer::{Loan, Producer};
