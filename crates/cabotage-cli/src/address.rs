// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses: one form for all verbs, `KIND:NAME`, such as `shm:/frames`, `channel:/frames`,
//! `fifo:/tmp/queue`, `link:weather` or `alpc:echo`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use cabotage::link::names;
use cabotage::pipe::named::PipeName;
use cabotage::shm::Name;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::exit::Failure;

/// Where something is sent to, received from, shown or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// `shm:/frames`: a POSIX shared memory object.
    Shm(Name),
    /// `channel:/frames` and `trusting:/frames`: a channel from a producer to a consumer, by its form.
    Channel(Form, Name),
    /// `topic:/news`: a topic from a publisher to its subscribers.
    Topic(Name),
    /// `fifo:/tmp/queue`: a named pipe, by its path.
    Fifo(PathBuf),
    /// `pipe:chat`: a Windows named pipe, `\\.\pipe\chat`.
    Pipe(PipeName),
    /// `link:weather`: a link, by the name that a process has published.
    Link(names::Name),
    /// `alpc:echo`: a connection port, by the name that its server has published.
    Alpc(names::Name),
    /// `mach:com.example.log`: a Mach port, by the name as which its receiver has checked in.
    Mach(names::Name),
}

/// The two forms of a channel: names of one do not meet those of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Over sealed memory that each end writes alone, between processes that need not trust each other.
    Guarded,
    /// Over plain named objects, between processes that trust each other.
    Trusting,
}

impl Form {
    /// The kind of its addresses.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Guarded => "channel",
            Self::Trusting => "trusting",
        }
    }
}

/// The kinds that this version knows.
pub(crate) const KINDS: [&str; 9] =
    ["shm", "channel", "trusting", "topic", "fifo", "pipe", "link", "alpc", "mach"];

/// How addresses are written.
const FORMS: &str = "shm:/NAME, channel:/NAME, trusting:/NAME, topic:/NAME, fifo:PATH, pipe:NAME, link:NAME, alpc:NAME or mach:NAME";

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
            Ok("shm") => object_name(name).map(Self::Shm),
            Ok("topic") => object_name(name).map(Self::Topic),
            Ok("channel") => channel_name(name).map(|name| Self::Channel(Form::Guarded, name)),
            Ok("trusting") => object_name(name).map(|name| Self::Channel(Form::Trusting, name)),
            Ok("fifo") if name.is_empty() => Err("a FIFO is named by its path: fifo:PATH".into()),
            Ok("fifo") => Ok(Self::Fifo(OsString::from_vec(name.to_vec()).into())),
            Ok("pipe") => pipe_name(name).map(Self::Pipe),
            Ok("link") => names::Name::parse(OsStr::from_bytes(name))
                .map(Self::Link)
                .map_err(|mistake| format!("{mistake} (link:NAME)")),
            Ok("alpc") => names::Name::parse(OsStr::from_bytes(name))
                .map(Self::Alpc)
                .map_err(|mistake| format!("{mistake} (alpc:NAME)")),
            Ok("mach") => names::Name::parse(OsStr::from_bytes(name))
                .map(Self::Mach)
                .map_err(|mistake| format!("{mistake} (mach:NAME)")),
            _ => Err(format!("`{shown}` is of no known kind: write {FORMS}")),
        }
    }

    /// Said by verbs that send a message and want an answer.
    pub(crate) fn carries_no_messages(&self) -> Failure {
        Failure::usage(format!(
            "{self} carries no messages: write link:NAME, pipe:NAME, alpc:NAME or mach:NAME"
        ))
    }

    /// For clap: an argument that is an address.
    pub(crate) fn argument() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().try_map(|text| Self::parse(&text))
    }
}

fn object_name(name: &[u8]) -> Result<Name, String> {
    Name::parse(name).map_err(|mistake| mistake.to_string())
}

fn pipe_name(name: &[u8]) -> Result<PipeName, String> {
    let text = std::str::from_utf8(name).map_err(|_| "the name of a pipe is text in UTF-8 (pipe:NAME)")?;
    PipeName::parse(text).map_err(|mistake| format!("{mistake} (pipe:NAME)"))
}

/// A name that the registry of names has for a channel is without the slash.
fn channel_name(name: &[u8]) -> Result<Name, String> {
    let name = object_name(name)?;
    match names::Name::parse(OsStr::from_bytes(name.file_name())) {
        Ok(_) => Ok(name),
        Err(mistake) => Err(format!("{mistake} (channel:/NAME)")),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shm(name) => write!(f, "shm:{name}"),
            Self::Topic(name) => write!(f, "topic:{name}"),
            Self::Channel(form, name) => write!(f, "{}:{name}", form.kind()),
            Self::Fifo(path) => write!(f, "fifo:{}", path.display()),
            Self::Pipe(name) => write!(f, "pipe:{}", name.short()),
            Self::Link(name) => write!(f, "link:{name}"),
            Self::Alpc(name) => write!(f, "alpc:{name}"),
            Self::Mach(name) => write!(f, "mach:{name}"),
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
        for text in [
            "link:weather",
            "channel:/frames",
            "trusting:/frames",
            "topic:/news",
            "alpc:echo",
            "mach:log",
            "pipe:chat",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_mistake_is_answered_with_the_way_to_write_it() {
        for text in ["frames", "", "tcp:host", "fifo:", "bus:log"] {
            let words = parse(text).unwrap_err();
            assert!(words.contains("fifo:PATH"), "{words}");
        }
        for text in ["shm:", "link:", "link:a/b", "link:.x", "channel:.x", "alpc:", "alpc:a/b", "pipe:"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pipe_may_be_named_as_windows_names_it() {
        assert_eq!(parse(r"pipe:\\.\pipe\chat"), parse("pipe:chat"));
    }

    #[test]
    fn a_path_need_not_be_text() {
        let text = OsStr::from_bytes(b"fifo:/tmp/\xff");
        assert_eq!(Address::parse(text), Ok(Address::Fifo(OsStr::from_bytes(b"/tmp/\xff").into())));
    }
}
