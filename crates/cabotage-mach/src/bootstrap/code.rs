// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Mach's bootstrap answers when it does not do what was asked, by its numbers.

/// What Mach's bootstrap answers when it does not do what was asked; 0 stands for done.
///
/// # Source
/// launchd, servers/bootstrap.h: the numbers; src/core.c and liblaunch's libbootstrap.c: when each is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[repr(i32)]
pub enum BootstrapCode {
    /// `BOOTSTRAP_NOT_PRIVILEGED`
    #[error("the service is another's: only its owner, and root, may do that")]
    NotPrivileged = 1100,
    /// `BOOTSTRAP_NAME_IN_USE`
    #[error("there is a service of this name already: choose another")]
    NameInUse = 1101,
    /// `BOOTSTRAP_UNKNOWN_SERVICE`
    #[error("there is no service of this name: start or create it first")]
    UnknownService = 1102,
    /// `BOOTSTRAP_SERVICE_ACTIVE`
    #[error("a living process has the service: wait for its end")]
    ServiceActive = 1103,
    /// `BOOTSTRAP_BAD_COUNT`
    #[error("more names were asked for than can be at once: ask for at most 20")]
    BadCount = 1104,
    /// `BOOTSTRAP_NO_MEMORY`
    #[error(
        "the server has no room for it: too many names, subsets or look-ups of this user, or too deep a subset"
    )]
    NoMemory = 1105,
}

impl BootstrapCode {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NotPrivileged,
        Self::NameInUse,
        Self::UnknownService,
        Self::ServiceActive,
        Self::BadCount,
        Self::NoMemory,
    ];

    /// The code of this number; `None` if there is none.
    pub fn from_raw(raw: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| *code as i32 == raw)
    }
}
