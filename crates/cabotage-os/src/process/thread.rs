// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which thread of the process calls.

/// The number of the calling thread, unique among those of its pid namespace while it lives.
///
/// # Source
/// gettid(2).
#[must_use]
pub fn own_thread_id() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_a_number_of_its_own() {
        let own = own_thread_id();
        assert_eq!(own, own_thread_id());
        assert_ne!(std::thread::spawn(own_thread_id).join().unwrap(), own);
    }
}
