// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared memory objects by name: is one there, and remove it, but nothing that is no object.

use cabotage::shm::{self, Entry, Name, Object, ObjectError};

use crate::exit::{Exit, Failure};

/// Refuses a name that an object has.
///
/// # Errors
/// It is taken, or something that is no object has it.
pub(crate) fn refuse_if_taken(name: &Name) -> Result<(), Failure> {
    match Object::open_read_only(name) {
        Err(ObjectError::Missing { .. }) => Ok(()),
        Err(error @ ObjectError::NotAnObject { .. }) => Err(error.into()),
        _ => Err(Failure::new(
            Exit::Failed,
            format!("shm:{name} exists already: add --replace to take its place, or choose another name"),
        )),
    }
}

/// What /dev/shm says about the object of this name; it takes no right to read the object.
pub(crate) fn entry(name: &Name) -> Result<Option<Entry>, Failure> {
    Ok(shm::list()?.into_iter().find(|entry| entry.name == *name))
}

/// Removes the object of this name, and nothing that is no object.
///
/// # Errors
/// There is none, something else has the name, or it belongs to another user.
pub(crate) fn remove(name: &Name) -> Result<(), Failure> {
    match Object::open_read_only(name) {
        Ok(object) => Ok(object.unlink_if_mine()?),
        // No right to read it, or no size: it may still be ours to remove.
        Err(ObjectError::Denied { .. } | ObjectError::NotYetSized { .. }) if entry(name)?.is_some() => {
            Ok(shm::unlink(name)?)
        }
        Err(error) => Err(error.into()),
    }
}
