// SPDX-License-Identifier: MIT OR Apache-2.0
//! The data path of one end with the rules before it: what both ends have in common.
//!
//! While all is well an operation goes straight to the link. What the link answers otherwise changes the state, and
//! the state says the error: nothing is asked of the kernel that the link has not told.

mod ending;
mod halves;
mod kept;
mod path;
mod reading;
mod whole;
mod writing;

use std::os::fd::{AsFd, BorrowedFd};

use cabotage_link::Wait;
use cabotage_link::metered::Metered;
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;

use kept::Kept;
use path::{Linked, Path, metered, metered_shape};

use crate::named::error::PipeError;
use crate::named::identity::Identity;
use crate::named::place::Shape;
use crate::named::rules::{Access, EndState, HandleState, WaitMode};

/// See the [module](self).
#[derive(Debug)]
pub(in crate::named) struct Conduit<P> {
    path: P,
    pub(in crate::named) state: EndState,
    access: Access,
    handle: HandleState,
    shape: Shape,
    wait: Wait,
    /// The other end, from the moment at which it came.
    peer: Option<Identity>,
    /// What was read of a message that no read has got yet.
    kept: Kept,
}

impl Conduit<Metered> {
    /// The end of a client that has connected.
    pub(in crate::named) fn of_client(
        socket: Socket,
        access: Access,
        handle: HandleState,
        shape: Shape,
        wait: Wait,
    ) -> Result<Self, PipeError> {
        let peer = Some(Identity::of(&socket)?);
        let path = metered(socket, metered_shape(shape).reversed(), wait)?;
        let kept = Kept::default();
        Ok(Self { path, state: EndState::CLIENT, access, handle, shape, wait, peer, kept })
    }
}

impl AsFd for Conduit<Metered> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.path.as_fd()
    }
}

impl Conduit<Option<Metered>> {
    /// The end of a server that listens.
    pub(in crate::named) fn of_server(access: Access, handle: HandleState, shape: Shape, wait: Wait) -> Self {
        let kept = Kept::default();
        Self { path: None, state: EndState::SERVER, access, handle, shape, wait, peer: None, kept }
    }

    /// A client has come, at the other end of this socket.
    pub(in crate::named) fn join(&mut self, socket: Socket) -> Result<(), PipeError> {
        let peer = Identity::of(&socket)?;
        self.path = Some(metered(socket, metered_shape(self.shape), self.wait)?);
        self.peer = Some(peer);
        self.state.client_came();
        Ok(())
    }

    /// Parts the two ends, and destroys what is unread.
    pub(in crate::named) fn part(&mut self) {
        self.peer = None;
        self.kept.forget();
        if let Some(link) = self.path.take() {
            // One that could not be told hears the hang-up.
            let _ = link.discard();
        }
    }

    /// The descriptor of the link.
    pub(in crate::named) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.path.as_ref().map(AsFd::as_fd)
    }
}

impl<P: Path> Conduit<P> {
    /// Who is at the other end.
    pub(in crate::named) fn peer(&mut self) -> Result<&Identity, PipeError> {
        self.observe()?;
        self.state.identify()?;
        self.peer.as_ref().ok_or(PipeError::NoClient)
    }

    /// How this handle reads and waits.
    pub(in crate::named) fn handle(&mut self) -> Result<HandleState, PipeError> {
        self.observe()?;
        self.state.inform()?;
        Ok(self.handle)
    }

    /// From now on this handle reads and waits like this.
    pub(in crate::named) fn set_handle(&mut self, handle: HandleState) -> Result<(), PipeError> {
        self.observe()?;
        self.state.inform()?;
        self.handle = handle.on(self.shape.pipe_mode)?;
        Ok(())
    }

    /// From now on calls wait like this for the other end.
    pub(in crate::named) fn set_wait(&mut self, wait: Wait) {
        self.wait = wait;
        if let Some(link) = self.path.link() {
            link.set_wait(wait);
        }
    }

    /// Whether calls wait.
    pub(in crate::named) fn wait_mode(&self) -> WaitMode {
        self.handle.wait_mode
    }

    /// How writes are kept apart, and the quotas.
    pub(in crate::named) fn shape(&self) -> Shape {
        self.shape
    }

    #[inline]
    fn patience(&self, deadline: Deadline) -> Deadline {
        match self.handle.wait_mode {
            WaitMode::Wait => deadline,
            WaitMode::NoWait => Deadline::Now,
        }
    }
}
