// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copying from and to the memory that a waiting request has declared: the client copies when it is asked, or its
//! memory is read where it lies.

use cabotage_link::{Block, Deadline, Key, Message, Parcel};
use cabotage_os::process_memory::{self, ReadError};

use super::ConnectionPort;
use super::callback::PUT_OFF_MAX;
use super::incoming::Request;
use crate::error::{ChannelError, ChannelFault, CopyError, ReceiveError, SendError, WhyServed};
use crate::rules::{Access, Copying, Entry, Piece, Settling, Wanted};
use crate::wire::{BUSY, CopyWanted, DONE, HEADER_BYTES, Head, Header, WireError, Word};

/// What is copied, on our side.
enum Ours<'a> {
    Into(&'a mut [u8]),
    From(&'a [u8]),
}

impl Ours<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Into(bytes) => bytes.len(),
            Self::From(bytes) => bytes.len(),
        }
    }
}

impl ConnectionPort {
    /// Fills `buffer` from the memory that a waiting request lets us read: from `offset` on in its range of the number
    /// `range`. The bytes are what the client had there during the call.
    ///
    /// Other clients wait meanwhile. A client that is busy answering a callback of ours copies nothing until it is
    /// done.
    ///
    /// # Errors
    /// [`CopyError`]; what `buffer` holds then is nothing of meaning.
    pub fn read_at(
        &mut self,
        request: &Request,
        range: usize,
        offset: u64,
        buffer: &mut [u8],
        deadline: Deadline,
    ) -> Result<(), CopyError> {
        let wanted = Wanted { range: range as u64, offset, bytes: buffer.len() as u64, access: Access::Read };
        let (key, entry) = self.admit_copy(request, wanted)?;
        if self.look_for_process(key, &entry).is_ok() {
            match self.read_in_place(key, &entry, offset, buffer) {
                Ok(()) => return self.see_that_it_waits(key, request.id()),
                Err(error @ ReadError::BadAddress { .. }) => return Err(CopyError::NotThere(error)),
                // It is served from now on.
                Err(_) => {}
            }
        }
        self.copy(key, request.id(), wanted, Ours::Into(buffer), deadline)
    }

    /// All bytes of a range that a waiting request lets us read, which may be as many as `bytes_max`.
    ///
    /// # Errors
    /// [`CopyError`].
    pub fn read_to_vec(
        &mut self,
        request: &Request,
        range: usize,
        bytes_max: usize,
        deadline: Deadline,
    ) -> Result<Vec<u8>, CopyError> {
        let bytes = request.range_bytes(range).unwrap_or(0).min(bytes_max as u64);
        let mut copy = vec![0; usize::try_from(bytes).unwrap_or(bytes_max)];
        self.read_at(request, range, 0, &mut copy, deadline)?;
        Ok(copy)
    }

    /// Writes `bytes` into the memory that a waiting request lets us write: from `offset` on in its range of the number
    /// `range`. When this returns, the client has them.
    ///
    /// # Errors
    /// [`CopyError`]; a part may be written then.
    pub fn write_at(
        &mut self,
        request: &Request,
        range: usize,
        offset: u64,
        bytes: &[u8],
        deadline: Deadline,
    ) -> Result<(), CopyError> {
        let wanted = Wanted { range: range as u64, offset, bytes: bytes.len() as u64, access: Access::Write };
        let (key, _) = self.admit_copy(request, wanted)?;
        self.copy(key, request.id(), wanted, Ours::From(bytes), deadline)
    }

    /// Why the memory that this request lends is copied by its client when we read it, and not read where it lies;
    /// `None` if it is read where it lies.
    pub fn why_served(&mut self, request: &Request) -> Option<WhyServed> {
        let key = request.client().key()?;
        let entry = request.letter()?.body.ranges()?.entries().iter().copied();
        let entry = entry.clone().find(|entry| entry.access() == Access::Read)?;
        self.look_for_process(key, &entry).err()
    }

    /// Whose memory this is and where it lies, if the request waits and the copy is within what it declares.
    fn admit_copy(&mut self, request: &Request, wanted: Wanted) -> Result<(Key, Entry), CopyError> {
        let letter = request.letter().filter(|_| request.held.is_of(&self.hall.desk));
        let (letter, key) = letter.zip(request.client().key()).ok_or(CopyError::Stale)?;
        self.see_that_it_is_open(key, request.id())?;
        let ranges = letter.body.ranges().cloned().unwrap_or_default();
        Ok((key, *ranges.check(wanted)?))
    }

    fn see_that_it_is_open(&mut self, key: Key, id: u64) -> Result<(), CopyError> {
        match self.hall.clients.get_mut(key).map(|client| client.owed.look(id)) {
            Some(Settling::Goes) => Ok(()),
            _ => Err(CopyError::Stale),
        }
    }

