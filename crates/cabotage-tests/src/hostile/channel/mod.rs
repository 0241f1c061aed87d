// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guarded channel among peers that lie: consumers that knock on an honest producer, and producers that publish a
//! name for an honest consumer. Both speak links, and say a few words of their own on top ([`fields`]).
//!
//! The victim is one end of one channel, so the honest peer comes after the liar, and takes its place: what it then
//! gets must be whole, in order, and begin exactly where the liar had stopped.

pub mod consumers;
pub mod fields;
pub mod harbour;
pub mod liar;
pub mod producers;
pub mod script;
pub mod victim_consumer;
pub mod victim_producer;

use cabotage_link::names::{Registry, Scope};
use cabotage_shm::{ChannelOptions, Name};

/// The name of the channel that is attacked.
const NAME: &str = "stream";

fn name() -> Name {
    Name::parse("/stream").expect("a name")
}

/// Channels of the smallest ring, for every user.
fn options(registry: &Registry) -> ChannelOptions {
    ChannelOptions::new().registry(registry).scope(Scope::System).mode(0o666).capacity_bytes(4096)
}

/// What a liar says of its lie.
#[derive(Debug, Clone, Copy)]
struct Told {
    times: u32,
    must_be_found: bool,
    has_ended: bool,
    /// Whether the victim had hung up before the liar said goodbye.
    was_evicted: bool,
    /// How many messages it had taken by then.
    messages: u32,
}

impl Told {
    #[track_caller]
    fn parse(answer: &str) -> Self {
        let words: Vec<&str> = answer.split(' ').collect();
        let &[times, must_be_found, has_ended, was_evicted, messages] = &words[..] else {
            panic!("{answer}")
        };
        Self {
            times: times.parse().expect("a number"),
            must_be_found: must_be_found == "true",
            has_ended: has_ended == "true",
            was_evicted: was_evicted == "true",
            messages: messages.parse().expect("a number"),
        }
    }
}
