// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a fork must not copy: descriptors that stand for rights, and maps that stand for places.
//!
//! Close-on-exec does nothing for a child that never executes: it would keep a peer's hang-up from coming and a
//! lock from being free. So a descriptor that may have one holder only is a [`SoleFd`]: it stands in a table that
//! a `pthread_atfork` hook closes in the child. And every object that must not be used there remembers its
//! [`Origin`]: one load from a page that the kernel wipes on fork tells whether this is still the process that
//! made it. The hook is installed with the first [`SoleFd`] and stays for the life of the process.
//!
//! A child made by a raw `clone` runs no hooks: its descriptors stay, but its objects still refuse to work.

use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags};

use crate::error::{SystemError, attempt};
use crate::seam::Errno;

/// The process, among a parent and its forked children, in which something was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin(u64);

/// How many origins were given out by this process and those it was forked from. Copied by fork, so a child's
/// next origin differs from all of its ancestors'.
static ORIGINS: AtomicU64 = AtomicU64::new(0);

impl Origin {
    /// The present process.
    ///
    /// # Errors
    /// The system has no memory for the one page this needs (first call of the process only).
    pub fn here() -> Result<Self, SystemError> {
        let word = origin_word()?;
        let present = word.load(Ordering::Acquire);
        if present != 0 {
            return Ok(Self(present));
        }
        let fresh = ORIGINS.fetch_add(1, Ordering::Relaxed) + 1;
        match word.compare_exchange(0, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(Self(fresh)),
            Err(other_thread) => Ok(Self(other_thread)),
        }
    }

    /// Whether the calling process is the one meant: false in every child forked since. One load.
    #[inline]
    pub fn is_here(self) -> bool {
        WORD.get().is_some_and(|word| word.load(Ordering::Relaxed) == self.0)
    }
}

/// The word that the kernel sets to zero in a forked child.
static WORD: OnceLock<&'static AtomicU64> = OnceLock::new();

fn origin_word() -> Result<&'static AtomicU64, SystemError> {
    if let Some(word) = WORD.get() {
        return Ok(word);
    }
    let page = wiped_page()?;
    // SAFETY: a fresh private page: aligned, zeroed, never unmapped; only used through this reference.
    let word = unsafe { AtomicU64::from_ptr(page) };
    // Two threads may both map a page; the loser's stays, unused, which costs one page once.
    Ok(WORD.get_or_init(|| word))
}

fn wiped_page() -> Result<*mut u64, SystemError> {
    let bytes = rustix::param::page_size();
    let page = attempt("mmap", "the fork word", || {
        // SAFETY: a new anonymous mapping at a place the kernel chooses disturbs nothing.
        unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )
        }
    })?;
    attempt("madvise", "the fork word", || {
        // SAFETY: the page was mapped just above and nobody else knows it.
        unsafe { rustix::mm::madvise(page, bytes, Advice::LinuxWipeOnFork) }
    })?;
    Ok(page.cast())
}

/// A descriptor that no forked child keeps: the child's copy is closed before `fork` returns there, unless
/// [`exempt`] says otherwise.
#[derive(Debug)]
pub struct SoleFd {
    fd: ManuallyDrop<OwnedFd>,
    origin: Origin,
    slot: &'static AtomicI32,
}

impl SoleFd {
    /// Takes a descriptor into the table.
    ///
    /// # Errors
    /// The system has no memory for the table or the hook; the descriptor is closed.
    pub fn new(fd: OwnedFd) -> Result<Self, SystemError> {
        install_hook()?;
        let origin = Origin::here()?;
        let slot = occupy_slot(fd.as_raw_fd())?;
        Ok(Self { fd: ManuallyDrop::new(fd), origin, slot })
    }

    /// Whether this process may use the descriptor: false in a forked child.
    #[inline]
    pub fn is_here(&self) -> bool {
        self.origin.is_here()
    }

    /// The descriptor out of the table again: a plain one, which forked children keep.
    ///
    /// # Errors
    /// `None` in a forked child, where it is closed already.
    pub fn into_fd(self) -> Option<OwnedFd> {
        let mut this = ManuallyDrop::new(self);
        this.is_here().then(|| {
            this.slot.store(FREE, Ordering::Release);
            // SAFETY: `this` is never used or dropped again, so the descriptor is taken out once.
            unsafe { ManuallyDrop::take(&mut this.fd) }
        })
    }
}

