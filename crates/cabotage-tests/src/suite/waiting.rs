// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting on a descriptor, alone or with others: whoever asks before each wait misses nothing, wherever the record
//! comes in between.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use cabotage_link::{Event, LinkError, LinkSet};
use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::poll::{self, Readiness};
use cabotage_os::{Deadline, seam};

use super::player::Partner;
use super::{Case, Player, body, soon};
use crate::random::Random;
use crate::record::InOrder;
use crate::scratch::Scratch;
use crate::transport::{Ability, End, Side, Told};

/// Receives by the rule: look, ask whether to wait, wait on the descriptor.
#[track_caller]
fn receive_by_descriptor(end: &mut dyn End) -> Result<Vec<u8>, Told> {
    loop {
        match end.receive(Deadline::Now) {
            Err(Told::Nothing) => {}
            answer => return answer,
        }
        if end.must_wait()? {
            let fd = end.descriptor()?;
            let [found] = poll::wait([(fd, Readiness::IN)], soon()).expect("a wait");
            assert!(!found.is_empty(), "nobody rang");
        }
    }
}

pub(super) const fn no_record_is_missed_in_any_gap_before_a_wait() -> Case {
    Case {
        needs: &[Ability::Pollable],
        sender: |player| {
            let mut sent = 0;
            while player.next_word() == "send" {
                player.send(&body(sent));
                sent += 1;
                player.tell("sent");
            }
        },
        receiver: |player| {
            let mut number = 0;
            // More than once: an end that has met its peer, or was armed before, goes other ways.
            for _ in 0..3 {
                let mut nth = 0;
                while receive_with_an_intruder(player, nth, number) {
                    (nth, number) = (nth + 1, number + 1);
                }
                number += 1;
            }
            player.tell("enough");
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

/// Receives record `number`, which is sent just before the `nth` call on the way into a wait; answers whether there
/// was such a call.
fn receive_with_an_intruder(player: &mut Player, nth: u64, number: u64) -> bool {
    let partner = std::mem::replace(&mut player.partner, Partner::Far(Vec::new()));
    let partner = Rc::new(RefCell::new(partner));
    let intruder = Rc::clone(&partner);
    let send = move || {
        let mut partner = intruder.borrow_mut();
        partner.tell("send");
        assert_eq!(partner.next_word(), "sent");
    };
    let calls = seam::calls();
    let plan = seam::before_nth(nth, send.clone());
    let must_wait = player.end().must_wait().expect("an answer");
    let gaps = seam::calls() - calls;
    if !plan.has_come() && (nth > gaps || !must_wait) {
        drop(plan);
        send();
    }
    if must_wait {
        let fd = player.end().descriptor().expect("a descriptor");
        let [found] = poll::wait([(fd, Readiness::IN)], soon()).expect("a wait");
        assert!(!found.is_empty(), "a record came before call {nth} of {gaps}, and nobody rang");
    }
    drop(send);
    assert_eq!(receive_by_descriptor(player.end()), Ok(body(number)));
    player.partner = Rc::into_inner(partner).expect("the plan is over").into_inner();
    nth < gaps
}

pub(super) const fn who_asks_before_each_wait_sees_every_record() -> Case {
    Case {
        needs: &[Ability::Pollable],
        sender: |player| {
            let mut random = Random::of_today("pauses of the sender");
            for number in 0..1_500 {
                player.send_numbers(number..number + 1);
                for _ in 0..1 << random.below(14) {
                    std::hint::spin_loop();
                }
            }
        },
        receiver: |player| {
            let mut order = InOrder::from(1, 0);
            for _ in 0..1_500 {
                let record = receive_by_descriptor(player.end()).expect("a record");
                let mark = order.take(&record).expect("the next record");
                player.catch_up_after(mark.number);
            }
            assert_eq!(receive_by_descriptor(player.end()), Err(Told::Closed));
        },
        ..Case::PLAIN
    }
}

pub(super) const fn a_wait_on_the_descriptor_ends_with_the_last_news() -> Case {
    Case {
        needs: &[Ability::Pollable],
        sender: |player| {
            player.send_numbers(0..1);
            player.hear("waiting");
            player.take_end().close();
            player.hear("told");
        },
        receiver: |player| {
            player.receive_numbers(0..1);
            assert_eq!(player.end().must_wait(), Ok(true));
            player.tell("waiting");
            assert_eq!(receive_by_descriptor(player.end()), Err(Told::Closed));
            player.tell("told");
        },
        ..Case::PLAIN
    }
}

const ENDS: usize = 4;
const EACH: u64 = 300;

/// Several ends, each at a place of its own with a far process of its own.
fn several(player: &mut Player) -> (Vec<Scratch>, Vec<Box<dyn End>>) {
    let places: Vec<_> = (1..ENDS).map(|_| Scratch::new()).collect();
    let mut ends = vec![player.take_end()];
    ends.extend(places.iter().map(|place| player.open_at(place)));
    (places, ends)
}

pub(super) const fn one_poller_serves_several_ends() -> Case {
    Case {
        needs: &[Ability::Pollable, Ability::WaitsForTheSlow],
        near: Some(Side::Receiver),
        sender: |player| player.send_numbers(0..EACH),
        receiver: |player| {
            let (places, mut ends) = several(player);
            let poller = Poller::new().expect("a poller");
            for (token, end) in (0..).zip(&ends) {
                let fd = end.descriptor().expect("a descriptor");
                poller.add(fd, token, Readiness::IN, Trigger::Level).expect("to be watched");
            }
            let mut orders: Vec<_> = ends.iter().map(|_| InOrder::from(1, 0)).collect();
            let mut open = ENDS;
            while open > 0 {
                open = 0;
                for (end, order) in ends.iter_mut().zip(&mut orders) {
                    open += usize::from(drain(&mut **end, order));
                }
                if open > 0 {
                    poller.wait(&mut Events::with_capacity(ENDS), soon()).expect("a wait");
                }
            }
            assert!(orders.iter().all(|order| order.next() == EACH), "{orders:?}");
            drop((poller, ends));
            places.iter().for_each(|place| player.transport.clean(place));
        },
        ..Case::PLAIN
    }
}

/// Receives until the end may be waited on, or is over; answers whether it is not.
fn drain(end: &mut dyn End, order: &mut InOrder) -> bool {
    loop {
        match end.receive(Deadline::Now) {
            Ok(record) => drop(order.take(&record).expect("the next record")),
            Err(Told::Nothing) if end.must_wait().expect("an answer") => return true,
            Err(Told::Nothing) => {}
            Err(told) => {
                assert_eq!(told, Told::Closed);
                return false;
            }
        }
    }
}

pub(super) const fn one_set_serves_several_ends() -> Case {
    Case {
        needs: &[Ability::Sets],
        near: Some(Side::Receiver),
        sender: |player| player.send_numbers(0..EACH),
        receiver: |player| {
            let (places, ends) = several(player);
            let mut set = LinkSet::new().expect("a set");
            for end in ends {
                end.join_set(&mut set).expect("an open link");
            }
            let mut orders = HashMap::new();
            while !set.is_empty() {
                match set.receive(soon()).expect("an event") {
                    Event::Message(key, message) => {
                        let order = orders.entry(key).or_insert_with(|| InOrder::from(1, 0));
                        order.take(&message.to_vec()).expect("the next record");
                    }
                    Event::Ended(key, why) => {
                        assert_eq!(why, LinkError::Closed);
                        assert_eq!(orders[&key].next(), EACH);
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(orders.len(), ENDS);
            drop(set);
            places.iter().for_each(|place| player.transport.clean(place));
        },
        ..Case::PLAIN
    }
}
