// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages written by hand from the description of the protocol, and not by the library's code: what liars say.

#![allow(dead_code, reason = "each test file uses its own part")]

/// The words of the protocol, as their description numbers them.
pub(crate) const CONNECT: u16 = 1;
pub(crate) const ACCEPT: u16 = 2;
pub(crate) const REQUEST: u16 = 4;
pub(crate) const REPLY: u16 = 5;
pub(crate) const DATAGRAM: u16 = 6;
pub(crate) const CANCEL: u16 = 7;
pub(crate) const LOST: u16 = 8;
pub(crate) const COPY: u16 = 9;
pub(crate) const COPIED: u16 = 10;

/// A header, attributes and a body as they go.
pub(crate) fn message(word: u16, id: u64, about: u64, attributes: &[u8], body: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_ne_bytes();
    let mut bytes = [id.to_ne_bytes(), about.to_ne_bytes()].concat();
    bytes.extend([length(body), length(attributes), [0; 4]].concat());
    bytes.extend([word.to_ne_bytes(), [0; 2]].concat());
    bytes.extend([attributes, body].concat());
    bytes
}

/// The same as the other end writes it where there is nothing but a body.
pub(crate) fn short(word: u64, id: u64, body: &[u8]) -> Vec<u8> {
    [&(1 << 63 | word << 56 | id).to_ne_bytes(), body].concat()
}

/// One attribute, whose content is words.
pub(crate) fn attribute(kind: u16, flags: u16, words: &[u64]) -> Vec<u8> {
    let mut bytes = [kind.to_ne_bytes(), flags.to_ne_bytes()].concat();
    bytes.extend(u32::try_from(words.len() * 8).unwrap().to_ne_bytes());
    bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    bytes
}
