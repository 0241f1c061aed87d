// SPDX-License-Identifier: MIT OR Apache-2.0
//! What leads from one end to the other: a link with quotas, over the socket by which the two met.

use cabotage_link::metered::{
    Framing, Metered, Peeked, Read, ReadError, ReadHalf, ReadMode, Shape, WriteError, WriteHalf,
};
use cabotage_link::{End, LinkError, Options, Wait};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;

use crate::named::error::PipeError;
use crate::named::place;
use crate::named::rules::PipeMode;

/// What leads to the other end: a client has a link for life, a server while it has a client, a half its half.
pub(in crate::named) trait Path {
    type Link: Linked;

    fn link(&mut self) -> Option<&mut Self::Link>;
}

impl<L: Linked> Path for L {
    type Link = Self;

    #[inline]
    fn link(&mut self) -> Option<&mut Self> {
        Some(self)
    }
}

impl Path for Option<Metered> {
    type Link = Metered;

    #[inline]
    fn link(&mut self) -> Option<&mut Metered> {
        self.as_mut()
    }
}

/// A link, or a half of one.
pub(in crate::named) trait Linked {
    fn ending(&mut self) -> Result<Option<LinkError>, LinkError>;
    fn set_wait(&mut self, wait: Wait);
}

/// What reads.
pub(in crate::named) trait Inbound: Linked {
    fn read(&mut self, target: &mut [u8], mode: ReadMode, deadline: Deadline) -> Result<Read, ReadError>;
    fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, LinkError>;
}

/// What writes.
pub(in crate::named) trait Outbound: Linked {
    fn write(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError>;
    fn try_write(&mut self, bytes: &[u8]) -> Result<usize, WriteError>;
    fn wait_until_read(&mut self, deadline: Deadline) -> Result<bool, LinkError>;
}

macro_rules! linked {
    ($($link:ty),*) => {$(
        impl Linked for $link {
            fn ending(&mut self) -> Result<Option<LinkError>, LinkError> {
                Self::ending(self)
            }

            fn set_wait(&mut self, wait: Wait) {
                Self::set_wait(self, wait);
            }
        }
    )*};
}

macro_rules! inbound {
    ($($link:ty),*) => {$(
        impl Inbound for $link {
            #[inline]
            fn read(&mut self, target: &mut [u8], mode: ReadMode, deadline: Deadline) -> Result<Read, ReadError> {
                Self::read(self, target, mode, deadline)
            }

            fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, LinkError> {
                Self::peek(self, target)
            }
        }
    )*};
}

macro_rules! outbound {
    ($($link:ty),*) => {$(
        impl Outbound for $link {
            #[inline]
            fn write(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), WriteError> {
                Self::write(self, bytes, deadline)
            }

            fn try_write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
                Self::try_write(self, bytes)
            }

            fn wait_until_read(&mut self, deadline: Deadline) -> Result<bool, LinkError> {
                Self::wait_until_read(self, deadline)
            }
        }
    )*};
}

linked!(Metered, ReadHalf, WriteHalf);
inbound!(Metered, ReadHalf);
outbound!(Metered, WriteHalf);

/// A link with quotas over a socket that is connected.
pub(super) fn metered(socket: Socket, shape: Shape, wait: Wait) -> Result<Metered, PipeError> {
    match End::connected(socket).link(Options::new().wait(wait)) {
        Ok(link) => Ok(Metered::over(link, shape)),
        Err(LinkError::System(refusal)) => Err(PipeError::System(refusal)),
        Err(LinkError::Forked) => Err(PipeError::Forked),
        Err(error) => Err(PipeError::Peer(error)),
    }
}

/// How the link looks from the server's end.
pub(super) fn metered_shape(shape: place::Shape) -> Shape {
    let framing = match shape.pipe_mode {
        PipeMode::Byte => Framing::Bytes,
        PipeMode::Message => Framing::Messages,
    };
    Shape {
        framing,
        out_quota_bytes: shape.out_quota_bytes.into(),
        in_quota_bytes: shape.in_quota_bytes.into(),
    }
}
