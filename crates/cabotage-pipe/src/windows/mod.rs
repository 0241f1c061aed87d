// SPDX-License-Identifier: MIT OR Apache-2.0
//! Anonymous pipes as Windows has them: `CreatePipe`, two handles, and children that inherit by marks and lists.
//!
//! Neither handle is inheritable unless it is told to be, at creation or later, and a child inherits only if its
//! start says so ([`Spawn::inherit_handles`](crate::Spawn::inherit_handles)); a list narrows what it gets
//! ([`handle_list`](crate::Spawn::handle_list)). It is the same [`Spawn`](crate::Spawn) as everywhere: what is
//! listed by [`pass`](crate::Spawn::pass) comes besides.
//!
//! The bytes go through a pipe of the kernel, so the child may be any program, and the parent may hand either end to
//! one that was never told of this library. What a kernel's pipe does otherwise than one of Windows stands in
//! docs/sources.md.
//!
//! ```
//! use cabotage_pipe::{Deadline, Spawn};
//! use cabotage_pipe::windows::{Inherit, PipeOptions};
//!
//! // The figure of the textbook: both are inheritable at first, then the child's inheritance of one is forbidden.
//! let (reader, writer) = PipeOptions::new().inherit(Inherit::Yes).create()?;
//! writer.set_inherit(Inherit::No);
//!
//! let command = format!("cat <&{}", reader.number());
//! let (answer, output) = cabotage_pipe::windows::create_pipe(0)?;
//! let child = Spawn::new("sh").args(["-c", &command]).inherit_handles().stdout(output);
//! let mut child = child.spawn()?; // gets the read end, its standard streams, and nothing else
//! drop(reader); // this end is not used here
//!
//! writer.write(b"Greetings", Deadline::Never)?;
//! drop(writer);
//! let mut text = [0; 16];
//! assert_eq!(answer.read(&mut text, Deadline::Never)?, 9);
//! assert_eq!(answer.read(&mut text, Deadline::Never).unwrap_err().windows_code(), Some(109)); // ERROR_BROKEN_PIPE
//! # child.wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod end;
mod error;
mod read;
mod write;

pub use cabotage_os::inherited::InheritedError;
pub use cabotage_os::spawn::{AsHandle, Handle, Inherit};
pub use error::{InheritError, ReadError, WriteError};
pub use read::ReadHandle;
pub use write::WriteHandle;

use cabotage_os::SystemError;

/// A pipe that is asked to hold `size_bytes`, or [`PipeOptions::SIZE_BYTES_DEFAULT`] for zero; neither handle is
/// inheritable.
///
/// # Errors
/// The system's refusal: the process or the machine is out of descriptors.
///
/// # Source
/// `CreatePipe` of the Windows API; pipe(2).
pub fn create_pipe(size_bytes: usize) -> Result<(ReadHandle, WriteHandle), SystemError> {
    PipeOptions::new().size_bytes(size_bytes).create()
}

/// What can be chosen when a pipe is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PipeOptions {
    size_bytes: usize,
    inherit: Inherit,
}

impl PipeOptions {
    /// The size that stands for zero.
    pub const SIZE_BYTES_DEFAULT: usize = 4096;

    /// A pipe of the default size, whose handles no child inherits.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many unread bytes the pipe is asked to hold. The handles report this number; the kernel grants whole
    /// pages ([`capacity_bytes`](ReadHandle::capacity_bytes)), and at most its own limit.
    #[must_use]
    pub fn size_bytes(mut self, size_bytes: usize) -> Self {
        self.size_bytes = size_bytes;
        self
    }

    /// Whether children may inherit the handles, both of them: the security attributes of `CreatePipe`. Forbid it to
    /// one of them afterwards by [`set_inherit`](WriteHandle::set_inherit).
    #[must_use]
    pub fn inherit(mut self, inherit: Inherit) -> Self {
        self.inherit = inherit;
        self
    }

    /// Makes the pipe.
    ///
    /// # Errors
    /// As [`create_pipe`].
    pub fn create(self) -> Result<(ReadHandle, WriteHandle), SystemError> {
        let size_bytes = if self.size_bytes == 0 { Self::SIZE_BYTES_DEFAULT } else { self.size_bytes };
        let (reader, writer) = crate::anonymous()?;
        crate::PipeEnd::set_capacity(&writer, size_bytes)?;
        let handles =
            (ReadHandle::made(reader.into(), size_bytes), WriteHandle::made(writer.into(), size_bytes));
        handles.0.set_inherit(self.inherit);
        handles.1.set_inherit(self.inherit);
        Ok(handles)
    }
}
