// SPDX-License-Identifier: MIT OR Apache-2.0
//! Keeping services known: when their server ends and another comes, it is told of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use cabotage_os::{Deadline, Errno, SystemError};

use super::{Bootstrap, LookUp};
use crate::error::{BootstrapError, OutsideError};
use crate::kernel::calls::Notice;
use crate::message::Outgoing;
use crate::right::{Disposition, Right};
use crate::rights::{ReceiveRight, SendRight};

/// How often one who waits for a server looks whether it is still to wait.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How soon a server is told again that did not answer.
const TELL_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Services of this process that stay known: it has a thread, which waits for the end of the server and for the next one,
/// and tells that what this process has. Dropping it ends the thread; the services stay with the server that there is.
///
/// ```no_run
/// use cabotage_mach::bootstrap::{Keeper, LookUp};
///
/// let keeper = Keeper::start(LookUp::new())?;
/// let log = keeper.check_in("com.example.log")?;
/// for message in log.messages() {
///     println!("{}", message?.text()?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Keeper {
    shared: Arc<Shared>,
    /// What wakes the thread.
    bell: SendRight,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    how: LookUp,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    server: Option<Arc<Bootstrap>>,
    kept: Vec<Kept>,
    is_over: bool,
}

/// A service that this process has.
#[derive(Debug)]
struct Kept {
    name: String,
    right: SendRight,
    /// Whether it was checked in for: then it counts while this process has the receive right.
    is_checked_in: bool,
}

impl Keeper {
    /// Finds the server, waiting for it as `how` says, and keeps what this process has known to it.
    ///
    /// # Errors
    /// [`BootstrapError`]: there is no server.
    pub fn start(how: LookUp) -> Result<Self, BootstrapError> {
        let told = ReceiveRight::new().map_err(OutsideError::from)?;
        let bell = told.make_send().map_err(OutsideError::from)?;
        let server = Arc::new(Bootstrap::find(how.clone())?);
        watch(&server, &told)?;
        let state = Mutex::new(State { server: Some(server), kept: Vec::new(), is_over: false });
        let shared = Arc::new(Shared { how, state });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("services".into()).spawn(move || theirs.keep(&told));
        let thread = thread.map_err(|error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
            BootstrapError::NoThread(SystemError::new("clone", "a thread", errno))
        })?;
        Ok(Self { shared, bell, thread: Some(thread) })
    }

    /// [`Bootstrap::check_in`], for good.
    ///
    /// # Errors
    /// As there.
    pub fn check_in(&self, name: &str) -> Result<ReceiveRight, BootstrapError> {
        let port = self.shared.server()?.check_in(name)?;
        let right = port.make_send().map_err(OutsideError::from)?;
        self.shared.add(Kept { name: name.to_owned(), right, is_checked_in: true });
        Ok(port)
    }

    /// [`Bootstrap::register`], for good.
    ///
    /// # Errors
    /// As there.
    pub fn register(&self, name: &str, port: SendRight) -> Result<(), BootstrapError> {
        let right = port.copy().map_err(OutsideError::from)?;
        self.shared.server()?.register(name, port)?;
        self.shared.add(Kept { name: name.to_owned(), right, is_checked_in: false });
        Ok(())
    }

    /// [`Bootstrap::unregister`].
    ///
    /// # Errors
    /// As there.
    pub fn unregister(&self, name: &str) -> Result<(), BootstrapError> {
        self.shared.state().kept.retain(|kept| kept.name != name);
        self.shared.server()?.unregister(name)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server that there is now.
    fn server(&self) -> Result<Arc<Bootstrap>, BootstrapError> {
        self.state().server.clone().ok_or(BootstrapError::ServerGone)
    }

    fn add(&self, kept: Kept) {
        self.state().kept.push(kept);
    }

    /// What the thread does.
    fn keep(&self, told: &ReceiveRight) {
        while let Ok(message) = told.receive() {
            // A notification owns a reference of its dead name.
            drop(message.into_notification());
            if self.state().is_over {
                return;
            }
            let is_there = self.server().is_ok_and(|server| !server.right().is_dead());
            if is_there {
                continue;
            }
            self.state().server = None;
            let Some(server) = self.find(told) else { return };
            self.tell(&server);
            self.state().server = Some(server);
        }
    }

    /// Waits for the next server; `None` if it is not to be waited for any more.
    fn find(&self, told: &ReceiveRight) -> Option<Arc<Bootstrap>> {
        while !self.state().is_over {
            let found = Bootstrap::find(self.how.clone().wait(Deadline::within(LOOK_AGAIN_AFTER)));
            let Ok(server) = found else { continue };
            let server = Arc::new(server);
            if watch(&server, told).is_ok() {
                return Some(server);
            }
        }
        None
    }

    /// Tells a server of all that this process has.
    fn tell(&self, server: &Bootstrap) {
        let mut kept = std::mem::take(&mut self.state().kept);
        kept.retain(|kept| {
            while kept.is_ours() {
                match kept.renew(server) {
                    Ok(()) => return true,
                    // The name has gone to somebody else meanwhile.
                    Err(BootstrapError::Refused(_)) => return false,
                    Err(_) if server.right().is_dead() || self.state().is_over => return true,
                    Err(_) => server.right().names().look_on(Deadline::within(TELL_AGAIN_AFTER)),
                }
            }
            false
        });
        self.state().kept.splice(0..0, kept);
    }
}

impl Kept {
    /// Whether this process still has it.
    fn is_ours(&self) -> bool {
        let needed = if self.is_checked_in { Right::Receive } else { Right::Send };
        self.right.names().type_of(self.right.name()).is_ok_and(|types| types.has(needed))
    }

    fn renew(&self, server: &Bootstrap) -> Result<(), BootstrapError> {
        let right = self.right.copy().map_err(OutsideError::from)?;
        let rescue = server.renew(&self.name, right, self.is_checked_in)?;
        let Some(rescue) = rescue.filter(|_| self.is_checked_in) else { return Ok(()) };
        let (names, name) = (self.right.names(), self.right.name());
        let notify = (rescue.into_raw(), Disposition::MoveSendOnce);
        // One that is lost at this moment has gone to nobody, as if it were lost a moment before.
        let _ = names.request_notification(name, (Notice::PortDestroyed, 0), notify);
        Ok(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        let _ = self.bell.try_send(Outgoing::new(0));
        if let Some(thread) = self.thread.take() {
            // What it panics with was said.
            let _ = thread.join();
        }
    }
}

/// Lets the thread be told when the server ends.
fn watch(server: &Bootstrap, told: &ReceiveRight) -> Result<(), BootstrapError> {
    let notify = told.make_send_once().map_err(OutsideError::from)?;
    server.right().notify_when_dead(notify).map_err(OutsideError::from)?;
    Ok(())
}
