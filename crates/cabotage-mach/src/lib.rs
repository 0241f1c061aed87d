// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mach message passing: tasks, ports, the rights to them, messages that carry rights, and what the system tells when
//! a port dies.
//!
//! A port is a queue of messages with one receiver. Nobody knows a port but by a right: who has its
//! [`ReceiveRight`] receives and makes the other rights, who has a [`SendRight`] sends, who has a [`SendOnceRight`]
//! sends once, to answer as a rule. Rights travel in messages, and a right that is dropped is given back.
//!
//! ```
//! use cabotage_mach::{Notification, ReceiveRight};
//!
//! let log = ReceiveRight::new()?;
//! let sender = log.make_send()?;
//! sender.send("hello")?;
//! assert_eq!(log.receive()?.text()?, "hello");
//!
//! // A question carries a right to answer once, and waits for that.
//! let clerk = std::thread::spawn(move || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//!     let mut question = log.receive()?;
//!     let answer = question.text()?.to_uppercase();
//!     question.reply(answer)?;
//!
//!     // One who is to be told when all send rights are gone.
//!     log.notify_when_unused(0, log.make_send_once()?)?;
//!     let news = log.receive()?.into_notification().expect("it is the kernel's");
//!     Ok(assert_eq!(news, Notification::NoSenders { make_send_count: 1 }))
//! });
//! assert_eq!(sender.request("shout")?.text()?, "SHOUT");
//! drop(sender);
//! # clerk.join().unwrap().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What the Mach kernel does for its tasks is done here by a state machine without system calls and clock, the
//! [`kernel`]: spaces of names, ports with their queues, port sets, notifications. Its rules are XNU's. Mach's own
//! interface, by names instead of types, is [`Names`].
#![forbid(unsafe_code)]

pub mod bootstrap;
mod carrier;
mod code;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod kernel;
mod message;
mod name;
mod right;
mod rights;
mod spare;
mod task;

pub use bootstrap::{check_in, look_up};
pub use cabotage_link::Ready;
pub use cabotage_os::Deadline;
pub use cabotage_os::sealed::{NotSealed, Region, SealedPart};
pub use carrier::Loan;
pub use code::KernError;
pub use error::{
    BootstrapError, NO_NAME_LEFT, OutsideError, PollError, ReceiveError, RequestError, SendError, SpawnError,
    TaskError, Unsent,
};
pub use kernel::message::{AuditToken, Memory, Sender};
#[cfg(feature = "json")]
pub use message::JsonError;
pub use message::{Carried, Immutable, Message, NotConverted, Notification, Outgoing, Unanswered};
pub use name::Name;
pub use right::{Disposition, Right, RightTypes, SpecialPort};
pub use rights::{
    AnyRight, DeadName, Messages, PortSet, ReceiveRight, SendOnceRight, SendRight, Sent, WhenFull,
};
pub use task::{ChildTask, Names, Spawn, Task, TaskPort};
