// SPDX-License-Identifier: MIT OR Apache-2.0
//! A third process beside the victim and its survivor, for what needs three.

use std::os::fd::OwnedFd;

use cabotage_mach::{AnyRight, Message, SendRight};
use cabotage_os::fork::child_that;
use cabotage_os::process::{Pidfd, Signal};

use crate::Wrong;
use crate::rights::brought;
use crate::watchdog::soon;

/// See the [module](self). It lives until it is dropped.
#[derive(Debug)]
pub(super) struct Other(Pidfd);

impl Other {
    /// Starts one that plays this, with the right that this end is; then it waits to be killed.
    pub(super) fn start(
        end: OwnedFd,
        play: impl FnOnce(&SendRight) -> Result<(), Wrong>,
    ) -> Result<Self, Wrong> {
        let whole = || {
            let right = SendRight::from_end(end).expect("a right");
            play(&right).expect("a part that is played to its end");
            std::thread::park_timeout(std::time::Duration::from_secs(60));
            true
        };
        Ok(Self(child_that(whole)?))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let ended = self.0.send_signal(Signal::KILL).and_then(|_| self.0.wait(soon()));
        ended.and_then(|_| self.0.reap()).expect("a child that is killed");
    }
}

/// The right that a greeting brings.
pub(super) fn right_in(mut hello: Message) -> Result<SendRight, Wrong> {
    Ok(brought(&mut hello).find_map(AnyRight::into_send).ok_or("a greeting without a right")?)
}
