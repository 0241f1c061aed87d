// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes, without mistaking one for another.
//!
//! A pid is a seat, not a person: it is given away again as soon as the process in it was reaped. What identifies
//! a process here is a descriptor of it ([`Pidfd`]), or, where it has to be written down, the pid together with
//! what no later owner of the same pid can have ([`ProcessIdentity`]).

mod ending;
mod group;
mod identity;
mod pidfd;
mod run_as;
mod session;
mod stat;
mod subject;
mod thread;
mod user;
mod user_name;

pub use ending::see_off;
pub use group::group_of;
pub use identity::{IdentityError, ProcessIdentity};
pub use pidfd::{Exit, Pidfd};
pub use run_as::{RunAs, RunAsError};
pub use rustix::process::{Pid, Signal};
pub use session::session_of;
pub use stat::ticks_since_boot;
pub use subject::{Ownership, Subject, Wish};
pub use thread::own_thread_id;
pub use user::{OwnIds, overflow_uid, own_ids, own_pid_namespace, own_uid};
pub use user_name::user_name;
