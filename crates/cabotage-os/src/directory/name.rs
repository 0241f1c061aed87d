// SPDX-License-Identifier: MIT OR Apache-2.0
//! One component of a path: what a name in a directory may be.

use std::ffi::{CStr, CString, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::error::{SystemError, attempt_until_done};

/// One component of a path: 1 to 255 bytes, no slash, no zero byte, neither `.` nor `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(CString);

/// Why something is not a [`Name`]. The caller's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It has no byte.
    #[error("a name needs at least one byte")]
    Empty,
    /// It is too long for a file system.
    #[error("a name has at most 255 bytes, this one has {bytes}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It contains a slash or a zero byte.
    #[error("a name contains neither a slash nor a zero byte")]
    ForbiddenByte,
    /// It is `.` or `..`.
    #[error("\".\" and \"..\" are no names")]
    Dots,
}

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Self, NameError> {
        match text.as_ref().as_bytes() {
            b"" => Err(NameError::Empty),
            b"." | b".." => Err(NameError::Dots),
            bytes if bytes.len() > 255 => Err(NameError::TooLong { bytes: bytes.len() }),
            bytes if bytes.contains(&b'/') => Err(NameError::ForbiddenByte),
            bytes => CString::new(bytes).map(Self).map_err(|_| NameError::ForbiddenByte),
        }
    }

    /// A name that the kernel listed.
    pub(super) fn of_entry(name: &CStr) -> Self {
        Self(name.into())
    }

    /// The name as a path of one component.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(self.0.as_bytes()))
    }

    /// The name as C reads it.
    pub fn as_c_str(&self) -> &CStr {
        &self.0
    }

    /// Whether it begins with a dot, as the names of things do that are still being made.
    pub fn is_hidden(&self) -> bool {
        self.0.as_bytes().starts_with(b".")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_path().display().fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_path().fmt(f)
    }
}

/// A name that nobody else comes upon, for something that is still being made.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// getrandom(2).
pub fn hidden_name() -> Result<Name, SystemError> {
    let mut random = [0_u8; 8];
    attempt_until_done("getrandom", "a hidden name", || {
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
    })?;
    let text = format!(".new-{:016x}", u64::from_ne_bytes(random));
    Ok(Name(CString::new(text).unwrap_or_default()))
}
