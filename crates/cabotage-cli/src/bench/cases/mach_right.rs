// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach.right`: a send right is passed to a third party, which sends a message by it; the limit is one end of a socket
//! pair passed to each of two processes by bare calls, and a message over it.
//!
//! Parts: `.pass` is the holder's send, with the fork that makes the right; `.use` is the third party's first message by
//! it, with the hello, and the giving back of the right.

use std::os::fd::OwnedFd;

use cabotage::mach::{AnyRight, Carried, Message, Outgoing, ReceiveRight, SendRight};
use cabotage::os::raw;

use super::mach_ends::other_end;
use crate::bench::case::{Case, Result, Subject};
use crate::bench::passed::{PASS, Passed, SPEAK, WHOLE};
use crate::exit::{Exit, Failure};

pub(super) const OF_ALL: Case = Case {
    name: "mach.right",
    about: "a send right passed to a third party, which sends 64 bytes by it to the port's owner",
    bytes: BYTES,
    subject: Subject::passed::<Parties, WHOLE, 1>(),
    limit: Some(Subject::passed::<Bare, WHOLE, 1>()),
};

pub(super) const IN_A_ROW: Case = Case {
    name: "mach.right.row",
    about: "the same sixteen times in a row; the figure is that of one",
    subject: Subject::passed::<Parties, WHOLE, 16>(),
    limit: Some(Subject::passed::<Bare, WHOLE, 16>()),
    ..OF_ALL
};

pub(super) const OF_HOLDER: Case = Case {
    name: "mach.right.pass",
    about: "the part of it that is the holder's: the fork and the message with the right",
    subject: Subject::passed::<Parties, PASS, 1>(),
    limit: Some(Subject::passed::<Bare, PASS, 1>()),
    ..OF_ALL
};

pub(super) const OF_THIRD: Case = Case {
    name: "mach.right.use",
    about: "the third party's part: the first message by the right, and giving it back",
    subject: Subject::passed::<Parties, SPEAK, 1>(),
    limit: Some(Subject::passed::<Bare, SPEAK, 1>()),
    ..OF_ALL
};

/// Each of the three.
enum Parties {
    Holder { port: ReceiveRight, rights: Option<Rights> },
    Owner { port: ReceiveRight, holder: SendRight },
    Third { port: ReceiveRight, _holder: SendRight, right: Option<SendRight> },
}

/// What the holder holds once the others have introduced themselves.
struct Rights {
    owner: SendRight,
    third: SendRight,
}

/// How the others introduce themselves.
const OWNER: i32 = 1;
const THIRD: i32 = 2;

impl Passed for Parties {
    fn holder() -> Result<(Self, [OwnedFd; 2])> {
        let port = ReceiveRight::new()?;
        let ends = [port.make_send()?.to_end()?, port.make_send()?.to_end()?];
        Ok((Self::Holder { port, rights: None }, ends))
    }

    fn owner(descriptor: OwnedFd) -> Result<Self> {
        let (holder, port) = (SendRight::from_end(descriptor)?, ReceiveRight::new()?);
        holder.send(Outgoing::new(OWNER).with(port.make_send()?))?;
        Ok(Self::Owner { port, holder })
    }

    fn third(descriptor: OwnedFd) -> Result<Self> {
        let (holder, port) = (SendRight::from_end(descriptor)?, ReceiveRight::new()?);
        port.set_queue_limit(QUEUE_LIMIT)?;
        holder.send(Outgoing::new(THIRD).with(port.make_send()?))?;
        Ok(Self::Third { port, _holder: holder, right: None })
    }

    fn pass(&mut self) -> Result<()> {
        let Self::Holder { port, rights } = self else { return Err(other_end()) };
        let rights = match rights {
            Some(rights) => rights,
            None => rights.insert(Rights::introduced(port)?),
        };
        Ok(rights.third.send(Outgoing::new(0).with(rights.owner.copy()?))?)
    }

