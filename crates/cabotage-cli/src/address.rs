// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses: one form for all verbs, `KIND:NAME`, such as `shm:/frames` or `fifo:/tmp/queue`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use cabotage::shm::Name;
use clap::builder::{OsStringValueParser, TypedValueParser};

/// Where something is sent to, received from, shown or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// `shm:/frames`: a POSIX shared memory object.
    Shm(Name),
    /// `fifo:/tmp/queue`: a named pipe, by its path.
    Fifo(PathBuf),
}

/// The kinds that this version knows.
pub(crate) const KINDS: [&str; 2] = ["shm", "fifo"];

/// Kinds of the mechanisms that come later.
const LATER: [&str; 4] = ["pipe", "alpc", "mach", "link"];

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence that says how to mend it.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let shown = text.display();
        let Some(colon) = bytes.iter().position(|byte| *byte == b':') else {
            return Err(format!("`{shown}` has no kind: write shm:/NAME or fifo:PATH"));
        };
        let (kind, name) = (&bytes[..colon], &bytes[colon + 1..]);
        match std::str::from_utf8(kind) {
            Ok("shm") => Name::parse(name).map(Self::Shm).map_err(|mistake| mistake.to_string()),
            Ok("fifo") if name.is_empty() => Err("a FIFO is named by its path: fifo:PATH".into()),
            Ok("fifo") => Ok(Self::Fifo(OsString::from_vec(name.to_vec()).into())),
            Ok(kind) if LATER.contains(&kind) => Err(format!(
                "`{kind}:` is not in this version yet: use shm:/NAME for shared memory or fifo:PATH for a pipe"
            )),
            _ => Err(format!("`{shown}` is of no known kind: write shm:/NAME or fifo:PATH")),
        }
    }

    /// For clap: an argument that is an address.
    pub(crate) fn argument() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().try_map(|text| Self::parse(&text))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shm(name) => write!(f, "shm:{name}"),
            Self::Fifo(path) => write!(f, "fifo:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, String> {
        Address::parse(OsStr::new(text))
    }

    #[test]
    fn an_address_is_a_kind_a_colon_and_a_name() {
        assert_eq!(parse("shm:/frames"), Ok(Address::Shm(Name::parse("/frames").unwrap())));
        assert_eq!(parse("shm:frames"), parse("shm:/frames"));
        assert_eq!(parse("fifo:a:b"), Ok(Address::Fifo("a:b".into())));
        assert_eq!(parse("shm:frames").unwrap().to_string(), "shm:/frames");
    }

    #[test]
    fn a_mistake_is_answered_with_the_way_to_write_it() {
        for text in ["frames", "", "tcp:host", "fifo:", "pipe:chat", "alpc:echo", "mach:log", "link:x"] {
            let words = parse(text).unwrap_err();
            assert!(words.contains("fifo:PATH"), "{words}");
        }
        assert!(parse("shm:").is_err());
        assert!(parse("pipe:chat").unwrap_err().contains("not in this version yet"));
    }

    #[test]
    fn a_path_need_not_be_text() {
        let text = OsStr::from_bytes(b"fifo:/tmp/\xff");
        assert_eq!(Address::parse(text), Ok(Address::Fifo(OsStr::from_bytes(b"/tmp/\xff").into())));
    }
}
