// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the other ends say, one record after the other. Whoever breaks a rule loses its link, and nothing else happens.

use std::os::fd::OwnedFd;

use cabotage_link::{BLOCKS_MAX, End as LinkEnd, Event, Key, Letter, Link, LinkError, Options};

use super::desk::{Desk, NO_END, link_over};
use super::detached::ITSELF;
use super::rules::{Amount, Broken, Ending, Role};
use super::unpacking::Came;
use super::wire::{self, Claim, PORTS_MAX, Record, Says, Welcome};
use crate::kernel::message::Capability;
use crate::kernel::{Kernel, PortId};

/// The rule that a peer broke, in words.
pub(super) type Fault = &'static str;

/// What has happened to a link.
#[derive(Debug)]
pub(super) enum News {
    /// A record came.
    Letter(Key, Letter),
    /// It is over.
    Ended(Key),
    /// It came by a name.
    Client { link: Key, door: Key },
    /// Something else.
    Nothing,
}

/// How many links that forks of one link have made may be unused.
const FORKS_MAX: usize = 256;

impl News {
    pub(super) fn of(event: Event<'_>) -> Self {
        match event {
            Event::Message(key, message) => Self::Letter(key, message.into_letter()),
            Event::Ended(key, _) => Self::Ended(key),
            Event::Accepted { link, listener } => Self::Client { link, door: listener },
            _ => Self::Nothing,
        }
    }
}

impl Desk {
    /// The next thing that has happened, if there is one.
    pub(super) fn next(&mut self) -> Option<News> {
        while let Some(key) = self.behind.front().copied() {
            match self.ends.get_mut(key).and_then(|end| end.unread.pop_front()) {
                Some(letter) => return Some(News::Letter(key, letter)),
                None => drop(self.behind.pop_front()),
            }
        }
        // That the set is the parent's, or the kernel refuses, is told where the set is waited for.
        self.set.try_receive().ok()?.map(News::of)
    }

    /// Does what follows from it.
    pub(super) fn digest(&mut self, kernel: &mut Kernel, news: News) {
        match news {
            News::Letter(key, letter) => self.heed(kernel, key, letter),
            News::Ended(key) => self.ended(kernel, key),
            News::Client { link, door } => self.admit(kernel, link, door),
            News::Nothing => {}
        }
    }

    pub(super) fn heed(&mut self, kernel: &mut Kernel, key: Key, letter: Letter) {
        if let Err(fault) = self.hear(kernel, key, letter) {
            self.condemn(kernel, key, fault);
        }
    }

    /// Ends a link whose other end broke a rule.
    pub(super) fn condemn(&mut self, kernel: &mut Kernel, key: Key, fault: Fault) {
        if let Some(mut link) = self.set.remove(key) {
            link.condemn(fault);
        }
        self.ended(kernel, key);
    }

    fn hear(&mut self, kernel: &mut Kernel, key: Key, letter: Letter) -> Result<(), Fault> {
        if self.awaited.get(&key).is_some_and(|of| *of != key) {
            return self.hear_new_owner(kernel, key, &letter);
        }
        let Some(letter) = self.sift(key, letter)? else { return Ok(()) };
        let record = Record::parse(&letter.bytes).map_err(wire::WireError::rule)?;
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        let port = end.port;
        end.heard += u64::from(record.says.is_about_port());
        let more = end.role.hear_taken(record.taken).map_err(Broken::rule)?;
        let came = letter.descriptors.len();
        let expected = match record.says {
            Says::Message(_) => record.descriptors.checked_sub(end.custody.len()),
            _ => Some(record.descriptors),
        };
        if expected != Some(came) {
            return Err("brings another number of descriptors than it says");
        }
        match record.says {
            Says::Message(message) => {
                let mut descriptors = std::mem::take(&mut end.custody);
                descriptors.extend(letter.descriptors);
                let mut blocks = std::mem::take(&mut end.blocks);
                blocks.extend(letter.blocks);
                let came = Came::new(descriptors, blocks);
                if self.coming.contains_key(&key) {
                    self.hear_carried(kernel, key, message, came)?;
                } else {
                    self.hear_message(kernel, key, message, came)?;
                }
            }
            Says::Ahead => {
                end.custody.extend(letter.descriptors);
                end.blocks.extend(letter.blocks);
                if end.custody.len() > PORTS_MAX + 1 || end.blocks.len() > BLOCKS_MAX {
                    return Err("sent more descriptors or blocks ahead than a message has");
                }
            }
            says => {
                let descriptor = letter.descriptors.into_iter().next();
                self.hear_other(kernel, key, says, descriptor).map_err(Broken::rule)?;
            }
        }
        self.be_sure(kernel, key);
        if more > 0 {
            self.carry_waiting(kernel, key, port);
        }
        Ok(())
    }

