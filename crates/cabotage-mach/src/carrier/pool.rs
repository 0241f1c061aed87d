// SPDX-License-Identifier: MIT OR Apache-2.0
//! Send-once rights that were left in a process when their port moved to another: to the kernel they are rights to one
//! port, so they have one route, and each message takes whichever is left behind it.
//!
//! They begin as tokens of the link that is the process's own right to the port, numbered from 1 on; the new owner was
//! told how many. One that goes on to a third party, or follows the port again, may have become a link.

use cabotage_link::Key;

use super::desk::{Desk, Route};
use super::end::{End, Token};
use super::rules::Role;
use super::wire::{To, Word};
use crate::kernel::port::Home;
use crate::kernel::{Kernel, PortId};

impl Desk {
    /// So many send-once rights are left, as tokens of this link.
    pub(super) fn fill_pool(&mut self, key: Key, port: PortId, route: u64, tokens: u32) {
        let Some(end) = self.ends.get_mut(key).filter(|_| tokens > 0) else { return };
        let tokens: Vec<u64> =
            (1..=u64::from(tokens)).filter(|token| end.held.admit(*token).is_ok()).collect();
        for token in &tokens {
            end.held.hold(*token, Token::new(port, route));
        }
        self.pools.insert(route, tokens.into_iter().map(|token| Route::Token(key, token)).collect());
        self.routes.insert(route, Route::Pool(key));
    }

    /// One of them is this link.
    pub(super) fn add_to_pool(&mut self, key: Key, port: PortId, route: u64) {
        let number = self.next_number();
        self.routes.insert(number, Route::Link(key));
        let role = Role::OnceHolder { has_right: true };
        self.ends.add(End { pool: Some(route), ..End::new(key, port, number, role) });
        self.pools.entry(route).or_default().push(Route::Link(key));
    }

    /// The port has died: what is left of the tokens goes back. Answers whether there were any.
    pub(super) fn drain_pool(&mut self, key: Key, port: PortId) -> bool {
        let Some(end) = self.ends.get_mut(key) else { return false };
        let is_left = |(token, held): (u64, &Token)| (held.port == port).then_some((token, held.route));
        let left: Vec<_> = end.held.open().filter_map(is_left).collect();
        for &(token, route) in &left {
            if let Some(end) = self.ends.get_mut(key) {
                end.held.end(token);
            }
            self.pools.remove(&route);
            self.routes.remove(route);
            self.say_bare(key, Word::Unused, token, None);
        }
        !left.is_empty()
    }

    /// Which way messages by send-once rights to a port go.
    pub(super) fn once_route(&self, kernel: &Kernel, port: PortId) -> Option<u64> {
        let port = kernel.ports.get(port)?;
        let Home::Away(route) = port.home else { return None };
        Some(port.rare.as_ref().and_then(|rare| rare.once_route).unwrap_or(route))
    }

    /// The route itself, or that of one of several rights behind it.
    pub(super) fn one_of(&mut self, route: u64) -> Option<Route> {
        if !matches!(self.routes.get(route)?, Route::Pool(_)) {
            return self.routes.get(route).copied();
        }
        let Self { pools, ends, .. } = self;
        let pool = pools.get_mut(&route)?;
        // What was used is not taken out when it is.
        pool.retain(|way| match *way {
            Route::Token(key, token) => ends.get(key).is_some_and(|end| end.held.get(token).is_some()),
            Route::Link(key) => ends.get(key).is_some_and(|end| end.role.has_right()),
            Route::Pool(_) | Route::Origin(_) => false,
        });
        self.way_of_pool(route).map(|(key, to)| match to {
            To::Token(token) => Route::Token(key, token),
            To::Port => Route::Link(key),
        })
    }

    /// The way of a message by one of several rights.
    pub(super) fn way_of_pool(&self, route: u64) -> Option<(Key, To)> {
        self.pools.get(&route)?.iter().rev().find_map(|way| match *way {
            Route::Token(key, token) => {
                let held = self.ends.get(key)?.held.get(token)?;
                (!held.is_returning).then_some((key, To::Token(token)))
            }
            Route::Link(key) => self.ends.get(key)?.role.has_right().then_some((key, To::Port)),
            Route::Pool(_) | Route::Origin(_) => None,
        })
    }
}
