// SPDX-License-Identifier: MIT OR Apache-2.0
//! mach/mach_error.h: results in words.

use std::ffi::c_char;
use std::io::Write;

use cabotage_c_support::{border, pointers};

use crate::code::Code;
use crate::words;

/// See mach/mach_error.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_error_string(code: Code) -> *const c_char {
    border::call(c"".as_ptr(), || words::of(code).as_ptr())
}

/// See mach/mach_error.h.
#[unsafe(no_mangle)]
pub extern "C" fn mach_error_type(code: Code) -> *const c_char {
    border::call(c"".as_ptr(), || words::part(code).as_ptr())
}

/// See mach/mach_error.h.
///
/// # Safety
/// `text` is null or a string that ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mach_error(text: *const c_char, code: Code) {
    border::call((), || {
        // SAFETY: the caller's word.
        let text = unsafe { pointers::string(text) }.map(|text| text.to_string_lossy());
        let (text, words) = (text.unwrap_or_default(), words::of(code).to_string_lossy());
        // Nobody can be told that standard error is closed.
        let _ = writeln!(std::io::stderr(), "{text} {words} ({code:#x})");
    });
}
