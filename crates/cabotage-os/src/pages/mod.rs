// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pages of this process by their address, for the C libraries: C programs allocate, share, copy and give away memory
//! by number, and what they say about it may be wrong.
//!
//! Bytes at an address are read and written by the kernel ([`read`], [`Word::write`]), which finds out what is not there
//! instead of ending the process. New pages disturb nothing; whoever changes pages that are
//! there needs the program's [`Word`], since it alone knows who uses them.

use std::os::fd::BorrowedFd;
use std::ptr;

mod copy;
mod known;
mod own;
mod view;

pub use copy::read;
pub use known::{Known, all, known};
pub use own::Word;
use rustix::mm::MapFlags;
pub use rustix::mm::ProtFlags as Protection;
pub use view::{start_of, view};

use crate::error::{SystemError, attempt};
use crate::seam::Errno;

/// How large a page is.
pub fn page_bytes() -> usize {
    rustix::param::page_size()
}

/// Where new pages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Wherever there is room, at a multiple of this power of two.
    Anywhere {
        /// 1 for whatever a page's is.
        alignment: usize,
    },
    /// Here, where nothing may be yet: else the answer is `EEXIST`.
    At(usize),
}

/// What new pages hold.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// Zeros; a forked child has a copy.
    Zeros,
    /// Zeros; a forked child has the same pages.
    SharedZeros,
    /// Those of a memory object from this byte on, shared with everybody who has it.
    Object(BorrowedFd<'a>, u64),
    /// Those of a memory object from this byte on, until they are written: what is written is this process's own. What
    /// others write meanwhile is seen or not, so the object had better be sealed.
    Copy(BorrowedFd<'a>, u64),
}

/// New pages for `bytes` bytes; answers where.
///
/// # Errors
/// `EEXIST`, `ENOMEM`, `EINVAL` (no bytes, or an address inside a page), `EACCES` (an object that is not open for this).
///
/// # Source
/// mmap(2).
pub fn map(
    place: Place,
    bytes: usize,
    content: Content<'_>,
    protection: Protection,
) -> Result<usize, SystemError> {
    match place {
        Place::At(address) => {
            // SAFETY: MAP_FIXED_NOREPLACE leaves what is there.
            unsafe { map_at(address, bytes, content, protection, MapFlags::FIXED_NOREPLACE) }
        }
        Place::Anywhere { alignment } if alignment <= page_bytes() => {
            // SAFETY: the kernel chooses a place where nothing is.
            unsafe { map_at(0, bytes, content, protection, MapFlags::empty()) }
        }
        Place::Anywhere { alignment } => map_aligned(alignment, bytes, content, protection),
    }
}

/// New pages that `fill` writes before anybody else knows of them; answers where they are.
///
/// # Errors
/// As [`map`].
pub fn filled(bytes: usize, fill: impl FnOnce(&mut [u8])) -> Result<usize, SystemError> {
    let anywhere = Place::Anywhere { alignment: 1 };
    let start = map(anywhere, bytes, Content::Zeros, Protection::READ | Protection::WRITE)?;
    // SAFETY: so many bytes were mapped above, as zeros, and nobody else has the address yet.
    fill(unsafe { std::slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(start), bytes) });
    Ok(start)
}

/// Maps where and as `how` says.
///
/// # Safety
/// Nobody relies on what is there, if anything that is there goes.
unsafe fn map_at(
    address: usize,
    bytes: usize,
    content: Content<'_>,
    protection: Protection,
    how: MapFlags,
) -> Result<usize, SystemError> {
    let at = ptr::with_exposed_provenance_mut(address);
    let start = attempt("mmap", format_args!("{bytes} bytes"), || match content {
        Content::Zeros => {
            // SAFETY: as the caller said.
            unsafe { rustix::mm::mmap_anonymous(at, bytes, protection, MapFlags::PRIVATE | how) }
        }
        Content::SharedZeros => {
            // SAFETY: as the caller said.
            unsafe { rustix::mm::mmap_anonymous(at, bytes, protection, MapFlags::SHARED | how) }
        }
        Content::Object(object, offset) => {
            // SAFETY: as the caller said.
            unsafe { rustix::mm::mmap(at, bytes, protection, MapFlags::SHARED | how, object, offset) }
        }
        Content::Copy(object, offset) => {
            // SAFETY: as the caller said.
            unsafe { rustix::mm::mmap(at, bytes, protection, MapFlags::PRIVATE | how, object, offset) }
        }
    })?;
    Ok(start.expose_provenance())
}

