// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking part in a meeting that may not be there yet, or in a place that another still holds: attempts, with waits in
//! between that end as soon as there is reason to try again.

use std::time::Duration;

use cabotage_os::object::Access;
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, Errno, SystemError};

use super::appear::{Appearing, pause};
use super::making::Making;
use super::refusal::Refusal;
use crate::directory::Directory;
use crate::error::ObjectError;
use crate::name::Name;

/// What one attempt came to.
pub(crate) enum Attempt<T, E> {
    Done(T),
    /// There is no such name.
    Missing(E),
    /// The place has a holder, whose bell this is.
    Occupied(Name, E),
    Failed(E),
}

/// Attempts until it is done, fails, or `deadline` passes.
pub(crate) fn attempt_by<T, E: From<SystemError>>(
    directory: &Directory,
    deadline: Deadline,
    mut attempt: impl FnMut() -> Attempt<T, E>,
) -> Result<T, E> {
    let mut appearing = None;
    let mut is_ending = false;
    loop {
        match attempt() {
            Attempt::Done(done) => return Ok(done),
            Attempt::Failed(error) => return Err(error),
            Attempt::Missing(error) | Attempt::Occupied(_, error) if deadline.has_passed() => {
                return Err(error);
            }
            Attempt::Missing(_) => match &appearing {
                None => appearing = Some(Appearing::new(directory)),
                Some(appearing) => appearing.wait(deadline)?,
            },
            Attempt::Occupied(bell, _) => is_ending = wait_for_end(directory, &bell, deadline, is_ending)?,
        }
    }
}

/// How often a meeting may vanish under our hands before we give up.
const TRIES: u32 = 100;

/// Attempts as [`attempt_by`] does, and makes the meeting where there is none; `told` says in the caller's words what
/// was refused.
pub(crate) fn attempt_or_make<T, E: From<SystemError>>(
    directory: &Directory,
    deadline: Deadline,
    mut attempt: impl FnMut() -> Attempt<T, E>,
    mut make: impl FnMut() -> Result<Making, Refusal>,
    told: impl Fn(Refusal) -> E,
) -> Result<T, E> {
    let (mut tries, mut making) = (0, None);
    attempt_by(directory, deadline, || {
        loop {
            match attempt() {
                Attempt::Missing(_) if tries < TRIES => tries += 1,
                Attempt::Missing(_) => return Attempt::Failed(told(Refusal::Unsettled(TRIES))),
                answer => {
                    making = None;
                    return answer;
                }
            }
            match make() {
                Ok(sign) => making = Some(sign),
                Err(Refusal::Object(ObjectError::Exists { .. })) => {}
                Err(refusal) => return Attempt::Failed(told(refusal)),
            }
        }
    })
}

/// Waits for the holder of a place to end, by its bell; answers whether it has, and its lock is to follow.
fn wait_for_end(
    directory: &Directory,
    bell: &Name,
    deadline: Deadline,
    is_ending: bool,
) -> Result<bool, SystemError> {
    /// A holder that was killed before it had opened its bell never hangs up.
    const LOOK_AGAIN: Duration = Duration::from_millis(50);
    /// Between the hang-up and the release of the lock.
    const MOMENT: Duration = Duration::from_millis(1);
    if is_ending {
        pause(deadline.or_sooner(Deadline::within(MOMENT)))?;
        return Ok(false);
    }
    let bell = match directory.calls().open(bell.file_name(), Access::ReadOnly) {
        Ok(bell) => bell,
        Err(refusal) if refusal.errno() == Errno::NOENT => return Ok(true),
        Err(refusal) => return Err(refusal),
    };
    let soon = deadline.or_sooner(Deadline::within(LOOK_AGAIN));
    let [found] = poll::wait([(std::os::fd::AsFd::as_fd(&bell), Readiness::empty())], soon)?;
    Ok(!found.is_empty())
}
