// SPDX-License-Identifier: MIT OR Apache-2.0
//! What would be left behind if the tour were interrupted, and its removal when it is.
//!
//! A name lives for a moment only, or as long as its mechanism is shown. For that time it stands in a list, and is
//! made while the list is locked. A thread waits for the signals that ask a program to
//! end; it locks the list for good, removes what is in it, and ends the process. So nothing is ever made that is
//! not removed, whenever the signal comes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use cabotage::os::object;
use cabotage::os::process::{Pidfd, Signal};
use cabotage::os::signals::Held;
use cabotage::shm::{self, Name};
use cabotage::{Deadline, SystemError};

use crate::exit::Failure;
use crate::scratch::{self, Maker, Sign};

/// Something that outlives a process unless it is removed.
#[derive(Debug, Clone)]
pub(crate) enum Leaving {
    /// A shared memory object.
    Object(Name),
    /// A directory of ours, with what is in it.
    Directory(PathBuf),
}

/// In the list while it exists; dropping it removes what is left.
#[derive(Debug)]
pub(crate) struct Litter(u64, Option<Sign>);

/// A process in the list, which is ended with this one.
#[derive(Debug)]
pub(crate) struct Companion(u64);

#[derive(Debug)]
struct List {
    next: u64,
    leavings: Vec<(u64, Leaving)>,
    companions: Vec<(u64, Pidfd)>,
}

static LIST: Mutex<List> = Mutex::new(List { next: 0, leavings: Vec::new(), companions: Vec::new() });

fn list() -> MutexGuard<'static, List> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes something that is to be removed.
pub(crate) fn make<T, E>(leaving: Leaving, act: impl FnOnce() -> Result<T, E>) -> Result<(T, Litter), E> {
    let mut list = list();
    let made = act()?;
    let id = list.number();
    list.leavings.push((id, leaving));
    Ok((made, Litter(id, None)))
}

/// Starts a process that is to end with this one.
pub(crate) fn start<T, E>(act: impl FnOnce() -> Result<(T, Pidfd), E>) -> Result<(T, Companion), E> {
    let mut list = list();
    let (started, process) = act()?;
    let id = list.number();
    list.companions.push((id, process));
    Ok((started, Companion(id)))
}

impl List {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Drop for Litter {
    fn drop(&mut self) {
        let mut list = list();
        if let Some(at) = list.leavings.iter().position(|(id, _)| *id == self.0) {
            list.leavings.swap_remove(at).1.remove();
        }
    }
}

impl Companion {
    /// Ends it now.
    pub(crate) fn kill(&self) {
        if let Some((_, process)) = list().companions.iter().find(|(id, _)| *id == self.0) {
            let _ = process.send_signal(Signal::KILL);
        }
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        list().companions.retain(|(id, _)| *id != self.0);
    }
}

impl Leaving {
    /// Usually the child has removed it before.
    fn remove(&self) {
        let _ = match self {
            Self::Object(name) => shm::unlink(name).map_err(|_| ()),
            Self::Directory(path) => remove_directory(path),
        };
    }
}

/// Removes it until it is gone: another thread of ours may be making something in it, and is not stopped for that.
fn remove_directory(path: &Path) -> Result<(), ()> {
    for _ in 0..REMOVALS_MAX {
        if fs::remove_dir_all(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return Ok(());
        }
        thread::sleep(BETWEEN_REMOVALS);
    }
    Err(())
}

/// From now on, a signal that asks this process to end makes it tidy up first. Children inherit that these signals
/// wait, so a Ctrl-C, which goes to all processes of a terminal, leaves the order of things to us.
pub(crate) fn tidy_up_when_interrupted() -> Result<(), Failure> {
    let held = Held::new(&[Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT])?;
    thread::Builder::new().name("tidy".into()).spawn(move || {
        let signal = loop {
            match held.next(Deadline::Never) {
                Ok(Some(signal)) => break signal,
                Ok(None) => {}
                Err(_) => return,
            }
        };
        let list = list();
        // First, or they would go on making what is removed.
        for (_, process) in &list.companions {
            let _ = process.send_signal(Signal::KILL);
            let _ = process.wait(Deadline::within(REAPING));
            let _ = process.reap(); // or else a container without an init would keep its remains
        }
        list.leavings.iter().for_each(|(_, leaving)| leaving.remove());
        std::process::exit(128 + signal.as_raw());
    })?;
    Ok(())
}

/// How often a directory is removed at most.
const REMOVALS_MAX: u32 = 200;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(2);
/// How long a killed process may take to end.
const REAPING: Duration = Duration::from_secs(1);

/// A name that nobody else has.
pub(crate) fn unique_name() -> Result<String, SystemError> {
    Maker::Tour.unique_name()
}

/// Makes a directory that only this user can enter, and what `fill` puts into it: where temporary files go, or if
/// nothing can be made there, among the shared memory.
pub(crate) fn make_directory<T>(
    mut fill: impl FnMut(&Path) -> Result<T, Failure>,
) -> Result<(T, Litter), Failure> {
    let place = std::env::temp_dir();
    make_directory_in(&place, &mut fill).or_else(|refusal| {
        make_directory_in(Path::new(MEMORY), &mut fill).map_err(|_| {
            refusal.about(format_args!("no temporary files can be made in {} (set TMPDIR)", place.display()))
        })
    })
}

/// The same among the shared memory.
pub(crate) fn make_directory_in_memory<T>(
    mut fill: impl FnMut(&Path) -> Result<T, Failure>,
) -> Result<(T, Litter), Failure> {
    make_directory_in(Path::new(MEMORY), &mut fill)
}

fn make_directory_in<T>(
    place: &Path,
    fill: &mut dyn FnMut(&Path) -> Result<T, Failure>,
) -> Result<(T, Litter), Failure> {
    let path = place.join(unique_name()?);
    let leaving = Leaving::Directory(path.clone());
    let ((made, sign), mut litter) = make(leaving.clone(), || {
        let sign = scratch::make_directory(&path)?;
        Ok::<_, Failure>((fill(&path).inspect_err(|_| leaving.remove())?, sign))
    })?;
    litter.1 = Some(sign);
    Ok((made, litter))
}

/// Where the shared memory is.
const MEMORY: &str = "/dev/shm";

/// In the child: removes what the parent made in a directory of its own, and the directory.
pub(crate) fn remove_with_directory(path: &Path) -> Result<(), SystemError> {
    let (directory, name) = (path.parent().unwrap_or(path), path.file_name().unwrap_or_default());
    object::Directory::by_path(directory).unlink(name.as_encoded_bytes())?;
    let _ = fs::remove_dir(directory); // not yet, if there is more in it
    Ok(())
}
