// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sign that a meeting is being made, so that nobody who [cleans up](crate::leavings) takes its parts for what a
//! dead maker left.
//!
//! It is a lock on a byte of the first object that is made, far from those of the places, so that it keeps nobody from
//! taking part; and it is there before the object can be seen.

use std::os::fd::OwnedFd;

use cabotage_os::fork::SoleFd;
use cabotage_os::lock::{Lock, LockError, Range, Sharing};
use cabotage_os::{Deadline, Errno, SystemError};

use crate::error::ObjectError;
use crate::name::Name;
use crate::object::Object;
use crate::options::Options;

/// Beyond the places, of which a topic has many.
const BYTE: Range = Range { start: 1 << 40, bytes: 1 };

/// A meeting that this process makes, until this is dropped.
#[derive(Debug)]
pub(crate) struct Making {
    _lock: Lock<SoleFd>,
}

impl Making {
    /// Makes the first object of a meeting. Keep the sign until a place is taken: until then nothing else tells that
    /// somebody wants the meeting.
    pub(crate) fn first_object(
        options: &Options,
        file: &Name,
        bytes: usize,
        fill: impl FnOnce(&Object) -> Result<(), ObjectError>,
    ) -> Result<Self, ObjectError> {
        let object = SoleFd::made_by(|| {
            let made = options.create_filled(file, bytes, |object| {
                fill(object)?;
                // The lock belongs to the opening, which is kept; so this one must not end here.
                std::mem::forget(locked(object)?);
                Ok::<_, ObjectError>(())
            });
            made.map(OwnedFd::from)
        })?;
        Ok(Self { _lock: locked(object)? })
    }
}

fn locked<F: std::os::fd::AsFd>(object: F) -> Result<Lock<F>, SystemError> {
    Lock::range(object, Sharing::Exclusive, BYTE, Deadline::Now).map_err(|error| match error {
        LockError::System { source, .. } => source,
        // Nobody has seen it, but those who lock what they do not know.
        _ => SystemError::new("fcntl", "an object in the making", Errno::AGAIN),
    })
}
