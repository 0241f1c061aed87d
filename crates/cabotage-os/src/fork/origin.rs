// SPDX-License-Identifier: MIT OR Apache-2.0
//! In which process something was made: one load tells whether that is still this one.
//!
//! The word lies in a page that the kernel wipes in a forked child, however the child was made.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags};

use crate::error::{SystemError, attempt};

/// The process, among a parent and its forked children, in which something was made.
#[derive(Clone, Copy)]
pub struct Origin {
    number: u64,
    /// The word that holds it, at hand: asking is one load from memory that is nearly always cached.
    word: &'static AtomicU64,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Origin {}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Origin({})", self.number)
    }
}

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
            return Ok(Self { number: present, word });
        }
        let fresh = ORIGINS.fetch_add(1, Ordering::Relaxed) + 1;
        match word.compare_exchange(0, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(Self { number: fresh, word }),
            Err(other_thread) => Ok(Self { number: other_thread, word }),
        }
    }

    /// A number that no other process among parent and children has; never 0.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// Whether the calling process is the one meant: false in every child forked since. One load.
    #[inline]
    pub fn is_here(self) -> bool {
        self.word.load(Ordering::Relaxed) == self.number
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
