// SPDX-License-Identifier: MIT OR Apache-2.0
//! A link with quotas whose other end writes any record and any word: what is read, peeked at, written and taken back
//! then.

use std::time::Duration;

use cabotage_link::metered::{Begun, Framing, Interest, Metered, ReadMode, Shape};
use cabotage_link::{Link, Options, Wait};
use cabotage_os::Deadline;
use cabotage_os::socket::Socket;

use super::input::Input;
use crate::hostile::frames;
use crate::hostile::liar::Liar;
use crate::hostile::link_fields::{frame, tag, word};

const WORDS: [usize; 8] = [
    word::CONSUMED,
    word::ARMED,
    word::WANTS_ROOM,
    word::CLOSED,
    word::TAKING,
    word::WITHDRAWN,
    word::LAST,
    word::FREED,
];
const TAGS: [u8; 8] =
    [tag::PLAIN, tag::FIRST, tag::MORE, tag::BLOCK, tag::ATTACHED, tag::CONTINUE, tag::RETIRE, tag::PAD];
const QUOTA_BYTES: u64 = 100;

/// Steps of one byte each, of the liar and of its victim.
pub(super) fn link(data: &[u8]) {
    let mut input = Input(data);
    let framing = if input.u8().is_multiple_of(2) { Framing::Bytes } else { Framing::Messages };
    let (near, end) = Link::pair(Options::new().wait(Wait::Block)).expect("a pair");
    let shape = Shape { framing, out_quota_bytes: QUOTA_BYTES, in_quota_bytes: QUOTA_BYTES };
    let mut victim = Victim { pipe: Metered::over(near, shape), is_over: false };
    let socket = Socket::admit(end.into_fd().expect("an end")).expect("a socket");
    let mut liar = Liar::new(socket, None, Duration::ZERO);
    liar.say(frames::hello(None), &[]);
    liar.hand_over();
    while !input.is_empty() {
        match input.u8() % 8 {
            0..=2 => lie(&mut liar, &mut input),
            3 => liar.ring(),
            4 => {
                let at = WORDS[usize::from(input.u8()) % WORDS.len()];
                liar.set(at, input.number());
            }
            _ => victim.act(&mut input),
        }
        liar.hear();
    }
}

/// A record whose tag, head and length are any.
fn lie(liar: &mut Liar, input: &mut Input<'_>) {
    let tag = TAGS[usize::from(input.u8()) % TAGS.len()];
    let mut body =
        if input.u8().is_multiple_of(4) { Vec::new() } else { input.number().to_le_bytes().to_vec() };
    body.resize(body.len() + usize::from(input.u8()), 7);
    match input.u8() % 8 {
        0 => liar.write_under(frames::header(tag, usize::from(input.u8()) * 16), &body),
        1 => drop(liar.say(vec![[frame::BYE, frame::BELL][usize::from(input.u8() % 2)]], &[])),
        _ => drop(liar.write_if_room(tag, &body)),
    }
}

struct Victim {
    pipe: Metered,
    /// Whether a read has said that the link is over: then it is, for ever.
    is_over: bool,
}

impl Victim {
    fn act(&mut self, input: &mut Input<'_>) {
        let mut target = vec![0; usize::from(input.u8())];
        match input.u8() % 8 {
            0 => {
                if let Ok(seen) = self.pipe.peek(&mut target) {
                    assert!(seen.bytes <= target.len() && seen.bytes as u64 <= seen.available_bytes);
                }
            }
            1 => drop(self.pipe.write(&target, Deadline::Now)),
            2 => drop(self.pipe.write_beyond_quota(&target, Deadline::Now)),
            3 => {
                if let Ok(Begun::Pending(id)) = self.pipe.begin_write(&target) {
                    let _ = self.pipe.is_complete(id);
                    if target.len().is_multiple_of(2) {
                        let _ = self.pipe.cancel_write(id);
                    }
                }
            }
            4 => drop((self.pipe.unread_bytes(), self.pipe.wait_until_read(Deadline::Now))),
            5 => drop(self.pipe.ready(Interest::Both)),
            mode => {
                let mode = if mode == 6 { ReadMode::Bytes } else { ReadMode::Message };
                match self.pipe.read(&mut target, mode, Deadline::Now) {
                    Ok(read) => assert!(read.bytes <= target.len() && !self.is_over),
                    Err(error) => self.is_over |= error != cabotage_link::metered::ReadError::Nothing,
                }
            }
        }
    }
}
