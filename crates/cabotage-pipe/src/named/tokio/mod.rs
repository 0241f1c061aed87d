// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes on tokio, with the names and the calls of `tokio::net::windows::named_pipe`: a program for Windows that
//! uses those changes one `use`.
//!
//! ```
//! use cabotage_pipe::named::tokio::{ClientOptions, ServerOptions};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # let root = tempfile::tempdir()?;
//! # use cabotage_pipe::named::{self, Registry};
//! # let names = Registry::at(root.path().join("user"), root.path().join("system"));
//! # let mut server_options = ServerOptions::from(named::ServerOptions::new().registry(&names));
//! # let client_options = ClientOptions::from(named::ClientOptions::new().registry(&names));
//! # /*
//! let (mut server_options, client_options) = (ServerOptions::new(), ClientOptions::new());
//! # */
//! # tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
//! const NAME: &str = r"\\.\pipe\chat";
//! let mut server = server_options.first_pipe_instance(true).create(NAME)?;
//! let mut client = client_options.open(NAME)?;
//! server.connect().await?;
//!
//! client.write_all(b"ahoy").await?;
//! let mut word = [0; 4];
//! server.read_exact(&mut word).await?;
//! assert_eq!(&word, b"ahoy");
//! # std::io::Result::Ok(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a port has to know:
//!
//! - **Errors** carry [`PipeError`](super::PipeError), whose [`code`](super::PipeError::code) is the number that programs
//!   for Windows look for: `PipeError::of(&error).map(PipeError::code) == Some(231)` for a pipe that is busy. Better
//!   than to ask again and again is [`ClientOptions::open_within`].
//! - **A write is taken over** and then counts as written, and the next one waits for it: so tokio does on Windows. What
//!   is taken over when an end is dropped is written in a task of the runtime. To take a write back, or to know that it
//!   was read, use [`get_ref`](NamedPipeServer::get_ref): its futures are [cancelled](super::AsyncPipe) by dropping.
//! - There are no handles and no security attributes: who may connect say [`mode`](super::ServerOptions::mode) and
//!   [`group`](super::ServerOptions::group) of the options that [`ServerOptions::from`] takes.

mod ends;
mod held;
mod info;
mod options;
mod watch;

pub use super::rules::PipeMode;
pub use ends::{NamedPipeClient, NamedPipeServer};
pub use info::{PipeEnd, PipeInfo};
pub use options::{ClientOptions, ServerOptions};
pub use watch::TokioWatch;
