// SPDX-License-Identifier: MIT OR Apache-2.0
//! The opt-in guard that turns a shrunk object under a map into an error instead of a dead process.
//!
//! A file that can't be sealed may be shrunk by its owner while we have it mapped; touching what is gone raises
//! SIGBUS. [`install`] sets a handler, the only one this library ever installs and only when asked. Where the
//! fault lies in a guarded map, the handler marks it and puts private zero pages in place of the whole map; the
//! interrupted copy goes on harmlessly and the map answers `Truncated` from then on. Every other SIGBUS goes to
//! the handler that was there before, or to the default action.
//!
//! A program that replaces the SIGBUS handler later, without calling ours, loses the guard.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, fence};

use rustix::mm::{MapFlags, ProtFlags};

use crate::error::SystemError;
use crate::seam;

/// Proof that the handler is installed.
#[derive(Debug, Clone, Copy)]
pub struct SigbusGuard(());

static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();

/// Installs the handler, once for the process, chained before the one that is there.
///
/// # Errors
/// The system's refusal.
///
/// # Source
/// sigaction(2); mmap(2) on SIGBUS.
pub fn install() -> Result<SigbusGuard, SystemError> {
    static INSTALLED: OnceLock<Result<(), SystemError>> = OnceLock::new();
    INSTALLED.get_or_init(set_handler).clone().map(|()| SigbusGuard(()))
}

fn set_handler() -> Result<(), SystemError> {
    // The old action is stored before ours is set: our handler may run at once.
    let _ = PREVIOUS.set(exchange_action(None)?);
    // SAFETY: all zeroes is a valid `sigaction` (default action, empty mask, no flags).
    let mut ours: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    ours.sa_sigaction = on_sigbus as *const () as usize;
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    exchange_action(Some(&ours)).map(|_| ())
}

fn exchange_action(new: Option<&libc::sigaction>) -> Result<libc::sigaction, SystemError> {
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: all zeroes is a valid `sigaction`.
    let mut old: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    let answer = seam::call("sigaction", || {
        // SAFETY: `new` is null or a live action whose handler has the signature that SA_SIGINFO asks for.
        match unsafe { libc::sigaction(libc::SIGBUS, new, &raw mut old) } {
            0 => Ok(()),
            _ => Err(seam::last_errno()),
        }
    });
    answer.map(|()| old).map_err(|errno| SystemError::new("sigaction", "SIGBUS", errno))
}

/// One guarded map. Slots are reused, and their chunks never freed, so that the handler may walk the list at any
/// time.
struct Slot {
    next: AtomicPtr<Slot>,
    taken: AtomicBool,
    start: AtomicUsize,
    bytes: AtomicUsize,
    writable: AtomicBool,
    truncated: AtomicBool,
}

static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(std::ptr::null_mut());

/// A range of addresses under the guard, until it is dropped.
#[derive(Debug)]
pub(crate) struct Guarded(&'static Slot);

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("truncated", &self.truncated).finish_non_exhaustive()
    }
}

impl Slot {
    /// Where the guarded pages begin and how many bytes they are. `None` while the slot changes hands, which a slot
    /// whose map is in use never does.
    fn pages(&self) -> Option<(usize, usize)> {
        let start = self.start.load(Ordering::Acquire);
        let bytes = self.bytes.load(Ordering::Acquire);
        // The size may be that of the slot's next map; then so is the start by now.
        (self.start.load(Ordering::Relaxed) == start).then_some((start, bytes))
    }
}

impl Guarded {
    /// Puts whole pages under the guard.
    pub(crate) fn new(_proof: SigbusGuard, start: usize, bytes: usize, writable: bool) -> Self {
        let slot = free_slot();
        slot.truncated.store(false, Ordering::Relaxed);
        slot.writable.store(writable, Ordering::Relaxed);
        // Released, so that whoever sees this start no longer sees the size that the slot's last map had.
        slot.start.store(start, Ordering::Release);
        slot.bytes.store(bytes, Ordering::Release);
        Self(slot)
    }

