// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose code an instruction is: of this program, of the C library, or lent by the kernel.

use std::ops::Range;

/// Where the code lies, in this process and in all that are forked from it.
#[derive(Debug, Clone)]
pub(super) struct Code {
    /// Of this program, the libraries that it is made of included.
    program: Range<u64>,
    /// Lent by the kernel to every process: it can be read and not be patched.
    kernel: Range<u64>,
}

impl Code {
    /// Looks at the maps of this process.
    pub(super) fn of_self() -> Self {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let own = std::fs::read_link("/proc/self/exe").unwrap_or_default();
        Self { program: extent(&maps, &own.to_string_lossy()), kernel: extent(&maps, "[vdso]") }
    }

    #[cfg(test)]
    pub(super) fn with_kernel(kernel: Range<u64>) -> Self {
        Self { program: 0..0, kernel }
    }

    /// Whether this program wrote it, and not the C library.
    pub(super) fn is_ours(&self, counter: u64) -> bool {
        self.program.contains(&counter)
    }

    /// Whether a breakpoint can stand there.
    pub(super) fn takes_breakpoints(&self, counter: u64) -> bool {
        !self.kernel.contains(&counter)
    }
}

/// From the first to the last address of everything called `name`.
fn extent(maps: &str, name: &str) -> Range<u64> {
    let number = |text: &str| u64::from_str_radix(text, 16).unwrap_or(0);
    let bounds = maps.lines().filter(|line| line.ends_with(name)).filter_map(|line| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        Some(number(start)..number(end))
    });
    bounds.reduce(|all, next| all.start.min(next.start)..all.end.max(next.end)).unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_all_its_maps_and_no_other() {
        let maps = "1000-2000 r-xp 0 0 0 /bin/x\n3000-4000 r--p 0 0 0 /bin/x\n8000-9000 r-xp 0 0 0 [vdso]\n";
        let code = Code { program: extent(maps, "/bin/x"), kernel: extent(maps, "[vdso]") };
        assert!(code.is_ours(0x1000) && code.is_ours(0x3fff) && !code.is_ours(0x4000));
        assert!(!code.takes_breakpoints(0x8000) && code.takes_breakpoints(0x9000));
        assert_eq!(extent(maps, "/bin/y"), 0..0);
    }

    #[test]
    fn this_very_test_is_ours() {
        let here = this_very_test_is_ours as fn() as usize as u64;
        assert!(Code::of_self().is_ours(here));
    }
}
