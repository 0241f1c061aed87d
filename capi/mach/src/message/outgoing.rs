// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message as C wrote it, made ready to be sent: names, memory that was read, and what its sender loses when it goes.
//!
//! Mach takes a header as a whole or not at all, and the body item by item: what is wrong there costs the header's rights
//! and the items before it. So a body that is wrong is sent all the same, with an item that no task has in the place of
//! the wrong one: the kernel then does what Mach does.

use cabotage_mach::kernel::calls::Handover;
use cabotage_mach::kernel::message::{Item, Letter, Memory};
use cabotage_mach::{Disposition, Name, Names};
use cabotage_os::descriptor;
use cabotage_os::pages::Word;

use super::descriptor::VIRTUAL_COPY;
use super::{Descriptor, DescriptorError, Header, number_at};
use crate::code::{
    Code, INVALID_ADDRESS, SEND_INVALID_HEADER, SEND_INVALID_MEMORY, SEND_INVALID_TYPE, SEND_INVALID_VOUCHER,
    SEND_MSG_TOO_SMALL, SEND_NO_BUFFER, SEND_TOO_LARGE,
};
use crate::memory;

/// A name that stands for nothing in any task: that of the first place, which is never given away.
const NOBODY: Name = Name::from_raw(3);
/// `MACH_MSG_GUARD_FLAGS_IMMOVABLE_RECEIVE`
pub(super) const IMMOVABLE_RECEIVE: u16 = 1;
/// `MACH_MSG_GUARD_FLAGS_UNGUARDED_ON_SEND`
const UNGUARDED_ON_SEND: u16 = 2;
/// From so many bytes on, copying memory a second time costs more than making it, mapping it and its page faults.
const SEALED_BYTES_MIN: usize = 1 << 20;
/// The most rights that a message carries.
const RIGHTS_MAX: u32 = 16_383;

/// A message ready to be sent.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) letter: Letter,
    /// What is wrong with the body, at the item that nobody has.
    pub(crate) fault: Option<Code>,
    debts: Vec<Debt>,
}

/// What the sender loses with an item, beside what the kernel takes by itself.
#[derive(Debug)]
struct Debt {
    item: usize,
    loss: Loss,
}

#[derive(Debug)]
enum Loss {
    /// Pages: address and bytes.
    Memory(usize, usize),
    /// A reference of a right that stands for an open file.
    File(Name),
}

/// What the header of a message says: a letter that is empty so far.
///
/// # Errors
/// What is wrong before anything was taken.
pub(crate) fn head(message: &[u8]) -> Result<Letter, Code> {
    let header =
        Header::read(message).filter(|_| message.len().is_multiple_of(4)).ok_or(SEND_MSG_TOO_SMALL)?;
    if !header.is_plain() {
        return Err(SEND_INVALID_HEADER);
    }
    if header.voucher_number() != 0 && header.voucher != 0 {
        return Err(SEND_INVALID_VOUCHER);
    }
    Ok(letter(&header))
}

impl Draft {
    /// Parses what lies behind the header of a message.
    ///
    /// # Errors
    /// What is wrong before anything was taken.
    pub(crate) fn parse(names: Names, letter: Letter, mut body: &[u8]) -> Result<Self, Code> {
        let mut draft = Self { letter, fault: None, debts: Vec::new() };
        if draft.letter.complex {
            let count = number_at(body, 0);
            body = body.get(4..).ok_or(SEND_MSG_TOO_SMALL)?;
            for _ in 0..count {
                match draft.take_item(names, body) {
                    Ok(bytes) => body = &body[bytes..],
                    Err(SEND_TOO_LARGE) => return Err(SEND_TOO_LARGE),
                    Err(fault) => {
                        draft.letter.items.push(Item::Port(NOBODY, Disposition::MoveSend));
                        draft.fault = Some(fault);
                        break;
                    }
                }
            }
        }
        draft.letter.body = body.to_vec();
        Ok(draft)
    }

    /// The message has gone, or so many items of it: the sender has them no more.
    pub(crate) fn settle(word: Word, debts: Debts, names: Names, items: usize) {
        for debt in debts.0.into_iter().filter(|debt| debt.item < items) {
            match debt.loss {
                Loss::Memory(address, bytes) => memory::take_from_sender(word, address, bytes),
                Loss::File(name) => drop(names.deallocate(name)),
            }
        }
    }

    /// What its sender loses.
    pub(crate) fn take_debts(&mut self) -> Debts {
        Debts(std::mem::take(&mut self.debts))
    }