    fn hear(&mut self) -> Result<()> {
        let Self::Holder { port, .. } = self else { return Err(other_end()) };
        port.receive()?;
        Ok(())
    }

    fn take(&mut self) -> Result<()> {
        let Self::Third { port, right, .. } = self else { return Err(other_end()) };
        *right = Some(brought(port.receive()?)?);
        Ok(())
    }

    fn speak(&mut self) -> Result<()> {
        let Self::Third { right, .. } = self else { return Err(other_end()) };
        Ok(right.take().ok_or_else(other_end)?.send(&[7; BYTES])?)
    }

    fn listen(&mut self) -> Result<()> {
        let Self::Owner { port, .. } = self else { return Err(other_end()) };
        port.receive()?;
        Ok(())
    }

    fn answer(&mut self) -> Result<()> {
        let Self::Owner { holder, .. } = self else { return Err(other_end()) };
        Ok(holder.send(&[7; BYTES])?)
    }
}

impl Rights {
    fn introduced(port: &ReceiveRight) -> Result<Self> {
        let (one, other) = (port.receive()?, port.receive()?);
        let (owner, third) = if one.id() == OWNER { (one, other) } else { (other, one) };
        Ok(Self { owner: brought(owner)?, third: brought(third)? })
    }
}

fn brought(mut message: Message) -> Result<SendRight> {
    match message.take_carried().pop() {
        Some(Carried::Right(AnyRight::Send(right))) => Ok(right),
        other => Err(Failure::new(Exit::Failed, format!("no right to a port, but {other:?} came"))),
    }
}

/// The same with bare sockets.
enum Bare {
    Holder { owner: OwnedFd, third: OwnedFd },
    Other { holder: OwnedFd, way: Option<OwnedFd> },
}

impl Bare {
    fn join(holder: OwnedFd) -> Self {
        Self::Other { holder, way: None }
    }

    fn other(&mut self) -> Result<(&OwnedFd, &mut Option<OwnedFd>)> {
        let Self::Other { holder, way } = self else { return Err(other_end()) };
        Ok((holder, way))
    }
}

impl Passed for Bare {
    fn holder() -> Result<(Self, [OwnedFd; 2])> {
        let ((owner, one), (third, other)) = (raw::socket_pair()?, raw::socket_pair()?);
        Ok((Self::Holder { owner, third }, [one, other]))
    }

    fn owner(descriptor: OwnedFd) -> Result<Self> {
        Ok(Self::join(descriptor))
    }

    fn third(descriptor: OwnedFd) -> Result<Self> {
        Ok(Self::join(descriptor))
    }

    fn pass(&mut self) -> Result<()> {
        let Self::Holder { owner, third } = self else { return Err(other_end()) };
        let (one, other) = raw::socket_pair()?;
        raw::hand_over(owner, one)?;
        Ok(raw::hand_over(third, other)?)
    }

    fn hear(&mut self) -> Result<()> {
        let Self::Holder { owner, .. } = self else { return Err(other_end()) };
        raw::read(owner, &mut [0; BYTES])?;
        Ok(())
    }

    fn take(&mut self) -> Result<()> {
        let (holder, way) = self.other()?;
        *way = Some(raw::take_over(holder)?);
        Ok(())
    }

    fn speak(&mut self) -> Result<()> {
        let way = self.other()?.1.take().ok_or_else(other_end)?;
        raw::write(&way, &[7; BYTES])?;
        Ok(())
    }

    fn listen(&mut self) -> Result<()> {
        let (holder, _) = self.other()?;
        let way = raw::take_over(holder)?;
        raw::read(&way, &mut [0; BYTES])?;
        Ok(())
    }

    fn answer(&mut self) -> Result<()> {
        let (holder, _) = self.other()?;
        raw::write(holder, &[7; BYTES])?;
        Ok(())
    }
}

const BYTES: usize = 64;
/// Room for all that is passed in a row.
const QUEUE_LIMIT: u32 = 64;
