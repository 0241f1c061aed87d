// SPDX-License-Identifier: MIT OR Apache-2.0
//! What leads from one end to the other: a link with quotas, over the socket by which the two met.

use cabotage_link::metered::{Framing, Metered, Shape};
use cabotage_link::{End, LinkError, Options, Wait};
use cabotage_os::socket::Socket;

use crate::named::error::PipeError;
use crate::named::place;
use crate::named::rules::PipeMode;

/// What leads to the other end: a client has a link for life, a server while it has a client.
pub(in crate::named) trait Path {
    fn link(&mut self) -> Option<&mut Metered>;
}

impl Path for Metered {
    #[inline]
    fn link(&mut self) -> Option<&mut Metered> {
        Some(self)
    }
}

impl Path for Option<Metered> {
    #[inline]
    fn link(&mut self) -> Option<&mut Metered> {
        self.as_mut()
    }
}

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