/// Reserves more than is wanted, gives back what is too much, and maps over the rest.
fn map_aligned(
    alignment: usize,
    bytes: usize,
    content: Content<'_>,
    protection: Protection,
) -> Result<usize, SystemError> {
    let refused = |_| SystemError::new("mmap", format_args!("{bytes} bytes"), Errno::NOMEM);
    let bytes = bytes.checked_next_multiple_of(page_bytes()).ok_or(()).map_err(refused)?;
    let whole = bytes.checked_add(alignment).ok_or(()).map_err(refused)?;
    let reserved = map(Place::Anywhere { alignment: 1 }, whole, Content::Zeros, Protection::empty())?;
    // SAFETY: it is used for pages alone that were reserved above, and that nobody else knows.
    let own = unsafe { Word::given() };
    let start = reserved.next_multiple_of(alignment);
    for (from, to) in [(reserved, start), (start + bytes, reserved + whole)] {
        if from < to {
            own.unmap(from, to - from)?;
        }
    }
    own.map_over(start, bytes, content, protection)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::memfd::Memfd;

    const ANYWHERE: Place = Place::Anywhere { alignment: 1 };

    fn new(bytes: usize) -> usize {
        map(ANYWHERE, bytes, Content::Zeros, Protection::READ | Protection::WRITE).unwrap()
    }

    fn own() -> Word {
        // SAFETY: it is used for pages of these tests alone.
        unsafe { Word::given() }
    }

    fn give_back(address: usize, bytes: usize) {
        own().unmap(address, bytes).unwrap();
    }

    #[test]
    fn bytes_are_copied_by_address_and_a_wrong_one_is_found() {
        let address = new(page_bytes());
        assert!(own().write(address + 5, b"there").unwrap());
        let mut back = [0; 6];
        assert!(read(address + 4, &mut back).unwrap());
        assert_eq!(&back, b"\0there");
        assert!(!read(8, &mut back).unwrap(), "nothing is at the bottom of memory");
        assert!(!own().write(8, b"no").unwrap());
        assert!(!read(usize::MAX - 2, &mut back).unwrap());
        own().protect(address, page_bytes(), Protection::READ).unwrap();
        assert!(!own().write(address, b"no").unwrap());
        give_back(address, page_bytes());
        assert!(!read(address, &mut [0]).unwrap());
    }

    #[test]
    fn new_pages_disturb_nothing_and_keep_to_their_alignment() {
        let address = new(page_bytes());
        let refused = map(Place::At(address), 1, Content::Zeros, Protection::READ).unwrap_err();
        assert_eq!(refused.errno(), Errno::EXIST);
        let alignment = 1 << 21;
        let aligned = map(Place::Anywhere { alignment }, 5000, Content::Zeros, Protection::READ).unwrap();
        assert_eq!(aligned % alignment, 0);
        give_back(aligned, 5000);
        give_back(address, page_bytes());
        let here = map(Place::At(address), page_bytes(), Content::Zeros, Protection::READ);
        give_back(here.unwrap(), page_bytes());
    }

    #[test]
    fn a_copy_of_an_object_is_written_without_the_object() {
        let object = Memfd::create("pages", 4096).unwrap();
        object.write_at(0, b"there").unwrap();
        let both = Protection::READ | Protection::WRITE;
        let copy = map(ANYWHERE, 4096, Content::Copy(object.as_fd(), 0), both).unwrap();
        assert!(own().write(copy, b"h").unwrap());
        let mut seen = [0; 5];
        assert!(read(copy, &mut seen).unwrap());
        assert_eq!(&seen, b"hhere");
        let again = map(ANYWHERE, 4096, Content::Object(object.as_fd(), 0), Protection::READ).unwrap();
        assert!(read(again, &mut seen).unwrap());
        assert_eq!(&seen, b"there");
        give_back(copy, 4096);
        give_back(again, 4096);
    }

    #[test]
    fn an_object_is_the_same_memory_at_both_its_addresses() {
        let object = Memfd::create("pages", 8192).unwrap();
        let both = Protection::READ | Protection::WRITE;
        let [first, second] =
            [0, 4096].map(|at| map(ANYWHERE, 4096, Content::Object(object.as_fd(), at), both).unwrap());
        let over = own().map_over(first, 4096, Content::Object(object.as_fd(), 4096), both);
        assert_eq!(over, Ok(first));
        assert!(own().write(first, b"both").unwrap());
        let mut seen = [0; 4];
        assert!(read(second, &mut seen).unwrap());
        assert_eq!(&seen, b"both");
        give_back(first, 4096);
        give_back(second, 4096);
    }
}
