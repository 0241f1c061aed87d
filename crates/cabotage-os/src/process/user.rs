// SPDX-License-Identifier: MIT OR Apache-2.0
//! As whom this process runs and where it counts, and the user that stands for all that have no number here.

use std::sync::OnceLock;

use crate::error::{SystemError, attempt};
use crate::procfs;

/// The user as whom this process acts (the effective one).
///
/// # Source
/// geteuid(2).
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// As whom this process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnIds {
    /// The user as whom it acts.
    pub effective_uid: u32,
    /// The group as which it acts.
    pub effective_gid: u32,
    /// The user who started it.
    pub real_uid: u32,
    /// The group of the user who started it.
    pub real_gid: u32,
}

/// As whom this process runs, now.
///
/// # Source
/// getuid(2), getgid(2).
pub fn own_ids() -> OwnIds {
    OwnIds {
        effective_uid: own_uid(),
        effective_gid: rustix::process::getegid().as_raw(),
        real_uid: rustix::process::getuid().as_raw(),
        real_gid: rustix::process::getgid().as_raw(),
    }
}

/// The number by which the kernel names users and processes of other users that have none in our user namespace:
/// 65534, unless the system says otherwise. Asked once; where /proc hides it, 65534 holds.
///
/// # Errors
/// A shortage of this process, such as of descriptors; the next call asks again.
///
/// # Source
/// user_namespaces(7), /proc/sys/kernel/overflowuid.
pub fn overflow_uid() -> Result<u32, SystemError> {
    const USUAL: u32 = 65_534;
    static FOUND: OnceLock<u32> = OnceLock::new();
    if let Some(uid) = FOUND.get() {
        return Ok(*uid);
    }
    let number = procfs::number(c"/proc/sys/kernel/overflowuid")?;
    Ok(*FOUND.get_or_init(|| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(USUAL)))
}

/// The number of the pid namespace in which this process counts processes: two of equal numbers mean the same process
/// by a pid. Asked once; `None` where /proc hides it.
///
/// # Errors
/// A shortage of this process; the next call asks again.
///
/// # Source
/// pid_namespaces(7), /proc/self/ns/pid.
pub fn own_pid_namespace() -> Result<Option<u64>, SystemError> {
    static FOUND: OnceLock<Option<u64>> = OnceLock::new();
    if let Some(number) = FOUND.get() {
        return Ok(*number);
    }
    let look = || rustix::fs::stat("/proc/self/ns/pid");
    let number = match attempt("newfstatat", "/proc/self/ns/pid", look) {
        Ok(stat) => Some(stat.st_ino),
        Err(refusal) if procfs::is_absence(refusal.errno()) => None,
        Err(refusal) => return Err(refusal),
    };
    Ok(*FOUND.get_or_init(|| number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_namespace_is_the_one_that_proc_shows() {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata("/proc/self/ns/pid").ok().map(|metadata| metadata.ino());
        assert_eq!(own_pid_namespace(), Ok(found));
    }

    #[test]
    fn the_overflow_user_is_what_the_kernel_says() {
        let found = std::fs::read_to_string("/proc/sys/kernel/overflowuid");
        let expected = found.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(65_534);
        assert_eq!(overflow_uid(), Ok(expected));
        assert_eq!(overflow_uid(), Ok(expected));
    }
}
