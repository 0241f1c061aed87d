// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one who watches a link has to know beside what comes over it.

use cabotage_os::Deadline;

use super::Core;

impl Core {
    /// Until when the peer has to say HELLO; for ever once it has.
    pub(crate) fn hello_by(&self) -> Deadline {
        if self.desk().hello.is_some() { Deadline::Never } else { self.hello_by }
    }
}
