// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tasks that are processes: a parent starts one with rights of its choice, sees its end, and can bring it about.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use cabotage_os::process::Pidfd;
use cabotage_os::{Deadline, Errno, SystemError, spawn};

use super::birth::{self, BOOTSTRAP, CREATOR, LABEL_BYTES_MAX, RIGHTS_MAX, TASK_PORT_ID};
use super::{Task, TaskPort};
use crate::error::{OutsideError, SpawnError, TaskError};
use crate::message::{Carried, Notification};
use crate::right::SpecialPort;
use crate::rights::{AnyRight, ReceiveRight, SendRight};

/// A program to start as a task of its own, with a space of its own and the rights that it is given: each under a
/// label, by which the child takes it ([`Task::given`]). It has its parent's bootstrap port besides, as its own children
/// will, and no other right.
///
/// ```no_run
/// use cabotage_mach::{ReceiveRight, Spawn};
///
/// let log = ReceiveRight::new()?;
/// let mut worker = Spawn::new("worker").arg("--quick").give("log", log.make_send()?).spawn()?;
/// // In the worker: Task::current()?.given("log")
/// println!("{}", log.receive()?.text()?);
/// worker.terminate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Spawn {
    spawn: spawn::Spawn,
    rights: Vec<(String, SendRight)>,
    bootstrap: Bootstrap,
    wants_task_port: bool,
}

#[derive(Debug)]
enum Bootstrap {
    /// As the parent's.
    Own,
    Other(Option<SendRight>),
}

/// A task in a process of its own, started by this one. Dropping it ends it: see [`ChildTask::detach`].
#[derive(Debug)]
pub struct ChildTask {
    /// `None` once it belongs to somebody else.
    child: Option<Child>,
    pidfd: Pidfd,
    door: Option<ReceiveRight>,
}

impl Spawn {
    /// `program`, looked up in `PATH` when it has no slash, with this process's standard streams.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        spawn::Spawn::new(program).into()
    }

    /// Appends an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.spawn = self.spawn.arg(argument);
        self
    }

    /// Gives the child a send right under this label: up to 64 of them, each label at most 64 bytes of letters, digits,
    /// `.`, `-` and `_`. `bootstrap` and `creator` are taken.
    #[must_use]
    pub fn give(mut self, label: impl Into<String>, right: SendRight) -> Self {
        self.rights.push((label.into(), right));
        self
    }

    /// Gives the child, and its children, this bootstrap port instead of the parent's; `None` for none.
    #[must_use]
    pub fn bootstrap(mut self, right: Option<SendRight>) -> Self {
        self.bootstrap = Bootstrap::Other(right);
        self
    }

    /// Lets the parent have a right to the child's task, which the child sends when it first uses the library: see
    /// [`ChildTask::task_port`].
    #[must_use]
    pub fn with_task_port(mut self) -> Self {
        self.wants_task_port = true;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// [`SpawnError`]
    pub fn spawn(self) -> Result<ChildTask, SpawnError> {
        check_labels(self.rights.iter().map(|(label, _)| label.as_str()))?;
        let task = Task::current()?;
        let door = self.wants_task_port.then(|| task.allocate()).transpose()?;
        let bootstrap = match self.bootstrap {
            Bootstrap::Own => task.special_port(SpecialPort::Bootstrap)?,
            Bootstrap::Other(right) => right,
        };
        let mut ends: Vec<(&str, OwnedFd)> = Vec::new();
        for (label, right) in &self.rights {
            ends.push((label, end_of(right)?));
        }
        if let Some(right) = bootstrap.filter(|right| !right.is_dead()) {
            ends.push((BOOTSTRAP, end_of(&right)?));
        }
        if let Some(door) = &door {
            ends.push((CREATOR, end_of(&door.make_send()?)?));
        }
        let listed = birth::list(ends.iter().map(|(label, end)| (*label, end)))?;
        let spawn = ends.into_iter().fold(self.spawn, |spawn, (_, end)| spawn.pass(end));
        let mut child = spawn.env(birth::VARIABLE, listed).spawn()?;
        match Pidfd::of_child(&child) {
            Ok(pidfd) => Ok(ChildTask { child: Some(child), pidfd, door }),
            Err(refusal) => {
                let _ = child.kill().and_then(|()| child.wait());
                Err(refusal.into())
            }
        }
    }
}

