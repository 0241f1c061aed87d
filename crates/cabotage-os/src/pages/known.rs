// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel knows of the pages at an address.
//!
//! # Source
//! proc_pid_maps(5).

use rustix::fs::CWD;

use super::Protection;
use crate::error::SystemError;
use crate::procfs;

/// Pages that lie together and are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The first byte's address.
    pub start: usize,
    /// The address after the last byte.
    pub end: usize,
    /// What they may be used for.
    pub protection: Protection,
    /// Whether others see what is written there.
    pub is_shared: bool,
    /// Of the object that they are of, the byte that `start` is.
    pub offset: u64,
    /// Of that object, the inode; 0 for none.
    pub inode: u64,
}

/// What is at `address`; `None` for nothing.
///
/// # Errors
/// The system's refusal; without /proc that is `ENOENT`.
pub fn known(address: usize) -> Result<Option<Known>, SystemError> {
    Ok(all()?.into_iter().find(|pages| (pages.start..pages.end).contains(&address)))
}

/// All pages of this process, in order.
///
/// # Errors
/// As [`known`].
pub fn all() -> Result<Vec<Known>, SystemError> {
    let text = procfs::read(CWD, c"/proc/self/maps")?;
    Ok(String::from_utf8_lossy(&text).lines().filter_map(parse).collect())
}

fn parse(line: &str) -> Option<Known> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let letters = fields.next()?.as_bytes();
    let (offset, _device, inode) = (fields.next()?, fields.next()?, fields.next()?);
    let mut protection = Protection::empty();
    protection.set(Protection::READ, letters.first() == Some(&b'r'));
    protection.set(Protection::WRITE, letters.get(1) == Some(&b'w'));
    protection.set(Protection::EXEC, letters.get(2) == Some(&b'x'));
    Some(Known {
        start: usize::from_str_radix(start, 16).ok()?,
        end: usize::from_str_radix(end, 16).ok()?,
        protection,
        is_shared: letters.get(3) == Some(&b's'),
        offset: u64::from_str_radix(offset, 16).ok()?,
        inode: inode.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::memfd::Memfd;
    use crate::object::facts;
    use crate::pages::{Content, Place, Word, map};

    #[test]
    fn pages_of_an_object_are_known_by_its_inode() {
        let object = Memfd::create("known", 8192).unwrap();
        let content = Content::Object(object.as_fd(), 4096);
        let start = map(Place::Anywhere { alignment: 1 }, 4096, content, Protection::READ).unwrap();
        let found = known(start + 7).unwrap().unwrap();
        assert_eq!((found.start, found.end, found.offset), (start, start + 4096, 4096));
        assert_eq!((found.protection, found.is_shared), (Protection::READ, true));
        assert_eq!(found.inode, facts(object.as_fd(), "known").unwrap().identity.inode);
        // SAFETY: pages of this test.
        unsafe { Word::given() }.unmap(start, 4096).unwrap();
        assert_eq!(known(8).unwrap(), None);
    }
}
