// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages of any length on one pipe, from any number of writers.
//!
//! A pipe keeps writes of up to 4,096 bytes whole, so every message is cut into frames of that size, and
//! each frame says whose it is. Frames of several writers may alternate; the one [`Reader`] puts each writer's
//! together. A writer that dies in the middle loses the message it was sending, which the reader reports, and
//! disturbs nobody else's.
//!
//! ```
//! use std::time::Duration;
//! use cabotage_pipe::framed::{Reader, Received, Writer};
//!
//! let (reader, writer) = cabotage_pipe::anonymous()?;
//! let patience = Duration::from_secs(1);
//! let mut one = Writer::new(writer.try_clone()?)?;
//! let mut two = Writer::new(writer)?;
//! one.send(b"from one", patience)?;
//! two.send(&[7; 10_000], patience)?;
//!
//! let mut reader = Reader::new(reader);
//! let Received::Message(message) = reader.receive(patience)? else { panic!() };
//! assert_eq!((message.writer, &message.body[..]), (one.id(), &b"from one"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assembly;
mod frame;
mod reader;
mod writer;

pub use assembly::{Limits, Loss, Lost, Message, Received};
pub use frame::{Malformed, WriterId};
pub use reader::{Reader, ReceiveError};
pub use writer::{SendError, Writer};
