// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong, in three families: the caller's mistake, the peer's fault, the system's refusal. Each error
//! also tells the number by which Windows programmers know it.

mod channel;
mod connect;
mod message;
mod payload;
mod port;
mod reserve;

pub use channel::{ChannelError, ChannelFault};
pub use connect::ConnectError;
pub use message::{CallbackError, CancelError, Loss, ReceiveError, ReplyError, RequestError, SendError};
pub use payload::{CopyError, TooLarge, WhyServed};
pub use port::{AdmitError, CreateError};
pub use reserve::ReserveError;
