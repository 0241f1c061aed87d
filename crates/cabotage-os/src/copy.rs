// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one way bytes cross between private memory and memory that another process can write.
//!
//! An ordinary copy (`copy_nonoverlapping`, a slice, memcpy) tells the compiler that nobody else writes the
//! source, so the optimiser may drop the private copy and read the shared bytes *again after they were checked*.
//! The loads here are inline assembly: each byte is loaded exactly once, whatever is done with the copy later.
//! Sizes up to [`SMALL_BYTES_MAX`] go by pieces of 64 bytes (loaded 16 at a time), and what is left by single loads
//! of 16, 8, 4, 2 and 1 bytes: upwards out of shared memory, downwards into it, for reasons that the two functions
//! tell. Larger sizes go by the processor's own block copy, which costs what memcpy costs. See docs/threats.md,
//! "The racing copy".

use std::arch::asm;

use pieces::{move_1, move_2, move_4, move_8, move_16, move_64};

/// Copies of at most this many bytes are made of single loads and stores.
pub const SMALL_BYTES_MAX: usize = 512;

/// Fills `target` from `source`, loading each byte of the source exactly once.
///
/// # Safety
/// `target.len()` bytes at `source` must be mapped readable until the call returns, and must not overlap
/// `target`. Other processes may write them meanwhile: then each byte of the copy is one that was there at some
/// time during the call.
#[inline]
pub unsafe fn copy_in(source: *const u8, target: &mut [u8]) {
    if target.len() <= SMALL_BYTES_MAX {
        // SAFETY: the caller vouches for the source; `target` is a private slice of exactly this length.
        unsafe { copy_up(source, target.as_mut_ptr(), target.len()) }
    } else {
        // SAFETY: as above.
        unsafe { copy_block(source, target.as_mut_ptr(), target.len()) }
    }
}

/// Copies `source` to `target`, storing each byte exactly once.
///
/// # Safety
/// `source.len()` bytes at `target` must be mapped writable until the call returns, and must not overlap
/// `source`. Other processes may read them meanwhile.
#[inline]
pub unsafe fn copy_out(source: &[u8], target: *mut u8) {
    if source.len() <= SMALL_BYTES_MAX {
        // SAFETY: the caller vouches for the target; `source` is a private slice of exactly this length.
        unsafe { copy_down(source.as_ptr(), target, source.len()) }
    } else {
        // SAFETY: as above.
        unsafe { copy_block(source.as_ptr(), target, source.len()) }
    }
}

/// Says that the cache line at `place` will be read soon, so that it comes meanwhile. Any address will do: nothing changes
/// that could be seen.
#[inline]
pub fn prefetch_to_read<T>(place: *const T) {
    // SAFETY: a hint to the cache; it never faults and changes no register, flag or memory.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("prefetcht0 [{p}]", p = in(reg) place, options(nostack, preserves_flags, readonly));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("prfm pldl1keep, [{p}]", p = in(reg) place, options(nostack, preserves_flags, readonly));
    }
}

/// Says that the cache line at `place` will be written soon, so that it comes into this processor's own hands
/// meanwhile. Any address will do: nothing changes that could be seen.
#[inline]
pub fn prefetch_to_write<T>(place: *const T) {
    // SAFETY: a hint to the cache; it never faults and changes no register, flag or memory.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("prefetchw [{p}]", p = in(reg) place, options(nostack, preserves_flags, readonly));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("prfm pstl1keep, [{p}]", p = in(reg) place, options(nostack, preserves_flags, readonly));
    }
}

/// # Safety
/// `bytes` bytes must be readable at `source` and writable at `target`, without overlap.
///
/// Upwards: no address depends on the length, so a processor that waits for the word in which the length stands
/// fetches the bytes after it meanwhile.
#[inline]
unsafe fn copy_up(source: *const u8, target: *mut u8, bytes: usize) {
    let mut at = 0;
    while bytes - at >= 64 {
        // SAFETY: `at + 64 <= bytes`, so the 64 bytes lie inside both ranges that the caller vouches for.
        unsafe { move_64(source.wrapping_add(at), target.wrapping_add(at)) };
        at += 64;
    }
    if at == bytes {
        return;
    }
    while bytes - at >= 16 {
        // SAFETY: `at + 16 <= bytes`, so the 16 bytes lie inside both ranges that the caller vouches for.
        unsafe { move_16(source.wrapping_add(at), target.wrapping_add(at)) };
        at += 16;
    }
    macro_rules! move_rest {
        ($move_one:ident, $step:literal) => {
            if bytes & $step != 0 {
                // SAFETY: fewer than `2 * $step` bytes are left and this bit of the length is set, so at least
                // `$step` bytes are left in both ranges.
                unsafe { $move_one(source.wrapping_add(at), target.wrapping_add(at)) };
                at += $step;
            }
        };
    }
    move_rest!(move_8, 8);
    move_rest!(move_4, 4);
    move_rest!(move_2, 2);
    move_rest!(move_1, 1);
    debug_assert_eq!(at, bytes);
}