impl AsFd for SoleFd {
    /// In a forked child the number is stale: ask [`SoleFd::is_here`] first.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for SoleFd {
    fn drop(&mut self) {
        if !self.origin.is_here() {
            return; // The hook has closed it; by now the number may be somebody else's.
        }
        // Out of the table first: the number must not stand there once it can be given out again.
        self.slot.store(FREE, Ordering::Release);
        // SAFETY: dropped once, here, and never used again.
        unsafe { ManuallyDrop::drop(&mut self.fd) };
    }
}

const FREE: i32 = -1;
const CHUNK_SLOTS: usize = 1024;
const CHUNKS: usize = 1024;

/// The table of sole descriptors: chunks that are never freed, so that the hook may walk it in any state.
static TABLE: [AtomicPtr<Chunk>; CHUNKS] = [const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS];

struct Chunk([AtomicI32; CHUNK_SLOTS]);

fn occupy_slot(fd: RawFd) -> Result<&'static AtomicI32, SystemError> {
    for place in &TABLE {
        let free = chunk_at(place).0.iter().find(|slot| {
            slot.load(Ordering::Relaxed) == FREE
                && slot.compare_exchange(FREE, fd, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        });
        if let Some(slot) = free {
            return Ok(slot);
        }
    }
    Err(SystemError::new("register", "a descriptor for the fork hook", Errno::MFILE))
}

fn chunk_at(place: &'static AtomicPtr<Chunk>) -> &'static Chunk {
    if let Some(chunk) = existing_chunk(place) {
        return chunk;
    }
    let fresh = Box::into_raw(Box::new(Chunk([const { AtomicI32::new(FREE) }; CHUNK_SLOTS])));
    match place.compare_exchange(std::ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: just leaked, valid for ever, and shared only through atomics.
        Ok(_) => unsafe { &*fresh },
        Err(winner) => {
            // SAFETY: lost the race: nobody else has seen `fresh`.
            drop(unsafe { Box::from_raw(fresh) });
            // SAFETY: chunks in the table are leaked boxes, valid for ever.
            unsafe { &*winner }
        }
    }
}

fn existing_chunk(place: &AtomicPtr<Chunk>) -> Option<&'static Chunk> {
    let chunk = place.load(Ordering::Acquire);
    // SAFETY: a chunk that stands in the table is a leaked box, valid for ever.
    unsafe { chunk.as_ref() }
}

fn install_hook() -> Result<(), SystemError> {
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        // SAFETY: the handler only loads atomics and calls close, as a child of a threaded process may.
        match unsafe { libc::pthread_atfork(None, None, Some(close_in_child)) } {
            0 => Ok(()),
            error => Err(error),
        }
    });
    installed
        .map_err(|error| SystemError::new("pthread_atfork", "the fork hook", Errno::from_raw_os_error(error)))
}

/// Runs in the child, before `fork` returns there: async-signal-safe.
extern "C" fn close_in_child() {
    for chunk in TABLE.iter().map_while(existing_chunk) {
        for slot in &chunk.0 {
            let fd = slot.load(Ordering::Relaxed);
            if fd != FREE && !is_exempt(fd) {
                slot.store(FREE, Ordering::Relaxed);
                // SAFETY: the number stood in the table, so a `SoleFd` of the parent owned it at the fork, and
                // that object refuses to use or close it here.
                unsafe { rustix::io::close(fd) };
            }
        }
    }
}

thread_local! {
    static EXEMPT: Cell<(*const RawFd, usize)> = const { Cell::new((std::ptr::null(), 0)) };
}

fn is_exempt(fd: RawFd) -> bool {
    let (start, count) = EXEMPT.get();
    if start.is_null() {
        return false;
    }
    // SAFETY: pointer and length were set by `exempt` from a live slice, which its guard still borrows.
    unsafe { std::slice::from_raw_parts(start, count) }.contains(&fd)
}

/// While the guard lives, a fork *of this thread* leaves `fds` open in the child: for one that is about to
/// execute a program and hand them to it.
pub fn exempt(fds: &[RawFd]) -> Exemption<'_> {
    let before = EXEMPT.replace((fds.as_ptr(), fds.len()));
    Exemption { before, fds: PhantomData }
}

/// An exemption made by [`exempt`]; dropping it ends it.
#[derive(Debug)]
pub struct Exemption<'fds> {
    before: (*const RawFd, usize),
    fds: PhantomData<&'fds [RawFd]>,
}

impl Drop for Exemption<'_> {
    fn drop(&mut self) {
        EXEMPT.set(self.before);
    }
}
