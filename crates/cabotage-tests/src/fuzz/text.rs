// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names, as a person or a directory has them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Names of links and of objects: one that is admitted comes back as itself.
pub(super) fn names(data: &[u8]) {
    if let Ok(name) = cabotage_link::names::Name::parse(OsStr::from_bytes(data)) {
        assert_eq!(cabotage_link::names::Name::parse(name.as_os_str()), Ok(name));
    }
    if let Ok(name) = cabotage_shm::Name::parse(data) {
        let again = cabotage_shm::Name::parse(name.file_name());
        assert_eq!(again.as_ref(), Ok(&name));
        assert!(!name.file_name().contains(&b'/') && name.file_name().len() <= 255);
    }
}
