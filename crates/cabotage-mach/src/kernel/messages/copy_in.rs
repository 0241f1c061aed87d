// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a letter of names to a message of rights. The header is taken as a whole or not at all; the body item by item,
//! and an item that is wrong costs those before it.
//!
//! # Source
//! XNU, osfmk/ipc/ipc_kmsg.c: `ipc_kmsg_copyin_header`, `ipc_kmsg_copyin_body`.

use crate::error::SendError;
use crate::kernel::Kernel;
use crate::kernel::ids::SpaceId;
use crate::kernel::message::{Capability, Cargo, Item};
use crate::kernel::space::Held;
use crate::name::Name;
use crate::right::{Disposition, Right};

/// A name in a header, and the disposition that it is given with.
type Named = (Name, Option<Disposition>);

/// The two rights of a header.
pub(super) struct Header {
    pub(super) destination: Capability,
    pub(super) reply: (Capability, Option<Disposition>),
}

/// What the items of a body have become.
pub(super) struct Body {
    pub(super) cargo: Vec<Cargo>,
    /// From the first item on that is wrong.
    pub(super) rest: Vec<Item>,
}

impl Kernel {
    /// Takes both rights of a header out of the space, or none. The order of the questions is XNU's.
    #[inline]
    pub(super) fn copy_in_header(
        &mut self,
        space: SpaceId,
        (name, to): Named,
        (reply, back): Named,
    ) -> Result<Header, SendError> {
        let (to, back) = dispositions(to, (reply, back))?;
        let (held, references) = self.looked_up(space, name).ok_or(SendError::InvalidDestination)?;
        let Some(back) = back.filter(|_| reply.is_valid()) else {
            let nowhere = if reply == Name::DEAD { Capability::Dead } else { Capability::Null };
            let destination = self.copy_in_destination(space, name, held, to)?;
            return Ok(Header { destination, reply: (nowhere, back.map(Disposition::received)) });
        };
        let (held_back, _) = self.looked_up(space, reply).ok_or(SendError::InvalidReply)?;
        if !self.permits(held_back, back) {
            return Err(SendError::InvalidReply);
        }
        if back == Disposition::MakeSendOnce && !self.may_make_send_once(space) {
            return Err(SendError::NoBuffer);
        }
        if reply == name {
            return self.copy_in_both(space, name, (to, back), (held, references));
        }
        let destination = self.copy_in_destination(space, name, held, to)?;
        let right = self.copy_in_held(space, reply, held_back, back).map_err(|_| SendError::InvalidReply)?;
        Ok(Header { destination, reply: (right, Some(back.received())) })
    }

    #[inline]
    fn copy_in_destination(
        &mut self,
        space: SpaceId,
        name: Name,
        held: Held,
        to: Disposition,
    ) -> Result<Capability, SendError> {
        if held == Held::Dead || !self.permits(held, to) {
            return Err(SendError::InvalidDestination);
        }
        self.copy_in_held(space, name, held, to).map_err(|_| SendError::InvalidDestination)
    }

    /// Takes destination and reply right by one name. The right that is copied or made comes first, since moving may use
    /// the name up.
    fn copy_in_both(
        &mut self,
        space: SpaceId,
        name: Name,
        (to, back): (Disposition, Disposition),
        (held, references): (Held, u16),
    ) -> Result<Header, SendError> {
        if held == Held::Dead || !gives_both(to, back, references) || !self.permits(held, to) {
            return Err(SendError::InvalidDestination);
        }
        let invalid = |_| SendError::InvalidDestination;
        let (destination, right);
        if to == Disposition::MoveSend {
            right = self.copy_in(space, name, back).map_err(invalid)?;
            destination = self.copy_in(space, name, to).map_err(invalid)?;
        } else {
            destination = self.copy_in(space, name, to).map_err(invalid)?;
            right = self.copy_in(space, name, back).map_err(invalid)?;
        }
        Ok(Header { destination, reply: (right, Some(back.received())) })
    }

