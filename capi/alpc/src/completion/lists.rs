// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which port a completion list belongs to: C names lists by their addresses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::port::Notifying;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Lists {
    by_address: Mutex<BTreeMap<usize, Listed>>,
}

#[derive(Debug)]
struct Listed {
    bytes: usize,
    port: Arc<dyn Notifying>,
}

impl Lists {
    /// From now on this memory is a list of the port; whether it is no part of another.
    pub(crate) fn enter(&self, base: usize, bytes: usize, port: Arc<dyn Notifying>) -> bool {
        let mut lists = self.lock();
        let end = base.saturating_add(bytes);
        let before = lists.range(..end).next_back();
        if before.is_some_and(|(start, listed)| start.saturating_add(listed.bytes) > base) {
            return false;
        }
        lists.insert(base, Listed { bytes, port });
        true
    }

    pub(crate) fn leave(&self, base: usize) {
        let listed = self.lock().remove(&base);
        // The last hold on a port ends outside the lock.
        drop(listed);
    }

    /// The port of a list.
    pub(crate) fn port(&self, base: usize) -> Option<Arc<dyn Notifying>> {
        self.lock().get(&base).map(|listed| listed.port.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Listed>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
