// SPDX-License-Identifier: MIT OR Apache-2.0
//! Asking to be told: `mach_port_request_notification`.
//!
//! # Source
//! XNU, osfmk/ipc/mach_port.c: `mach_port_request_notification`; osfmk/ipc/ipc_right.c: `ipc_right_request_alloc`;
//! osfmk/ipc/ipc_port.c: `ipc_port_nsrequest`, `ipc_port_pdrequest`.

use crate::code::KernError;
use crate::kernel::Kernel;
use crate::kernel::ids::{PortId, SpaceId};
use crate::kernel::message::Capability;
use crate::kernel::notification::Notification;
use crate::kernel::port::OnceRight;
use crate::kernel::space::{Held, Request};
use crate::name::Name;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// That a message can be sent, after a send that has failed; or at once, or as soon as it can, if `sync` is not 0.
    SendPossible,
    /// That the receive right is destroyed: it comes with the notification, and the port lives on.
    PortDestroyed,
    /// That there is no send right, at once if so already and `sync` is not above the make-send count.
    NoSenders,
    /// That the port of the name has died.
    DeadName,
}

impl Notice {
    /// The notice of this `msgh_id`; `None` if none can be asked for by it.
    pub fn from_raw(id: i32) -> Option<Self> {
        Some(match id {
            66 => Self::SendPossible,
            69 => Self::PortDestroyed,
            70 => Self::NoSenders,
            72 => Self::DeadName,
            _ => return None,
        })
    }
}

/// What a call gave back: the right, with the reason.
type Refused = (KernError, Capability);

impl Kernel {
    /// Registers `notify` to be told by, or unregisters with [`Capability::Null`]; answers what was registered before:
    /// `mach_port_request_notification`.
    ///
    /// # Errors
    /// With `notify`: [`KernError::InvalidTask`], [`KernError::InvalidName`]; [`KernError::InvalidCapability`] if `notify`
    /// is dead or no send-once right; [`KernError::InvalidRight`] for a name of the wrong kind;
    /// [`KernError::InvalidArgument`] for a dead name, or no name, of which nothing more is to be told;
    /// [`KernError::InvalidValue`] if `sync` is not 0 for [`Notice::PortDestroyed`]; [`KernError::Failure`] if that is
    /// registered already.
    pub fn request_notification(
        &mut self,
        space: SpaceId,
        name: Name,
        notice: Notice,
        sync: u32,
        notify: Capability,
    ) -> Result<Capability, Refused> {
        let once = match notify {
            Capability::Null => None,
            Capability::SendOnce(port) => Some(OnceRight(port)),
            other => return Err((KernError::InvalidCapability, other)),
        };
        let back =
            |once: Option<OnceRight>| once.map_or(Capability::Null, |once| Capability::SendOnce(once.0));
        let asked = match notice {
            Notice::PortDestroyed => self.request_port_destroyed(space, name, sync, once),
            Notice::NoSenders => self.request_no_senders(space, name, sync, once),
            Notice::SendPossible => self.request_of_name(space, name, Some(sync != 0), once),
            Notice::DeadName => self.request_of_name(space, name, None, once),
        };
        let answer = asked.map(back).map_err(|(error, once)| (error, back(once)));
        self.reap();
        answer
    }

    fn request_port_destroyed(&mut self, space: SpaceId, name: Name, sync: u32, notify: Notify) -> Asked {
        if sync != 0 {
            return Err((KernError::InvalidValue, notify));
        }
        let port = match self.receive_port(space, name) {
            Ok(port) => port,
            Err(error) => return Err((error, notify)),
        };
        if port.rare.as_ref().is_some_and(|rare| rare.immovable) {
            return Err((KernError::InvalidRight, notify));
        }
        // One to a port that has died since is in nobody's way.
        let before = port.rare.as_ref().and_then(|rare| rare.port_destroyed.as_ref()).map(|before| before.0);
        if before.is_some_and(|before| self.ports.get(before).is_some()) {
            return Err((KernError::Failure, notify));
        }
        let port = match self.receive_port(space, name) {
            Ok(port) => port,
            Err(error) => return Err((error, notify)),
        };
        if notify.is_some() {
            port.rare().port_destroyed = notify;
        }
        Ok(None)
    }

