// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who is at the other end, in the kernel's word, fixed at the moment of connecting; and a token to act as a client.

use cabotage_os::process::{self, Pid, RunAs, RunAsError, Subject};
use cabotage_os::socket::Socket;

use super::error::PipeError;

/// Who is at an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pid: i32,
    session: Option<i32>,
    subject: Subject,
}

impl Identity {
    /// Whoever made the other end of this socket: the client that connected, or the server that listened.
    pub(super) fn of(socket: &Socket) -> Result<Self, PipeError> {
        let credentials = socket.peer()?;
        let session = match Pid::from_raw(credentials.pid) {
            Some(pid) => process::session_of(pid)?,
            None => None,
        };
        let subject = Subject { uid: credentials.uid, gid: credentials.gid, groups: socket.peer_groups()? };
        Ok(Self { pid: credentials.pid, session, subject })
    }

    /// The process, as numbered in our pid namespace; 0 when it has no number there. It may be another's by now.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The session of that process when it came; `None` if it was gone by then, or its session has no number in our
    /// pid namespace.
    pub fn session_id(&self) -> Option<i32> {
        self.session
    }

    /// Its user, as numbered in our user namespace.
    pub fn uid(&self) -> u32 {
        self.subject.uid
    }

    /// Its group, likewise.
    pub fn gid(&self) -> u32 {
        self.subject.gid
    }
}

/// The identity of a client, to do in its name what it may do: what impersonating gives. It is a copy of what the
/// client was when it connected, and outlives the client and the pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientToken {
    identity: Identity,
}

impl ClientToken {
    pub(super) fn new(identity: &Identity) -> Self {
        Self { identity: identity.clone() }
    }

    /// Who the client is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its user and groups: [`Subject::may`] says what mode bits let it do.
    pub fn subject(&self) -> &Subject {
        &self.identity.subject
    }

    /// The calling thread acts as the client until the answer is dropped, and only ever with less rights than its own.
    ///
    /// # Errors
    /// [`RunAsError`]: most servers may not; then ask [`ClientToken::subject`] what the client may.
    pub fn run_as(&self) -> Result<RunAs, RunAsError> {
        RunAs::begin(&self.identity.subject)
    }
}
