// SPDX-License-Identifier: MIT OR Apache-2.0
//! A send-once right whose port moves, at whoever has the right: it becomes a link of its own.

use std::os::fd::OwnedFd;

use cabotage_link::Key;

use super::desk::{Desk, Route, link_over};
use super::end::End;
use super::rules::{Broken, Role};
use super::wire::Word;
use crate::kernel::{Kernel, PortId};

/// The send-once right that a link is, where others on it have numbers.
pub(super) const ITSELF: u64 = 0;

impl Desk {
    /// A send-once right is to be this end. Whoever has used the right before need not answer.
    pub(super) fn hear_detach(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        token: u64,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Broken> {
        let (Some(end), Some(ours)) = (self.ends.get_mut(key), descriptor) else { return Ok(()) };
        if token != ITSELF {
            match end.held.get_mut(token) {
                Some(token) if token.is_returning => token.detached = Some(ours),
                Some(_) => self.detach(kernel, key, token, ours),
                None => {}
            }
            return Ok(());
        }
        let Role::OnceHolder { has_right } = &mut end.role else { return Err(Broken::OutOfTurn) };
        if std::mem::take(has_right) {
            let port = end.port;
            self.say_bare(key, Word::Detached, ITSELF, None);
            self.hold_once(kernel, port, key, ours);
        }
        Ok(())
    }

    /// A token is this end from now on.
    fn detach(&mut self, kernel: &mut Kernel, key: Key, token: u64, ours: OwnedFd) {
        let held = self.ends.get_mut(key).and_then(|end| end.held.end(token));
        if let Some(held) = held {
            self.say_bare(key, Word::Detached, token, None);
            self.hold_once(kernel, held.port, key, ours);
        }
    }

    /// A message that was to bring a token home has not gone.
    pub(super) fn keep_token(&mut self, kernel: &mut Kernel, key: Key, token: u64) {
        let Some(held) = self.ends.get_mut(key).and_then(|end| end.held.get_mut(token)) else { return };
        held.is_returning = false;
        if let Some(ours) = held.detached.take() {
            self.detach(kernel, key, token, ours);
        }
    }

    /// A send-once right, which another link was before or was on, is this one.
    pub(super) fn hold_once(&mut self, kernel: &mut Kernel, port: PortId, before: Key, end: OwnedFd) {
        let Some(route) = self.once_route(kernel, port) else { return };
        let link = link_over(end).ok().and_then(|link| self.set.insert(link).ok());
        let is_pool = matches!(self.routes.get(route), Some(Route::Pool(_)));
        match link {
            Some(key) if is_pool => self.add_to_pool(key, port, route),
            Some(key) => {
                let number = self.next_number();
                if let Some(end) = self.ends.get_mut(before).filter(|end| end.number == route) {
                    end.number = number;
                }
                self.routes.insert(route, Route::Link(key));
                self.ends.add(End::new(key, port, route, Role::OnceHolder { has_right: true }));
            }
            // Its owner is told by the end that closes.
            None if is_pool => {}
            None => kernel.port_died(port),
        }
        self.close_if_done(before);
    }
}
