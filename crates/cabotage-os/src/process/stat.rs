// SPDX-License-Identifier: MIT OR Apache-2.0
//! The few facts that /proc/PID/stat is read for.

use std::ffi::CString;

use rustix::fs::CWD;
use rustix::process::Pid;

use crate::error::SystemError;
use crate::procfs;

/// What the kernel says of a process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// Its main thread's state: `R`, `S`, `Z`…
    pub(super) state: u8,
    /// Whether its main thread has begun to exit: its descriptors are closed after that, one after the other.
    pub(super) is_exiting: bool,
    /// How many threads it has.
    pub(super) threads: i64,
    /// When it started, in clock ticks since boot.
    pub(super) start_time_ticks: u64,
}

/// The kernel's flag of a thread that exits, from its sched.h: field 9 of proc_pid_stat(5) tells it to everybody.
const PF_EXITING: u32 = 4;

impl Stat {
    /// Reads /proc/`pid`/stat. `None` if the text makes no sense.
    pub(super) fn read(pid: Pid) -> Result<Option<Self>, SystemError> {
        let path = CString::new(format!("/proc/{pid}/stat")).unwrap_or_default();
        Ok(Self::parse(&procfs::read(CWD, &path)?))
    }

    /// The command name stands in parentheses and may hold spaces, parentheses and line breaks itself: the last
    /// closing one ends it, since only numbers and the state follow.
    fn parse(text: &[u8]) -> Option<Self> {
        let close = text.iter().rposition(|byte| *byte == b')')?;
        // proc_pid_stat(5) counts the fields from 1; the state is the third.
        let rest = std::str::from_utf8(text.get(close + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let flags: u32 = fields.nth(9 - 4)?.parse().ok()?;
        let threads = fields.nth(20 - 10)?.parse().ok()?;
        let start_time_ticks = fields.nth(22 - 21)?.parse().ok()?;
        Some(Self { state, is_exiting: flags & PF_EXITING != 0, threads, start_time_ticks })
    }

    /// Whether the process is over, reaped or not. A main thread that has ended looks like a zombie while other
    /// threads go on.
    pub(super) fn has_exited(&self) -> bool {
        matches!(self.state, b'X' | b'x') || (self.state == b'Z' && self.threads <= 1)
    }
}

/// How long ago the machine started, by the clock and in the unit of [`start_time_ticks`]: what had started by now
/// has no later time.
///
/// [`start_time_ticks`]: crate::process::ProcessIdentity::start_time_ticks
///
/// # Source
/// clock_gettime(2), `CLOCK_BOOTTIME`; proc_pid_stat(5).
pub fn ticks_since_boot() -> u64 {
    const TICKS_PER_SECOND: i64 = 100;
    const NANOSECONDS_PER_TICK: i64 = 1_000_000_000 / TICKS_PER_SECOND;
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let ticks = now.tv_sec.saturating_mul(TICKS_PER_SECOND) + now.tv_nsec / NANOSECONDS_PER_TICK;
    ticks.unsigned_abs()
}

/// Which start of the machine this is: the kernel draws a number at each. `None` where /proc hides it.
pub(super) fn boot_id() -> Result<Option<u128>, SystemError> {
    let text = procfs::read(CWD, c"/proc/sys/kernel/random/boot_id")?;
    let digits: String =
        text.iter().filter(|byte| byte.is_ascii_hexdigit()).map(|byte| char::from(*byte)).collect();
    Ok(u128::from_str_radix(&digits, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str =
        "S 1 2 3 4 -1 4194560 1 0 0 0 0 0 0 0 20 0 7 0 123456 1000 10 18446744073709551615 0 0";

    fn with_name(name: &[u8]) -> Option<Stat> {
        let text = [b"42 (", name, b") ", TAIL.as_bytes()].concat();
        Stat::parse(&text)
    }

    #[test]
    fn a_command_name_can_hold_anything() {
        let expected = Stat { state: b'S', is_exiting: false, threads: 7, start_time_ticks: 123_456 };
        for name in [&b"cat"[..], b"a b c", b") R 1 (", b"))))", b"", b"\xff\xfe\n", b"x) Z 1 1 1"] {
            assert_eq!(with_name(name), Some(expected), "{name:?}");
        }
    }

    #[test]
    fn half_a_line_is_not_understood() {
        let whole = format!("42 (cat) {TAIL}");
        let needed = whole.find("123456").unwrap();
        for end in 0..needed {
            assert_eq!(Stat::parse(&whole.as_bytes()[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn a_zombie_main_thread_with_company_is_alive() {
        let zombie = Stat { state: b'Z', is_exiting: true, threads: 2, start_time_ticks: 0 };
        assert!(!zombie.has_exited());
        assert!(Stat { threads: 1, ..zombie }.has_exited());
    }

    #[test]
    fn this_process_reads_itself() {
        let stat = Stat::read(rustix::process::getpid()).unwrap().unwrap();
        assert!(!stat.has_exited() && !stat.is_exiting && stat.start_time_ticks > 0);
        assert!(stat.start_time_ticks <= ticks_since_boot());
    }

    #[test]
    fn a_process_starts_between_two_looks_at_the_clock() {
        let before = ticks_since_boot();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let stat = Stat::read(Pid::from_child(&child)).unwrap().unwrap();
        child.wait().unwrap();
        assert!((before..=ticks_since_boot()).contains(&stat.start_time_ticks));
    }
}
