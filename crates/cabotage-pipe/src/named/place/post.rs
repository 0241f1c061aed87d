// SPDX-License-Identifier: MIT OR Apache-2.0
//! The post at which an instance listens: a socket with room for one client, in the queue of its pipe.
//!
//! The name of the socket says its place in the queue, whose it is and what a client needs to know about it, so that a
//! client that has connected knows the shape of just this instance.

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_os::directory::{self, Directory};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::socket::{AcceptError, BindError, Claim, ListenOptions, Listener, Socket};
use cabotage_os::{Deadline, Errno, SystemError};

use super::definition::{Rights, Shape};
use super::folder::file;
use super::turn::{DIGITS, Turn};
use crate::named::error::PipeError;
use crate::named::rules::PipeMode;

/// A post of this process. A forked child does not keep it.
#[derive(Debug)]
pub(super) struct Post {
    listener: Listener,
    name: directory::Name,
    /// Whether a client has come, and all others are refused.
    is_taken: bool,
}

impl Post {
    /// Enters listening behind all who listen already, as the one whose turn it is. `id` says which instance it is.
    pub(super) fn enter(
        listening: &Directory,
        turn: &Turn,
        id: u64,
        shape: Shape,
        rights: Rights,
    ) -> Result<Self, SystemError> {
        let name = name_of(turn.next_number()?, id, shape);
        let detour = directory::hidden_name()?;
        let options = ListenOptions::new().waiting_max(1).mode(rights.mode);
        let options = rights.group.map_or(options, |gid| options.group(gid));
        match Listener::bind_by(listening, &detour, &name, Claim::IfFree, options) {
            Ok(listener) => Ok(Self { listener, name, is_taken: false }),
            Err(BindError::System(refusal)) => Err(refusal),
            Err(_) => Err(SystemError::new("renameat2", &name, Errno::EXIST)),
        }
    }

    /// Whether a client has come, accepted or not.
    pub(super) fn has_client(&self) -> Result<bool, PipeError> {
        self.wait_for_client(Deadline::Now)
    }

    /// Whether a client came before the deadline.
    pub(super) fn wait_for_client(&self, deadline: Deadline) -> Result<bool, PipeError> {
        if !self.listener.is_here() {
            return Err(PipeError::Forked);
        }
        if self.is_taken {
            return Ok(true);
        }
        let [found] = poll::wait([(self.as_fd(), Readiness::IN)], deadline)?;
        Ok(!found.is_empty())
    }

    /// The client that has come; `None` when none came before the deadline. Nobody else gets in from before it leaves
    /// the queue until the post is gone: a client is never taken that nobody waits for. After an error the client is
    /// still there.
    pub(super) fn accept(&mut self, deadline: Deadline) -> Result<Option<Socket>, PipeError> {
        if !self.wait_for_client(deadline)? {
            return Ok(None);
        }
        if !self.is_taken {
            self.listener.refuse_more()?;
            self.is_taken = true;
        }
        match self.listener.accept(Deadline::Now) {
            Ok(client) => Ok(Some(client)),
            Err(AcceptError::System(refusal)) => Err(refusal.into()),
            Err(AcceptError::Forked) => Err(PipeError::Forked),
            Err(_) => Ok(None),
        }
    }

    /// Leaves the queue: first the name, then the socket. A client that was not accepted is hung up on.
    pub(super) fn leave(self, listening: &Directory) -> Result<bool, SystemError> {
        listening.remove_file(&self.name)
    }
}

impl AsFd for Post {
    /// Readable when a client has come.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

/// What the name of a post says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its place in the queue: the lowest is served first.
    pub(super) number: u64,
    /// Which instance it is.
    pub(super) id: u64,
    pub(super) shape: Shape,
}

fn name_of(number: u64, id: u64, shape: Shape) -> directory::Name {
    let Shape { pipe_mode, in_quota_bytes, out_quota_bytes } = shape;
    let mode = if pipe_mode == PipeMode::Message { 'm' } else { 'b' };
    file(&format!("{number:0DIGITS$}-{id}-{mode}-{in_quota_bytes}-{out_quota_bytes}"))
}

/// What the name says, if it is one of a post.
pub(super) fn parse(name: &directory::Name) -> Option<Entry> {
    let words: Vec<_> = name.as_path().to_str()?.split('-').collect();
    let [number, id, mode, in_quota, out_quota] = words[..] else { return None };
    let pipe_mode = match mode {
        "m" => PipeMode::Message,
        "b" => PipeMode::Byte,
        _ => return None,
    };
    let shape =
        Shape { pipe_mode, in_quota_bytes: in_quota.parse().ok()?, out_quota_bytes: out_quota.parse().ok()? };
    Some(Entry { number: number.parse().ok()?, id: id.parse().ok()?, shape })
}

/// Decodes the name of a post; what is one is named so that the same is read back.
#[cfg(feature = "fuzzing")]
pub(super) fn decode(bytes: &[u8]) {
    let name = directory::Name::parse(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes));
    if let Some(Entry { number, id, shape }) = name.ok().and_then(|name| parse(&name)) {
        assert_eq!(parse(&name_of(number, id, shape)), Some(Entry { number, id, shape }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_post_says_what_a_client_needs_to_know_and_sorts_by_number() {
        let shape = Shape { pipe_mode: PipeMode::Message, in_quota_bytes: 0, out_quota_bytes: u32::MAX };
        let other = Shape { pipe_mode: PipeMode::Byte, in_quota_bytes: 7, out_quota_bytes: 0 };
        let names = [name_of(9, 3, shape), name_of(10, 1, other), name_of(u64::MAX, u64::MAX, shape)];
        assert!(names.is_sorted());
        assert_eq!(parse(&names[0]), Some(Entry { number: 9, id: 3, shape }));
        assert_eq!(parse(&names[1]), Some(Entry { number: 10, id: 1, shape: other }));
        for strange in ["x", "1", "1-2-x-3-4", "1-2-m-3", "1-2-m-3-4-5", "1-2-m-3-99999999999", "-1-2-m-3-4"]
        {
            assert_eq!(parse(&file(strange)), None, "{strange}");
        }
    }
}
