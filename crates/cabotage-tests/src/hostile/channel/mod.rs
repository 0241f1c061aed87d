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

use super::campaign::Plan;
use super::field::Field;
use super::lie::{Lie, Manner};
use super::values::Value;
use crate::random::Random;

/// The name of the channel that is attacked.
const NAME: &str = "stream";

fn name() -> Name {
    Name::parse("/stream").expect("a name")
}

/// Channels of the smallest ring, for every user.
fn options(registry: &Registry) -> ChannelOptions {
    ChannelOptions::new().registry(registry).scope(Scope::System).mode(0o666).capacity_bytes(4096)
}

/// Which lies are told: about every field that this side writes, with every value, in both manners.
fn lies(plan: &Plan, random: &mut Random, is_written: fn(&Field) -> bool) -> Vec<Lie> {
    let mut lies = Vec::new();
    let fields = fields::all().filter(|field| is_written(field) && field.name.starts_with(&plan.field));
    for field in fields {
        for value in Value::all(random.any()) {
            for manner in [Manner::Static, Manner::Racing] {
                let can_be = manner == Manner::Static || field.place.can_race();
                if can_be && random.below(plan.one_in) == 0 {
                    lies.push(Lie { field, value, manner });
                }
            }
        }
    }
    lies
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
