// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a port of either side does for completion ports, lists and callbacks.

use std::fmt::Debug;
use std::os::fd::AsFd;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};

use cabotage_alpc::{Deadline, Status};

use super::here;
use super::list::{List, Taken};
use super::packets::{Packets, Source};
use super::telling::{Association, Telling};
use crate::status::{Answer, PORT_ALREADY_HAS_COMPLETION_LIST, PORT_ALREADY_SET};
use crate::waiting::{End, Shared};

/// A port, whichever side it is of.
pub(crate) trait Notifying: Debug + Send + Sync {
    /// From now on `packets` is told of each message that no blocked thread takes. Answers the count of packets in the
    /// queue.
    ///
    /// # Errors
    /// [`PORT_ALREADY_SET`]: another is told; the port is closed; the system's refusal.
    fn associate(self: Arc<Self>, packets: Arc<Packets>, key: usize) -> Answer<Arc<AtomicUsize>>;

    /// Who is told with this key is told no more.
    fn dissociate(&self, key: usize);

    /// Messages are taken into this memory.
    ///
    /// # Errors
    /// [`PORT_ALREADY_HAS_COMPLETION_LIST`]; [`Status::INVALID_PARAMETER`]: it is part of another list.
    fn register(self: Arc<Self>, list: List) -> Answer;

    /// They are not any more: what was not taken stays at the port.
    ///
    /// # Errors
    /// [`Status::INVALID_PARAMETER`]: they never were.
    fn unregister(&self) -> Answer;

    /// Nothing that comes from now on is taken into the memory.
    ///
    /// # Errors
    /// As [`Self::unregister`].
    fn run_down(&self) -> Answer;

    /// So many workers are called for.
    ///
    /// # Errors
    /// As [`Self::unregister`].
    fn adjust(&self, concurrency: u32) -> Answer;

    /// Takes the next message into the list.
    fn take(&self) -> Option<Taken>;

    /// Frees one.
    fn free(&self, at: usize);

    /// Does something with the list, which looks at no message.
    fn look_at(&self, look: &mut dyn FnMut(&List));

    /// How many are in the list, taken or not, and not freed.
    fn outstanding(&self) -> usize;

    /// A worker begins: whether there is something for it.
    fn enter(&self) -> bool;

    /// A worker ends: whether it may. One that goes `anyway` always may.
    fn leave(&self, anyway: bool) -> bool;

    /// Whether something waits that is received otherwise than through the list.
    fn has_stranger(&self) -> bool;
}

impl<E: End> Source for Shared<E> {
    fn look(&self, arms: bool) -> Deadline {
        self.look_for_others(arms)
    }
}

/// The list of a port, which has one.
fn list(telling: &mut Telling) -> Answer<&mut List> {
    telling.list.as_mut().ok_or(Status::INVALID_PARAMETER)
}

impl<E: End> Notifying for Shared<E> {
    fn associate(self: Arc<Self>, packets: Arc<Packets>, key: usize) -> Answer<Arc<AtomicUsize>> {
        let own: Weak<Self> = Arc::downgrade(&self);
        let queued = Arc::new(AtomicUsize::new(0));
        self.tend(|_, telling, _| {
            if telling.is_associated() {
                return Err(PORT_ALREADY_SET);
            }
            let token = packets.watch(self.descriptor().as_fd(), own)?;
            telling.associate(Association { packets, key, queued: queued.clone(), token });
            Ok(())
        })?;
        Ok(queued)
    }

    fn dissociate(&self, key: usize) {
        // A port that is closed tells nobody.
        let _ = self.tend(|_, telling, _| {
            if telling.key() == Some(key) {
                self.leave_packets(telling.dissociate());
            }
            Ok(())
        });
    }

    fn register(self: Arc<Self>, new: List) -> Answer {
        let here = here()?;
        let port: Arc<dyn Notifying> = self.clone();
        self.tend(|_, telling, _| {
            if telling.list.is_some() {
                return Err(PORT_ALREADY_HAS_COMPLETION_LIST);
            }
            if !here.lists.enter(new.base, new.bytes(), port) {
                return Err(Status::INVALID_PARAMETER);
            }
            telling.list = Some(new);
            Ok(())
        })
    }

    fn unregister(&self) -> Answer {
        let here = here()?;
        self.tend(|_, telling, _| {
            let list = telling.list.take().ok_or(Status::INVALID_PARAMETER)?;
            here.lists.leave(list.base);
            telling.tell_again();
            Ok(())
        })
    }

    fn run_down(&self) -> Answer {
        self.tend(|end, telling, _| {
            let pending = end.pending();
            list(telling)?.run_down(pending);
            Ok(())
        })
    }

    fn adjust(&self, concurrency: u32) -> Answer {
        self.tend(|end, telling, _| {
            list(telling)?.adjust(concurrency);
            telling.call_workers(end);
            Ok(())
        })
    }

    fn take(&self) -> Option<Taken> {
        self.tend(|end, telling, may_take| Ok(list(telling)?.take(end, may_take))).ok().flatten()
    }

    fn free(&self, at: usize) {
        // Of a list that is gone nothing has to be freed.
        let _ = self.tend(|end, telling, _| {
            if list(telling)?.free(at) {
                telling.call_workers(end);
            }
            Ok(())
        });
    }

    fn look_at(&self, look: &mut dyn FnMut(&List)) {
        let _ = self.tend(|_, telling, _| {
            look(list(telling)?);
            Ok(())
        });
    }

    fn outstanding(&self) -> usize {
        let counted = self.tend(|end, telling, may_take| {
            if may_take {
                let _ = end.pull();
            }
            Ok(list(telling)?.outstanding(end.pending()))
        });
        counted.unwrap_or(0)
    }

    fn enter(&self) -> bool {
        let entered = self.tend(|end, telling, may_take| {
            if may_take {
                let _ = end.pull();
            }
            Ok(list(telling)?.enter(end))
        });
        entered.unwrap_or(false)
    }

    fn leave(&self, anyway: bool) -> bool {
        let left = self.tend(|end, telling, may_take| {
            if may_take {
                let _ = end.pull();
            }
            let list = list(telling)?;
            if anyway {
                list.leave_anyway();
            }
            Ok(anyway || list.leave(end))
        });
        // Of a list that is gone nobody is a worker.
        left.unwrap_or(true)
    }

    fn has_stranger(&self) -> bool {
        let has = self.tend(|end, telling, _| Ok(list(telling)?.has_stranger(end)));
        has.unwrap_or(false)
    }
}