    fn request_no_senders(&mut self, space: SpaceId, name: Name, sync: u32, notify: Notify) -> Asked {
        let port = match self.receive_port(space, name) {
            Ok(port) => port,
            Err(error) => return Err((error, notify)),
        };
        let (is_owed, count) = (port.send_rights == 0 && sync <= port.make_send_count, port.make_send_count);
        let before = port.rare.as_mut().and_then(|rare| rare.no_senders.take());
        match notify {
            Some(notify) if is_owed => {
                self.notify(notify, Notification::NoSenders { make_send_count: count })
            }
            Some(notify) => port.rare().no_senders = Some(notify),
            None => {}
        }
        Ok(before)
    }

    /// Dead-name and send-possible requests share the one place of a name.
    fn request_of_name(
        &mut self,
        space: SpaceId,
        name: Name,
        send_possible: Option<bool>,
        notify: Notify,
    ) -> Asked {
        let (held, had) = match self.request_state(space, name) {
            Ok(state) => state,
            Err(error) => return Err((error, notify)),
        };
        match (notify, held) {
            (None, _) if !had => Ok(None),
            (notify, Held::Dead) => match notify {
                Some(notify) if send_possible.is_some() => {
                    self.tell_dead_at_once(space, name, notify);
                    Ok(None)
                }
                notify => Err((KernError::InvalidArgument, notify)),
            },
            (notify, Held::Set(_)) => Err((KernError::InvalidRight, notify)),
            (None, _) => Ok(self.unregister(space, name)),
            (Some(notify), held) => {
                let before = self.unregister(space, name);
                match held.port() {
                    Some(port) if send_possible == Some(true) && self.takes_at_once(port, held) => {
                        self.notify(notify, Notification::SendPossible { name });
                    }
                    Some(port) => self.register(port, space, name, Request { notify, send_possible }),
                    None => {}
                }
                Ok(before)
            }
        }
    }

    fn request_state(&mut self, space: SpaceId, name: Name) -> Result<(Held, bool), KernError> {
        self.space(space)?;
        if !name.is_valid() {
            return Err(KernError::InvalidArgument);
        }
        self.look(space, name).map(|entry| (entry.held, entry.request.is_some()))
    }

    /// Whether a message by this right would get in.
    fn takes_at_once(&self, port: PortId, held: Held) -> bool {
        matches!(held, Held::SendOnce(_)) || self.ports.get(port).is_some_and(|port| !port.is_full())
    }

    fn tell_dead_at_once(&mut self, space: SpaceId, name: Name, notify: OnceRight) {
        if let Ok(entry) = self.look(space, name) {
            entry.refer();
        }
        self.notify(notify, Notification::DeadName { name });
    }

    fn register(&mut self, port: PortId, space: SpaceId, name: Name, request: Request) {
        if let Ok(entry) = self.look(space, name) {
            entry.request = Some(Box::new(request));
        }
        if let Some(port) = self.ports.get_mut(port) {
            port.rare().watched.push((space, name));
        }
    }

    fn unregister(&mut self, space: SpaceId, name: Name) -> Notify {
        let entry = self.look(space, name).ok()?;
        let (request, port) = (entry.request.take()?, entry.held.port());
        if let Some(port) = port {
            self.unwatch(port, space, name);
        }
        Some(request.notify)
    }

    /// The port need not remember that there is a request for this name.
    pub(crate) fn unwatch(&mut self, port: PortId, space: SpaceId, name: Name) {
        if let Some(rare) = self.ports.get_mut(port).and_then(|port| port.rare.as_mut()) {
            rare.watched.retain(|watched| *watched != (space, name));
        }
    }
}

/// A right to be told by, if any.
type Notify = Option<OnceRight>;
/// What was registered before, or why nothing changed, with the new right.
type Asked = Result<Notify, (KernError, Notify)>;
