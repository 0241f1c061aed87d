// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pipes as programs need them: anonymous ones, FIFOs, messages on them, children that inherit exactly the ends they
//! are given, and [named pipes](named) as Windows has them.
//!
//! An anonymous pipe's ends are std's own types. What std lacks comes as traits on them: [`ReadEnd`] and
//! [`WriteEnd`] read and write within a deadline, or once without waiting, without touching flags that other
//! holders of the end share. A broken pipe is an error, never a signal.
//!
//! ```
//! use std::time::Duration;
//! use cabotage_pipe::{ReadEnd, WriteEnd};
//!
//! let (reader, writer) = cabotage_pipe::anonymous()?;
//! writer.write_all_within(b"hello", Duration::from_secs(1))?;
//! drop(writer); // the last writer: what follows is the end of file
//!
//! let mut text = [0; 16];
//! assert_eq!(reader.read_within(&mut text, Duration::from_secs(1))?, 5);
//! assert_eq!(reader.read_within(&mut text, Duration::from_secs(1))?, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod atomic;
mod capacity;
mod end;
mod error;
pub mod fifo;
pub mod framed;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "named")]
pub mod named;
mod read;
pub mod windows;
mod write;

pub use atomic::{Atomic, TooLong};
pub use cabotage_os::holders::{self, Holders};
pub use cabotage_os::spawn::{Spawn, SpawnError};
pub use cabotage_os::{Deadline, Fault, SystemError};
pub use capacity::{Capacity, Reason};
pub use end::PipeEnd;
pub use error::{ReadError, ReadExactError, WriteAllError, WriteError};
pub use read::ReadEnd;
pub use write::WriteEnd;

use std::io::{PipeReader, PipeWriter};

/// A new pipe: what is written to the one end is read from the other. Both ends are close-on-exec; hand one to
/// a child with [`Spawn`].
///
/// # Errors
/// The system's refusal: the process or the machine is out of descriptors.
///
/// # Source
/// pipe(2).
pub fn anonymous() -> Result<(PipeReader, PipeWriter), SystemError> {
    cabotage_os::pipe::create()
}

/// A new pipe in packet mode: what one write of up to [`Atomic::BYTES_MAX`] bytes puts in, one read takes out;
/// what does not fit the reader's buffer is gone. As many packets fit as the pipe has pages (16 by default),
/// however small they are.
///
/// # Errors
/// As [`anonymous`].
///
/// # Source
/// pipe(2), `O_DIRECT`.
pub fn packets() -> Result<(PipeReader, PipeWriter), SystemError> {
    cabotage_os::pipe::create_packets()
}