impl From<Command> for Spawn {
    /// A command made ready by std's own means: directory, user, environment, streams.
    fn from(command: Command) -> Self {
        spawn::Spawn::from(command).into()
    }
}

impl From<spawn::Spawn> for Spawn {
    /// A program that gets descriptors too.
    fn from(spawn: spawn::Spawn) -> Self {
        Self { spawn, rights: Vec::new(), bootstrap: Bootstrap::Own, wants_task_port: false }
    }
}

/// The right as an end for the child. The last message by this right may still be on its way, which is awaited.
fn end_of(right: &SendRight) -> Result<OwnedFd, OutsideError> {
    let deadline = Deadline::within(CROWDED_MAX);
    loop {
        match right.to_end() {
            Err(OutsideError::Crowded) if !deadline.has_passed() => right.names().look_on(deadline),
            end => return end,
        }
    }
}

/// How long a port's process may take to read what it was told.
const CROWDED_MAX: Duration = Duration::from_secs(5);

/// Each label names one right, and can stand in a list.
fn check_labels<'list>(labels: impl Iterator<Item = &'list str> + Clone) -> Result<(), SpawnError> {
    let is_plain = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(is_plain)
    };
    let is_known = |label: &str, so_far: usize| labels.clone().take(so_far).any(|known| known == label);
    for (number, label) in labels.clone().enumerate() {
        if !is_plain(label) || [BOOTSTRAP, CREATOR].contains(&label) || is_known(label, number) {
            return Err(SpawnError::Label { label: label.to_owned() });
        }
        if number == RIGHTS_MAX {
            return Err(SpawnError::TooManyRights);
        }
    }
    Ok(())
}

impl ChildTask {
    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.pidfd.pid().as_raw_nonzero().get().unsigned_abs()
    }

    /// The standard streams that were piped to it.
    pub fn streams(&mut self) -> Option<&mut Child> {
        self.child.as_mut()
    }

    /// The right to the child's task, by which rights of any kind can be given to it and taken from it. It comes when the
    /// child first uses the library; `None` if it did not until `deadline`, or has ended, or was not asked for
    /// ([`Spawn::with_task_port`]), or was given out already.
    ///
    /// # Errors
    /// The message could not be received.
    pub fn task_port(&mut self, deadline: impl Into<Deadline>) -> Result<Option<TaskPort>, TaskError> {
        let deadline = deadline.into();
        let Some(door) = &self.door else { return Ok(None) };
        let notify = door.make_send_once().map_err(TaskError::Refused)?;
        drop(door.notify_when_unused(0, notify).map_err(TaskError::Refused)?);
        while let Ok(mut message) = door.receive_within(deadline) {
            match message.take_carried().pop() {
                Some(Carried::Right(AnyRight::Send(right))) if message.id() == TASK_PORT_ID => {
                    self.door = None;
                    return Ok(Some(TaskPort::new(right)));
                }
                _ => {}
            }
            if let Ok(Notification::NoSenders { .. }) = message.into_notification() {
                break;
            }
        }
        Ok(None)
    }

    /// Waits for its end until `deadline`; `None` if it still runs.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn wait(&mut self, deadline: impl Into<Deadline>) -> Result<Option<ExitStatus>, SystemError> {
        if !self.pidfd.wait(deadline.into())? {
            return Ok(None);
        }
        self.reap(Child::try_wait)
    }

    /// Ends it, whatever it does, with all its threads; its rights die with it. Answers how it ended, which may have been
    /// by itself before.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn terminate(&mut self) -> Result<Option<ExitStatus>, SystemError> {
        self.reap(|child| {
            child.kill()?;
            child.wait().map(Some)
        })
    }

    /// Lets it live on when this is dropped, and be reaped by whoever has the child.
    pub fn detach(mut self) -> Option<Child> {
        self.child.take()
    }

    fn reap(
        &mut self,
        act: impl FnOnce(&mut Child) -> std::io::Result<Option<ExitStatus>>,
    ) -> Result<Option<ExitStatus>, SystemError> {
        let Some(child) = &mut self.child else { return Ok(None) };
        act(child).map_err(|error| {
            SystemError::new("waitid", self.pidfd.pid(), Errno::from_io_error(&error).unwrap_or(Errno::CHILD))
        })
    }
}

impl AsFd for ChildTask {
    /// Readable when the task has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for ChildTask {
    fn drop(&mut self) {
        // Of one that can't be ended nothing can be done here.
        let _ = self.terminate();
    }
}