    /// What was read where it lies counts if the client has not canceled meanwhile: it says so before it uses the
    /// memory for something else.
    fn see_that_it_waits(&mut self, key: Key, id: u64) -> Result<(), CopyError> {
        loop {
            match self.receive_from(key, Deadline::Now) {
                Ok(incoming) => {
                    self.hall.deferred.extend(incoming);
                    self.see_to_flood(key, 0)?;
                }
                Err(ReceiveError::Channel(error)) => return Err(error.into()),
                Err(_) => return self.see_that_it_is_open(key, id),
            }
        }
    }

    /// Finds the process whose memory is to be read for this client, the first time.
    pub(super) fn look_for_process(&mut self, key: Key, entry: &Entry) -> Result<(), WhyServed> {
        if !self.hall.reads_memory {
            return Err(WhyServed::Server);
        }
        if entry.base == 0 {
            return Err(WhyServed::Client);
        }
        let client = self.hall.clients.get_mut(key).ok_or(WhyServed::Unidentified)?;
        if client.process.is_none() {
            let found = self.set.get_mut(key).and_then(|link| {
                link.with_peer(|peer| match process_memory::lends_no_power(peer.uid()) {
                    Ok(true) => peer.pidfd().ok().flatten().ok_or(WhyServed::Unidentified),
                    Ok(false) => Err(WhyServed::Power),
                    Err(refusal) => Err(WhyServed::Refused(refusal.into())),
                })
            });
            client.process = Some(found.unwrap_or(Err(WhyServed::Unidentified)));
        }
        match &client.process {
            Some(Err(why)) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// Reads the memory of a client where it lies. Where the kernel does not let us, it is not asked again.
    pub(super) fn read_in_place(
        &mut self,
        key: Key,
        entry: &Entry,
        offset: u64,
        target: &mut [u8],
    ) -> Result<(), ReadError> {
        let client = self.hall.clients.get_mut(key).ok_or(ReadError::Unavailable)?;
        let Some(Ok(process)) = &client.process else { return Err(ReadError::Unavailable) };
        // The end of the range lies in an address space, and what is read in the range: both were checked.
        let address = entry.base.saturating_add(offset);
        match process_memory::read(process, address, target) {
            Ok(bytes) if bytes == target.len() => Ok(()),
            Ok(bytes) => Err(ReadError::BadAddress {
                pid: process.pid(),
                address: address.saturating_add(bytes as u64),
            }),
            Err(error @ ReadError::BadAddress { .. }) => Err(error),
            Err(error) => {
                client.process = Some(Err(error.clone().into()));
                Err(error)
            }
        }
    }

    /// Has a client copy, several pieces at a time.
    fn copy(
        &mut self,
        key: Key,
        id: u64,
        wanted: Wanted,
        mut ours: Ours<'_>,
        deadline: Deadline,
    ) -> Result<(), CopyError> {
        let mut copying = Copying::new(ours.len());
        let put_off_before = self.hall.deferred.len();
        while !copying.is_done() {
            self.see_that_it_is_open(key, id)?;
            while let Some(client) = self.hall.clients.get_mut(key)
                && let Some(piece) = copying.ask(&mut client.copies)
            {
                self.ask_piece(key, id, wanted, piece, &ours, deadline)?;
            }
            self.hear_copied(key, &mut copying, &mut ours, deadline)?;
            self.see_to_flood(key, put_off_before)?;
        }
        Ok(())
    }

    fn ask_piece(
        &mut self,
        key: Key,
        id: u64,
        whole: Wanted,
        piece: Piece,
        ours: &Ours<'_>,
        deadline: Deadline,
    ) -> Result<(), CopyError> {
        let wanted = Wanted { offset: whole.offset + piece.at as u64, bytes: piece.bytes as u64, ..whole };
        let asked = match ours {
            Ours::Into(_) => self.ask_copy(key, id, piece.number, wanted),
            Ours::From(bytes) => {
                let bytes = &bytes[piece.at..piece.at + piece.bytes];
                self.offer_copy(key, id, piece.number, wanted, bytes, deadline)
            }
        };
        asked.map_err(|error| match error {
            // The numbers have gone on, and a client that takes so little is not asked any more.
            SendError::Full => {
                let fault = ChannelError::from(ChannelFault::Flood { messages: 0 });
                self.expel(key, fault.clone());
                CopyError::Channel(fault)
            }
            SendError::Channel(error) => CopyError::Channel(error),
            error => CopyError::NotSent(error),
        })
    }

    /// Asks a client for bytes. There is room for that: it has few such requests at once.
    pub(super) fn ask_copy(
        &mut self,
        key: Key,
        id: u64,
        number: u64,
        wanted: Wanted,
    ) -> Result<(), SendError> {
        let body = CopyWanted::new(wanted);
        let header = Header { about: number, ..Header::new(Word::Copy, id, body.as_bytes().len()) };
        let link = self.set.get_mut(key).ok_or(SendError::NoClient)?;
        Ok(self.hall.post.send(link, &header, body.as_bytes(), Deadline::within(ROOM_WITHIN))?)
    }

    /// Gives a client bytes to be copied.
    fn offer_copy(
        &mut self,
        key: Key,
        id: u64,
        number: u64,
        wanted: Wanted,
        bytes: &[u8],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        let body = CopyWanted::new(wanted);
        let header = Header { about: number, ..Header::new(Word::Copy, id, body.as_bytes().len()) };
        let link = self.set.get_mut(key).ok_or(SendError::NoClient)?;
        let mut block = link.block(bytes.len(), deadline.or_sooner(Deadline::within(ROOM_WITHIN)))?;
        block.write_at(0, bytes).map_err(SendError::of_map)?;
        let record = [header.bytes(), body.as_bytes()].concat();
        let parcel = Parcel::new(&record).block(block);
        Ok(link.send_parcel(parcel, Deadline::within(ROOM_WITHIN)).map_err(|unsent| unsent.error)?)
    }

    /// Takes the next message of a client, which is the answer to a piece or put off.
    fn hear_copied(
        &mut self,
        key: Key,
        copying: &mut Copying,
        ours: &mut Ours<'_>,
        deadline: Deadline,
    ) -> Result<(), CopyError> {
        let link = self.set.get_mut(key).ok_or(ChannelError::Died)?;
        let heard = {
            let mut message = link.receive(deadline).map_err(|error| match error.into() {
                ReceiveError::Channel(error) => CopyError::Channel(error),
                _ => CopyError::Busy,
            })?;
            let mut start = [0; HEADER_BYTES];
            let copied = message.copy_to(&mut start);
            match Head::parse(&start[..copied], message.bytes()) {
                Ok(head) if head.word == Word::Copied && copying.expects(head.id) => {
                    let client = self.hall.clients.get_mut(key).ok_or(ChannelError::Died)?;
                    client.copies.is_next(head.id);
                    take_piece(&mut message, &head, copying, ours)
                }
                Ok(_) => self.hall.understand(key, &mut message).map(Heard::Other),
                Err(fault) => Err(fault.into()),
            }
        };
        match heard {
            Ok(Heard::Piece) => Ok(()),
            Ok(Heard::Refused(error)) => Err(error),
            Ok(Heard::Other(step)) => {
                let incoming = self.act(step);
                self.hall.deferred.extend(incoming);
                Ok(())
            }
            Err(fault) => {
                let error = ChannelError::from(fault);
                self.expel(key, error.clone());
                Err(error.into())
            }
        }
    }

    /// Expels a client that sends on and on while it is waited for.
    fn see_to_flood(&mut self, key: Key, put_off_before: usize) -> Result<(), CopyError> {
        let messages = self.hall.deferred.len().saturating_sub(put_off_before);
        if messages <= PUT_OFF_MAX {
            return Ok(());
        }
        let fault = ChannelError::from(ChannelFault::Flood { messages });
        self.expel(key, fault.clone());
        Err(fault.into())
    }
}

/// How long a client may leave no room for a copy request.
const ROOM_WITHIN: std::time::Duration = std::time::Duration::from_secs(1);

/// What was heard of a client.
enum Heard {
    Piece,
    Refused(CopyError),
    Other(super::hall::Step),
}

/// Takes the answer to a piece.
fn take_piece(
    message: &mut Message<'_>,
    head: &Head,
    copying: &mut Copying,
    ours: &mut Ours<'_>,
) -> Result<Heard, ChannelFault> {
    let Some(piece) = copying.answered(head.id) else { return Ok(Heard::Refused(CopyError::Stale)) };
    match head.about {
        DONE => {}
        BUSY => return Ok(Heard::Refused(CopyError::Busy)),
        _ => return Ok(Heard::Refused(CopyError::Stale)),
    }
    if let Ours::Into(target) = ours {
        let block = block_of(message, piece.bytes, head)?;
        let copied = block.copy_at(0, &mut target[piece.at..piece.at + piece.bytes]);
        if copied.is_err() {
            return Ok(Heard::Refused(CopyError::Channel(ChannelError::Forked)));
        }
    }
    Ok(Heard::Piece)
}

/// The block that an answer brings, which has exactly the bytes that were asked for.
pub(super) fn block_of(message: &mut Message<'_>, bytes: usize, head: &Head) -> Result<Block, ChannelFault> {
    let block = message.take_block().filter(|block| block.bytes() == bytes && head.body_bytes == 0);
    block.ok_or_else(|| WireError::Copied.into())
}