    /// The next item; how many bytes its descriptor has.
    fn take_item(&mut self, names: Names, body: &[u8]) -> Result<usize, Code> {
        let descriptor = Descriptor::read(body).map_err(|error| match error {
            DescriptorError::TooShort => SEND_MSG_TOO_SMALL,
            DescriptorError::UnknownType => SEND_INVALID_TYPE,
        })?;
        let item = match descriptor {
            Descriptor::Port { name, disposition } => {
                let disposition = Disposition::from_raw(disposition).ok_or(SEND_INVALID_TYPE)?;
                self.port_or_file(names, Name::from_raw(name), disposition)
            }
            Descriptor::Memory { address, bytes, deallocate, copy } => {
                is_copy(copy)?;
                Item::Memory(self.fetch_memory(address, bytes as usize, deallocate)?)
            }
            Descriptor::Ports { address, count, disposition, deallocate, copy } => {
                is_copy(copy)?;
                let disposition = Disposition::from_raw(disposition).ok_or(SEND_INVALID_TYPE)?;
                if count > RIGHTS_MAX {
                    return Err(SEND_TOO_LARGE);
                }
                let array = self.fetch(address, count as usize * 4, deallocate)?;
                let name = |word: &[u8; 4]| Name::from_raw(u32::from_ne_bytes(*word));
                Item::Ports(array.as_chunks().0.iter().map(name).collect(), disposition)
            }
            Descriptor::Guarded { context, flags, disposition, name } => {
                let is_receive = disposition == Disposition::MoveReceive as u32;
                if !is_receive || flags & !(IMMOVABLE_RECEIVE | UNGUARDED_ON_SEND) != 0 {
                    return Err(SEND_INVALID_TYPE);
                }
                let handover = Handover {
                    guard: context,
                    unguarded_on_send: flags & UNGUARDED_ON_SEND != 0,
                    immovable: flags & IMMOVABLE_RECEIVE != 0,
                };
                Item::Guarded(Name::from_raw(name), handover)
            }
        };
        self.letter.items.push(item);
        Ok(descriptor.size())
    }

    /// A right as it is; but one that stands for an open file goes as that file, which another process can have.
    fn port_or_file(&mut self, names: Names, name: Name, disposition: Disposition) -> Item {
        let is_send = matches!(disposition, Disposition::CopySend | Disposition::MoveSend);
        let file = if is_send && name.is_valid() { names.file_of(name).ok() } else { None };
        let Some(copy) = file.and_then(|file| descriptor::duplicate(&*file).ok()) else {
            return Item::Port(name, disposition);
        };
        if disposition == Disposition::MoveSend {
            self.owe(Loss::File(name));
        }
        Item::File(copy)
    }

    /// Memory at an address of the sender's. What is long is copied once, into memory that nobody can change any more,
    /// and its receiver maps that.
    fn fetch_memory(&mut self, address: u64, bytes: usize, deallocate: bool) -> Result<Memory, Code> {
        if bytes < SEALED_BYTES_MIN {
            return self.fetch(address, bytes, deallocate).map(Memory::Bytes);
        }
        let start = usize::try_from(address).map_err(|_| SEND_INVALID_MEMORY)?;
        let sealed = memory::shared::sealed(start, bytes).map_err(|error| match error {
            INVALID_ADDRESS => SEND_INVALID_MEMORY,
            _ => SEND_NO_BUFFER,
        })?;
        if deallocate {
            self.owe(Loss::Memory(start, bytes));
        }
        Ok(Memory::Sealed(sealed))
    }

    /// The bytes at an address of the sender's.
    fn fetch(&mut self, address: u64, bytes: usize, deallocate: bool) -> Result<Vec<u8>, Code> {
        let address = usize::try_from(address).map_err(|_| SEND_INVALID_MEMORY)?;
        let mut copy = Vec::new();
        copy.try_reserve_exact(bytes).map_err(|_| SEND_NO_BUFFER)?;
        copy.resize(bytes, 0);
        match cabotage_os::pages::read(address, &mut copy) {
            Ok(true) => {}
            Ok(false) => return Err(SEND_INVALID_MEMORY),
            Err(_) => return Err(SEND_NO_BUFFER),
        }
        if deallocate && bytes > 0 {
            self.owe(Loss::Memory(address, bytes));
        }
        Ok(copy)
    }

    fn owe(&mut self, loss: Loss) {
        self.debts.push(Debt { item: self.letter.items.len(), loss });
    }
}

/// What the sender of a message loses with it.
#[derive(Debug)]
pub(crate) struct Debts(Vec<Debt>);

fn letter(header: &Header) -> Letter {
    // A number that is no disposition is as wrong as one that gives a receive right.
    let given = |number| match number {
        0 => None,
        number => Some(Disposition::from_raw(number).unwrap_or(Disposition::MoveReceive)),
    };
    Letter {
        id: header.id,
        destination: (Name::from_raw(header.remote), given(header.remote_number())),
        reply: (Name::from_raw(header.local), given(header.local_number())),
        body: Vec::new(),
        items: Vec::new(),
        complex: header.is_complex(),
    }
}

fn is_copy(copy: u8) -> Result<(), Code> {
    if copy <= VIRTUAL_COPY { Ok(()) } else { Err(SEND_INVALID_TYPE) }
}
