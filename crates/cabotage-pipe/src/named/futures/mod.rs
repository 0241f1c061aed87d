// SPDX-License-Identifier: MIT OR Apache-2.0
//! Operations as futures, for any runtime: all that is needed of it is a [`Watch`] on one descriptor.
//!
//! A future begins when it is polled first. **Dropping it cancels it** with the meaning of Windows: of a write what the
//! other end has not read is taken back, a read has taken nothing, and the question of a transaction stays written.
//! Reads are served in the order in which they began, and so are writes.
//!
//! Any number of tasks may have operations on one end at the same time. Each looks for itself and then, when it must
//! wait, for all who wait: whoever reads the descriptor may have read the bell of another, so it announces their sleep
//! anew, or wakes them. No lock is held while a task waits, and none while one is woken.

mod bound;
mod operations;
mod shared;
mod streams;
mod waiters;
mod watch;

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

pub use watch::Watch;

use super::error::PipeError;
use super::overlapped::Steps;
use bound::Bound;
use shared::Shared;
use waiters::{Ticket, Waiters};

/// An end of a pipe whose operations are futures.
///
/// ```
/// use std::io;
/// use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
/// use std::task::{Context, Poll};
/// use cabotage_pipe::named::{AsyncPipe, Watch};
/// # use std::time::Duration;
/// # use cabotage_os::poll::{self, Readiness};
/// # use cabotage_pipe::named::{ClientOptions, Registry, ServerOptions};
/// # use cabotage_pipe::Deadline;
///
/// /// The simplest reactor of all: it waits on the spot. Yours registers the descriptor once, and keeps the waker.
/// struct OnTheSpot(OwnedFd);
///
/// impl Watch for OnTheSpot {
///     fn poll_readable(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(poll::wait([(self.0.as_fd(), Readiness::IN)], Deadline::Never).map(drop).map_err(io::Error::from))
///     }
/// }
///
/// # let root = tempfile::tempdir()?;
/// # let names = Registry::at(root.path().join("user"), root.path().join("system"));
/// # let mut pipe = ServerOptions::messages().registry(&names).create("chat")?;
/// # let chat = ClientOptions::messages().registry(&names).open("chat")?;
/// # let mut server = pipe.accept(Duration::from_secs(60))?;
/// # let sender = std::thread::spawn(move || { server.send(b"ahoy", Duration::from_secs(60)).unwrap(); server });
/// let chat = AsyncPipe::new(chat, |fd| fd.try_clone_to_owned().map(OnTheSpot))?;
/// let mut message = Vec::new();
/// # let mut receiving = std::pin::pin!(chat.receive(&mut message));
/// # let mut context = Context::from_waker(std::task::Waker::noop());
/// # while std::future::Future::poll(receiving.as_mut(), &mut context).is_pending() {}
/// # /*
/// chat.receive(&mut message).await?;
/// # */
/// # drop(sender.join().unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AsyncPipe<E, W> {
    shared: Mutex<Shared<E, W>>,
    waiters: Arc<Waiters>,
    /// The waiters, as the reactor knows them.
    waker: Waker,
    next: AtomicU64,
}

/// The tickets of those who poll an end without a future: who reads, who writes, and who tends what is written.
const POLLED_READ: Ticket = Ticket(0);
const POLLED_WRITE: Ticket = Ticket(1);
const TENDING: Ticket = Ticket(2);
const FIRST_FUTURE: u64 = 3;

#[allow(private_bounds, reason = "the two ends, and no others")]
impl<E: Steps, W: Watch> AsyncPipe<E, W> {
    /// An end whose descriptor `watch` registers with a reactor. The descriptor stays open until what it answers is
    /// dropped.
    ///
    /// # Errors
    /// The system's refusal; [`PipeError::Reactor`].
    pub fn new(end: E, watch: impl FnOnce(BorrowedFd<'_>) -> std::io::Result<W>) -> Result<Self, PipeError> {
        let watch = watch(end.descriptor()?).map_err(PipeError::of_reactor)?;
        let waiters = Arc::new(Waiters::default());
        let waker = Waker::from(waiters.clone());
        let shared = Mutex::new(Shared::new(end, watch));
        Ok(Self { shared, waiters, waker, next: AtomicU64::new(FIRST_FUTURE) })
    }

    /// Does something with the end that does not wait: what else it can do, with [`Deadline::Now`](crate::Deadline).
    /// Other tasks wait meanwhile for the lock.
    pub fn with<T>(&self, act: impl FnOnce(&mut E) -> T) -> T {
        self.with_shared(|shared| act(&mut shared.end))
    }

    /// The end itself. What others were waiting for is over.
    pub fn into_inner(self) -> E {
        let shared = self.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        shared.into_end()
    }

    /// Does something under the lock, then sees to it that those who wait still hear of what comes.
    fn with_shared<T>(&self, act: impl FnOnce(&mut Shared<E, W>) -> T) -> T {
        let mut shared = self.lock();
        let answer = act(&mut shared);
        let woken = shared.settle(&self.waiters);
        drop(shared);
        woken.into_iter().for_each(Waker::wake);
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Shared<E, W>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ticket(&self) -> Ticket {
        Ticket(self.next.fetch_add(1, Ordering::Relaxed))
    }
}
