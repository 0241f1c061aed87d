// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which newer kernel features are here: asked once at run time, and switched off by tests.
//!
//! The floor is Linux 5.15. Whatever is newer, or may be hidden by a seccomp filter, a missing /proc or a file
//! system, is a [`Feature`] with a fall-back. [`without`] makes the calling thread believe that a feature is
//! missing, so that every fall-back is tested on a kernel that has them all.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, Ordering};

/// A kernel feature that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Feature {
    /// `MFD_NOEXEC_SEAL`: memory that can never be executed (Linux 6.3).
    NoexecSeal,
    /// `O_TMPFILE` with publication by linkat through /proc (file systems; /proc mounted).
    UnnamedFiles,
    /// `linkat` by descriptor alone, without /proc (Linux 6.10, or `CAP_DAC_READ_SEARCH`).
    LinkByDescriptor,
    /// `renameat2` with `RENAME_NOREPLACE` (file systems).
    RenameNoReplace,
    /// `RWF_NOWAIT` on pipes (Linux 6.4).
    PipeNowait,
    /// Opening a pipe's end once more through /proc/self/fd (no /proc; a pipe of another user).
    PipeReopen,
    /// `RWF_NOSIGNAL`: a write that raises no `SIGPIPE` (Linux 6.18).
    PipeNosignal,
    /// `close_range` with `CLOSE_RANGE_CLOEXEC` (seccomp).
    CloseRange,
    /// `SO_PASSPIDFD` and `SCM_PIDFD` (Linux 6.5).
    ScmPidfd,
    /// `SO_PEERPIDFD` (Linux 6.5).
    PeerPidfd,
    /// `SO_PASSRIGHTS` (Linux 6.16).
    PassRights,
    /// `pidfd_open` (seccomp).
    PidfdOpen,
    /// Pidfds with an inode number of their own (Linux 6.9).
    PidfdNumber,
    /// Read-only shared maps of memory sealed against writing (Linux 6.7).
    SharedMapOfSealed,
    /// Expedited private membarrier across processes, global form (seccomp).
    Membarrier,
    /// `process_vm_readv` (seccomp, Yama).
    ProcessMemory,
}

const FEATURES: usize = Feature::ProcessMemory as usize + 1;
const UNKNOWN: u8 = 0;
const PRESENT: u8 = 1;
const ABSENT: u8 = 2;

static FOUND: [AtomicU8; FEATURES] = [const { AtomicU8::new(UNKNOWN) }; FEATURES];

thread_local! {
    static SWITCHED_OFF: Cell<u32> = const { Cell::new(0) };
}

/// Whether `feature` is to be used: present as far as is known, and not switched off by this thread.
/// Until somebody [learns](learn) otherwise, a feature counts as present.
pub fn allows(feature: Feature) -> bool {
    SWITCHED_OFF.get() & bit(feature) == 0 && FOUND[feature as usize].load(Ordering::Relaxed) != ABSENT
}

/// Whether `feature` is here, asking `probe` the first time only.
pub fn has(feature: Feature, probe: impl FnOnce() -> bool) -> bool {
    if SWITCHED_OFF.get() & bit(feature) != 0 {
        return false;
    }
    match FOUND[feature as usize].load(Ordering::Relaxed) {
        UNKNOWN => {
            let present = probe();
            learn(feature, present);
            present
        }
        found => found == PRESENT,
    }
}

/// Remembers for the whole process what a call showed about `feature`.
pub fn learn(feature: Feature, present: bool) {
    FOUND[feature as usize].store(if present { PRESENT } else { ABSENT }, Ordering::Relaxed);
}

/// Until the guard is dropped, this thread believes that `feature` is missing.
pub fn without(feature: Feature) -> SwitchedOff {
    let before = SWITCHED_OFF.get();
    SWITCHED_OFF.set(before | bit(feature));
    SwitchedOff { bit: bit(feature) & !before, this_thread_only: PhantomData }
}

fn bit(feature: Feature) -> u32 {
    1 << feature as u8
}

/// A feature switched off by [`without`]; dropping it switches the feature on again.
#[derive(Debug)]
pub struct SwitchedOff {
    /// What this guard switched off; nothing if it was off before.
    bit: u32,
    this_thread_only: PhantomData<*const ()>,
}

impl Drop for SwitchedOff {
    fn drop(&mut self) {
        SWITCHED_OFF.set(SWITCHED_OFF.get() & !self.bit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switched_off_feature_comes_back_with_the_guard() {
        assert!(allows(Feature::PassRights));
        let guard = without(Feature::PassRights);
        assert!(!allows(Feature::PassRights));
        assert!(!has(Feature::PassRights, || true));
        drop(guard);
        assert!(allows(Feature::PassRights));
    }

    #[test]
    fn guards_may_be_dropped_in_any_order() {
        let guards = [Feature::PassRights, Feature::NoexecSeal, Feature::PassRights].map(without);
        for guard in guards {
            drop(guard);
        }
        assert_eq!(SWITCHED_OFF.get(), 0);
    }

    #[test]
    fn another_thread_keeps_the_feature() {
        let _guard = without(Feature::CloseRange);
        std::thread::spawn(|| assert!(allows(Feature::CloseRange))).join().unwrap();
    }
}
