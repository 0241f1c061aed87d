// SPDX-License-Identifier: MIT OR Apache-2.0
//! A producer and a consumer that meet by a name, at the speed of memory, where either may be killed at any instant.
//!
//! Two forms with one interface. **Guarded** ([`Producer::create`]): a name is where the two meet, and they exchange
//! sealed memory through its socket, with every promise of a [link](cabotage_link), so between users too; the producer
//! keeps what was not consumed, and its records go with it when it ends, but for what its consumer has been handed.
//! **Trusting** ([`Producer::create_trusting`]): plain named objects that C and Python
//! open too, between processes that trust each other; whoever may write to an object may also shrink it, which kills
//! those who have it mapped, unless they [guard](ChannelOptions::guard_against_shrinking) themselves.
//!
//! ```
//! use cabotage_shm::{Consumer, Producer, ReceiveError};
//! use cabotage_os::Deadline;
//!
//! # let name = format!("/cabotage-doc-channel-{}", std::process::id());
//! # let name = name.as_str();
//! # /*
//! let name = "/frames";
//! # */
//! let mut frames = Producer::create_trusting(name)?;
//! frames.send(b"the first frame", Deadline::Never)?;
//! frames.close();
//!
//! let mut frames = Consumer::open_trusting(name)?; // usually in another process
//! assert_eq!(frames.receive(Deadline::Never)?.to_vec(), b"the first frame");
//! assert_eq!(frames.receive(Deadline::Never).unwrap_err(), ReceiveError::Closed);
//! frames.remove()?; // the objects, at the end
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Records arrive whole, in order, each consumed once: consumption counts when the [`Record`] is dropped, at that
//! instant, and whoever takes the place of a killed consumer goes on with the next. One who must know whether the
//! record in hand was the last that its predecessor worked on compares [`Record::position`]. A new producer goes on
//! in the same ring; the consumer is told of the end of the one before it, once, between the two, and
//! [`Consumer::generation`] counts them. There is one of each at a time: a second is refused, with who holds the
//! place.
//!
//! Inside, [`Producer`] and [`Consumer`] are one of two forms, each with the same methods: `trusting` and `guarded` here.

pub(crate) mod batch;
mod consumer;
mod each;
mod error;
mod glance;
mod guarded;
mod loan;
mod options;
mod producer;
mod record;
mod trusting;

pub use consumer::Consumer;
pub(crate) use each::receive_each;
pub use error::{BatchError, ChannelError, ReceiveError, Role, SendError};
pub use glance::ChannelGlance;
pub use loan::Loan;
pub use options::ChannelOptions;
pub use producer::Producer;
pub use record::Record;
