// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the program is called back for: the messages of one port, in threads of the library.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::here;
use super::port::Notifying;
use crate::status::Answer;

/// Runs the program's function: for the callback of this number, of this completion.
pub(crate) type Call = Box<dyn Fn(Instance, usize) + Send + Sync>;
/// What is sent when a callback is over.
pub(crate) type Pending = Box<dyn FnOnce()>;

/// A callback that runs, as C names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instance(pub(crate) usize);

/// See the [module](self).
pub(crate) struct Completion {
    pub(crate) id: usize,
    pub(crate) port: Arc<dyn Notifying>,
    call: Call,
    course: Mutex<Course>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Course {
    /// Callbacks that run.
    running: usize,
    /// Packets that ask for one.
    queued: Option<Arc<AtomicUsize>>,
    /// Whether its callbacks are workers of the port's list.
    is_listed: bool,
    is_released: bool,
}

/// A callback that runs in this thread.
struct Running {
    completion: usize,
    instance: Instance,
    pending: Option<Pending>,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

impl std::fmt::Debug for Completion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completion")
            .field("id", &self.id)
            .field("course", &self.course)
            .finish_non_exhaustive()
    }
}

impl Completion {
    /// Calls for what comes to this port from now on, and for what waits there. `name` hears by which number before the
    /// first call.
    ///
    /// # Errors
    /// Another is told of the port's messages; the system's refusal.
    pub(crate) fn start(port: Arc<dyn Notifying>, call: Call, name: impl Fn(usize) -> Answer) -> Answer {
        let pool = &here()?.pool;
        pool.staff()?;
        let (id, packets) = (pool.next_id(), pool.packets()?);
        let (course, changed) = (Mutex::default(), Condvar::new());
        let completion = Arc::new(Self { id, port: port.clone(), call, course, changed });
        // It is known, here and to the program, before its first packet can be taken.
        name(id)?;
        pool.enter(completion.clone());
        match port.associate(packets, id) {
            Ok(queued) => completion.lock().queued = Some(queued),
            Err(status) => {
                pool.leave(id);
                name(0)?;
                return Err(status);
            }
        }
        Ok(())
    }

    /// No callback begins any more; those that run go on, and can be waited for.
    pub(crate) fn release(&self) {
        self.port.dissociate(self.id);
        let mut course = self.lock();
        (course.is_released, course.queued) = (true, None);
        self.changed.notify_all();
        self.forget(course);
    }

    /// Nobody asks for it any more once it is released and its callbacks are over.
    fn forget(&self, course: MutexGuard<'_, Course>) {
        let is_over = course.is_released && course.running == 0;
        drop(course);
        if let (true, Ok(here)) = (is_over, here()) {
            here.pool.leave(self.id);
        }
    }

    /// Waits until no other thread runs a callback, and none is due. In a callback of its own it waits for those of
    /// other threads that run.
    pub(crate) fn wait(&self) {
        let is_own = RUNNING.with_borrow(|running| running.as_ref().is_some_and(|r| r.completion == self.id));
        let own = usize::from(is_own);
        let mut course = self.lock();
        let is_due = |course: &Course| {
            let queued = course.queued.as_ref().map_or(0, |queued| queued.load(Ordering::Relaxed));
            course.running > own || (queued > 0 && !is_own)
        };
        while is_due(&course) {
            course = self.changed.wait(course).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether its callbacks are workers of the port's completion list from now on.
    pub(crate) fn list(&self, is_listed: bool) {
        self.lock().is_listed = is_listed;
    }

    /// A thread has taken a packet of its; whether it is to run.
    pub(super) fn begin(&self) -> bool {
        let mut course = self.lock();
        course.running += usize::from(!course.is_released);
        !course.is_released
    }

    /// It has run.
    pub(super) fn end(&self) {
        let mut course = self.lock();
        course.running -= 1;
        self.changed.notify_all();
        self.forget(course);
    }

    /// Calls the program; again for more messages of a list.
    pub(super) fn run(&self) {
        if !self.lock().is_listed {
            self.call_once();
            return;
        }
        let mut takes = self.takes();
        if !self.port.enter() {
            if self.port.has_stranger() {
                self.call_once();
            }
            return;
        }
        loop {
            self.call_once();
            let former = std::mem::replace(&mut takes, self.takes());
            // Who takes nothing is not called for the same again at once.
            if self.port.leave(takes == former) {
                return;
            }
        }
    }

    fn takes(&self) -> usize {
        let mut takes = 0;
        self.port.look_at(&mut |list| takes = list.takes);
        takes
    }

    fn call_once(&self) {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let instance = Instance((LAST.fetch_add(1, Ordering::Relaxed) + 1) << 4);
        RUNNING.set(Some(Running { completion: self.id, instance, pending: None }));
        (self.call)(instance, self.id);
        if let Some(send) = RUNNING.take().and_then(|running| running.pending) {
            send();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends it when this callback is over. What another was to be sent is sent now.
pub(crate) fn send_later(instance: Instance, send: Pending) {
    let former = with(instance, |running| running.pending.replace(send));
    if let Some(send) = former.flatten() {
        send();
    }
}

/// Sends now what was to be sent when this callback is over.
pub(crate) fn send_now(instance: Instance) {
    if let Some(send) = with(instance, |running| running.pending.take()).flatten() {
        send();
    }
}

/// The callback of this number, if it runs in this thread.
fn with<T>(instance: Instance, act: impl FnOnce(&mut Running) -> T) -> Option<T> {
    RUNNING.with_borrow_mut(|running| running.as_mut().filter(|r| r.instance == instance).map(act))
}
