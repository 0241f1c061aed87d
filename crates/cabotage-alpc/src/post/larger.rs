// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages that are more than a short body: which way the body goes, and what goes with it.

use std::os::fd::OwnedFd;

use cabotage_link::{DESCRIPTORS_MAX, Deadline, Link, Parcel};

use super::Post;
use crate::attributes::AttributeSet;
use crate::error::{SendError, TooLarge};
use crate::handles::HANDLES_MAX;
use crate::outgoing::Outgoing;
use crate::rules::{Limits, RANGES_MAX, Technique, choose, view_bytes};
use crate::section::{Carrier, SecureViewMut, ViewMut};
use crate::wire::{AttributeWriter, BODY, HandlesNote, Header, Note, SECURE, Terms, ViewNote, Word};

/// What the other side takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Takes {
    pub(crate) inline_bytes_max: usize,
    pub(crate) message_bytes_max: usize,
    pub(crate) section_bytes_max: u64,
    pub(crate) views_max: u32,
    pub(crate) direct_bytes_max: u64,
    pub(crate) handles_max: usize,
    /// Whether it is told where lent memory lies.
    pub(crate) tells_addresses: bool,
}

impl Takes {
    /// By the terms of the other side, and the limits of the queue, which are the port's in both directions.
    pub(crate) fn new(terms: &Terms, inline_bytes_max: usize, message_bytes_max: usize) -> Self {
        Self {
            inline_bytes_max: inline_bytes_max.min(message_bytes_max),
            message_bytes_max,
            section_bytes_max: if terms.views_max == 0 { 0 } else { terms.section_bytes_max },
            views_max: terms.views_max,
            direct_bytes_max: terms.direct_bytes_max,
            handles_max: usize::try_from(terms.handles_max).map_or(HANDLES_MAX, |told| told.min(HANDLES_MAX)),
            tells_addresses: false,
        }
    }

    fn limits(&self, is_declared: bool) -> Limits {
        Limits {
            inline_bytes_max: self.inline_bytes_max as u64,
            message_bytes_max: self.message_bytes_max as u64,
            section_bytes_max: self.section_bytes_max,
            direct_bytes_max: self.direct_bytes_max,
            is_declared,
        }
    }

    /// No way is left for so many bytes.
    fn refuse(&self, bytes: usize, is_declared: bool) -> SendError {
        SendError::TooLarge(TooLarge {
            bytes: bytes as u64,
            message_bytes_max: self.message_bytes_max as u64,
            section_bytes_max: self.section_bytes_max,
            direct_bytes_max: self.direct_bytes_max,
            is_declared,
        })
    }
}

/// How the body of a message goes.
#[derive(Debug)]
enum Way {
    Inline,
    /// In the view that goes with the message.
    View,
    /// In a view that was made for it.
    Made(Carrier),
    Direct,
}

impl Post {
    /// A view to fill, of the channel that this link is.
    ///
    /// # Errors
    /// [`SendError`].
    pub(crate) fn view(
        link: &mut Link,
        takes: &Takes,
        bytes: usize,
        deadline: Deadline,
    ) -> Result<ViewMut, SendError> {
        let section_bytes =
            view_bytes(bytes).filter(|_| (1..=takes.section_bytes_max).contains(&(bytes as u64)));
        let block = link.block(section_bytes.ok_or_else(|| takes.refuse(bytes, false))?, deadline)?;
        Ok(ViewMut::new(block, bytes))
    }

    /// Sends a message with all that goes with it. A view is taken out of the message when it has gone.
    ///
    /// # Errors
    /// [`SendError`], with the message as it was.
    #[cold]
    pub(crate) fn send_outgoing(
        &mut self,
        link: &mut Link,
        header: Header,
        message: &mut Outgoing<'_>,
        takes: &Takes,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        let given = message.handles.len();
        if given > takes.handles_max {
            return Err(SendError::TooManyHandles { given, handles_max: takes.handles_max });
        }
        let way = choose_way(link, message, takes, deadline)?;
        let ranges = message.entries(takes.tells_addresses);
        if ranges.len() > RANGES_MAX {
            return Err(SendError::TooManyRanges { given: ranges.len(), max: RANGES_MAX });
        }
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.clear();
        let consent = if message.consents { AttributeSet::SECURITY.bits() } else { 0 };
        let header = Header { valid: consent, ..header };
        let flags = if let Way::Direct = way { BODY } else { 0 };
        let list: Vec<u8> = ranges.iter().flat_map(|entry| entry.as_bytes()).copied().collect();
        attributes.add(Note::Ranges, flags, &list);
        let inline = if let Way::Inline = way { message.body } else { &[] };
        let (carrier, flags) = match way {
            Way::Made(carrier) => (Some(carrier), BODY),
            Way::View => (message.view.take(), BODY),
            Way::Inline | Way::Direct => (message.view.take(), 0),
        };
        let is_made = message.view.is_none() && flags == BODY && !message.body.is_empty();
        let mut cargo = Cargo { carrier, flags, handles: std::mem::take(&mut message.handles) };
        let sent = self.send_carried(link, header, &mut attributes, inline, &mut cargo, takes, deadline);
        self.attributes = attributes;
        if sent.is_err() {
            // What was made for the body is made anew.
            message.view = cargo.carrier.filter(|_| !is_made);
            message.handles = cargo.handles;
        }
        sent
    }

