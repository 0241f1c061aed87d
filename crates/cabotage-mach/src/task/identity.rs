// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who sends: the audit token of this process, and what the words of one say.

use cabotage_os::process::{Pid, ProcessIdentity, own_ids, session_of};

use crate::kernel::message::AuditToken;

/// What stands for no number, as where nobody has logged in: `AU_DEFAUDITID`.
const NONE: u32 = u32::MAX;

/// The token of this process, as whom it runs now.
pub(super) fn own() -> AuditToken {
    let ids = own_ids();
    let pid = std::process::id();
    let session =
        i32::try_from(pid).ok().and_then(Pid::from_raw).and_then(|pid| session_of(pid).ok().flatten());
    AuditToken([
        NONE,
        ids.effective_uid,
        ids.effective_gid,
        ids.real_uid,
        ids.real_gid,
        pid,
        session.map_or(NONE, i32::cast_unsigned),
        version(),
    ])
}

/// What tells this process from another that has its number before or later; 0 where /proc hides it.
#[allow(clippy::cast_possible_truncation, reason = "the lower half of a count")]
fn version() -> u32 {
    let own = ProcessIdentity::own();
    own.map_or(0, |own| own.unique_number.unwrap_or(own.start_time_ticks) as u32)
}

/// The words, as Linux has them: there is no audit user (the first word), and the session is that of getsid(2).
impl AuditToken {
    /// The user as whom the sender acts.
    pub fn effective_uid(self) -> u32 {
        self.0[1]
    }

    /// The group as which the sender acts.
    pub fn effective_gid(self) -> u32 {
        self.0[2]
    }

    /// The user who started the sender.
    pub fn real_uid(self) -> u32 {
        self.0[3]
    }

    /// The group of the user who started the sender.
    pub fn real_gid(self) -> u32 {
        self.0[4]
    }

    /// The sender's process number. It may be another's by now: together with the [version](AuditToken::pid_version) it
    /// is not.
    pub fn pid(self) -> u32 {
        self.0[5]
    }

    /// What tells the process from others that have its number before or later; 0 if that is not known.
    pub fn pid_version(self) -> u32 {
        self.0[7]
    }
}