    fn hear_other(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        says: Says<'_>,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Broken> {
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        let port = end.port;
        match says {
            Says::Welcome(welcome) => self.hear_welcome(kernel, key, &welcome)?,
            Says::Fork { nonce } => self.hear_fork(kernel, key, nonce, descriptor)?,
            Says::Release => {
                end.role.hear_release()?;
                kernel.withdraw_send(port);
            }
            Says::Unused { token } => {
                let port = self.end_granted(key, token)?;
                kernel.destroy_capability(Capability::SendOnce(port));
                self.close_if_done(key);
            }
            Says::Materialise { token } => {
                let port = self.end_granted(key, token)?;
                self.part_once(kernel, port, descriptor);
                self.close_if_done(key);
            }
            Says::Taken { limit } => {
                end.role.hear_limit(limit)?;
                self.carry_waiting(kernel, key, port);
            }
            Says::Died => {
                let had_right = end.role.hear_death()?;
                if self.drain_pool(key, port) || had_right {
                    kernel.port_died(port);
                }
                self.close_if_done(key);
            }
            Says::Detach { token } => self.hear_detach(kernel, key, token, descriptor)?,
            Says::Detached { token } => self.hear_detached(kernel, key, token)?,
            Says::Message(_) | Says::Ahead => {}
            says => return self.hear_of_move(kernel, key, &says, descriptor),
        }
        Ok(())
    }

    /// The owner says which port it is; who the owner is, the kernel says.
    fn hear_welcome(&mut self, kernel: &mut Kernel, key: Key, welcome: &Welcome) -> Result<(), Broken> {
        let stamp = self.set.get_mut(key).and_then(|link| link.with_peer(|peer| (peer.pid(), peer.uid())));
        let (Some(end), Some((pid, uid))) = (self.ends.get_mut(key), stamp) else {
            return Err(Broken::OutOfTurn);
        };
        if let Some(link) = self.set.get_mut(key) {
            // Says HELLO, if this end has said nothing yet: a port can move only when all its holders can be told. What is
            // the matter with the link, if anything is, the set tells.
            let _ = link.greet();
        }
        end.role.hear_limit(welcome.limit)?;
        let said = (welcome.port, welcome.secret);
        let is_another = end.claim.is_some_and(|claim| (claim.port, claim.secret) != said);
        if std::mem::replace(&mut end.is_welcome, true) || is_another {
            return Err(Broken::OutOfTurn);
        }
        let claim = Claim { pid, uid, port: welcome.port, secret: welcome.secret };
        end.claim = Some(claim);
        end.sealed.set_max(Amount { pieces: welcome.sealed, bytes: welcome.sealed_bytes });
        let (port, has_right) = (end.port, end.role.has_right());
        if has_right && matches!(end.role, Role::Holder { .. }) {
            self.verified.entry(claim).or_insert(port);
        }
        self.carry_waiting(kernel, key, port);
        Ok(())
    }

