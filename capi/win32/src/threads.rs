// SPDX-License-Identifier: MIT OR Apache-2.0
//! The threads of this process that have called: each knows itself, and is found by its number.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use cabotage_os::process;

use crate::runtime::Runtime;
use crate::thread::Thread;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Threads {
    known: Mutex<HashMap<u32, Weak<Thread>>>,
}

/// What a thread keeps of itself; when it ends, it says so.
struct Own {
    runtime: &'static Runtime,
    thread: Arc<Thread>,
}

thread_local! {
    static OWN: RefCell<Option<Own>> = const { RefCell::new(None) };
}

/// The calling thread. In one that is ending, a fresh one that nobody finds.
pub(crate) fn own(runtime: &'static Runtime) -> Arc<Thread> {
    let known = OWN.try_with(|own| {
        let mut own = own.borrow_mut();
        match &*own {
            Some(own) if std::ptr::eq(own.runtime, runtime) => own.thread.clone(),
            _ => {
                let thread = runtime.threads.enter(process::own_thread_id());
                // One of before a fork is left alone: its locks may be held by threads that are not here.
                std::mem::forget(own.replace(Own { runtime, thread: thread.clone() }));
                thread
            }
        }
    });
    known.unwrap_or_else(|_| Arc::new(Thread::new(process::own_thread_id())))
}

impl Threads {
    fn enter(&self, id: u32) -> Arc<Thread> {
        let thread = Arc::new(Thread::new(id));
        self.lock().insert(id, Arc::downgrade(&thread));
        thread
    }

    /// The thread with this number, if it has called and has not ended.
    pub(crate) fn find(&self, id: u32) -> Option<Arc<Thread>> {
        self.lock().get(&id).and_then(Weak::upgrade)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Weak<Thread>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if crate::runtime::here().is_ok_and(|here| std::ptr::eq(here, self.runtime)) {
            self.runtime.threads.lock().remove(&self.thread.id());
            self.runtime.dispatcher.set(&self.thread.ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_itself_in_each_call_and_its_end_is_signalled() {
        let runtime = crate::runtime::here().unwrap();
        let thread = std::thread::spawn(move || {
            let own = own(runtime);
            assert!(Arc::ptr_eq(&own, &super::own(runtime)));
            assert!(Arc::ptr_eq(&own, &runtime.threads.find(own.id()).unwrap()));
            own
        });
        let thread = thread.join().unwrap();
        let wish = crate::wait::Wish::one(&thread.ended);
        let verdict = runtime.dispatcher.wait(wish, std::time::Duration::from_secs(60).into());
        assert_eq!(verdict, crate::wait::Verdict::Signalled(0));
        assert!(runtime.threads.find(thread.id()).is_none());
    }
}
