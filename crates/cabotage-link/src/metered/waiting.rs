// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a writing half waits: it tries again for a while, since a reader that is awake makes room soon, then sleeps.

use std::time::Instant;

use cabotage_os::Deadline;

use super::writing::{Step, Writing};
use crate::core::Core;
use crate::error::LinkError;
use crate::wait::LOOKS_BETWEEN_CHECKS;

impl Writing {
    /// Takes step after step until one says that all is done, and waits in between at most until `deadline`. `false`:
    /// the time is up.
    pub(super) fn wait_until(
        &mut self,
        core: &Core,
        deadline: Deadline,
        mut step: impl FnMut(&mut Self) -> Result<Step, LinkError>,
    ) -> Result<bool, LinkError> {
        loop {
            if self.look_for_a_while(core, deadline, &mut step)? {
                return Ok(true);
            }
            if deadline.has_passed() {
                return Ok(false);
            }
            if self.sleep(core, deadline, &mut step)? {
                return Ok(true);
            }
        }
    }

    fn look_for_a_while(
        &mut self,
        core: &Core,
        deadline: Deadline,
        step: &mut impl FnMut(&mut Self) -> Result<Step, LinkError>,
    ) -> Result<bool, LinkError> {
        let mut looks = 0_u32;
        loop {
            match step(self)? {
                Step::Done => {
                    self.out.patience().paid(looks);
                    return Ok(true);
                }
                Step::Moved => looks = 0,
                Step::Stuck => looks = looks.wrapping_add(1),
            }
            let may_look = self.out.has_met() && deadline != Deadline::Now;
            if !may_look || self.out.patience().looks().is_some_and(|max| looks > max) {
                return Ok(false);
            }
            if looks.is_multiple_of(LOOKS_BETWEEN_CHECKS) && looks > 0 {
                core.pump()?;
                self.check_peer(core)?;
                if deadline.has_passed() {
                    return Ok(false);
                }
            }
            std::hint::spin_loop();
        }
    }

    fn sleep(
        &mut self,
        core: &Core,
        deadline: Deadline,
        step: &mut impl FnMut(&mut Self) -> Result<Step, LinkError>,
    ) -> Result<bool, LinkError> {
        let mark = core.mark();
        self.open(core)?;
        // Nobody rings when the socket has room for memory of ours.
        let is_rung = self.out.is_rung_for_all();
        let slice = if is_rung { Deadline::Never } else { Deadline::within(crate::send::SLEEP_MAX) };
        self.out.announce()?;
        let stepped = match step(self) {
            Ok(Step::Stuck) => self.check_peer(core).map(|()| Step::Stuck),
            stepped => stepped,
        };
        let slept = match stepped {
            Ok(Step::Stuck) => {
                let began = Instant::now();
                let slept = core.sleep(mark, deadline.or_sooner(slice));
                self.out.patience().slept(began.elapsed());
                slept
            }
            _ => Ok(()),
        };
        self.out.disarm();
        let is_done = stepped? == Step::Done;
        match slept {
            _ if is_done => Ok(true),
            Ok(()) | Err(None) => self.check_peer(core).map(|()| false),
            Err(Some(error)) => Err(error),
        }
    }
}
