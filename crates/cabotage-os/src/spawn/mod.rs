// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starting a program that gets exactly the descriptors it is given.
//!
//! [`Spawn`] is std's `Command` with a list: the child has its standard input, output and error and the listed
//! descriptors, and nothing else, whatever the rest of this process has left open without close-on-exec. The
//! parent never clears a close-on-exec flag, so a listed descriptor cannot slip into a child that another thread
//! starts at the same moment. What is listed belongs to the [`Spawn`] and is closed here once the child has it:
//! no forgotten copy of a pipe's end keeps the end of file from coming.
//!
//! The listed descriptors are plain ones, unknown to the [fork hook](crate::fork), so it leaves them open.
//!
//! Who comes from Windows finds its rules beside that list, in the same call: a [`Handle`] has a mark, a start that
//! [inherits handles](Spawn::inherit_handles) passes what is marked, and a [list](Spawn::handle_list) narrows it.

mod child;
mod handle;
mod reserve;
mod windows;

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use crate::error::{Fault, SystemError};
use crate::seam::{self, Errno};
use child::Plan;
pub(crate) use child::inode_at;
pub use handle::{AsHandle, Handle, Inherit};
use windows::Handles;

/// A program to start, with the descriptors it gets.
#[derive(Debug)]
pub struct Spawn {
    command: Command,
    passed: Vec<Passed>,
    handles: Handles,
}

/// A descriptor, and the number under which the child gets it.
#[derive(Debug)]
struct Passed {
    fd: OwnedFd,
    number: RawFd,
}

impl Spawn {
    /// `program`, looked up in `PATH` when it has no slash, with this process's standard streams.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Command::new(program).into()
    }

    /// Appends an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Appends arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable for the child.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What the child reads as its standard input: a pipe's end, a file, `Stdio::piped()`, …
    #[must_use]
    pub fn stdin(mut self, source: impl Into<Stdio>) -> Self {
        self.command.stdin(source);
        self
    }

    /// Where the child's standard output goes.
    #[must_use]
    pub fn stdout(mut self, target: impl Into<Stdio>) -> Self {
        self.command.stdout(target);
        self
    }

    /// Where the child's standard error goes.
    #[must_use]
    pub fn stderr(mut self, target: impl Into<Stdio>) -> Self {
        self.command.stderr(target);
        self
    }

    /// Lists a descriptor, which keeps its number: tell the child by an argument or a variable. To keep a copy
    /// here, pass a clone.
    #[must_use]
    pub fn pass(self, fd: impl Into<OwnedFd>) -> Self {
        let fd = fd.into();
        let number = fd.as_raw_fd();
        self.pass_as(fd, number)
    }

    /// Lists a descriptor, which the child finds under `number`, 3 or above.
    #[must_use]
    pub fn pass_as(mut self, fd: impl Into<OwnedFd>, number: RawFd) -> Self {
        self.passed.push(Passed { fd: fd.into(), number });
        self
    }

    /// Starts the program. Every descriptor and stream it was given is closed here, on failure too; handles that it
    /// inherits stay open here as well.
    ///
    /// # Errors
    /// [`SpawnError`]: two descriptors under one number, a number of the standard streams or beyond the limit, a
    /// list of handles that cannot be, a program that cannot be executed, and the system's refusals.
    ///
    /// # Source
    /// fork(2), close_range(2), execve(2).
    pub fn spawn(mut self) -> Result<Child, SpawnError> {
        self.passed.extend(self.handles.for_the_child()?);
        self.check_numbers()?;
        let plan = Arc::new(Plan::new(self.passed.iter().map(|passed| passed.number).collect()));
        let in_child = Arc::clone(&plan);
        // SAFETY: the hook makes only async-signal-safe calls and touches only the plan, which is allocated.
        unsafe { self.command.pre_exec(move || in_child.carry_out()) };
        for _ in 0..ATTEMPTS {
            let _reserved = reserve::numbers(&mut self.passed, &plan)?;
            match seam::call("fork", || raw_errno(self.command.spawn())) {
                Ok(Some(child)) => return Ok(child),
                Ok(None) => return Err(SpawnError::NulByte),
                Err(errno) if errno == child::NUMBER_CHANGED_HANDS => {}
                Err(errno) => return Err(SystemError::new("fork and execve", self.program(), errno).into()),
            }
        }
        Err(SpawnError::NumbersContended)
    }

    fn check_numbers(&self) -> Result<(), SpawnError> {
        let mut numbers: Vec<RawFd> = self.passed.iter().map(|passed| passed.number).collect();
        numbers.sort_unstable();
        if let Some(&number) = numbers.first().filter(|number| **number <= 2) {
            return Err(SpawnError::Standard { number });
        }
        match numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(SpawnError::Twice { number: pair[0] }),
            None => Ok(()),
        }
    }

    fn program(&self) -> String {
        self.command.get_program().to_string_lossy().into_owned()
    }
}

impl From<Command> for Spawn {
    /// A command made ready by std's own means: directory, user, environment, streams.
    fn from(command: Command) -> Self {
        Self { command, passed: Vec::new(), handles: Handles::default() }
    }
}

/// How often a start is tried anew while other threads take and leave the wanted numbers.
const ATTEMPTS: u32 = 16;

/// The kernel's number; `None` for what std finds wrong before it asks the kernel: a zero byte in an argument.
fn raw_errno(answer: io::Result<Child>) -> Result<Option<Child>, Errno> {
    match answer {
        Ok(child) => Ok(Some(child)),
        Err(error) => error.raw_os_error().map_or(Ok(None), |raw| Err(Errno::from_raw_os_error(raw))),
    }
}

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// Two descriptors are listed under one number.
    #[error("two descriptors are listed under the number {number}: give one of them another by pass_as")]
    Twice {
        /// The number.
        number: RawFd,
    },
    /// A number that belongs to the standard streams, or a negative one.
    #[error("descriptor {number} cannot be listed: 0, 1 and 2 are set by stdin, stdout and stderr")]
    Standard {
        /// The number.
        number: RawFd,
    },
    /// A number beyond the limit on descriptors.
    #[error("no descriptor can have the number {number}: raise the limit (ulimit -n) or take a lower one")]
    BeyondLimit {
        /// The number.
        number: RawFd,
    },
    /// The program, an argument or a variable holds a zero byte.
    #[error("the program, an argument or a variable holds a zero byte, where every C string ends")]
    NulByte,
    /// Other threads of this process took the wanted numbers again and again.
    #[error("the wanted numbers changed hands at every attempt: take numbers that no other thread uses")]
    NumbersContended,
    /// A handle in the list is not marked as inheritable, or is closed.
    #[error("descriptor {number} is in the list of handles and not inheritable: say so with set_inherit")]
    NotInheritable {
        /// The number it had when it was listed.
        number: RawFd,
    },
    /// A list of handles without a handle.
    #[error("the list of handles is empty: list one, or do not inherit handles at all")]
    ListEmpty,
    /// A second list of handles.
    #[error("there is a list of handles already: put all of them into one")]
    ListTwice,
    /// A list of handles for a child that inherits none.
    #[error("the child has a list of handles and inherits none: call inherit_handles too")]
    ListWithoutInheritance,
    /// The system's refusal; of the program (`ENOENT`, `EACCES`, `ENOEXEC`) or of a resource.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl SpawnError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::System(_) => Fault::System,
            _ => Fault::Caller,
        }
    }
}
