// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared memory as plain atomic words, which both processes write.

use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::seam::Errno;

/// A mapping of a memfd that cannot shrink, seen as atomic words.
#[derive(Debug)]
pub(super) struct Words {
    base: NonNull<AtomicU64>,
    count: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and every access to it is atomic.
unsafe impl Send for Words {}
// SAFETY: as above: shared access is what atomics are for.
unsafe impl Sync for Words {}

impl Words {
    /// New zeroed memory of `count` words, mapped here, with the descriptor that lets another process join.
    pub(super) fn create(count: usize) -> Result<(Self, OwnedFd), Errno> {
        let memory = memfd_create(c"cabotage-bench", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&memory, (count * size_of::<AtomicU64>()) as u64)?;
        fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let words = Self::join(&memory, count)?;
        Ok((words, memory))
    }

    /// Maps the memory that another process created with the same `count`.
    pub(super) fn join(memory: impl AsFd, count: usize) -> Result<Self, Errno> {
        let bytes = count * size_of::<AtomicU64>();
        let long_enough = usize::try_from(fstat(&memory)?.st_size).is_ok_and(|size| size >= bytes);
        let stays_so = rustix::fs::fcntl_get_seals(&memory)?.contains(SealFlags::SHRINK);
        if !(long_enough && stays_so) {
            return Err(Errno::INVAL);
        }
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: a null hint lets the kernel choose free addresses, so no memory of ours is replaced.
        let base = unsafe { mmap(ptr::null_mut(), bytes, access, flags, &memory, 0) }?;
        Ok(Self { base: NonNull::new(base.cast()).ok_or(Errno::NOMEM)?, count })
    }

    /// The words.
    #[inline]
    pub(super) fn as_slice(&self) -> &[AtomicU64] {
        // SAFETY: `join` mapped `count` words at `base`, page-aligned, of a memfd sealed against shrinking; they
        // stay mapped as long as `self`. The other process changes them by atomic accesses alone: it is this
        // very module on the other side. That trust is why this is a yardstick and not a lane.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.count) }
    }

    /// Where the words lie, for those who put something else there.
    #[inline]
    pub(super) fn as_ptr(&self) -> *mut AtomicU64 {
        self.base.as_ptr()
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `join`; `&mut self` proves that no slice of it is left.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.count * size_of::<AtomicU64>()) };
    }
}

/// Asks `ready` until it says yes. It gives the processor away now and then, so that two spinning processes on
/// one processor still get on, if slowly.
#[inline]
pub(super) fn spin_until(mut ready: impl FnMut() -> bool) {
    loop {
        for _ in 0..POLLS_BEFORE_YIELD {
            if ready() {
                return;
            }
            std::hint::spin_loop();
        }
        std::thread::yield_now();
    }
}

const POLLS_BEFORE_YIELD: u32 = 4096;

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn what_one_mapping_stores_the_other_loads() {
        let (one, memory) = Words::create(512).unwrap();
        let two = Words::join(&memory, 512).unwrap();
        one.as_slice()[511].store(7, Ordering::Release);
        assert_eq!(two.as_slice()[511].load(Ordering::Acquire), 7);
    }

    #[test]
    fn memory_that_is_too_short_or_may_shrink_is_refused() {
        let (_words, memory) = Words::create(512).unwrap();
        assert_eq!(Words::join(&memory, 4096).unwrap_err(), Errno::INVAL);
        let unsealed = memfd_create(c"unsealed", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&unsealed, 4096).unwrap();
        assert_eq!(Words::join(&unsealed, 512).unwrap_err(), Errno::INVAL);
    }
}
