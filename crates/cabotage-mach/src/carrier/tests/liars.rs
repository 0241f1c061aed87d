// SPDX-License-Identifier: MIT OR Apache-2.0
//! Peers that say what is not theirs to say: each loses its own link, and nobody else notices.

use std::fs::File;
use std::os::fd::OwnedFd;

use cabotage_lane::bytes_of;
use cabotage_link::{Deadline, Link, Parcel};
use cabotage_os::memfd::{Memfd, ONE_WAY};
use cabotage_os::sealed::Region;

use super::machine::{Machine, asking, letter};
use crate::Disposition::{CopySend, MoveSendOnce};
use crate::carrier::desk::{link_over, two_ends};
use crate::carrier::packet::Packet;
use crate::carrier::rules::Amount;
use crate::carrier::wire::{self, Carried, Claim, Draft, To, Welcome, Word};
use crate::kernel::Notification;
use crate::kernel::messages::WhenFull;
use crate::{Name, Right};

/// An owner, an honest holder of a right to its port, and a link of the same kind in the hands of a liar.
struct Harm {
    owner: Machine,
    port: Name,
    honest: Machine,
    right: Name,
    liar: Link,
}

impl Harm {
    fn new() -> Self {
        let (owner, honest) = (Machine::new(), Machine::new());
        let port = owner.port();
        let right = owner.give(port, &honest);
        let mut liar = link_over(owner.end_for(port)).unwrap();
        // Its library answers, as anybody's.
        while liar.try_receive().unwrap().is_none() {}
        Self { owner, port, honest, right, liar }
    }

    fn say(&mut self, bytes: &[u8], descriptors: Vec<OwnedFd>) {
        for _ in 0..1000 {
            let parcel = Parcel { bytes, descriptors: copies(&descriptors), ..Parcel::default() };
            match self.liar.send_parcel(parcel, Deadline::Now) {
                Ok(()) => break,
                Err(_) => self.owner.look(),
            }
        }
        self.owner.look();
    }

    fn message(&mut self, draft: Draft) {
        for packet in Packet::of_message(draft, b"", 0, true) {
            self.say(&packet.bytes, packet.descriptors);
        }
    }

    /// The liar's link is over, its right is gone, and the honest holder goes on.
    fn ends(mut self, what: &str) {
        self.owner.until(|owner| (owner.send_rights(self.port) == 1).then_some(()));
        while self.owner.try_receive(self.port).is_some() {}
        self.goes_on(what);
        assert!(self.liar.receive(Deadline::Never).map(drop).is_err(), "{what}");
    }

    fn goes_on(&mut self, what: &str) {
        let reply = self.honest.port();
        let sent = self.honest.try_send(asking(7, self.right, reply), WhenFull::GiveBack);
        assert!(sent.is_ok(), "{what}");
        let asked = self.owner.receive(self.port);
        self.owner.send(letter(8, (asked.reply.0, MoveSendOnce)));
        assert_eq!(self.honest.receive(reply).header.id, 8, "{what}");
    }
}

fn copies(descriptors: &[OwnedFd]) -> Vec<OwnedFd> {
    descriptors.iter().map(|descriptor| descriptor.try_clone().unwrap()).collect()
}

fn nothing() -> OwnedFd {
    File::open("/dev/null").unwrap().into()
}

#[test]
fn whoever_says_what_is_not_its_to_say_loses_its_own_link_alone() {
    let welcome = Welcome { port: 1, secret: 2, limit: 3, sealed: 4, sealed_bytes: 5 };
    let limit = 9_u32.to_ne_bytes();
    let lies: [(&str, Vec<u8>, Vec<OwnedFd>); 11] = [
        ("no record", b"nonsense".to_vec(), vec![]),
        ("a welcome of a holder", wire::welcome(&welcome), vec![]),
        ("a limit of a holder", wire::bare(Word::Taken, 0, 0, &limit), vec![]),
        ("the death of another's port", wire::bare(Word::Died, 0, 0, &[]), vec![]),
        ("a count of a holder", wire::bare(Word::Release, 0, 1, &[]), vec![]),
        ("a token that was never granted", wire::bare(Word::Unused, 9, 0, &[]), vec![]),
        ("the same with a link", wire::bare(Word::Materialise, 9, 0, &[]), vec![nothing()]),
        ("a fork without a link", wire::bare(Word::Fork, 9, 0, &[]), vec![]),
        ("an answer that nobody asked for", wire::bare(Word::Detached, 9, 0, &[]), vec![]),
        ("a link for a right that it is not", wire::bare(Word::Detach, 0, 0, &[]), vec![nothing()]),
        ("descriptors that did not come", wire::ahead(2, 0), vec![nothing()]),
    ];
    for (what, bytes, descriptors) in lies {
        let mut harm = Harm::new();
        harm.say(&bytes, descriptors);
        harm.ends(what);
    }
}

