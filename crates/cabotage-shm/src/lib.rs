// SPDX-License-Identifier: MIT OR Apache-2.0
//! POSIX shared memory that never appears half-made, memory-mapped files by the same types, and those who meet by a
//! name: a producer and a consumer, a publisher and its subscribers.
//!
//! | what | for |
//! |---|---|
//! | [`Object`] | the bytes themselves, as C and Python know them |
//! | [`channel`] | [`Producer`] and [`Consumer`]: records from one process to another, where either may be killed |
//! | [`topic`] | [`Publisher`] and [`Subscriber`]: the same records from one process to many |
//! | [`MappedFile`] | regular files by the same maps |
//! | [`leavings`] | what processes left behind that were killed at the wrong moment |
//!
//! ```
//! use cabotage_shm::{Name, Object};
//!
//! let name = Name::parse("/cabotage-doc-frames")?;
//! # let _ = cabotage_shm::unlink(&name);
//! let frames = Object::create(&name, 4096)?; // allocated, complete, and only then visible
//! frames.write_at(0, b"ahoy")?;
//!
//! let seen = Object::open_read_only(&name)?; // usually in another process
//! let mut word = [0; 4];
//! seen.read_at(0, &mut word)?;
//! assert_eq!(&word, b"ahoy");
//!
//! frames.unlink_if_mine()?; // never the object that a restarted creator put there meanwhile
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An object is the bytes and nothing else: no header, so that C's `shm_open` and Python's
//! `multiprocessing.shared_memory` open ours, and we open theirs.
//!
//! **Who can hurt whom.** A named object cannot be sealed: whoever may write to it, and its owner whatever the mode
//! bits say, may shrink it under everybody's feet. [`Object::read_at`] and [`Object::write_at`] answer such a shrink
//! with an error. A map answers it with SIGBUS, unless it is guarded. Between processes that do not trust each
//! other, sealed memory that is passed over a socket is the right thing, not a name.

#![forbid(unsafe_code)]

mod attach;
pub mod channel;
mod directory;
mod error;
mod hidden;
pub mod leavings;
mod mapped_file;
mod meeting;
mod name;
mod object;
mod options;
mod publish;
pub mod topic;

pub use cabotage_os::object::{Facts, Identity, Kind};
pub use channel::{
    BatchError, ChannelError, ChannelGlance, ChannelOptions, Consumer, Loan, Producer, ReceiveError, Record,
    Role, SendError,
};
pub use directory::{Directory, Entry, list, unlink};
pub use error::ObjectError;
pub use mapped_file::{FileError, MappedFile};
pub use meeting::Presence;
pub use name::{Name, NameError};
pub use object::Object;
pub use options::{Options, Won};
pub use topic::{Publisher, Received, Subscriber, TopicError, TopicGlance, TopicOptions, WhenSlow};
