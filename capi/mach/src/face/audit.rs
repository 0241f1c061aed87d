// SPDX-License-Identifier: MIT OR Apache-2.0
//! bsm/libbsm.h: what an audit token says.

use cabotage_c_support::pointers;

/// `audit_token_t`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Token {
    words: [u32; 8],
}

/// `au_tid_t`
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Terminal {
    port: u64,
    machine: u32,
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_auid(token: Token) -> u32 {
    token.words[0]
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_euid(token: Token) -> u32 {
    token.words[1]
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_egid(token: Token) -> u32 {
    token.words[2]
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_ruid(token: Token) -> u32 {
    token.words[3]
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_rgid(token: Token) -> u32 {
    token.words[4]
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_pid(token: Token) -> i32 {
    token.words[5].cast_signed()
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_asid(token: Token) -> i32 {
    token.words[6].cast_signed()
}

/// See bsm/libbsm.h.
#[unsafe(no_mangle)]
pub extern "C" fn audit_token_to_pidversion(token: Token) -> i32 {
    token.words[7].cast_signed()
}

/// See bsm/libbsm.h.
///
/// # Safety
/// Each address is null or leads to a value of its type.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn audit_token_to_au32(
    token: Token,
    audit_user: *mut u32,
    effective_user: *mut u32,
    effective_group: *mut u32,
    real_user: *mut u32,
    real_group: *mut u32,
    pid: *mut u32,
    session: *mut u32,
    terminal: *mut Terminal,
) {
    let places = [audit_user, effective_user, effective_group, real_user, real_group, pid, session];
    for (place, word) in places.into_iter().zip(token.words) {
        // SAFETY: the caller's word.
        unsafe { pointers::write(place, word) };
    }
    // SAFETY: the caller's word.
    unsafe { pointers::write(terminal, Terminal { port: 0, machine: 0 }) };
}