    /// Takes what goes along out of the space, up to the first item that is wrong.
    pub(super) fn copy_in_body(&mut self, space: SpaceId, items: Vec<Item>) -> Body {
        if items.is_empty() {
            return Body { cargo: Vec::new(), rest: items };
        }
        let mut body = Body { cargo: Vec::with_capacity(items.len()), rest: Vec::new() };
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            if let Some(wrong) = self.copy_in_item(space, item, &mut body.cargo) {
                body.rest.push(wrong);
                body.rest.extend(items);
                break;
            }
        }
        body
    }

    fn copy_in_item(&mut self, space: SpaceId, item: Item, cargo: &mut Vec<Cargo>) -> Option<Item> {
        match item {
            Item::Port(name, disposition) => match self.copy_in_right(space, name, disposition) {
                Some(right) => cargo.push(Cargo::Port(right, disposition.received())),
                None => return Some(Item::Port(name, disposition)),
            },
            Item::Guarded(name, handover) => {
                let right = match name {
                    Name::NULL => Ok(Capability::Null),
                    Name::DEAD => Ok(Capability::Dead),
                    _ => self.copy_in_guarded(space, name, handover),
                };
                match right {
                    Ok(right) => cargo.push(Cargo::Port(right, Disposition::MoveReceive)),
                    Err(_) => return Some(Item::Guarded(name, handover)),
                }
            }
            Item::Ports(names, disposition) => {
                let mut rights = Vec::with_capacity(names.len());
                let wrong = names.iter().position(|&name| {
                    self.copy_in_right(space, name, disposition).map(|right| rights.push(right)).is_none()
                });
                cargo.push(Cargo::Ports(rights, disposition.received()));
                return wrong.map(|at| Item::Ports(names[at..].to_vec(), disposition));
            }
            Item::Memory(memory) => cargo.push(Cargo::Memory(memory)),
            Item::File(file) => cargo.push(Cargo::File(file)),
        }
        None
    }

    fn copy_in_right(&mut self, space: SpaceId, name: Name, disposition: Disposition) -> Option<Capability> {
        match name {
            Name::NULL => Some(Capability::Null),
            Name::DEAD => Some(Capability::Dead),
            _ => self.copy_in(space, name, disposition).ok(),
        }
    }

    /// Whether what is held can be given by this disposition; no send rights are made to a port for replies.
    #[inline]
    fn permits(&self, held: Held, disposition: Disposition) -> bool {
        gives(held, disposition) && (disposition != Disposition::MakeSend || !self.is_for_replies(held))
    }

    fn is_for_replies(&self, held: Held) -> bool {
        let port = held.port().and_then(|port| self.ports.get(port));
        port.and_then(|port| port.rare.as_ref()).is_some_and(|rare| rare.for_replies)
    }

    /// What stands under a name, a right to a dead port as a dead name.
    #[inline]
    pub(super) fn looked_up(&mut self, space: SpaceId, name: Name) -> Option<(Held, u16)> {
        let entry = self.spaces.get(space)?.get(name)?;
        let (held, references) = (entry.held, entry.references);
        if held.port().is_some_and(|port| self.ports.get(port).is_none()) {
            return self.look(space, name).ok().map(|entry| (entry.held, entry.references));
        }
        Some((held, references))
    }
}

/// Checks that the dispositions of a header give rights to send; gives them.
fn dispositions(
    to: Option<Disposition>,
    (reply, back): Named,
) -> Result<(Disposition, Option<Disposition>), SendError> {
    let sends = |disposition: &Disposition| disposition.gives() != Right::Receive;
    let to = to.filter(sends).ok_or(SendError::InvalidHeader)?;
    match back {
        None if reply == Name::NULL => Ok((to, None)),
        Some(back) if sends(&back) => Ok((to, Some(back))),
        _ => Err(SendError::InvalidHeader),
    }
}

/// Whether what is held can be given by this disposition; what is dead is given as dead.
fn gives(held: Held, disposition: Disposition) -> bool {
    match disposition {
        Disposition::MakeSend | Disposition::MakeSendOnce | Disposition::MoveReceive => {
            matches!(held, Held::Receive(_) | Held::SendReceive(_))
        }
        Disposition::CopySend | Disposition::MoveSend => {
            matches!(held, Held::Send(_) | Held::SendReceive(_) | Held::Dead)
        }
        Disposition::MoveSendOnce => matches!(held, Held::SendOnce(_) | Held::Dead),
    }
}

/// Whether one name with so many references is enough for both.
fn gives_both(to: Disposition, back: Disposition, references: u16) -> bool {
    match (to, back) {
        (Disposition::MoveSendOnce, _) | (_, Disposition::MoveSendOnce) => false,
        (Disposition::MoveSend, Disposition::MoveSend) => references >= 2,
        _ => true,
    }
}
