// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link in one pair of hands: every call takes `&mut self`, so there is no lock anywhere.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use cabotage_lane::block::BlockMut;
use cabotage_lane::{Controls, MappedControls};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;

use crate::core::Core;
use crate::error::{LinkError, PeerFault, ReceiveError, SendError};
use crate::message::{self, Extra, Message};
use crate::options::Options;
use crate::parcel::{Parcel, Unsent};
use crate::peer::Peer;
use crate::quota::Quota;
use crate::receive::{Incoming, Ready};
use crate::send::{Need, Obstacle, Outgoing};
use crate::split::{self, Receiver, Sender};
use crate::wait::Wait;

/// One end of a link: sends messages to the peer and receives the peer's.
///
/// ```no_run
/// use cabotage_link::{Link, Options};
/// use cabotage_os::Deadline;
///
/// let (mut link, end) = Link::pair(Options::new())?; // `end` goes to another process: see `End`
/// link.send(b"ahoy", Deadline::Never)?;
/// let answer = link.receive(Deadline::Never)?.to_vec();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Messages arrive whole, once, in the order in which they were sent; what a peer sent before it closed or died
/// stays readable. Use [`Link::split`] to send or receive from several threads.
#[derive(Debug)]
pub struct Link {
    pub(crate) out: Outgoing,
    pub(crate) inc: Incoming,
    pub(crate) core: Arc<Core>,
}

impl Link {
    /// A link over a socket that nobody has said HELLO on.
    pub(crate) fn over(socket: Socket, options: Options) -> Result<Self, LinkError> {
        let core = Arc::new(Core::new(socket, options)?);
        let (out, inc) = (Outgoing::new(&core), Incoming::new(&core));
        Ok(Self { core, out, inc })
    }

    /// Sends a message, waiting for room at most until `deadline`.
    ///
    /// The first message of up to 4,096 bytes goes at once, before the peer's library has answered.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    #[inline]
    pub fn send(&mut self, message: &[u8], deadline: Deadline) -> Result<(), SendError> {
        match self.out.try_send(&self.core, message) {
            Ok(()) => {
                self.note_sent();
                Ok(())
            }
            Err(obstacle) => self.send_later(message, obstacle, deadline),
        }
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// [`SendError::Full`] if there is none.
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.send(message, Deadline::Now)
    }

    /// A message has gone: what comes next may be its answer.
    #[inline(always)]
    pub(crate) fn note_sent(&mut self) {
        self.inc.pace.answered();
        self.out.is_streaming = !std::mem::take(&mut self.inc.has_received);
    }

    #[cold]
    fn send_later(
        &mut self,
        message: &[u8],
        mut obstacle: Obstacle,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        let need = Need { bytes: message.len(), descriptors: 0 };
        loop {
            self.overcome(obstacle, need, deadline)?;
            match self.out.try_send(&self.core, message) {
                Ok(()) => return Ok(()),
                Err(next) => obstacle = next,
            }
        }
    }

    fn overcome(&mut self, obstacle: Obstacle, need: Need, deadline: Deadline) -> Result<(), SendError> {
        match obstacle {
            Obstacle::Full => self.out.wait(&self.core, need, deadline),
            Obstacle::Error(error) => Err(error),
        }
    }

