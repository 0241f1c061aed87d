// SPDX-License-Identifier: MIT OR Apache-2.0
//! What differs between processors: the program counter, and the instruction that stops.

use nix::sys::ptrace;
use nix::unistd::Pid;

#[cfg(target_arch = "x86_64")]
mod this {
    /// `int3`; the counter stands behind it when it has stopped.
    pub(super) const TRAP: u64 = 0xcc;
    pub(super) const TRAP_MASK: u64 = 0xff;
    pub(super) const TRAP_BYTES: u64 = 1;

    pub(super) fn counter(registers: &mut super::Registers) -> &mut u64 {
        &mut registers.rip
    }

    /// How long the repeated copy or fill is that these bytes begin with.
    pub(super) fn repetition_bytes(code: [u8; 8]) -> Option<u64> {
        match code {
            [0xf3, 0xa4 | 0xa5 | 0xaa | 0xab, ..] => Some(2),
            [0xf3, 0x48, 0xa5 | 0xab, ..] => Some(3),
            _ => None,
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod this {
    /// `brk #0`; the counter stands on it when it has stopped.
    pub(super) const TRAP: u64 = 0xd420_0000;
    pub(super) const TRAP_MASK: u64 = 0xffff_ffff;
    pub(super) const TRAP_BYTES: u64 = 0;

    pub(super) fn counter(registers: &mut super::Registers) -> &mut u64 {
        &mut registers.pc
    }

    /// Nothing is repeated here.
    pub(super) fn repetition_bytes(_code: [u8; 8]) -> Option<u64> {
        None
    }
}

type Registers = nix::libc::user_regs_struct;

/// Where a stopped process is.
pub(super) fn counter(pid: Pid) -> nix::Result<u64> {
    Ok(*this::counter(&mut ptrace::getregs(pid)?))
}

/// How long the repeated instruction at `at` is, if there is one.
pub(super) fn repetition_bytes(pid: Pid, at: u64) -> nix::Result<Option<u64>> {
    Ok(this::repetition_bytes(ptrace::read(pid, address(at))?.to_le_bytes()))
}

/// A breakpoint in a stopped process.
#[derive(Debug)]
pub(super) struct Breakpoint {
    pid: Pid,
    at: u64,
    original: i64,
}

impl Breakpoint {
    /// Sets one. Maps of the program are private, so only this process has it.
    pub(super) fn set(pid: Pid, at: u64) -> nix::Result<Self> {
        let original = ptrace::read(pid, address(at))?;
        let breakpoint = Self { pid, at, original };
        breakpoint.arm()?;
        Ok(breakpoint)
    }

    /// Puts it in place.
    pub(super) fn arm(&self) -> nix::Result<()> {
        let patched = self.original.cast_unsigned() & !this::TRAP_MASK | this::TRAP;
        ptrace::write(self.pid, address(self.at), patched.cast_signed())
    }

    /// Takes it away, and the process back to before it, if that is where it has stopped; answers whether it is.
    pub(super) fn disarm(&self) -> nix::Result<bool> {
        ptrace::write(self.pid, address(self.at), self.original)?;
        let mut registers = ptrace::getregs(self.pid)?;
        let counter = this::counter(&mut registers);
        if *counter != self.at + this::TRAP_BYTES {
            return Ok(false);
        }
        *counter = self.at;
        ptrace::setregs(self.pid, registers)?;
        Ok(true)
    }
}

fn address(at: u64) -> ptrace::AddressType {
    usize::try_from(at).unwrap_or(usize::MAX) as ptrace::AddressType
}
