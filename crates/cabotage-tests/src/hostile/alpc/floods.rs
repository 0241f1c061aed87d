// SPDX-License-Identifier: MIT OR Apache-2.0
//! Too much of what clients of ALPC may say.

use std::time::Duration;

use super::fields::{RANGE_BYTES, attribute, message, said};
use super::liar::meet;
use super::script::{self, ACCEPTED, BREACHES, CLIENT, wish};
use crate::hostile::attacker::act;
use crate::hostile::gushes::{Flood, Flooder, Source, breach, connection};
use crate::hostile::liar::{A_MOMENT, Liar};
use crate::hostile::link_fields::tag;
use crate::hostile::script::Step;
use crate::scratch::Scratch;

/// A client that floods. It keeps nothing.
#[derive(Debug, Default)]
pub struct Client;

impl Flooder for Client {
    const FLOODS: &'static [Flood<Self>] = FLOODS;

    fn meet(place: &Scratch, patience: Duration) -> Liar {
        meet(place, None, patience)
    }

    fn welcomed(place: &Scratch) -> Liar {
        let mut liar = meet(place, None, A_MOMENT);
        act(&mut liar, &CLIENT[..ACCEPTED]);
        liar
    }

    fn steps() -> (&'static [Step], &'static [Step]) {
        (CLIENT, BREACHES)
    }
}

/// Each kind.
pub const FLOODS: &[Flood<Client>] = &[
    Flood { name: "connections", gush: connection },
    Flood { name: "datagrams", gush: datagrams },
    Flood { name: "requests-without-a-reader", gush: requests },
    Flood { name: "requests-that-are-kept", gush: kept },
    Flood { name: "views", gush: views },
    Flood { name: "handles", gush: handles },
    Flood { name: "handles-without-a-message", gush: strays },
    Flood { name: "bodies-that-never-come", gush: bodies },
    Flood { name: "breaches", gush: breach },
];

fn datagrams(source: &mut Source<Client>) -> u64 {
    source.gush_of(|liar, _| liar.send(tag::PLAIN, &message(said::DATAGRAM, 0, 0, &[], &[7; 200])))
}

/// The answers to these are never taken.
fn requests(source: &mut Source<Client>) -> u64 {
    source.gush_of(|liar, id| {
        liar.stop_reading();
        liar.write_if_room(tag::PLAIN, &message(said::REQUEST, id, 1, &[], &[7; 200]));
        liar.ring();
    })
}

fn kept(source: &mut Source<Client>) -> u64 {
    source.gush_of(|liar, id| script::request(liar, id, &[wish::KEEP]))
}

fn views(source: &mut Source<Client>) -> u64 {
    source.gush_of(|liar, id| script::send_view(liar, id, b""))
}

fn handles(source: &mut Source<Client>) -> u64 {
    source.gush_of(|liar, id| script::send_handles(liar, id, id, 4))
}

/// Handles whose message never comes, each of another one.
fn strays(source: &mut Source<Client>) -> u64 {
    source.gush_of(|liar, group| script::hand(liar, &message(said::HANDLES, group, 0, &[], b""), 4))
}

/// The body is the range, and is not sent when it is asked for.
fn bodies(source: &mut Source<Client>) -> u64 {
    source.gush_of(|liar, id| {
        let ranges = attribute(2, 1, &[0, RANGE_BYTES, 0]);
        liar.send(tag::PLAIN, &message(said::REQUEST, id, 1, &ranges, &[]));
    })
}
