// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calling thread's errno as C sees it: what the C libraries keep or set at their border.

/// What it is now.
pub fn get() -> i32 {
    // SAFETY: the word is this thread's own.
    unsafe { word().read() }
}

/// Sets it.
pub fn set(errno: i32) {
    // SAFETY: the word is this thread's own, and no reference to it exists.
    unsafe { word().write(errno) }
}

/// Where it is, as long as this thread lives.
fn word() -> *mut i32 {
    // SAFETY: the call takes nothing and always succeeds.
    unsafe { libc::__errno_location() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn std_reads_what_was_set() {
        super::set(libc::ENOENT);
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(libc::ENOENT));
        assert_eq!(super::get(), libc::ENOENT);
    }
}
