// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a name may be.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::str::FromStr;

use cabotage_os::{Fault, directory};

/// A name to be found by: 1 to 200 bytes, no slash, no zero byte, no dot in front.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(directory::Name);

/// The longest name in bytes. A file name has 255, and we put something around it.
const BYTES_MAX: usize = 200;

/// Why something is not a [`Name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It has no byte.
    #[error("a name needs at least one byte")]
    Empty,
    /// It is too long.
    #[error("a name has at most {BYTES_MAX} bytes, this one has {bytes}: choose a shorter one")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It contains a slash.
    #[error("a name contains no slash: names lie in one flat directory")]
    Slash,
    /// It contains a zero byte.
    #[error("a name contains no zero byte")]
    ZeroByte,
    /// It begins with a dot.
    #[error("a name does not begin with a dot: those are the registry's own files")]
    LeadingDot,
}

impl NameError {
    /// Whose fault it is: always the caller's.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse(text: impl AsRef<OsStr>) -> Result<Self, NameError> {
        let bytes = text.as_ref().as_bytes();
        match bytes {
            [] => return Err(NameError::Empty),
            [b'.', ..] => return Err(NameError::LeadingDot),
            _ if bytes.len() > BYTES_MAX => return Err(NameError::TooLong { bytes: bytes.len() }),
            _ if bytes.contains(&b'/') => return Err(NameError::Slash),
            _ => {}
        }
        // What else a file name must be was seen above.
        directory::Name::parse(text).map(Self).map_err(|_| NameError::ZeroByte)
    }

    /// The name as the caller wrote it.
    pub fn as_os_str(&self) -> &OsStr {
        self.0.as_path().as_os_str()
    }

    /// The file that has this name.
    pub fn as_file(&self) -> &directory::Name {
        &self.0
    }

    /// The hidden file beside it on which its owner holds a lock.
    pub(super) fn lock_file(&self) -> directory::Name {
        let bytes = [&b"."[..], self.as_os_str().as_bytes(), LOCK_SUFFIX].concat();
        // A dot and a few letters around at most 200 bytes make a file name, so there is no other one to fall to.
        directory::Name::parse(OsStr::from_bytes(&bytes)).unwrap_or_else(|_| self.0.clone())
    }

    /// The name whose lock file this is, if it is one.
    pub(super) fn of_lock_file(file: &directory::Name) -> Option<Self> {
        let bytes = file.as_path().as_os_str().as_bytes();
        let name = bytes.strip_prefix(b".")?.strip_suffix(LOCK_SUFFIX)?;
        Self::parse(OsStr::from_bytes(name)).ok()
    }
}

const LOCK_SUFFIX: &[u8] = b".lock";

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_not_to_be_a_name_has_its_own_refusal() {
        assert_eq!(Name::parse(""), Err(NameError::Empty));
        assert_eq!(Name::parse("x".repeat(201)), Err(NameError::TooLong { bytes: 201 }));
        assert_eq!(Name::parse("a/b"), Err(NameError::Slash));
        assert_eq!(Name::parse("/"), Err(NameError::Slash));
        assert_eq!(Name::parse("a\0b"), Err(NameError::ZeroByte));
        for dotted in [".", "..", ".hidden", ".x.lock"] {
            assert_eq!(Name::parse(dotted), Err(NameError::LeadingDot));
        }
        assert_eq!(NameError::Slash.fault(), Fault::Caller);
    }

    #[test]
    fn anything_else_is_a_name_and_its_lock_file_leads_back_to_it() {
        let odd = OsStr::from_bytes(b"\xff \n");
        for good in [OsStr::new("x"), OsStr::new("a.b"), OsStr::new(&"x".repeat(200)), odd] {
            let name = Name::parse(good).unwrap();
            assert_eq!(name.as_os_str(), good);
            assert!(name.lock_file().is_hidden());
            assert_eq!(Name::of_lock_file(&name.lock_file()), Some(name));
        }
        assert_eq!("weather".parse::<Name>().unwrap().to_string(), "weather");
        assert_eq!(Name::of_lock_file(&directory::Name::parse(".new-0123.lock.x").unwrap()), None);
    }
}
