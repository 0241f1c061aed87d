// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two bare lanes between the processes of a measurement: outboxes exchanged over a socket, and nothing else.

use std::cell::OnceCell;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use cabotage::lane::ring::{Event, Glimpse, Receiver, Sender, StageError};
use cabotage::lane::{Fencing, MappedControls, MappedRing, Pace, PeerRing};
use cabotage::os::Deadline;
use cabotage::os::map::{Map, MapMut, MapOptions};
use cabotage::os::memfd::{Memfd, ONE_WAY};
use cabotage::os::socket::Socket;

use crate::bench::case::Result;
use crate::bench::descriptors::expect;
use crate::exit::{Exit, Failure};

/// One end of two lanes, opposite in direction.
pub(super) struct LaneEnds {
    socket: Socket,
    outbox: Arc<MapMut>,
    ends: OnceCell<Ends>,
}

/// What an end sends with and receives from.
pub(super) struct Ends {
    pub(super) sender: Sender<MappedRing, MappedControls>,
    pub(super) receiver: Receiver<PeerRing, MappedControls>,
    pace: Pace,
}

impl LaneEnds {
    /// The near end, and the socket of the far one. They meet at the near end's first use.
    pub(super) fn near() -> Result<(Self, Vec<OwnedFd>)> {
        let (near, far) = Socket::pair()?;
        Ok((Self::new(near)?, vec![far.into_fd().ok_or_else(lost)?]))
    }

    /// The far end.
    pub(super) fn far(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let [socket] = expect(descriptors)?;
        Self::new(Socket::admit(socket)?)
    }

    fn new(socket: Socket) -> Result<Self> {
        let memory = Memfd::create("bench", OUTBOX_BYTES as u64)?;
        let outbox = Arc::new(MapOptions::new().populated().read_write(&memory, OUTBOX_BYTES)?);
        memory.seal(ONE_WAY)?;
        socket.send(&[1], &[memory.as_fd()], Deadline::Never)?;
        Ok(Self { socket, outbox, ends: OnceCell::new() })
    }

    /// Both lanes, once the other end's outbox has come.
    #[inline]
    pub(super) fn ends(&mut self) -> Result<&mut Ends> {
        if self.ends.get().is_none() {
            let ends = self.meet()?;
            let _ = self.ends.set(ends);
        }
        self.ends.get_mut().ok_or_else(|| Failure::usage("an end that has met has its lanes"))
    }

    fn meet(&self) -> Result<Ends> {
        let mut arrival = self.socket.receive(&mut [0; 8], Deadline::Never)?;
        let memory = arrival.descriptors.pop().ok_or_else(lost)?;
        let memory = Memfd::admit(memory, ONE_WAY, OUTBOX_BYTES as u64)?;
        let theirs: Arc<Map> = Arc::new(MapOptions::new().populated().read_only(&memory, OUTBOX_BYTES)?);
        let own = self.outbox.clone();
        let controls = MappedControls::new(own.clone(), theirs.clone()).ok_or_else(lost)?;
        let ring = MappedRing::new(own, CONTROL_BYTES, RING_WORDS).ok_or_else(lost)?;
        let peer_ring = PeerRing::new(theirs, CONTROL_BYTES, RING_WORDS).ok_or_else(lost)?;
        Ok(Ends {
            sender: Sender::new(ring, controls.clone()),
            receiver: Receiver::new(peer_ring, controls, Fencing::Both),
            pace: Pace::default(),
        })
    }
}

impl Ends {
    /// Sends one record, spinning for room.
    #[inline]
    pub(super) fn send(&mut self, body: &[u8]) -> Result<()> {
        loop {
            match self.sender.send_to_a_spinner(TAG, 0, body) {
                Ok(()) => {
                    self.pace.answered();
                    return Ok(());
                }
                Err(StageError::Full(_)) => std::hint::spin_loop(),
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// Sends one record of many in a row.
    #[inline]
    pub(super) fn stream(&mut self, body: &[u8]) -> Result<()> {
        self.sender.expect_more();
        self.send(body)
    }

    /// Receives one record, spinning.
    #[inline]
    pub(super) fn receive(&mut self, target: &mut [u8]) -> Result<()> {
        let mut looks = 0;
        loop {
            match self.receiver.glimpse() {
                Glimpse::Usual => {
                    self.receiver.read(0, target);
                    self.receiver.consume();
                    if looks > 0 {
                        self.pace.came(looks);
                    }
                    return Ok(());
                }
                Glimpse::Nothing => {
                    self.pace.rest(self.receiver.consumed());
                    looks += 1;
                }
                Glimpse::Other => {
                    if let Event::Record(record) = self.receiver.receive()? {
                        record.copy_to(target);
                        return Ok(());
                    }
                }
            }
        }
    }
}

fn lost() -> Failure {
    Failure::new(Exit::PeerGone, "the other end's outbox did not come")
}

const TAG: u8 = 16;
const CONTROL_BYTES: usize = 4096;
const RING_WORDS: u64 = 512;
const OUTBOX_BYTES: usize = CONTROL_BYTES + 65536;
