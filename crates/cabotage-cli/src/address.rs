// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses: one form for all verbs, `KIND:NAME`, such as `shm:/frames`, `fifo:/tmp/queue` or `link:weather`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use cabotage::link::names;
use cabotage::shm::Name;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::exit::Failure;

/// Where something is sent to, received from, shown or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// `shm:/frames`: a POSIX shared memory object.
    Shm(Name),
    /// `fifo:/tmp/queue`: a named pipe, by its path.
    Fifo(PathBuf),
    /// `link:weather`: a link, by the name that a process has published.
    Link(names::Name),
}

/// The kinds that this version knows.
pub(crate) const KINDS: [&str; 3] = ["shm", "fifo", "link"];

/// Kinds of the mechanisms that come later.
const LATER: [&str; 3] = ["pipe", "alpc", "mach"];

/// How addresses are written.
const FORMS: &str = "shm:/NAME, fifo:PATH or link:NAME";

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence that says how to mend it.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let shown = text.display();
        let Some(colon) = bytes.iter().position(|byte| *byte == b':') else {
            return Err(format!("`{shown}` has no kind: write {FORMS}"));
        };
        let (kind, name) = (&bytes[..colon], &bytes[colon + 1..]);
        match std::str::from_utf8(kind) {
            Ok("shm") => Name::parse(name).map(Self::Shm).map_err(|mistake| mistake.to_string()),
            Ok("fifo") if name.is_empty() => Err("a FIFO is named by its path: fifo:PATH".into()),
            Ok("fifo") => Ok(Self::Fifo(OsString::from_vec(name.to_vec()).into())),
            Ok("link") => names::Name::parse(OsStr::from_bytes(name))
                .map(Self::Link)
                .map_err(|mistake| format!("{mistake} (link:NAME)")),
            Ok(kind) if LATER.contains(&kind) => {
                Err(format!("`{kind}:` is not in this version yet: use {FORMS}"))
            }
            _ => Err(format!("`{shown}` is of no known kind: write {FORMS}")),
        }
    }

    /// The name of a link, for verbs that know nothing else.
    pub(crate) fn link(&self) -> Result<&names::Name, Failure> {
        match self {
            Self::Link(name) => Ok(name),
            other => Err(Failure::usage(format!("{other} carries no messages: write link:NAME"))),
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
            Self::Link(name) => write!(f, "link:{name}"),
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
        assert_eq!(parse("link:weather").unwrap().to_string(), "link:weather");
    }

    #[test]
    fn a_mistake_is_answered_with_the_way_to_write_it() {
        for text in ["frames", "", "tcp:host", "fifo:", "pipe:chat", "alpc:echo", "mach:log"] {
            let words = parse(text).unwrap_err();
            assert!(words.contains("fifo:PATH"), "{words}");
        }
        for text in ["shm:", "link:", "link:a/b", "link:.x"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("pipe:chat").unwrap_err().contains("not in this version yet"));
    }

    #[test]
    fn a_path_need_not_be_text() {
        let text = OsStr::from_bytes(b"fifo:/tmp/\xff");
        assert_eq!(Address::parse(text), Ok(Address::Fifo(OsStr::from_bytes(b"/tmp/\xff").into())));
    }
}