    /// Sends a message with blocks and descriptors, all of it or nothing.
    ///
    /// # Errors
    /// [`Unsent`] with the message.
    pub fn send_parcel<'a>(&mut self, parcel: Parcel<'a>, deadline: Deadline) -> Result<(), Unsent<'a>> {
        self.send_parcel_keeping(parcel, deadline).map(drop)
    }

    /// As [`Link::send_parcel`], and answers the descriptors, of which the peer has copies.
    ///
    /// # Errors
    /// [`Unsent`] with the message.
    pub fn send_parcel_keeping<'a>(
        &mut self,
        mut parcel: Parcel<'a>,
        deadline: Deadline,
    ) -> Result<Vec<OwnedFd>, Unsent<'a>> {
        let need = Outgoing::need(&parcel);
        loop {
            let done = match self.out.try_send_parcel(&self.core, &mut parcel) {
                Ok(sent) => {
                    self.note_sent();
                    return Ok(sent);
                }
                Err(obstacle) => self.overcome(obstacle, need, deadline),
            };
            if let Err(error) = done {
                return Err(Unsent { error, parcel });
            }
        }
    }

    /// A block of `bytes` bytes to fill and to send by [`Link::send_parcel`], waiting for the peer to give one back
    /// at most until `deadline`. Memory that was used before is used again, so its cost does not grow with its
    /// size; what it holds is what was written into it last, for this peer. The first block waits until the peer's
    /// library has answered the HELLO, which it does in any call on the peer's end.
    ///
    /// # Errors
    /// [`SendError::Full`], [`SendError::TooLong`], or the link is over.
    pub fn block(&mut self, bytes: usize, deadline: Deadline) -> Result<BlockMut, SendError> {
        loop {
            match self.out.take_block(&self.core, bytes) {
                Ok(block) => return Ok(block),
                Err(Obstacle::Error(error)) => return Err(error),
                Err(Obstacle::Full) => self.out.wait_for_block(&self.core, deadline)?,
            }
        }
    }

    /// Waits until the peer holds fewer than `blocks` blocks of this end, at most until `deadline`: for peers that have
    /// said how many they take.
    ///
    /// # Errors
    /// [`SendError::Full`] when it still holds so many, or the link is over.
    pub fn wait_for_blocks(&mut self, blocks: u32, deadline: Deadline) -> Result<(), SendError> {
        while self.out.blocks_out(&self.core, blocks)? >= blocks {
            self.out.wait_for_block(&self.core, deadline)?;
        }
        Ok(())
    }

    /// Receives the next message, waiting for it at most until `deadline`.
    ///
    /// The message lies where the peer wrote it and borrows the link; copy it out first to answer on the same link:
    /// `let question = link.receive(deadline)?.to_vec();`.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] when none came in time; the link is over.
    #[inline(always)] // a message that is not put together in registers costs more than all else
    pub fn receive(&mut self, deadline: Deadline) -> Result<Message<'_>, ReceiveError> {
        let is_usual = self.core.is_open() && self.inc.comes(&self.core, deadline);
        let extra = if is_usual { None } else { self.receive_otherwise(deadline)? };
        if !std::mem::replace(&mut self.inc.has_received, true) {
            self.out.expect_answer();
        }
        Ok(Message::in_sight(&mut self.inc, &self.core, extra))
    }

    #[inline(never)]
    pub(crate) fn receive_otherwise(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Box<Extra>>, ReceiveError> {
        self.out.rest(&self.core);
        let found = self.inc.wait(&self.core, deadline)?;
        Ok(message::take(&mut self.inc, &self.core, found)?)
    }

    /// Receives the next message if there is one. This never arranges for the descriptor to become readable: see
    /// [`Link::ready`].
    ///
    /// # Errors
    /// The link is over, and everything before was received.
    #[inline]
    pub fn try_receive(&mut self) -> Result<Option<Message<'_>>, LinkError> {
        if self.core.is_open() && self.inc.is_usual() {
            return Ok(Some(Message::in_sight(&mut self.inc, &self.core, None)));
        }
        let found = self.inc.try_look(&self.core)?;
        Message::found(&mut self.inc, &self.core, found)
    }

    /// Whether there may be a message, as one look at memory tells, without a system call once both ends have met. Of two
    /// ends, one of which sends and then asks this, while the other sends and then finds nothing by [`Link::ready`], one
    /// at least sees what the other has sent.
    pub fn glimpse(&mut self) -> bool {
        if !self.core.is_here() {
            return false;
        }
        if !self.inc.has_lane() && self.core.pump().and_then(|()| self.inc.pick_up(&self.core)).is_err() {
            return true;
        }
        self.inc.glimpse()
    }

    /// Asks the peer to look at what we send after each message of its own, or asks no more. Ask first, then send what it
    /// is to see.
    ///
    /// # Errors
    /// The link belongs to the parent process, or the system's refusal.
    pub fn ask_for_attention(&mut self, asks: bool) -> Result<(), LinkError> {
        self.core.check_here()?;
        if let Some(controls) = MappedControls::alone(self.core.own_outbox()?) {
            controls.own().ask_for_attention(asks);
        }
        Ok(())
    }

    /// [`Link::glimpse`], if the peer asks for attention, else `false`. The next message's line is left alone then: a look
    /// takes it away from whoever is about to write it. Of two ends, one of which sends and then asks this, while the other
    /// asks for attention, sends, and then finds nothing by [`Link::ready`], one at least sees what the other has sent.
    #[inline]
    pub fn glimpse_if_asked(&mut self) -> bool {
        self.out.is_asked_for_attention() && self.glimpse()
    }

    /// Looks for a message; when there is none, arranges for the descriptor to become readable as soon as there is
    /// one, or the link ends. **Call this before every wait on the descriptor**, and wait only on
    /// [`Ready::Armed`]: a peer does not ring for one who is awake.
    ///
    /// # Errors
    /// The link belongs to the parent process, or the system's refusal. That the link is over is [`Ready::Ready`].
    pub fn ready(&mut self) -> Result<Ready, LinkError> {
        self.inc.ready(&self.core)
    }

    /// From now on this end waits like this.
    pub fn set_wait(&mut self, wait: Wait) {
        self.out.patience().set(wait);
        self.inc.patience().set(wait);
    }

    /// Where what the peer takes is charged, if anywhere: for another link that it has us make.
    pub fn quota(&self) -> Option<&Quota> {
        self.core.options.quota.as_ref()
    }

    /// Who the peer is, in the kernel's words; `None` until it has said HELLO.
    pub fn with_peer<T>(&self, act: impl FnOnce(Peer<'_>) -> T) -> Option<T> {
        self.core.with_stamp(|stamp| act(Peer::new(stamp, self.core.socket())))
    }

    /// Says HELLO, if this end has said nothing yet: the peer learns who it is. That the peer is gone is told after what it
    /// left.
    ///
    /// # Errors
    /// The link is over, or the system's refusal.
    pub fn greet(&mut self) -> Result<(), LinkError> {
        self.core.check_here()?;
        self.core.greet()
    }

    /// Waits until the peer has said HELLO, so that it is known who it is.
    ///
    /// # Errors
    /// [`ReceiveError::Nothing`] when it did not until the deadline; the link is over.
    pub fn wait_for_peer(&mut self, deadline: Deadline) -> Result<(), ReceiveError> {
        self.inc.wait_for_peer(&self.core, deadline)
    }

    /// How many bytes of shared memory this end has made for the link, now.
    pub fn memory_bytes(&self) -> u64 {
        self.out.memory_bytes()
    }

    /// Gives up the memory that a busy time has left: the larger ring and idle blocks, as far as the peer has taken
    /// everything from them.
    ///
    /// # Errors
    /// The link is over.
    pub fn trim(&mut self) -> Result<(), LinkError> {
        self.core.check()?;
        self.out.trim(&self.core)
    }

    /// The two halves, each of which many threads may share.
    pub fn split(self) -> (Sender, Receiver) {
        self.core.share();
        split::split(self.core, self.out, self.inc)
    }

    /// Ends the link for ever, since the peer broke a rule of what its user says over it; the peer is told at once.
    /// Answers how the link ended, which may have been something else before.
    pub fn condemn(&mut self, rule: &'static str) -> LinkError {
        self.core.end_with(PeerFault::Order(rule).into())
    }

    /// Closes the link: what was sent stays readable for the peer, which is then told that nothing follows. Whether
    /// the peer reads it nobody can know but by an answer. Dropping the link does the same.
    pub fn close(self) {}
}

impl AsFd for Link {
    /// The descriptor to wait on after [`Link::ready`] has answered [`Ready::Armed`]; the same for life. Never read
    /// from it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.core.fd()
    }
}
