// SPDX-License-Identifier: MIT OR Apache-2.0
//! An executor of one thread and its reactor: descriptors are watched for edges, a task is polled when it was woken and
//! not otherwise. When all sleep and nothing comes, a wake was lost, and the test fails.

use std::future::Future;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::poll::Readiness;
use cabotage_pipe::Deadline;
use cabotage_pipe::named::Watch;

use crate::SOON;

#[derive(Debug)]
pub(crate) struct Executor {
    poller: Rc<Poller>,
    watched: Mutex<Vec<Arc<Slot>>>,
}

/// What the reactor keeps of a descriptor.
#[derive(Debug, Default)]
struct Slot {
    is_ready: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// A descriptor that is watched.
#[derive(Debug)]
pub(crate) struct Registered {
    slot: Arc<Slot>,
    poller: Rc<Poller>,
    fd: OwnedFd,
}

impl Watch for Registered {
    fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.slot.is_ready.swap(false, Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        *self.slot.waker.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.poller.remove(&self.fd).unwrap();
    }
}

/// One task, and whether it was woken.
pub(crate) struct Task<'a> {
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'a> Task<'a> {
    pub(crate) fn new(future: impl Future<Output = ()> + 'a) -> Self {
        Self { future: Box::pin(future), woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    /// Polls it if it was woken; whether it is done.
    pub(crate) fn step(&mut self) -> bool {
        let is_woken = self.woken.0.swap(false, Ordering::Relaxed);
        is_woken && self.future.as_mut().poll(&mut Context::from_waker(&self.woken.clone().into())).is_ready()
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed)
    }
}

impl Executor {
    pub(crate) fn new() -> Self {
        Self { poller: Rc::new(Poller::new().unwrap()), watched: Mutex::default() }
    }

    pub(crate) fn register(&self, fd: BorrowedFd<'_>) -> io::Result<Registered> {
        let fd = fd.try_clone_to_owned()?;
        let mut watched = self.watched.lock().unwrap();
        let slot = Arc::new(Slot::default());
        self.poller.add(&fd, watched.len() as u64, Readiness::IN, Trigger::Edge)?;
        watched.push(slot.clone());
        Ok(Registered { slot, poller: self.poller.clone(), fd })
    }

    /// Runs tasks until all are done. When all sleep, `when_idle` is asked to do something, and answers whether it has.
    pub(crate) fn run(&self, mut tasks: Vec<Task<'_>>, mut when_idle: impl FnMut() -> bool) {
        while !tasks.is_empty() {
            tasks.retain_mut(|task| !task.step());
            if tasks.iter().any(Task::is_woken) {
                continue;
            }
            let acts = !tasks.is_empty() && when_idle();
            let patience = if acts || tasks.is_empty() { Deadline::Now } else { Deadline::within(SOON) };
            assert!(self.turn(patience) || acts || tasks.is_empty(), "all sleep, and nothing wakes them");
        }
    }

    /// Runs one future until it is done.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut answer = None;
        self.run(vec![Task::new(async { answer = Some(future.await) })], || false);
        answer.unwrap()
    }

    /// Tells of what has come until `deadline`; whether anything has.
    pub(crate) fn turn(&self, deadline: Deadline) -> bool {
        let mut events = Events::with_capacity(16);
        let count = self.poller.wait(&mut events, deadline).unwrap();
        let watched = self.watched.lock().unwrap().clone();
        for event in events.iter() {
            let slot = &watched[usize::try_from(event.token).unwrap()];
            slot.is_ready.store(true, Ordering::Relaxed);
            if let Some(waker) = slot.waker.lock().unwrap().take() {
                waker.wake();
            }
        }
        count > 0
    }
}
