// SPDX-License-Identifier: MIT OR Apache-2.0
//! Connection ports and channels, for clients and servers: connect, be accepted, call, be answered.
//!
//! A server creates a [`ConnectionPort`] under a name. A client connects to it, the server accepts or refuses, and
//! from then on both have an end of one channel: the client its [`Client`], the server a [`ClientId`] at its port,
//! which receives what all clients send.
//!
//! ```
//! # let root = tempfile::tempdir()?;
//! # let registry = cabotage_link::names::Registry::at(root.path().join("user"), root.path().join("system"));
//! use cabotage_alpc::{ConnectOptions, Deadline, Incoming, PortOptions};
//!
//! // The server.
//! let mut port = PortOptions::new().registry(&registry).create("echo")?;
//! # let name = registry.clone();
//! let client = std::thread::spawn(move || -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
//!     // Its client, usually another process.
//!     let mut echo = ConnectOptions::new().registry(&name).connect("echo")?;
//!     Ok(echo.request(b"ping")?.to_vec())
//! });
//! loop {
//!     match port.receive(Deadline::Never)? {
//!         Incoming::ConnectionRequest(request) => {
//!             port.accept(request, b"welcome", 0)?;
//!         }
//!         Incoming::Request(request) => {
//!             let answer = request.body().to_ascii_uppercase();
//!             port.reply(request, &answer)?;
//!         }
//!         Incoming::PortClosed { .. } => break,
//!         _ => {}
//!     }
//! }
//! assert_eq!(client.join().unwrap().unwrap(), b"PING");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod attributes;
mod body;
mod client;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod handles;
mod kind;
mod outgoing;
mod port;
mod post;
mod rules;
mod section;
mod serve;
mod status;
mod wire;

pub use attributes::AttributeSet;
pub use cabotage_link::{Deadline, Ready, Wait};
pub use client::{
    Callback, Client, ConnectOptions, Connecting, Received, Reply, SharedClient, SharedMessage, Waiting,
    connect,
};
pub use error::{
    AdmitError, CallbackError, CancelError, ChannelError, ChannelFault, ConnectError, CopyError, CreateError,
    Loss, ReceiveError, ReplyError, RequestError, ReserveError, SendError, TooLarge, WhyServed,
};
pub use handles::{Access as HandleAccess, HANDLES_MAX, HandleKind, Handles, Nature as HandleNature};
pub use kind::Kind;
pub use outgoing::{Buffer, Outgoing};
pub use port::{
    ClientId, ConnectionPort, ConnectionRequest, Datagram, Identity, ImpersonateError, Impersonation,
    Incoming, NotAdmitted, OpenError, PortOptions, Request, Stopper, Token, Unanswered,
};
pub use rules::{Access, RANGES_MAX, RangeError, ReserveId, Technique, VIEW_GRANULE_BYTES};
pub use section::{Attachment, SecureViewMut, View, ViewMut};
pub use serve::{Admission, Answer, IntoAnswer, ServeError, Server};
pub use status::Status;
pub use wire::WireError;

/// The longest body that is copied through the queue, in bytes: no port can raise its limit above this.
pub const MESSAGE_BYTES_MAX: usize = 0xFFEF;
/// The most data that go with a request to connect, an acceptance or a refusal, in bytes: they travel beside the first
/// words of either end, before there is any memory between the two.
pub const CONNECT_BYTES_MAX: usize = 4000;
/// Up to how many bytes a body goes through the queue by itself, unless the port says otherwise.
pub const INLINE_BYTES: usize = 256;
/// How many views of one other end are held at once, unless told otherwise.
pub const VIEWS_MAX: u32 = 16;
/// The largest section of another end that is mapped for one message, in bytes, unless told otherwise.
pub const SECTION_BYTES_MAX: u64 = 256 << 20;
/// The largest body of a client that is read directly before the server gets the request, in bytes, unless told
/// otherwise.
pub const DIRECT_BYTES_MAX: u64 = 16 << 20;