/// # Safety
/// As [`copy_up`].
///
/// Downwards: a record's first line, where its header will follow, is written last and in one go, so that a reader
/// who polls it takes it away from us once and not twice.
#[inline]
unsafe fn copy_down(source: *const u8, target: *mut u8, bytes: usize) {
    let mut left = bytes;
    while left >= 64 {
        left -= 64;
        // SAFETY: `left + 64 <= bytes`, so the 64 bytes lie inside both ranges that the caller vouches for.
        unsafe { move_64(source.wrapping_add(left), target.wrapping_add(left)) };
    }
    if left == 0 {
        return;
    }
    while left >= 16 {
        left -= 16;
        // SAFETY: `left + 16 <= bytes`, so the 16 bytes lie inside both ranges that the caller vouches for.
        unsafe { move_16(source.wrapping_add(left), target.wrapping_add(left)) };
    }
    macro_rules! move_rest {
        ($move_one:ident, $step:literal) => {
            if left & $step != 0 {
                left -= $step;
                // SAFETY: this bit of what is left was set, so the piece lies inside both ranges.
                unsafe { $move_one(source.wrapping_add(left), target.wrapping_add(left)) };
            }
        };
    }
    move_rest!(move_8, 8);
    move_rest!(move_4, 4);
    move_rest!(move_2, 2);
    move_rest!(move_1, 1);
    debug_assert_eq!(left, 0);
}

