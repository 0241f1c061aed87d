// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers that nobody can guess, several of which are drawn at once: whoever passes many rights on asks the kernel
//! rarely.

use cabotage_os::SystemError;
use cabotage_os::object::unguessables;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Nonces {
    left: Vec<u64>,
}

impl Nonces {
    /// The next one, which is not 0.
    ///
    /// # Errors
    /// The system's refusal.
    pub(super) fn draw(&mut self) -> Result<u64, SystemError> {
        loop {
            match self.left.pop() {
                Some(0) => {}
                Some(number) => return Ok(number),
                None => self.left.extend(unguessables::<DRAWN_AT_ONCE>()?),
            }
        }
    }
}

const DRAWN_AT_ONCE: usize = 32;
