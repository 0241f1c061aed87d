// SPDX-License-Identifier: MIT OR Apache-2.0
//! What may be the name of a shared memory object: checked once, and then the type is the proof.
//!
//! Source: shm_open(3). POSIX leaves open what a name without its leading slash, or with further slashes, means; we
//! take what C and Python programs on Linux use, and refuse the rest by name of its mistake.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a shared memory object: 1 to 255 bytes without a slash, shown with one in front.
///
/// Names are bytes, as in every file system of Linux; they need not be UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<[u8]>);

/// Why some text is not the name of a shared memory object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or nothing but a slash.
    #[error("a shared memory name needs at least one character after its slash")]
    Empty,
    /// `.` or `..`, which are directories.
    #[error("`.` and `..` are directories and cannot name shared memory")]
    Dots,
    /// A slash after the first character.
    #[error("a shared memory name has no slash but the leading one; this one has another at byte {at}")]
    Slash {
        /// Where, counted in bytes of the text as it was given.
        at: usize,
    },
    /// A zero byte, which ends a name for the kernel.
    #[error("a shared memory name cannot hold a zero byte; this one does at byte {at}")]
    Nul {
        /// Where, counted in bytes of the text as it was given.
        at: usize,
    },
    /// More bytes than a file name may have.
    #[error(
        "a shared memory name has at most {} bytes after its slash; this one has {bytes}",
        Name::BYTES_MAX
    )]
    TooLong {
        /// How many bytes follow the slash.
        bytes: usize,
    },
    /// A name of the kind that this library gives to unfinished objects.
    #[error("names that begin with {} belong to unfinished objects; choose another", Name::RESERVED.escape_ascii())]
    Reserved,
}

impl Name {
    /// The most bytes after the slash (`NAME_MAX`).
    pub const BYTES_MAX: usize = 255;

    /// The beginning of names that only this library may give.
    pub(crate) const RESERVED: &[u8] = b".cabotage-";

    /// Checks `text`, with one leading slash or without. glibc would accept more leading slashes than one; we do
    /// not, since such a name works nowhere else.
    ///
    /// ```
    /// # use cabotage_shm::Name;
    /// assert_eq!(Name::parse("frames"), Name::parse("/frames"));
    /// assert_eq!(Name::parse(b"caf\xe9")?.to_string(), r"/caf\xe9");
    /// # Ok::<(), cabotage_shm::NameError>(())
    /// ```
    ///
    /// # Errors
    /// The first rule that the text breaks.
    ///
    /// # Source
    /// shm_open(3).
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, NameError> {
        let text = text.as_ref();
        let flat = text.strip_prefix(b"/").unwrap_or(text);
        let skipped = text.len() - flat.len();
        let position = |wanted: u8| flat.iter().position(|&byte| byte == wanted).map(|at| at + skipped);
        if flat.is_empty() {
            return Err(NameError::Empty);
        }
        if let Some(at) = position(b'/') {
            return Err(NameError::Slash { at });
        }
        if let Some(at) = position(0) {
            return Err(NameError::Nul { at });
        }
        match flat {
            b"." | b".." => Err(NameError::Dots),
            _ if flat.len() > Self::BYTES_MAX => Err(NameError::TooLong { bytes: flat.len() }),
            _ if flat.starts_with(Self::RESERVED) => Err(NameError::Reserved),
            _ => Ok(Self(flat.into())),
        }
    }

    /// A name that only this library may give.
    pub(crate) fn reserved(file_name: Vec<u8>) -> Self {
        debug_assert!(file_name.starts_with(Self::RESERVED) && file_name.len() <= Self::BYTES_MAX);
        Self(file_name.into())
    }

    /// The bytes of the name without its slash: the file name in the directory of objects.
    pub fn file_name(&self) -> &[u8] {
        &self.0
    }

    /// Whether every POSIX system takes this name: at most 30 bytes (macOS), and only letters, digits, `.`, `_` and
    /// `-` of ASCII.
    pub fn is_portable(&self) -> bool {
        let portable = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        self.0.len() <= 30 && self.0.iter().all(portable)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl fmt::Display for Name {
    /// With its slash; control characters, backslashes and bytes that are no text are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\\' => f.write_str(r"\\")?,
                    _ if character.is_control() => write!(f, "{}", character.escape_default())?,
                    _ => write!(f, "{character}")?,
                }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leading_slash_makes_no_difference() {
        assert_eq!(Name::parse("/frames").unwrap().file_name(), b"frames");
        assert_eq!(Name::parse("frames"), Name::parse("/frames"));
    }

    #[test]
    fn each_broken_rule_has_its_own_error() {
        for (text, mistake) in [
            (&b""[..], NameError::Empty),
            (b"/", NameError::Empty),
            (b".", NameError::Dots),
            (b"/..", NameError::Dots),
            (b"//frames", NameError::Slash { at: 1 }),
            (b"a/b", NameError::Slash { at: 1 }),
            (b"/a/", NameError::Slash { at: 2 }),
            (b"a\0b", NameError::Nul { at: 1 }),
            (b"/.cabotage-making-0123456789abcdef", NameError::Reserved),
        ] {
            assert_eq!(Name::parse(text), Err(mistake), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_name_may_have_255_bytes_after_its_slash_and_no_more() {
        let longest = "n".repeat(255);
        assert!(Name::parse(&longest).is_ok());
        assert!(Name::parse(format!("/{longest}")).is_ok());
        assert_eq!(Name::parse(format!("{longest}n")), Err(NameError::TooLong { bytes: 256 }));
    }

    #[test]
    fn three_dots_and_hidden_names_are_names() {
        assert!(Name::parse("...").is_ok());
        assert!(Name::parse(".hidden").is_ok());
    }

    #[test]
    fn what_is_no_text_is_shown_escaped_and_never_as_it_is() {
        let name = Name::parse(b"caf\xe9 \x1b[2J\\ \xc3\xa9").unwrap();
        assert_eq!(name.to_string(), "/caf\\xe9 \\u{1b}[2J\\\\ \u{e9}");
    }

    #[test]
    fn a_portable_name_is_short_and_plain() {
        assert!(Name::parse("/camera_0.raw").unwrap().is_portable());
        assert!(!Name::parse("n".repeat(31)).unwrap().is_portable());
        assert!(!Name::parse("two words").unwrap().is_portable());
    }
}
