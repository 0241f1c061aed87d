// SPDX-License-Identifier: MIT OR Apache-2.0
//! A forked process whose every instruction is in our hand.

use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use cabotage_os::fork::child_that;

use super::cpu::{self, Breakpoint};
use crate::Wrong;

/// See the [module](self). It is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Traced {
    pid: Pid,
    is_over: bool,
}

/// What a traced process has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// It stopped itself: see [`stop_here`].
    Gate,
    /// It has executed one instruction, or met a breakpoint.
    Trap,
}

/// What a traced process calls to be stopped.
pub(super) fn stop_here() {
    raise(Signal::SIGSTOP).expect("a signal to ourselves");
}

impl Traced {
    /// Forks a process that lives `life`.
    pub(super) fn start(life: impl FnOnce()) -> Result<Self, Wrong> {
        let child = child_that(|| {
            ptrace::traceme().expect("a parent that traces");
            life();
            true
        })?;
        Ok(Self { pid: Pid::from_raw(child.pid().as_raw_nonzero().get()), is_over: false })
    }

    /// Waits until it stops itself.
    pub(super) fn wait_for_gate(&mut self) -> Result<(), Wrong> {
        match self.wait()? {
            Halt::Gate => Ok(()),
            Halt::Trap => Err("the victim met a breakpoint that nobody set".into()),
        }
    }

    /// Lets it run until it stops itself.
    pub(super) fn run_to_gate(&mut self) -> Result<(), Wrong> {
        ptrace::cont(self.pid, None)?;
        self.wait_for_gate()
    }

    /// Lets it go one instruction further.
    pub(super) fn step(&mut self) -> Result<Halt, Wrong> {
        ptrace::step(self.pid, None)?;
        self.wait()
    }

    /// Lets it run until it enters the kernel or leaves it.
    pub(super) fn run_to_call(&mut self) -> Result<Halt, Wrong> {
        ptrace::syscall(self.pid, None)?;
        self.wait()
    }

    /// Where it is.
    pub(super) fn counter(&self) -> Result<u64, Wrong> {
        Ok(cpu::counter(self.pid)?)
    }

    /// Lets it run until it stands at `at` for the `times`th time, at once if it does; answers whether it came
    /// there before it stopped itself.
    pub(super) fn run_to(&mut self, at: u64, times: u32) -> Result<bool, Wrong> {
        let breakpoint = Breakpoint::set(self.pid, at)?;
        for visit in 1..=times {
            ptrace::cont(self.pid, None)?;
            let halt = self.wait()?;
            if halt == Halt::Gate || !breakpoint.disarm()? {
                return Ok(false);
            }
            if visit < times {
                if self.step()? == Halt::Gate {
                    return Ok(false);
                }
                breakpoint.arm()?;
            }
        }
        Ok(true)
    }

    /// Lets a repeated instruction, at which it stands in the middle, come to its end.
    pub(super) fn finish_repetition(&mut self, at: u64) -> Result<Halt, Wrong> {
        let Some(bytes) = cpu::repetition_bytes(self.pid, at)? else { return Ok(Halt::Trap) };
        Ok(if self.run_to(at + bytes, 1)? { Halt::Trap } else { Halt::Gate })
    }

    /// Kills it; when this returns, the kernel has taken back all that it had.
    pub(super) fn kill(&mut self) -> Result<(), Wrong> {
        self.is_over = true;
        nix::sys::signal::kill(self.pid, Signal::SIGKILL)?;
        loop {
            match waitpid(self.pid, None)? {
                WaitStatus::Signaled(..) => return Ok(()),
                WaitStatus::Exited(_, code) => {
                    return Err(format!("the victim ended by itself: {code}").into());
                }
                _ => {}
            }
        }
    }

    fn wait(&mut self) -> Result<Halt, Wrong> {
        loop {
            match waitpid(self.pid, None)? {
                WaitStatus::Stopped(_, Signal::SIGSTOP) => return Ok(Halt::Gate),
                WaitStatus::Stopped(_, Signal::SIGTRAP) => return Ok(Halt::Trap),
                WaitStatus::Stopped(_, other) => ptrace::cont(self.pid, other)?,
                other => {
                    self.is_over = true;
                    return Err(format!("the victim ended before it was killed: {other:?}").into());
                }
            }
        }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.kill();
        }
    }
}
