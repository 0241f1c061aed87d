// SPDX-License-Identifier: MIT OR Apache-2.0
//! sys/fileport.h: open files as rights.

use std::os::fd::{BorrowedFd, IntoRawFd};

use cabotage_c_support::{border, pointers};
use cabotage_mach::Name;
use cabotage_os::{Errno, descriptor};

use crate::here::names;
use crate::memory::entry::descriptor_of;

/// See sys/fileport.h.
///
/// # Safety
/// See `face`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fileport_makeport(fd: i32, port: *mut u32) -> i32 {
    border::call_with_errno(-1, || {
        if !pointers::is_plausible(port, 1) {
            return Err(Errno::FAULT);
        }
        if fd < 0 {
            return Err(Errno::BADF);
        }
        // SAFETY: the number is looked at by the kernel in this call alone, which finds out whether it is open.
        let file = unsafe { BorrowedFd::borrow_raw(fd) };
        let file = descriptor::duplicate(file).map_err(|error| error.errno())?;
        let name = names().and_then(|names| names.make_file_port(file).map_err(crate::code::of_kern));
        let name = name.map_err(|_| Errno::AGAIN)?;
        // SAFETY: the caller's word.
        unsafe { pointers::write(port, name.as_raw()) };
        Ok(0)
    })
}

/// See sys/fileport.h.
#[unsafe(no_mangle)]
pub extern "C" fn fileport_makefd(port: u32) -> i32 {
    border::call_with_errno(-1, || {
        let names = names().map_err(|_| Errno::AGAIN)?;
        let file = descriptor_of(names, Name::from_raw(port)).map_err(|_| Errno::INVAL)?;
        Ok(file.into_raw_fd())
    })
}
