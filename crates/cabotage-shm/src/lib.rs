// SPDX-License-Identifier: MIT OR Apache-2.0
//! POSIX shared memory that never appears half-made, and memory-mapped files by the same types.
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
mod directory;
mod error;
mod hidden;
mod mapped_file;
mod name;
mod object;
mod options;
mod publish;

pub use cabotage_os::object::{Facts, Identity, Kind};
pub use directory::{Directory, Entry, list, unlink};
pub use error::ObjectError;
pub use mapped_file::{FileError, MappedFile};
pub use name::{Name, NameError};
pub use object::Object;
pub use options::{Options, Won};
