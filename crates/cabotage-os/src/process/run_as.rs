// SPDX-License-Identifier: MIT OR Apache-2.0
//! Acting as another user for a while, one thread alone: what a privileged server does for its client.
//!
//! Only the *effective* user, group and groups of the calling thread change, by the kernel's own calls (those of the C
//! library change all threads). The real and the saved user stay, so the client can neither signal nor trace the
//! server meanwhile, and the way back stays open. No capability is in effect meanwhile: else the thread could do
//! what neither user may.
//!
//! Only downwards: nobody becomes root this way who is not. **A thread that can't get back ends the process**: one
//! that stays in a wrong identity would be worse.
//!
//! What is begun meanwhile inherits the identity: threads and processes that are started, and descriptors that are
//! opened, which keep what they may for as long as they live. The kernel marks a process as not dumpable at the
//! first change, for good. Nothing else in the process may change its user meanwhile, as `setuid` of the C library
//! does in all threads.

use std::marker::PhantomData;

use rustix::process::{Gid, Uid};
use rustix::thread::{self, CapabilitySet, CapabilitySets};

use super::subject::Subject;
use crate::error::{Fault, SystemError, attempt};
use crate::seam::{self, Errno};

/// Why a thread did not become another user. It is who it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunAsError {
    /// It may not.
    #[error(
        "acting as user {uid} needs CAP_SETUID and CAP_SETGID, which this process lacks: run it with them, or ask \
         by `may` and `open_for` what that user may"
    )]
    NotPrivileged {
        /// As whom it was to act.
        uid: u32,
    },
    /// It would be more than it is.
    #[error("a process that is not root does not become root: only less is to be had here")]
    Upwards,
    /// It already acts as somebody else, or its saved user is another one, so there is no sure way back.
    #[error("this thread acts as another user already: end that first")]
    Already,
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl RunAsError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Upwards | Self::Already => Fault::Caller,
            Self::NotPrivileged { .. } | Self::System(_) => Fault::System,
        }
    }
}

/// The calling thread acts as another user until this is dropped, in the same thread.
///
/// Only its effective user, group and groups change, and only downwards; no capability is in effect meanwhile. A thread
/// that can't get back ends the process. Threads, processes and descriptors that are begun meanwhile keep the identity.
#[derive(Debug)]
#[must_use = "dropped at once, the thread is itself again at once"]
pub struct RunAs {
    own: Subject,
    capabilities: CapabilitySets,
    /// What belongs to a thread can't be undone in another.
    this_thread_only: PhantomData<*const ()>,
}

impl RunAs {
    /// From now on the calling thread acts as `subject`.
    ///
    /// # Errors
    /// [`RunAsError`]; the thread acts as before.
    ///
    /// # Source
    /// setresuid(2), setresgid(2), setgroups(2) ("C library/kernel differences"), capset(2), credentials(7).
    pub fn begin(subject: &Subject) -> Result<Self, RunAsError> {
        // The number that means "as it is" to the kernel.
        if [subject.uid, subject.gid].contains(&u32::MAX) {
            return Err(SystemError::new("setresuid", "a user without a number", Errno::INVAL).into());
        }
        let own = own_subject()?;
        if subject.uid == 0 && own.uid != 0 {
            return Err(RunAsError::Upwards);
        }
        let capabilities = attempt("capget", "this thread", || thread::capabilities(None))?;
        // From here on, whatever fails, dropping it leads back.
        let guard = Self { own, capabilities, this_thread_only: PhantomData };
        guard.become_less(subject).map_err(|refusal| match refusal.errno() {
            Errno::PERM => RunAsError::NotPrivileged { uid: subject.uid },
            _ => refusal.into(),
        })?;
        Ok(guard)
    }

    /// Groups before the user, since the user's privilege is what changes them; capabilities last.
    fn become_less(&self, subject: &Subject) -> Result<(), SystemError> {
        if sorted(&subject.groups) != sorted(&self.own.groups) {
            set_groups(&subject.groups)?;
        }
        if subject.gid != self.own.gid {
            set_gid(subject.gid)?;
        }
        if subject.uid != self.own.uid {
            set_uid(subject.uid)?;
        }
        set_capabilities(CapabilitySets { effective: CapabilitySet::empty(), ..self.capabilities })
    }

    /// The way back, in the other order.
    fn become_own(&self) -> Result<(), SystemError> {
        set_capabilities(self.capabilities)?;
        set_uid(self.own.uid)?;
        // The kernel takes or gives capabilities when root comes or goes: say again which.
        set_capabilities(self.capabilities)?;
        set_gid(self.own.gid)?;
        if sorted(&own_groups()?) != sorted(&self.own.groups) {
            set_groups(&self.own.groups)?;
        }
        Ok(())
    }
}

impl Drop for RunAs {
    fn drop(&mut self) {
        /// A shortage of memory may pass.
        const ATTEMPTS: usize = 8;
        if !(0..ATTEMPTS).any(|_| self.become_own().is_ok()) {
            std::process::abort();
        }
    }
}

/// As whom the calling thread acts, if the way back to it is sure.
fn own_subject() -> Result<Subject, RunAsError> {
    let (users, groups) = (user_ids()?, group_ids()?);
    if users.effective != users.saved || groups.effective != groups.saved {
        return Err(RunAsError::Already);
    }
    Ok(Subject { uid: users.effective, gid: groups.effective, groups: own_groups()? })
}

/// Who may be returned to.
#[derive(Debug, Clone, Copy)]
struct Ids {
    effective: u32,
    saved: u32,
}

fn user_ids() -> Result<Ids, SystemError> {
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    let asked = attempt("getresuid", "this thread", || {
        // SAFETY: three variables of the kernel's own type, which it fills.
        let answer = unsafe { libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) };
        if answer == 0 { Ok(()) } else { Err(seam::last_errno()) }
    });
    asked.map(|()| Ids { effective, saved })
}

fn group_ids() -> Result<Ids, SystemError> {
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    let asked = attempt("getresgid", "this thread", || {
        // SAFETY: three variables of the kernel's own type, which it fills.
        let answer = unsafe { libc::getresgid(&raw mut real, &raw mut effective, &raw mut saved) };
        if answer == 0 { Ok(()) } else { Err(seam::last_errno()) }
    });
    asked.map(|()| Ids { effective, saved })
}

fn own_groups() -> Result<Vec<u32>, SystemError> {
    let groups = attempt("getgroups", "this thread", rustix::process::getgroups)?;
    Ok(groups.into_iter().map(Gid::as_raw).collect())
}

fn set_uid(uid: u32) -> Result<(), SystemError> {
    let user = Uid::from_raw(uid);
    attempt("setresuid", format_args!("user {uid}"), || thread::set_thread_res_uid(None, user, None))
}

fn set_gid(gid: u32) -> Result<(), SystemError> {
    let group = Gid::from_raw(gid);
    attempt("setresgid", format_args!("group {gid}"), || thread::set_thread_res_gid(None, group, None))
}

fn set_groups(groups: &[u32]) -> Result<(), SystemError> {
    let groups: Vec<Gid> = groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    attempt("setgroups", "this thread", || thread::set_thread_groups(&groups))
}

fn set_capabilities(sets: CapabilitySets) -> Result<(), SystemError> {
    attempt("capset", "this thread", || thread::set_capabilities(None, sets))
}

fn sorted(groups: &[u32]) -> Vec<u32> {
    let mut sorted = groups.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}