#[test]
fn whoever_sends_more_sealed_memory_than_may_wait_loses_its_link() {
    let mut harm = Harm::new();
    let pieces = |count| {
        let mut draft = Draft::new(1, To::Port, true);
        (0..count).for_each(|_| draft.sealed(Region::create("liar", 1).unwrap().seal().unwrap()));
        draft
    };
    let most = Amount::MAX.pieces;
    let port = harm.port;
    for count in 1..=2 {
        harm.message(pieces(most / 2));
        harm.owner.until(|owner| (owner.queued_messages(port) == count).then_some(()));
    }
    harm.message(pieces(1));
    // What waits was sent by its right, and stays.
    harm.owner.until_send_rights(port, 1 + 2);
    (0..2).for_each(|_| assert_eq!(harm.owner.receive(port).items.len(), most as usize / 2));
    harm.ends("a piece more");
}

#[test]
fn whoever_uses_send_once_rights_that_it_does_not_have_loses_its_link() {
    let by_token = || Draft::new(1, To::Token(5), false);
    let mut home = Draft::new(1, To::Port, false);
    home.reply(Carried::Home(5), None);
    let mut own = Draft::new(1, To::Port, true);
    own.right(Carried::OwnOnce, None);
    let mut twice = Draft::new(1, To::Port, true);
    twice.right(Carried::Token(5), None);
    twice.right(Carried::Token(5), None);
    let drafts = [
        ("to a token", by_token()),
        ("a token home", home),
        ("a token twice", twice),
        ("to what moves", own),
    ];
    for (what, draft) in drafts {
        let mut harm = Harm::new();
        harm.message(draft);
        harm.ends(what);
    }
}

#[test]
fn whoever_sends_more_than_the_queue_takes_loses_its_link() {
    let mut harm = Harm::new();
    for id in 0..6 {
        harm.message(Draft::new(id, To::Port, false));
    }
    harm.owner.until(|owner| (owner.send_rights(harm.port) <= 6).then_some(()));
    (0..5).for_each(|id| assert_eq!(harm.owner.receive(harm.port).header.id, id));
    harm.ends("a flood");
}

#[test]
fn whoever_has_given_its_right_back_sends_nothing_more() {
    for after in [wire::bare(Word::Release, 0, 0, &[]), wire::bare(Word::Fork, 1, 0, &[])] {
        let mut harm = Harm::new();
        harm.say(&wire::bare(Word::Release, 0, 0, &[]), vec![]);
        harm.owner.until_send_rights(harm.port, 1);
        let descriptors = if after[0] == Word::Fork as u8 + 1 { vec![nothing()] } else { vec![] };
        harm.say(&after, descriptors);
        harm.ends("after the end");
    }
}

#[test]
fn a_fork_that_brings_no_end_of_a_link_gives_nobody_a_right() {
    let mut harm = Harm::new();
    harm.say(&wire::bare(Word::Fork, 3, 0, &[]), vec![nothing()]);
    assert_eq!(harm.owner.send_rights(harm.port), 2);
    harm.goes_on("a strange fork");
}

#[test]
fn a_flood_of_forks_is_cut_off_and_their_links_go_with_their_makers() {
    let mut harm = Harm::new();
    let mut kept = Vec::new();
    for fork in 1..400 {
        let (owners, theirs) = two_ends().unwrap();
        harm.say(&wire::bare(Word::Fork, fork, 0, &[]), vec![owners]);
        kept.push(theirs);
    }
    harm.owner.look();
    assert!(harm.owner.counts().1 <= 2 + 256, "{:?}", harm.owner.counts());
    harm.goes_on("a flood of forks");
    drop(kept);
    harm.owner.until_send_rights(harm.port, 2);
}

