// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interprocess communication of the textbook, for Linux.
//!
//! | module | what it gives |
//! |---|---|
//! | [`shm`] | POSIX shared memory objects and memory-mapped files; a producer and a consumer, and topics, over them |
//! | [`pipe`] | anonymous pipes, FIFOs, children that inherit exactly what you list; [named pipes](pipe::named) as Windows has them, also on tokio (feature `tokio`) |
//! | [`link`] | messages, blocks and descriptors between two processes that need not trust each other; names |
//! | [`alpc`] | connection ports: clients connect by a name, ask, and are answered; callbacks, cancels, datagrams |
//! | [`mach`] | ports and the rights to them, messages that carry rights, notifications, tasks |
//! | [`gc`] | what processes left behind that have ended: found, told, removed |
//! | [`lane`] | what links are made of: memory that one process writes and another reads |
//! | [`os`] | the floor beneath: maps, sealed memory, descriptors, deadlines, process identity |
//!
//! # Shared memory
//!
//! ```
//! use cabotage::shm::{Name, Object};
//!
//! let name = Name::parse("/cabotage-doc")?; // one slash, then up to 255 bytes without another
//! # let name = Name::parse(format!("/cabotage-doc-{}", std::process::id()))?;
//!
//! // The producer: when the name appears, the object has its size and its memory.
//! let object = Object::create(&name, 4096)?;
//! object.map()?.copy_from(0, b"Hello")?;
//!
//! // The consumer, usually another process.
//! let object = Object::open_read_only(&name)?;
//! let mut copy = [0; 5];
//! object.map_read_only()?.copy_to(0, &mut copy)?;
//! assert_eq!(&copy, b"Hello");
//! object.unlink_if_mine()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A producer and a consumer
//!
//! ```
//! use cabotage::Deadline;
//! use cabotage::shm::{Consumer, Producer, ReceiveError};
//!
//! # let name = format!("/cabotage-doc-frames-{}", std::process::id());
//! # let name = name.as_str();
//! # /*
//! let name = "/frames";
//! # */
//! // Plain named objects, between processes that trust each other; `create` and `open` are for those that do not.
//! let mut frames = Producer::create_trusting(name)?;
//! frames.send(b"a frame", Deadline::Never)?; // waits while the buffer is full
//! frames.close();
//!
//! let mut frames = Consumer::open_trusting(name)?; // usually another process
//! assert_eq!(frames.receive(Deadline::Never)?.to_vec(), b"a frame"); // waits while it is empty
//! assert_eq!(frames.receive(Deadline::Never).unwrap_err(), ReceiveError::Closed); // or `Died`
//! frames.remove()?; // as the textbook's consumer does at the end
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A parent and a child
//!
//! ```
//! use std::time::Duration;
//! use cabotage::pipe::{self, ReadEnd, Spawn};
//!
//! let (reader, writer) = pipe::anonymous()?; // std's own types: what std lacks comes as traits
//! let mut child = Spawn::new("echo").arg("ahoy").stdout(writer).spawn()?; // gets this end and no other
//!
//! let mut line = [0; 16];
//! let bytes = reader.read_within(&mut line, Duration::from_secs(60))?;
//! assert_eq!(&line[..bytes], b"ahoy\n");
//! child.wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Two processes that talk
//!
//! ```
//! use std::time::Duration;
//! use cabotage::Deadline;
//! use cabotage::link::{Link, LinkError, Options, ReceiveError};
//!
//! // The other end goes to a child, or to whoever asks for it by a name; here to a thread.
//! let (mut near, far) = Link::pair(Options::new())?;
//! let child = std::thread::spawn(move || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//!     let mut far = far.link(Options::new())?;
//!     let question = far.receive(Deadline::within(Duration::from_secs(60)))?.to_vec();
//!     far.send(&question.to_ascii_uppercase(), Deadline::within(Duration::from_secs(60)))?;
//!     Ok(far.close())
//! });
//!
//! let soon = Deadline::within(Duration::from_secs(60));
//! near.send(b"ahoy", soon)?;
//! assert_eq!(near.receive(soon)?.to_vec(), b"AHOY");
//! assert_eq!(near.receive(soon).unwrap_err(), ReceiveError::Link(LinkError::Closed)); // told, not guessed
//! # child.join().unwrap().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A named pipe
//!
//! ```
//! use std::time::Duration;
//! use cabotage::pipe::named::{ClientOptions, ServerOptions};
//!
//! # let root = tempfile::tempdir()?;
//! # let names = cabotage::link::names::Registry::at(root.path().join("user"), root.path().join("system"));
//! # let (server, client) = (ServerOptions::messages().registry(&names), ClientOptions::messages().registry(&names));
//! # /*
//! let (server, client) = (ServerOptions::messages(), ClientOptions::messages());
//! # */
//! let mut pipe = server.create("chat")?; // or r"\\.\pipe\chat"
//! let mut chat = client.open("chat")?; // usually in another process
//! chat.send(b"ahoy", Duration::from_secs(60))?;
//!
//! let mut client = pipe.accept(Duration::from_secs(60))?; // an end of its own; `pipe` listens on
//! let mut message = Vec::new();
//! client.receive(&mut message, Duration::from_secs(60))?;
//! assert_eq!(message, b"ahoy");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What all of it has in common
//!
//! - Whatever may wait takes a [`Deadline`]: now, at an instant, or never.
//! - Whatever can be waited on is a descriptor (`AsFd`) for epoll and its like.
//! - Every descriptor is close-on-exec from birth.
//! - An error is the caller's mistake, the peer's fault or the system's refusal ([`Fault`]), never two of them, and
//!   its text says what to do next. [`SystemError`] names the system call and the object.
//! - Nothing prints, installs a signal handler unasked, or spawns a thread; nothing reads the environment, but for the
//!   two variables that say where names are ([`link::names`]).
//!
//! Which other processes can hurt you, and how far that is prevented, is written beside each call that matters; the
//! whole picture is in the repository's docs/threats.md.
#![forbid(unsafe_code)]

pub mod gc;

pub use cabotage_alpc as alpc;
pub use cabotage_lane as lane;
pub use cabotage_link as link;
pub use cabotage_mach as mach;
pub use cabotage_os as os;
pub use cabotage_os::{Deadline, Fault, SystemError};
pub use cabotage_pipe as pipe;
pub use cabotage_shm as shm;

/// The example of the README, run with the others.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
