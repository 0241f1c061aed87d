// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every program has from its start: mach/mach_init.h and mach/mach_traps.h.

use std::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};

use cabotage_c_support::border;
use cabotage_c_support::slot::Slot;
use cabotage_mach::{Name, Right, SpecialPort};
use cabotage_os::pages::page_bytes;

use super::{call, given};
use crate::code::{Code, FAILURE, NOT_SUPPORTED, of_kern, of_task};
use crate::here::{self, BOOTSTRAP, TASK_SELF};
use crate::reply_port;
use crate::task::{self, Of};

/// See mach/mach_init.h.
#[unsafe(no_mangle)]
pub static mach_task_self_: AtomicU32 = AtomicU32::new(TASK_SELF);

/// See mach/mach_init.h. A program may store another.
#[unsafe(no_mangle)]
pub static bootstrap_port: AtomicU32 = AtomicU32::new(BOOTSTRAP);

/// See mach/vm_page_size.h: what most machines have, until the first look.
#[unsafe(no_mangle)]
pub static vm_page_size: AtomicUsize = AtomicUsize::new(4096);
/// See mach/vm_page_size.h.
#[unsafe(no_mangle)]
pub static vm_page_mask: AtomicUsize = AtomicUsize::new(4095);
/// See mach/vm_page_size.h.
#[unsafe(no_mangle)]
pub static vm_page_shift: AtomicI32 = AtomicI32::new(12);
/// See mach/vm_page_size.h.
#[unsafe(no_mangle)]
pub static vm_kernel_page_size: AtomicUsize = AtomicUsize::new(4096);
/// See mach/vm_page_size.h.
#[unsafe(no_mangle)]
pub static vm_kernel_page_mask: AtomicUsize = AtomicUsize::new(4095);
/// See mach/vm_page_size.h.
#[unsafe(no_mangle)]
pub static vm_kernel_page_shift: AtomicI32 = AtomicI32::new(12);

/// Runs when the library is loaded, before anybody looks at these.
extern "C" fn look_at_pages() {
    let bytes = page_bytes();
    let shift = bytes.trailing_zeros().cast_signed();
    for place in [&vm_page_size, &vm_kernel_page_size] {
        place.store(bytes, Ordering::Relaxed);
    }
    for place in [&vm_page_mask, &vm_kernel_page_mask] {
        place.store(bytes - 1, Ordering::Relaxed);
    }
    for place in [&vm_page_shift, &vm_kernel_page_shift] {
        place.store(shift, Ordering::Relaxed);
    }
}

// SAFETY: what stands in this section is a function without arguments that the loader calls once; it stores numbers.
#[unsafe(link_section = ".init_array")]
#[used]
static AT_LOAD: extern "C" fn() = look_at_pages;

/// See mach/mach_init.h: for who takes its address.
#[unsafe(no_mangle)]
pub extern "C" fn mach_task_self() -> u32 {
    TASK_SELF
}

/// See mach/mach_traps.h.
#[unsafe(no_mangle)]
pub extern "C" fn task_self_trap() -> u32 {
    named(|| here::names()?.task_self().map_err(of_kern))
}

/// See mach/mach_init.h: a right that stands for nothing, since no right to the machine is needed here.
#[unsafe(no_mangle)]
pub extern "C" fn mach_host_self() -> u32 {
    named(|| {
        let names = here::names()?;
        match names.special_port(SpecialPort::Host).map_err(of_kern)? {
            host if host.is_valid() => Ok(host),
            _ => names.make_idle_port().map_err(of_kern),
        }
    })
}

/// See mach/mach_init.h: a right that stands for nothing, since threads have no ports here.
#[unsafe(no_mangle)]
pub extern "C" fn mach_thread_self() -> u32 {
    named(|| here::names()?.make_idle_port().map_err(of_kern))
}

/// See mach/mach_init.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_page_size(_host: u32, size: *mut usize) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        given(unsafe { Slot::new(size) })?.store(page_bytes());
        Ok(())
    })
}

/// See mach/mach_traps.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_reply_port() -> u32 {
    named(|| here::names()?.allocate(Right::Receive).map_err(of_kern))
}

/// See mach/mach_traps.h.
#[unsafe(no_mangle)]
pub extern "C" fn thread_get_special_reply_port() -> u32 {
    border::call(0, reply_port::special)
}

/// The name that a call answers; none, if it fails.
fn named(body: impl FnOnce() -> Result<Name, Code>) -> u32 {
    border::call(0, || body().map_or(0, Name::as_raw))
}

/// See mach/mach_traps.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pid_for_task(task: u32, pid: *mut i32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(pid) })?;
        let number = match task::of(task)? {
            Of::Own(_) => std::process::id(),
            Of::Other(_, port) => port.identity().map_err(of_task)?.pid(),
        };
        place.store(number.cast_signed());
        Ok(())
    })
}

/// See mach/mach_traps.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn task_for_pid(target: u32, pid: i32, task: *mut u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { own_port(SpecialPort::Kernel, target, pid, task) }
}

/// See mach/mach_traps.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn task_name_for_pid(target: u32, pid: i32, name: *mut u32) -> Code {
    // SAFETY: the caller's word.
    unsafe { own_port(SpecialPort::Name, target, pid, name) }
}

unsafe fn own_port(which: SpecialPort, target: u32, pid: i32, port: *mut u32) -> Code {
    call(|| {
        // SAFETY: the caller's word.
        let place = given(unsafe { Slot::new(port) })?;
        let names = task::own(target).map_err(|_| NOT_SUPPORTED)?;
        if pid.cast_unsigned() != std::process::id() {
            return Err(FAILURE);
        }
        place.store(names.special_port(which).map_err(of_kern)?.as_raw());
        Ok(())
    })
}
