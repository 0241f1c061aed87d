// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the textbook says about a mechanism: its answers to the questions one asks of every one.

use std::fmt;

/// What is known about a mechanism before it has run.
#[derive(Debug)]
pub(crate) struct Page {
    /// As `--only` and the JSON rows call it.
    pub(crate) name: &'static str,
    /// As the textbook calls it.
    pub(crate) title: &'static str,
    /// How often the bytes are copied between the two programs' buffers, by whomever.
    pub(crate) copies: u32,
    pub(crate) answers: Answers,
    pub(crate) picture: Picture,
}

/// The textbook's questions, answered.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) way: Way,
    pub(crate) parties: Parties,
    pub(crate) unit: Unit,
    /// Completes the sentence "It lives …".
    pub(crate) lives: &'static str,
}

/// One way or both? Half or full duplex?
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    OneDirection,
    /// Either direction, one at a time.
    HalfDuplex,
    FullDuplex,
}

/// Which processes may use it? None of today's reaches another machine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parties {
    /// A parent and the children that inherit it.
    Related,
    /// Any that know its name and may open it.
    Unrelated,
}

/// Does it keep the borders of messages?
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Bytes,
    Messages,
}

/// What lies between the two processes.
#[derive(Debug)]
pub(crate) struct Picture {
    /// The object, by its name or kind.
    pub(crate) object: &'static str,
    /// What the object is made of.
    pub(crate) stuff: &'static str,
    pub(crate) how: How,
}

/// How the bytes get to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Both processes map the same pages.
    Shared,
    /// They pass through a buffer of the kernel.
    Through,
    /// Each process fills memory of its own, which the other may only read.
    Outboxes,
    /// A client connects to a server's port, and both get a port of their channel.
    Ports,
    /// They are the parent's pages, then the child's.
    Moved,
}

impl Answers {
    /// Each question with its answer.
    pub(crate) fn questions(&self) -> [(&'static str, String); 6] {
        let (way, duplex) = match self.way {
            Way::OneDirection => ("one way; a second one for the way back", "neither: one direction only"),
            Way::HalfDuplex => ("either way", "half duplex: one direction at a time"),
            Way::FullDuplex => ("both ways", "full duplex: both at once"),
        };
        [
            ("One way or both?", way.into()),
            ("Half or full duplex?", duplex.into()),
            ("Related processes only?", self.parties.to_string()),
            ("Across machines?", MACHINES.into()),
            ("Bytes or messages?", self.unit.to_string()),
            ("How long does it live?", self.lives.into()),
        ]
    }
}

const MACHINES: &str = "this machine only";

impl fmt::Display for Answers {
    /// All answers on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::OneDirection => "one way",
            Way::HalfDuplex => "one way at a time (half duplex)",
            Way::FullDuplex => "both ways at once (full duplex)",
        };
        let Self { parties, unit, lives, .. } = self;
        write!(f, "{way} · {parties} · {MACHINES} · {unit} · lives {lives}")
    }
}

impl fmt::Display for Parties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Related => "related processes only",
            Self::Unrelated => "unrelated processes too",
        })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Messages => "messages",
        })
    }
}
