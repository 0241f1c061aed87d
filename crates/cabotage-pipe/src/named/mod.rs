// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes as Windows has them: duplex, of bytes or of messages, with many instances under one name.
//!
//! ```
//! use std::time::Duration;
//! use cabotage_pipe::named::{ClientOptions, ServerOptions};
//!
//! # let root = tempfile::tempdir()?;
//! # use cabotage_pipe::named::Registry;
//! # let names = Registry::at(root.path().join("user"), root.path().join("system"));
//! # let (server, client) = (ServerOptions::messages().registry(&names), ClientOptions::messages().registry(&names));
//! # /*
//! let (server, client) = (ServerOptions::messages(), ClientOptions::messages());
//! # */
//! let patience = Duration::from_secs(60);
//!
//! // The server: an instance that listens, and for each client one of its own.
//! let mut pipe = server.create("chat")?; // or r"\\.\pipe\chat"
//! let thread = std::thread::spawn(move || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//!     let mut client = pipe.accept(patience)?;
//!     let mut question = Vec::new();
//!     client.receive(&mut question, patience)?;
//!     client.send(&question.to_ascii_uppercase(), patience)?;
//!     Ok(client.flush_within(patience)?) // closed before it was read, it would be readable still
//! });
//!
//! // A client, usually another process.
//! let mut chat = client.open("chat")?;
//! let mut answer = [0; 64];
//! let bytes = chat.transact(b"ahoy", &mut answer, patience)?;
//! assert_eq!(&answer[..bytes], b"AHOY");
//! # thread.join().unwrap().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A pipe lives until its last instance is closed. A write waits until what is unread fits the quota; what was written
//! completely stays readable when its writer closes or dies, and a disconnect destroys it. Errors have the numbers of
//! Windows ([`PipeError::code`]). Names, options and structures are those of tokio's named pipes, where it has them; calls
//! wait until a deadline, or answer at once (`try_`), or are told by a [descriptor](NamedPipeClient::ready).
//!
//! An end is for one thread at a time. Two threads have a [half](NamedPipeClient::split) each; one that has several
//! things under way begins [operations](Overlapped), and tasks of any runtime await [futures](AsyncPipe). With the feature
//! `tokio` there are tokio's own names, calls and traits, in `named::tokio`.
//!
//! The rules are in [`rules`], without a system call; where instances are is in [`place`]; the bytes go through a
//! [link with quotas](cabotage_link::metered).

mod choices;
mod client;
mod conduit;
pub mod error;
mod futures;
mod halves;
mod identity;
mod info;
mod methods;
pub mod name;
mod overlapped;
pub mod place;
pub mod rules;
mod server;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use cabotage_link::metered::{Interest, Peeked};
pub use cabotage_link::names::{Registry, Scope};
pub use cabotage_link::{Ready, Wait};
pub use client::{ClientOptions, NamedPipeClient, call_named_pipe, wait_named_pipe};
pub use error::{PipeError, WriteError};
pub use futures::{AsyncPipe, Watch};
pub use halves::{Halves, PipeReader, PipeWriter, Unsplit};
pub use identity::{ClientToken, Identity};
pub use info::PipeInfo;
pub use name::PipeName;
pub use overlapped::{Completed, Operation, Overlapped};
pub use place::{Creators, Patience};
pub use rules::{Access, Direction, HandleState, PipeMode, Side, State, WaitMode};
pub use server::{Incoming, NamedPipeServer, ServerOptions};