    /// Sends the record with its cargo, which is left where it is if nothing has gone.
    #[expect(clippy::too_many_arguments, reason = "the parts of one message")]
    fn send_carried(
        &mut self,
        link: &mut Link,
        header: Header,
        attributes: &mut AttributeWriter,
        inline: &[u8],
        cargo: &mut Cargo,
        takes: &Takes,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        self.announce_handles(link, attributes, cargo, deadline)?;
        let bytes = cargo.carrier.as_ref().map_or(0, Carrier::bytes);
        let note = ViewNote { bytes: bytes as u64 };
        let mut parcel = Parcel::default();
        match cargo.carrier.take() {
            None => {}
            Some(Carrier::Plain(view)) => {
                if let Err(error) = link.wait_for_blocks(takes.views_max, deadline) {
                    cargo.carrier = Some(Carrier::Plain(view));
                    return Err(error.into());
                }
                attributes.add(Note::View, cargo.flags, note.as_bytes());
                parcel.blocks.push(view.into_block());
            }
            Some(Carrier::Secure(view)) => {
                let sealed = view.seal().map_err(|refusal| SendError::Channel(refusal.into()))?;
                attributes.add(Note::View, cargo.flags | SECURE, note.as_bytes());
                parcel.descriptors.push(sealed);
            }
            Some(Carrier::Sealed(sealed, _)) => {
                attributes.add(Note::View, cargo.flags | SECURE, note.as_bytes());
                parcel.descriptors.push(sealed);
            }
        }
        let is_sealed = !parcel.descriptors.is_empty();
        let sent_before = handles_before(cargo.handles.len());
        parcel.descriptors.extend(cargo.handles.drain(sent_before..));
        self.room.clear();
        let header = attributes.announce(Header { body_bytes: narrow(inline.len()), ..header });
        self.room.extend_from_slice(header.bytes());
        self.room.extend_from_slice(attributes.bytes());
        self.room.extend_from_slice(inline);
        parcel.bytes = &self.room;
        link.send_parcel(parcel, deadline).map_err(|mut unsent| {
            let block = unsent.parcel.blocks.pop().map(|block| Carrier::Plain(ViewMut::new(block, bytes)));
            let mut descriptors = unsent.parcel.descriptors.into_iter();
            let sealed = if is_sealed { descriptors.next() } else { None };
            cargo.carrier = block.or(sealed.map(|sealed| Carrier::Sealed(sealed, bytes)));
            cargo.handles.extend(descriptors);
            unsent.error.into()
        })
    }

    /// Says how many handles there are, and sends those that don't fit the record ahead of it. They are copies: until
    /// the record has gone, the message has its own.
    fn announce_handles(
        &mut self,
        link: &mut Link,
        attributes: &mut AttributeWriter,
        cargo: &Cargo,
        deadline: Deadline,
    ) -> Result<(), SendError> {
        if cargo.handles.is_empty() {
            return Ok(());
        }
        self.groups += 1;
        let note = HandlesNote { handles: cargo.handles.len() as u64, group: self.groups };
        attributes.add(Note::Handles, 0, note.as_bytes());
        let header = Header::new(Word::Handles, self.groups, 0);
        for some in cargo.handles[..handles_before(cargo.handles.len())].chunks(HANDLES_PER_RECORD) {
            let copies = some.iter().map(cabotage_os::descriptor::duplicate).collect::<Result<_, _>>();
            let descriptors = copies.map_err(|refusal| SendError::Channel(refusal.into()))?;
            let parcel = Parcel { bytes: header.bytes(), blocks: Vec::new(), descriptors };
            link.send_parcel(parcel, deadline).map_err(|unsent| SendError::from(unsent.error))?;
        }
        Ok(())
    }
}

/// What goes with a message beside its body.
#[derive(Debug)]
struct Cargo {
    carrier: Option<Carrier>,
    /// Of the view.
    flags: u16,
    handles: Vec<OwnedFd>,
}

/// How many handles one record carries, beside the memory of a secure view.
const HANDLES_PER_RECORD: usize = DESCRIPTORS_MAX - 1;

/// How many of so many handles go ahead of the record: whole records of them, so that the last one has the rest.
fn handles_before(handles: usize) -> usize {
    handles.saturating_sub(1) / HANDLES_PER_RECORD * HANDLES_PER_RECORD
}

/// The way of the body, which is put into a view if that is it.
fn choose_way(
    link: &mut Link,
    message: &Outgoing<'_>,
    takes: &Takes,
    deadline: Deadline,
) -> Result<Way, SendError> {
    let (bytes, is_declared) = (message.body.len(), message.is_body_lent);
    let mut limits = takes.limits(is_declared);
    if let Some(view) = &message.view {
        if view.bytes() as u64 > takes.section_bytes_max {
            return Err(takes.refuse(view.bytes(), false));
        }
        if bytes == 0 {
            return Ok(Way::View);
        }
        // A message has one view.
        limits.section_bytes_max = 0;
    }
    let technique =
        choose(bytes as u64, message.technique, &limits).map_err(|_| takes.refuse(bytes, is_declared))?;
    Ok(match technique {
        Technique::Inline => Way::Inline,
        Technique::Direct => Way::Direct,
        Technique::Section => {
            // Before memory is made that could not go.
            link.wait_for_blocks(takes.views_max, deadline)?;
            let mut view = Post::view(link, takes, bytes, deadline)?;
            view.write_at(0, message.body).map_err(SendError::of_map)?;
            Way::Made(Carrier::Plain(view))
        }
        Technique::SecureSection => {
            let mut view = SecureViewMut::create(bytes).map_err(SendError::of_draft)?;
            view.write_at(0, message.body).map_err(SendError::of_draft)?;
            Way::Made(Carrier::Secure(view))
        }
    })
}

fn narrow(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_record_has_the_rest_of_the_handles_and_always_some() {
        let before = [0, 1, 63, 64, 126, 127, 512].map(handles_before);
        assert_eq!(before, [0, 0, 0, 63, 63, 126, 504]);
    }
}
