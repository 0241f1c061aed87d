// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the server says to a client that threads share: its messages as they come from a link in many hands.

use cabotage_link::Letter;
use cabotage_os::sealed::Sealed;

use crate::error::{ChannelFault, Loss};
use crate::rules::view_bytes;
use crate::wire::{Attributes, BODY, Head, Note, SECURE, ViewNote, WireError, Word};

/// What the server said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The answer to a request.
    Reply(u64, Vec<u8>),
    /// A request gets no answer.
    Lost(u64, Loss),
    /// Something that wants no answer.
    Datagram(Vec<u8>),
    /// Something that wants an answer.
    Callback(u64),
    /// Nothing that anybody has to know.
    Nothing,
}

/// Understands a message of the server's, whose bodies through the queue are at most so long.
pub(super) fn understand(letter: Letter, bytes_max: usize) -> Result<Said, ChannelFault> {
    let head = Head::parse(&letter.bytes, letter.bytes.len())?;
    if head.body_bytes > bytes_max {
        return Err(WireError::TooLong { bytes: head.body_bytes, bytes_max }.into());
    }
    Ok(match head.word {
        Word::Reply => Said::Reply(head.id, body_of(letter, &head)?),
        Word::Lost => Said::Lost(head.id, Loss::told(head.about)),
        Word::Datagram => Said::Datagram(body_of(letter, &head)?),
        Word::Request => Said::Callback(head.id),
        // Handles that nobody takes are closed with the letter.
        Word::Cancel | Word::Handles => Said::Nothing,
        word => return Err(ChannelFault::OutOfTurn(word.name())),
    })
}

/// The body, whichever way it came.
fn body_of(letter: Letter, head: &Head) -> Result<Vec<u8>, WireError> {
    let Letter { bytes: mut message, blocks, descriptors } = letter;
    for attribute in Attributes::new(&message[head.attributes_at()..head.body_at()]) {
        let (note, told) = attribute?;
        if Note::of(note.kind) != Some(Note::View) || note.flags & BODY == 0 {
            continue;
        }
        let bytes = ViewNote::parse(told).and_then(|view| usize::try_from(view.bytes).ok());
        let bytes = bytes.ok_or(WireError::View)?;
        if note.flags & SECURE != 0 {
            let memory = descriptors.into_iter().next().zip(view_bytes(bytes));
            let sealed = memory.and_then(|(memory, size)| Sealed::admit(memory, size as u64).ok());
            let view = sealed.as_ref().and_then(|sealed| sealed.get(..bytes));
            return Ok(view.ok_or(WireError::View)?.to_vec());
        }
        let block = blocks.first().filter(|block| bytes <= block.bytes()).ok_or(WireError::View)?;
        let mut copy = vec![0; bytes];
        block.copy_at(0, &mut copy).map_err(|_| WireError::View)?;
        return Ok(copy);
    }
    Ok(message.split_off(head.body_at()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Header;

    fn letter(header: &Header, rest: &[u8]) -> Letter {
        Letter { bytes: [header.bytes(), rest].concat(), blocks: Vec::new(), descriptors: Vec::new() }
    }

    #[test]
    fn a_reply_is_understood_and_one_without_its_view_is_refused() {
        let plain = letter(&Header::new(Word::Reply, 7, 4), b"body");
        assert_eq!(understand(plain, 100), Ok(Said::Reply(7, b"body".to_vec())));
        let mut attributes = crate::wire::AttributeWriter::default();
        attributes.add(Note::View, BODY, ViewNote { bytes: 10 }.as_bytes());
        let header = attributes.announce(Header::new(Word::Reply, 7, 0));
        let viewless = understand(letter(&header, attributes.bytes()), 100);
        assert_eq!(viewless, Err(WireError::View.into()));
    }

    #[test]
    fn what_a_server_does_not_say_to_a_client_ends_the_channel() {
        for word in [Word::Connect, Word::Accept, Word::Refuse, Word::Copy, Word::Copied] {
            let said = understand(letter(&Header::new(word, 1, 0), b""), 100);
            assert_eq!(said, Err(ChannelFault::OutOfTurn(word.name())));
        }
        let long = understand(letter(&Header::new(Word::Datagram, 0, 200), &[0; 200]), 100);
        assert_eq!(long, Err(WireError::TooLong { bytes: 200, bytes_max: 100 }.into()));
        assert_eq!(
            understand(Letter { bytes: vec![0; 5], blocks: Vec::new(), descriptors: Vec::new() }, 9),
            Err(WireError::Short.into())
        );
    }
}
