// SPDX-License-Identifier: MIT OR Apache-2.0
//! News of names that appear, for those who wait for one beside other things.

use std::os::fd::BorrowedFd;

use cabotage_os::SystemError;

use super::appear::Appearing;
use super::{Kind, Registry, Scope};

/// Tells by a descriptor that a name may have appeared. [`News::renew`] it, look for the name, then wait.
#[derive(Debug)]
pub struct News {
    appearing: Appearing,
    registry: Registry,
    kind: Kind,
    scope: Option<Scope>,
}

impl Registry {
    /// News of names of this kind, in one scope or both. It takes a descriptor.
    pub fn news(&self, kind: Kind, scope: Option<Scope>) -> News {
        News { appearing: Appearing::new(), registry: self.clone(), kind, scope }
    }
}

impl News {
    /// Forgets old news; what appears from now on makes the descriptor readable. `false`: not everything can be seen
    /// here, as at the limit of watches, so that looking again after a while is the only way.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn renew(&mut self) -> Result<bool, SystemError> {
        self.appearing.cover(self.registry.places(self.scope), self.kind)?;
        Ok(self.appearing.sees_all())
    }

    /// What is readable when there is news; `None` where the kernel gives no watch.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.appearing.fd()
    }
}