#[test]
fn a_claim_to_our_own_port_without_its_fork_brings_no_right_of_our_own() {
    let mut harm = Harm::new();
    let known = {
        let port = harm.owner.call(|kernel, space| kernel.receive_right(space, harm.port)).unwrap();
        harm.owner.carrier.desk().own_claim(port).unwrap()
    };
    let before = harm.owner.send_rights(harm.port);
    for fork in [0, 77] {
        let (_mine, theirs) = two_ends().unwrap();
        let mut draft = Draft::new(1, To::Port, true);
        draft.right(Carried::Send { claim: Some(known), fork }, Some(theirs));
        harm.message(draft);
        let received = harm.owner.receive(harm.port);
        let [name] = super::machine::brought(&received)[..] else { panic!("{received:?}") };
        assert_ne!(name, harm.port);
        assert_eq!(harm.owner.send_rights(harm.port), before);
    }
}

#[test]
fn memory_that_can_still_be_written_or_is_none_ends_the_link_of_whoever_calls_it_sealed() {
    let writable = || OwnedFd::from(Memfd::create("test", 4096).unwrap());
    let one_way = || {
        let memory = Memfd::create("test", 4096).unwrap();
        memory.seal(ONE_WAY).unwrap();
        OwnedFd::from(memory)
    };
    let shorter = || OwnedFd::from(Region::create("test", 100).unwrap().seal().unwrap());
    let lies = [
        ("writable", writable()),
        ("one-way", one_way()),
        ("another size", shorter()),
        ("a device", nothing()),
    ];
    for (what, memory) in lies {
        let mut harm = Harm::new();
        let mut draft = Draft::new(1, To::Port, true);
        draft.sealed(Region::create("test", 4096).unwrap().seal().unwrap());
        draft.descriptors = vec![memory];
        harm.message(draft);
        harm.ends(what);
    }
}

/// A liar that plays the owner, and a machine that holds a right to its port.
fn held(claim: Option<Claim>) -> (Link, Machine, Name) {
    let holder = Machine::new();
    let (mine, theirs) = two_ends().unwrap();
    let name = holder.take_end(theirs);
    if claim.is_some() {
        let mut desk = holder.carrier.desk();
        let key = desk.set.keys().next().unwrap();
        desk.ends.get_mut(key).unwrap().claim = claim;
    }
    (link_over(mine).unwrap(), holder, name)
}

#[test]
fn an_owner_that_lies_is_a_dead_name() {
    let welcome = Welcome { port: 1, secret: 2, limit: 3, sealed: 4, sealed_bytes: 5 };
    let another = Claim { pid: 1, uid: 2, port: 1, secret: 3 };
    let count = wire::bare(Word::Taken, 0, 1, bytes_of(&3_u32));
    let fork = wire::bare(Word::Release, 0, 0, &[]);
    let lies = [
        ("another port than was claimed", Some(another), vec![wire::welcome(&welcome)]),
        ("two welcomes", None, vec![wire::welcome(&welcome); 2]),
        ("more taken than sent", None, vec![wire::welcome(&welcome), count]),
        ("an owner that gives its right back", None, vec![fork]),
    ];
    for (what, claim, records) in lies {
        let (mut liar, holder, name) = held(claim);
        for record in records {
            liar.send(&record, Deadline::Never).unwrap();
        }
        holder.until(|holder| holder.type_of(name).has(Right::DeadName).then_some(()));
        assert!(liar.receive(Deadline::Never).map(drop).is_err(), "{what}");
    }
}

#[test]
fn a_question_to_an_owner_that_is_cut_off_has_a_notification_for_an_answer() {
    let (mut liar, holder, name) = held(None);
    let reply = holder.port();
    holder.send(asking(1, name, reply));
    liar.send(b"nonsense", Deadline::Never).unwrap();
    assert_eq!(holder.receive(reply).header.id, Notification::SEND_ONCE_ID);
    assert!(holder.try_send(letter(1, (name, CopySend)), WhenFull::GiveBack).is_err());
}