    /// Whether a part of the map was found missing. Asked after an access, it covers that access.
    pub(crate) fn is_truncated(&self) -> bool {
        // What was read before is read before the mark is: a reader of the handler's zeros sees the mark.
        fence(Ordering::Acquire);
        self.0.truncated.load(Ordering::Relaxed)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.bytes.store(0, Ordering::Release);
        self.0.taken.store(false, Ordering::Release);
    }
}

fn slots() -> impl Iterator<Item = &'static Slot> {
    let mut next = SLOTS.load(Ordering::Acquire);
    std::iter::from_fn(move || {
        // SAFETY: slots in the list are leaked boxes, valid for ever.
        let slot = unsafe { next.as_ref() }?;
        next = slot.next.load(Ordering::Acquire);
        Some(slot)
    })
}

fn free_slot() -> &'static Slot {
    if let Some(slot) = slots().find(|slot| !slot.taken.swap(true, Ordering::AcqRel)) {
        return slot;
    }
    let fresh: &'static Slot = Box::leak(Box::new(Slot {
        next: AtomicPtr::new(std::ptr::null_mut()),
        taken: AtomicBool::new(true),
        start: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
        writable: AtomicBool::new(false),
        truncated: AtomicBool::new(false),
    }));
    let mut head = SLOTS.load(Ordering::Acquire);
    loop {
        fresh.next.store(head, Ordering::Relaxed);
        let ours = std::ptr::from_ref(fresh).cast_mut();
        match SLOTS.compare_exchange_weak(head, ours, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return fresh,
            Err(other) => head = other,
        }
    }
}

/// The signal handler: touches atomics and makes system calls only.
extern "C" fn on_sigbus(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a SA_SIGINFO handler a live siginfo.
    let told = unsafe { &*info };
    // SAFETY: the address field is set for SIGBUS; for a signal that a process sent it is not looked at.
    if told.si_code == libc::BUS_ADRERR && mend(unsafe { told.si_addr() }.addr()) {
        return;
    }
    pass_on(signal, info, context);
}

/// Puts zero pages over the guarded map that contains `address`; false when there is none.
fn mend(address: usize) -> bool {
    let hit = slots().find_map(|slot| {
        let (start, bytes) = slot.pages()?;
        (address.wrapping_sub(start) < bytes).then_some((slot, start, bytes))
    });
    let Some((slot, start, bytes)) = hit else { return false };
    // Marked first: once the zeros are there, another thread reads them without a fault, and then looks at the
    // mark. It stays when the zeros can't be put there: the object has shrunk all the same, and another thread may
    // have succeeded meanwhile.
    slot.truncated.store(true, Ordering::Release);
    let protection = match slot.writable.load(Ordering::Relaxed) {
        true => ProtFlags::READ | ProtFlags::WRITE,
        false => ProtFlags::READ,
    };
    let start = std::ptr::with_exposed_provenance_mut(start);
    // SAFETY: the range is exactly one map of ours, alive because the faulting thread is inside one of its
    // methods; all access to it goes by address, so other pages in its place break nobody. No errno is touched:
    // rustix calls the kernel directly.
    unsafe { rustix::mm::mmap_anonymous(start, bytes, protection, MapFlags::PRIVATE | MapFlags::FIXED) }
        .is_ok()
}

/// Does what would have happened without us.
fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let previous = PREVIOUS.get();
    let handler = previous.map_or(libc::SIG_DFL, |action| action.sa_sigaction);
    // SAFETY: the kernel hands a SA_SIGINFO handler a live siginfo.
    let sent_by_a_process = unsafe { (*info).si_code } <= 0;
    match handler {
        libc::SIG_IGN if sent_by_a_process => return,
        libc::SIG_DFL | libc::SIG_IGN => return die_by_default(signal),
        _ => {}
    }
    if previous.is_some_and(|action| action.sa_flags & libc::SA_SIGINFO != 0) {
        // SAFETY: the program installed this address as a handler of exactly this signature.
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut c_void) =
            unsafe { std::mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: as above, for a handler without SA_SIGINFO.
        let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(handler) };
        handler(signal);
    }
}

/// Restores the default action; the fault comes again when the handler returns, a sent signal is sent again.
fn die_by_default(signal: libc::c_int) {
    // SAFETY: `signal` and `raise` are async-signal-safe; the raised signal waits until this handler returns.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    // SAFETY: as above.
    unsafe { libc::raise(signal) };
}
