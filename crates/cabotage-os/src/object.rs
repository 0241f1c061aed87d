// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file calls behind named shared memory, one call a function; `cabotage-shm` knows the rules.
//!
//! A POSIX shared memory object on Linux is a regular file on a tmpfs, so everything here works for any regular
//! file of any file system: [`Directory`] holds the calls about names, the functions of this module those about an
//! open descriptor.

mod contents;
mod directory;
mod facts;
mod unnamed;

use rustix::rand::{GetRandomFlags, getrandom};

use crate::error::{SystemError, attempt_until_done};
use crate::probe::{self, Feature};
use crate::seam::{self, Errno};

pub use contents::{allocate, free_bytes, read_at, set_mode, sync, try_lock, unlock, write_at};
pub use directory::{Access, Directory, open_path};
pub use facts::{Facts, Identity, Kind, facts};
pub(crate) use unnamed::give_name;

/// Whether files may be made without a name and published when they are complete, as far as this process is
/// concerned; the file system has a word in it too ([`Directory::create_unnamed`]).
pub fn has_unnamed_files() -> bool {
    probe::has(Feature::UnnamedFiles, || {
        let look = || rustix::fs::access("/proc/self/fd", rustix::fs::Access::EXISTS);
        !matches!(seam::call("faccessat", look), Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS))
    })
}

/// Whether a file may be moved to a free name in one step, as far as this process is concerned; the file system has
/// a word in it too ([`Directory::rename_to_free`]).
pub fn has_rename_to_free() -> bool {
    probe::allows(Feature::RenameNoReplace)
}

/// A number that nobody can guess, for names that nobody should take first.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// getrandom(2).
pub fn unguessable() -> Result<u64, SystemError> {
    unguessables().map(|[number]| number)
}

/// Several of them at once, for who needs many. So many that one call gives them all: 32 at most.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// getrandom(2): up to 256 bytes come whole.
pub fn unguessables<const N: usize>() -> Result<[u64; N], SystemError> {
    const { assert!(N <= 32, "one call promises 256 bytes") }
    let mut bytes = [[0; size_of::<u64>()]; N];
    attempt_until_done("getrandom", "random numbers", || {
        getrandom(bytes.as_flattened_mut(), GetRandomFlags::empty())
    })?;
    Ok(bytes.map(u64::from_ne_bytes))
}