    /// Another end to our port: of a send right one more, of a send-once right the same one.
    fn hear_fork(
        &mut self,
        kernel: &mut Kernel,
        key: Key,
        nonce: u64,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Broken> {
        let Some(end) = self.ends.get_mut(key) else { return Ok(()) };
        let port = end.port;
        if let Role::OnceOwner { has_right, .. } = &mut end.role {
            if !std::mem::take(has_right) {
                return Err(Broken::OutOfTurn);
            }
            self.answered(key, ITSELF);
            self.part_once(kernel, port, descriptor);
            return Ok(());
        }
        end.role.hear_fork()?;
        if !self.may_fork(key) || !kernel.grant_send(port) {
            return Ok(());
        }
        let link = descriptor.and_then(|descriptor| self.link_beside(key, descriptor).ok());
        let Some(made) = link.and_then(|link| self.own(kernel, link, port, false).ok()) else {
            kernel.withdraw_send(port);
            return Ok(());
        };
        if let Some(known) = self.ports.get_mut(&port) {
            known.forks.insert(nonce, made);
        }
        if let Some(forked) = self.ends.get_mut(made) {
            forked.fork = nonce;
        }
        if let Some(end) = self.ends.get_mut(key) {
            end.forked.push(made);
        }
        Ok(())
    }

    /// A link over an end that came by another one, with the quota of that: whoever uses it is charged as if it had come
    /// by the name, and no fork is a way around.
    fn link_beside(&mut self, key: Key, end: OwnedFd) -> Result<Link, LinkError> {
        let quota = self.set.get_mut(key).and_then(|link| link.quota().cloned());
        let options = quota.map_or_else(Options::new, |quota| Options::new().quota(&quota));
        LinkEnd::received(end).map_err(|_| NO_END)?.link(options)
    }

    /// Whether few enough links that forks of this one made are unused: whoever gets a right and uses it says HELLO.
    fn may_fork(&mut self, key: Key) -> bool {
        let Some(end) = self.ends.get_mut(key) else { return false };
        if end.forked.len() < FORKS_MAX {
            return true;
        }
        let set = &mut self.set;
        end.forked.retain(|made| set.get_mut(*made).is_some_and(|link| link.with_peer(|_| ()).is_none()));
        end.forked.len() < FORKS_MAX
    }

    /// A send-once right to a port of ours has a link of its own from now on.
    pub(super) fn link_once(&mut self, kernel: &mut Kernel, port: PortId, descriptor: Option<OwnedFd>) {
        let link = descriptor.and_then(|descriptor| link_over(descriptor).ok());
        if kernel.ports.get(port).is_none()
            || link.and_then(|link| self.own(kernel, link, port, true).ok()).is_none()
        {
            kernel.destroy_capability(Capability::SendOnce(port));
        }
    }

    /// A client came by a name: it has a send right.
    pub(super) fn admit(&mut self, kernel: &mut Kernel, link: Key, door: Key) {
        let port = self.doors.get(&door).copied().filter(|port| kernel.grant_send(*port));
        let welcomed = port.map(|port| (port, self.welcome(kernel, link, port, false)));
        match welcomed {
            Some((_, Ok(()))) => {}
            Some((port, Err(_))) => {
                drop(self.set.remove(link));
                kernel.withdraw_send(port);
            }
            None => drop(self.set.remove(link)),
        }
    }

    /// A link is over: what it stood for has gone, and each right that was open on it ends here.
    pub(super) fn ended(&mut self, kernel: &mut Kernel, key: Key) {
        if self.ended_moving(kernel, key) {
            return;
        }
        let Some(mut end) = self.forget(key) else { return };
        let (port, is_owner) = (end.port, end.role.is_owner());
        let is_once = matches!(end.role, Role::OnceOwner { .. });
        let Ending { had_right, unused, dead } = end.role.end(&mut end.granted, &mut end.held);
        match (had_right, is_owner) {
            (true, true) if is_once => kernel.destroy_capability(Capability::SendOnce(port)),
            (true, true) => kernel.withdraw_send(port),
            // One of several that are left of a port's: its port is not its alone.
            (true, false) if end.pool.is_some() => {}
            (true, false) => kernel.port_died(port),
            (false, _) => {}
        }
        for port in unused {
            kernel.destroy_capability(Capability::SendOnce(port));
        }
        for token in dead {
            self.routes.remove(token.route);
            self.pools.remove(&token.route);
            kernel.port_died(token.port);
        }
    }
}
