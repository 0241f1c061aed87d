// SPDX-License-Identifier: MIT OR Apache-2.0
//! A look into an anonymous pipe: the kernel copies what is there into a second pipe, from which it is read.

use std::os::fd::AsFd;

use cabotage_os::pipe::splice::{Wait, tee};
use cabotage_os::pipe::{self, Direction};
use cabotage_os::poll::Readiness;

use super::{Stream, wait};
use crate::failure::{Answer, Failure};

impl Stream {
    /// Copies the start of what is there into `target`; how many bytes that were, and how many there are.
    ///
    /// # Errors
    /// As `PeekNamedPipe`; `ERROR_INVALID_FUNCTION` for what is no pipe.
    pub(crate) fn peek(&self, target: &mut [u8]) -> Answer<(usize, usize)> {
        if !self.is_pipe {
            return Err(Failure::INVALID_FUNCTION);
        }
        self.check(Direction::Read)?;
        let _turn = self.turn();
        let fd = self.fd()?;
        let fd = fd.as_fd();
        // Looked at first: what was written before the last writer closed is counted afterwards.
        let is_over = wait::now(fd, Readiness::IN)?.contains(Readiness::HUP);
        match pipe::unread_bytes(fd)? {
            0 if is_over => Err(Failure::BROKEN_PIPE),
            available if available == 0 || target.is_empty() => Ok((0, available)),
            available => {
                let (copy_out, copy_in) = pipe::create()?;
                let wanted = target.len().min(available);
                // No more than the second pipe holds can be seen at once.
                let copied = tee(fd, &copy_in, wanted, Wait::No)?.unwrap_or(0);
                let mut seen = 0;
                while seen < copied {
                    match pipe::read(&copy_out, &mut target[seen..copied])? {
                        None | Some(0) => break,
                        Some(bytes) => seen += bytes,
                    }
                }
                Ok((seen, available))
            }
        }
    }
}
