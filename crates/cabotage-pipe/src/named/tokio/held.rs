// SPDX-License-Identifier: MIT OR Apache-2.0
//! An end whose writes go on by themselves once it has taken them over, also when it is dropped: as tokio's ends do on
//! Windows, where the kernel writes. Here a task of the runtime does, for as long as something waits for its reader.

use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;

use ::tokio::runtime::Handle;

use super::watch::TokioWatch;
use crate::named::futures::AsyncPipe;
use crate::named::overlapped::Steps;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Held<E: Steps + Send + 'static> {
    pipe: Arc<Tended<E>>,
}

#[derive(Debug)]
struct Tended<E> {
    pipe: AsyncPipe<E, TokioWatch>,
    /// Whether there is a task that sees to its writes.
    is_tended: AtomicBool,
}

impl<E: Steps + Send + 'static> Held<E> {
    pub(super) fn new(end: E) -> io::Result<Self> {
        let pipe = AsyncPipe::new(end, TokioWatch::new)?;
        Ok(Self { pipe: Arc::new(Tended { pipe, is_tended: AtomicBool::new(false) }) })
    }

    /// Sees to it that what was taken over is written, also when nobody waits for it.
    pub(super) fn tend(&self) {
        if self.pipe.needs_a_task()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn(tend(Arc::downgrade(&self.pipe))));
        }
    }
}

impl<E: Steps> Tended<E> {
    fn needs_a_task(&self) -> bool {
        self.pipe.has_unwritten() && !self.is_tended.swap(true, Ordering::AcqRel)
    }
}

/// Tends an end for as long as it is there. The end is not held meanwhile: it is closed when it is dropped, unless
/// something is unwritten then.
async fn tend<E: Steps>(end: Weak<Tended<E>>) {
    poll_fn(|context| {
        let Some(end) = end.upgrade() else { return Poll::Ready(()) };
        loop {
            if end.pipe.poll_tended(context).is_pending() {
                return Poll::Pending;
            }
            end.is_tended.store(false, Ordering::Release);
            if !end.needs_a_task() {
                return Poll::Ready(());
            }
        }
    })
    .await;
}

impl<E: Steps + Send + 'static> Deref for Held<E> {
    type Target = AsyncPipe<E, TokioWatch>;

    fn deref(&self) -> &Self::Target {
        &self.pipe.pipe
    }
}

impl<E: Steps + Send + 'static> Drop for Held<E> {
    fn drop(&mut self) {
        if self.pipe.pipe.has_unwritten()
            && let Ok(runtime) = Handle::try_current()
        {
            // Without a runtime, or when it ends, what was not read is taken back.
            let pipe = self.pipe.clone();
            drop(runtime.spawn(async move { pipe.pipe.writable().await }));
        }
    }
}
