// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every system call of Cabotage, behind safe types.
//!
//! Each module is one kind of kernel object or one rule about them. Everything is close-on-exec; every refusal is
//! a [`SystemError`] that names the call, the object and the next step; every call passes the [`seam`].

#[cfg(not(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!(
    "Cabotage needs 64-bit Linux (5.15 or later) on x86_64 or aarch64: build it there, in a virtual machine or a \
     container"
);

pub mod c_errno;
pub mod copy;
pub mod deadline;
pub mod descriptor;
pub mod directory;
pub mod epoll;
mod error;
pub mod eventfd;
pub mod exit;
pub mod fifo;
pub mod fork;
pub mod futex;
pub mod heap;
pub mod holders;
pub mod inherited;
pub mod limits;
mod listing;
pub mod lock;
pub mod map;
pub mod membarrier;
pub mod memfd;
pub mod object;
pub mod open_for;
pub mod pages;
pub mod pipe;
pub mod poll;
pub mod probe;
pub mod process;
pub mod process_memory;
pub mod processor;
mod procfs;
pub mod raw;
pub mod sealed;
pub mod seam;
pub mod sigbus;
pub mod signals;
pub mod sigpipe;
pub mod socket;
pub mod spawn;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
pub mod timer;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod watch;

pub use deadline::Deadline;
pub use error::{Fault, SystemError};
pub use seam::Errno;
