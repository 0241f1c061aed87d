// SPDX-License-Identifier: MIT OR Apache-2.0
//! One publisher and up to thousands of subscribers that come and go, at the speed of memory.
//!
//! ```
//! use cabotage_os::Deadline;
//! use cabotage_shm::{Name, Publisher, Subscriber, TopicOptions};
//!
//! # let name = format!("/cabotage-doc-topic-{}", std::process::id());
//! # let name = name.as_str();
//! # /*
//! let name = "/prices";
//! # */
//! let mut prices = TopicOptions::new().history(10).create_trusting(&Name::parse(name)?)?;
//! prices.publish(b"wheat 213.50", Deadline::Never)?;
//!
//! // Usually in another process, which comes late and gets the last ten.
//! let mut prices_seen = TopicOptions::new().history(10).subscribe_trusting(&Name::parse(name)?)?;
//! let price = prices_seen.receive(Deadline::Never)?;
//! assert_eq!((price.as_slice(), price.number(), price.lost()), (&b"wheat 213.50"[..], 1, 0));
//! prices.remove()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A topic decides what a slow subscriber is worth ([`WhenSlow`]). Either the publisher **drops** for it: it goes on at
//! full speed, and the subscriber finds with the next record how many it lost, exactly. Or the publisher **waits**: its
//! room ends at the slowest living subscriber, and everybody gets everything; a subscriber that dies is passed over
//! as soon as its lock is free. Records are numbered over the life of the topic, from 1.
//!
//! A subscriber begins with the next record, or with up to [`history`](TopicOptions::history) records that are there
//! already. A record is copied once, into memory of the subscriber, before it is handed out: so it is a plain slice,
//! which nobody changes any more.
//!
//! **Who can hurt whom.** The parts of a topic are plain objects, among processes that *trust* each other, as the
//! constructors say. Whoever may write to an object may also shrink it, which kills those who have it mapped, unless
//! they [guard](TopicOptions::guard_against_shrinking) themselves. Only the publisher writes what is published. The
//! subscribers share one object in which each says how far it has read; a subscriber that writes nonsense there can hold
//! up the publisher of a topic that waits, or make another subscriber lose records, and nothing else.
//!
//! **What each costs.** A topic: its ring, an index of at least an eighth of that, 128 bytes for each place. A publisher:
//! 3 descriptors, and one more once it has waited for a subscriber. A subscriber: 4 descriptors, two maps, a buffer as
//! long as its longest record; a thousand of them in one process need `ulimit -n` above 4,000.
//!
//! [`SendError`](crate::SendError) and [`ReceiveError`](crate::ReceiveError) are those of a channel: where they speak of
//! a consumer, here it is the slowest subscriber, and their producer is the publisher.

mod bells;
mod create;
mod error;
mod loan;
mod look;
mod opening;
mod options;
mod publisher;
mod received;
mod room;
mod shape;
mod subscriber;
mod succession;
mod waiting;

pub use error::TopicError;
pub use loan::Loan;
pub use look::TopicGlance;
pub use options::{TopicOptions, WhenSlow};
pub use publisher::Publisher;
pub use received::Received;
pub use subscriber::Subscriber;
