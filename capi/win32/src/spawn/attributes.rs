// SPDX-License-Identifier: MIT OR Apache-2.0
//! The attribute list of a start: memory of the caller's, laid out by us. Of the attributes there is one here, the list
//! of handles.

use crate::failure::{Answer, Failure};

/// `PROC_THREAD_ATTRIBUTE_HANDLE_LIST`.
pub(crate) const HANDLE_LIST: usize = 0x0002_0002;

/// The attribute list, as it lies in the caller's memory.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttributeList {
    mark: u64,
    attributes_max: u32,
    attributes: u32,
    /// Where the list of handles is, and how many bytes it has; it has to stay there until the start.
    pub(crate) handles: usize,
    pub(crate) handles_bytes: usize,
}

/// Tells an attribute list from other memory.
const MARK: u64 = 0x6361_626f_7461_6765;
/// No start has more attributes on Windows.
const ATTRIBUTES_MAX: u32 = 64;

impl AttributeList {
    /// What stands where one was.
    pub(crate) const GONE: Self =
        Self { mark: 0, attributes_max: 0, attributes: 0, handles: 0, handles_bytes: 0 };

    /// One that is empty.
    ///
    /// # Errors
    /// `ERROR_INVALID_PARAMETER`.
    pub(crate) fn new(attributes_max: u32, flags: u32) -> Answer<Self> {
        if flags != 0 || attributes_max > ATTRIBUTES_MAX {
            return Err(Failure::INVALID_PARAMETER);
        }
        Ok(Self { mark: MARK, attributes_max, attributes: 0, handles: 0, handles_bytes: 0 })
    }

    /// One that was initialised.
    ///
    /// # Errors
    /// `ERROR_INVALID_PARAMETER`.
    pub(crate) fn checked(self) -> Answer<Self> {
        if self.mark == MARK { Ok(self) } else { Err(Failure::INVALID_PARAMETER) }
    }

    /// With one attribute more.
    ///
    /// # Errors
    /// `ERROR_BAD_LENGTH` for what is no list of handles by its size, `ERROR_OBJECT_NAME_EXISTS` for a second one,
    /// `ERROR_NOT_SUPPORTED` for another attribute, `ERROR_GEN_FAILURE` when there is no room for it.
    pub(crate) fn with(mut self, attribute: usize, value: usize, bytes: usize) -> Answer<Self> {
        if attribute != HANDLE_LIST {
            return Err(Failure::NOT_SUPPORTED);
        }
        if bytes == 0 || !bytes.is_multiple_of(size_of::<usize>()) {
            return Err(Failure::BAD_LENGTH);
        }
        if self.handles_bytes > 0 {
            return Err(Failure::OBJECT_NAME_EXISTS);
        }
        if self.attributes >= self.attributes_max {
            return Err(Failure::GEN_FAILURE);
        }
        self.attributes += 1;
        (self.handles, self.handles_bytes) = (value, bytes);
        Ok(self)
    }

    /// How many handles are listed; `None` without a list.
    pub(crate) fn handle_count(self) -> Option<usize> {
        (self.handles_bytes > 0).then(|| self.handles_bytes / size_of::<usize>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_handles_is_given_once_and_in_whole_handles() {
        let list = AttributeList::new(1, 0).unwrap();
        let code = |answer: Answer<AttributeList>| answer.unwrap_err().code;
        assert_eq!(code(list.with(HANDLE_LIST, 8, 0)), 24);
        assert_eq!(code(list.with(HANDLE_LIST, 8, 9)), 24);
        assert_eq!(code(list.with(0x0002_0000, 8, 8)), 50);
        assert_eq!(code(AttributeList::new(0, 0).unwrap().with(HANDLE_LIST, 8, 8)), 31);
        let listed = list.with(HANDLE_LIST, 8, 16).unwrap();
        assert_eq!(listed.handle_count(), Some(2));
        assert_eq!(code(listed.with(HANDLE_LIST, 8, 8)), 698);
        assert_eq!(list.handle_count(), None);
    }
}