/// Defines a function that moves one piece of a fixed size through a register, at any alignment.
macro_rules! define_move {
    ($name:ident, $class:ident, $load:literal, $store:literal) => {
        /// # Safety
        /// The piece must be readable at `source` and writable at `target`.
        #[inline(always)]
        pub(super) unsafe fn $name(source: *const u8, target: *mut u8) {
            // SAFETY: one load and one store of the piece's size, at addresses that the caller vouches for; the
            // register is declared, flags and stack are untouched. Both architectures load at any alignment.
            unsafe {
                asm!($load, $store, s = in(reg) source, t = in(reg) target, p = out($class) _,
                     options(nostack, preserves_flags));
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod pieces {
    use super::asm;
    /// Four times 16 bytes, stored from the last to the first.
    ///
    /// # Safety
    /// 64 bytes must be readable at `source` and writable at `target`.
    #[inline(always)]
    pub(super) unsafe fn move_64(source: *const u8, target: *mut u8) {
        // SAFETY: each of 64 bytes is loaded once and stored once, at addresses that the caller vouches for; the
        // registers are declared, flags and stack are untouched.
        unsafe {
            asm!("movdqu {a}, [{s}]", "movdqu {b}, [{s} + 16]", "movdqu {c}, [{s} + 32]", "movdqu {d}, [{s} + 48]",
                 "movdqu [{t} + 48], {d}", "movdqu [{t} + 32], {c}", "movdqu [{t} + 16], {b}", "movdqu [{t}], {a}",
                 s = in(reg) source, t = in(reg) target, a = out(xmm_reg) _, b = out(xmm_reg) _,
                 c = out(xmm_reg) _, d = out(xmm_reg) _, options(nostack, preserves_flags));
        }
    }

    define_move!(move_16, xmm_reg, "movdqu {p}, [{s}]", "movdqu [{t}], {p}");
    define_move!(move_8, reg, "mov {p:r}, [{s}]", "mov [{t}], {p:r}");
    define_move!(move_4, reg, "mov {p:e}, [{s}]", "mov [{t}], {p:e}");
    define_move!(move_2, reg, "movzx {p:e}, word ptr [{s}]", "mov word ptr [{t}], {p:x}");
    define_move!(move_1, reg_byte, "mov {p}, byte ptr [{s}]", "mov byte ptr [{t}], {p}");
}

#[cfg(target_arch = "aarch64")]
mod pieces {
    use super::asm;
    /// Two pairs of 16 bytes, the last pair stored first.
    ///
    /// # Safety
    /// 64 bytes must be readable at `source` and writable at `target`.
    #[inline(always)]
    pub(super) unsafe fn move_64(source: *const u8, target: *mut u8) {
        // SAFETY: each of 64 bytes is loaded once and stored once, at addresses that the caller vouches for; the
        // registers are declared, flags and stack are untouched.
        unsafe {
            asm!("ldp {a:q}, {b:q}, [{s}]", "ldp {c:q}, {d:q}, [{s}, #32]",
                 "stp {c:q}, {d:q}, [{t}, #32]", "stp {a:q}, {b:q}, [{t}]",
                 s = in(reg) source, t = in(reg) target, a = out(vreg) _, b = out(vreg) _,
                 c = out(vreg) _, d = out(vreg) _, options(nostack, preserves_flags));
        }
    }

    define_move!(move_16, vreg, "ldr {p:q}, [{s}]", "str {p:q}, [{t}]");
    define_move!(move_8, reg, "ldr {p:x}, [{s}]", "str {p:x}, [{t}]");
    define_move!(move_4, reg, "ldr {p:w}, [{s}]", "str {p:w}, [{t}]");
    define_move!(move_2, reg, "ldrh {p:w}, [{s}]", "strh {p:w}, [{t}]");
    define_move!(move_1, reg, "ldrb {p:w}, [{s}]", "strb {p:w}, [{t}]");
}

/// # Safety
/// As [`copy_up`].
#[cfg(target_arch = "x86_64")]
unsafe fn copy_block(source: *const u8, target: *mut u8, bytes: usize) {
    // SAFETY: copies `bytes` bytes upwards between ranges that the caller vouches for. The direction flag is
    // clear on entry (the ABI says so) and the instruction changes no other flag.
    unsafe {
        asm!("rep movsb", inout("rsi") source => _, inout("rdi") target => _, inout("rcx") bytes => _,
             options(nostack, preserves_flags));
    }
}

/// # Safety
/// As [`copy_up`].
#[cfg(target_arch = "aarch64")]
unsafe fn copy_block(source: *const u8, target: *mut u8, bytes: usize) {
    let whole = bytes & !31;
    // SAFETY: the loop moves `whole` bytes (a multiple of 32, and not zero since `bytes` is above
    // `SMALL_BYTES_MAX`) between ranges that the caller vouches for; every register it changes is declared.
    unsafe {
        asm!("2:", "ldp {a:q}, {b:q}, [{s}], #32", "stp {a:q}, {b:q}, [{t}], #32", "subs {n}, {n}, #32",
             "b.ne 2b",
             s = inout(reg) source => _, t = inout(reg) target => _, n = inout(reg) whole => _,
             a = out(vreg) _, b = out(vreg) _, options(nostack));
    }
    // SAFETY: `whole <= bytes`: the rest of both ranges.
    unsafe { copy_up(source.wrapping_add(whole), target.wrapping_add(whole), bytes - whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
    }

    /// Sizes around every change of pieces.
    fn sizes() -> impl Iterator<Item = usize> {
        (0..=140).chain(186..=200).chain(500..=560).chain([1024, 1100])
    }

    /// Checks a copy of `bytes` bytes between these alignments: it arrives whole, with nothing around it touched.
    fn check(copy: impl Fn(&[u8], &mut [u8]), bytes: usize, source_lead: usize, target_lead: usize) {
        let source = pattern(source_lead + bytes);
        let mut target = vec![0xEE; target_lead + bytes + 70];
        let end = target_lead + bytes;
        copy(&source[source_lead..], &mut target[target_lead..end]);
        let at = format!("{bytes} bytes from {source_lead} to {target_lead}");
        assert_eq!(target[target_lead..end], source[source_lead..], "{at}");
        assert!(target[..target_lead].iter().chain(&target[end..]).all(|byte| *byte == 0xEE), "{at}");
    }

    #[test]
    fn every_size_and_alignment_arrives_whole_with_nothing_around_it_touched() {
        // SAFETY: both slices have the same length, and `check` makes them of two vectors.
        let copy_in = |source: &[u8], target: &mut [u8]| unsafe { copy_in(source.as_ptr(), target) };
        // SAFETY: as above.
        let copy_out = |source: &[u8], target: &mut [u8]| unsafe { copy_out(source, target.as_mut_ptr()) };
        for bytes in sizes() {
            for (source_lead, target_lead) in
                (0..17).map(|lead| (lead, lead * 5 % 17)).chain([(64, 64), (63, 1)])
            {
                check(copy_in, bytes, source_lead, target_lead);
                check(copy_out, bytes, source_lead, target_lead);
            }
        }
    }

    #[test]
    fn what_is_copied_out_is_what_is_copied_in() {
        for bytes in [1, 15, 16, 17, 64, 511, 512, 513, 4096, 100_001] {
            let source = pattern(bytes);
            let (mut shared, mut back) = (vec![0; bytes], vec![0; bytes]);
            // SAFETY: `shared` has exactly as many bytes as `source`.
            unsafe { copy_out(&source, shared.as_mut_ptr()) };
            // SAFETY: `shared` has exactly as many bytes as `back`.
            unsafe { copy_in(shared.as_ptr(), &mut back) };
            assert_eq!(back, source);
        }
    }
}
