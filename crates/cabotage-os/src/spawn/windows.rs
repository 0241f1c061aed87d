// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Windows says about a start: does the child inherit handles, and is there a list that narrows them?
//!
//! The rules are checked when the child is started, as Windows does: marks may change until then.

use super::handle::{self, AsHandle, Listed};
use super::{Passed, Spawn, SpawnError};

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Handles {
    does_inherit: bool,
    lists: Vec<Vec<Listed>>,
}

impl Spawn {
    /// The child inherits handles: each one of this process that is marked as inheritable when the child is started,
    /// under the number that it has here, unless [a list](Self::handle_list) narrows them. Without this call it
    /// inherits none, whatever is marked. Inherited handles stay open here: close those that are not used.
    #[must_use]
    pub fn inherit_handles(mut self) -> Self {
        self.handles.does_inherit = true;
        self
    }

    /// Of the marked handles the child gets these and no others. All must be marked when the child is started; one
    /// that stands in the list twice is one. Says nothing about [`pass`](Self::pass), whose descriptors come besides.
    #[must_use]
    pub fn handle_list(mut self, list: &[&dyn AsHandle]) -> Self {
        self.handles.lists.push(list.iter().map(|one| one.as_handle().listed()).collect());
        self
    }
}

impl Handles {
    pub(super) fn for_the_child(&self) -> Result<Vec<Passed>, SpawnError> {
        match (self.does_inherit, self.lists.as_slice()) {
            (false, []) => Ok(Vec::new()),
            (true, []) => handle::every_marked(),
            (_, [_, _, ..]) => Err(SpawnError::ListTwice),
            (_, [list]) if list.is_empty() => Err(SpawnError::ListEmpty),
            (false, [_]) => Err(SpawnError::ListWithoutInheritance),
            (true, [list]) => handle::those_listed(list),
        }
    }
}

impl SpawnError {
    /// The code that Windows gives for a mistake about handles: `ERROR_INVALID_PARAMETER` (87),
    /// `ERROR_BAD_LENGTH` (24), `ERROR_OBJECT_NAME_EXISTS` (698).
    pub fn windows_code(&self) -> Option<u32> {
        match self {
            Self::NotInheritable { .. } | Self::ListWithoutInheritance => Some(87),
            Self::ListEmpty => Some(24),
            Self::ListTwice => Some(698),
            _ => None,
        }
    }
}
