// SPDX-License-Identifier: MIT OR Apache-2.0
//! Owners, holders and third parties are killed at random moments; whoever is left is told what Mach says.
//!
//! A thousand of each: `cargo test --release -p cabotage-mach --test processes -- --ignored a_thousand_killed`

use std::time::Duration;

use cabotage_mach::{Outgoing, ReceiveRight, RequestError, SendRight};

use crate::support::{
    GIVEN, Harbour, brought, check_in, kill_some_time, look_up, next, role, soon, until_unused, with,
};

#[test]
fn clients_of_a_killed_owner_have_dead_rights_and_no_request_waits_for_ever() {
    kill_owners(100);
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_killed_owners_are_told_of_as_well() {
    kill_owners(1000);
}

fn kill_owners(kills: usize) {
    const TEST: &str = "kills::clients_of_a_killed_owner_have_dead_rights_and_no_request_waits_for_ever";
    if role().is_some() {
        let port = check_in("victim");
        loop {
            let mut asked = next(&port);
            drop(brought_of(&mut asked));
            let _ = asked.reply("answer");
        }
    }
    let harbour = Harbour::new();
    for _ in 0..kills {
        let mut victim = harbour.start(TEST, "owner", None);
        let right = harbour.look_up("victim");
        let own = ReceiveRight::new().unwrap();
        let asking = std::thread::spawn({
            let right = right.copy().unwrap();
            let own = own.make_send().unwrap();
            move || loop {
                let Ok(copy) = right.copy() else { return };
                let question = Outgoing::new(1).with(own.copy().unwrap()).with(copy);
                match right.request_within(question, soon()) {
                    Ok(answer) => assert_eq!(answer.text(), Ok("answer")),
                    Err(RequestError::NoAnswer | RequestError::NotSent(_)) if right.is_dead() => return,
                    Err(RequestError::NoAnswer | RequestError::NotSent(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
        let told = ReceiveRight::new().unwrap();
        let is_alive = right.notify_when_dead(told.make_send_once().unwrap()).is_ok();
        kill_some_time(&mut victim);
        if is_alive {
            assert!(next(&told).into_notification().is_ok());
        }
        asking.join().unwrap();
        until_unused(&own, &ReceiveRight::new().unwrap());
    }
}

fn brought_of(message: &mut cabotage_mach::Message) -> Vec<cabotage_mach::Carried> {
    message.take_carried()
}

#[test]
fn a_killed_holder_is_one_sender_less_and_its_rights_are_dead() {
    kill_holders(100);
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_killed_holders_are_told_of_as_well() {
    kill_holders(1000);
}

fn kill_holders(kills: usize) {
    const TEST: &str = "kills::a_killed_holder_is_one_sender_less_and_its_rights_are_dead";
    if role().is_some() {
        let right = SendRight::inherited(GIVEN).unwrap();
        loop {
            let own = ReceiveRight::new().unwrap();
            let question = Outgoing::new(1)
                .with(right.copy().unwrap())
                .with(own.make_send().unwrap())
                .with(right.copy().unwrap());
            let _ = right.request_within(question, soon());
        }
    }
    let harbour = Harbour::new();
    for _ in 0..kills {
        let port = ReceiveRight::new().unwrap();
        let end = port.make_send().unwrap().to_end().unwrap();
        let mut victim = harbour.start(TEST, "holder", Some(end));
        let mut answered = next(&port);
        answered.reply("first").unwrap();
        let mut rights = brought(answered);
        std::thread::scope(|scope| {
            scope.spawn(|| kill_some_time(&mut victim));
            while let Ok(mut asked) = port.receive_within(Duration::from_millis(50)) {
                let carried = asked.take_carried();
                let _ = asked.reply("next");
                drop(carried);
            }
        });
        // Its own ports are dead; ours is known by our own name.
        rights.retain(|right| right.name() != port.name());
        let told = ReceiveRight::new().unwrap();
        until_unused(&port, &told);
        for right in rights {
            assert!(right.is_dead());
        }
    }
}

#[test]
fn no_sender_is_forgotten_when_givers_and_takers_are_killed() {
    kill_givers_and_takers(100);
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_killed_givers_and_takers_are_told_of_as_well() {
    kill_givers_and_takers(1000);
}

fn kill_givers_and_takers(kills: usize) {
    const TEST: &str = "kills::no_sender_is_forgotten_when_givers_and_takers_are_killed";
    match role().as_deref() {
        Some("giver") => {
            let (right, taker) = (SendRight::inherited(GIVEN).unwrap(), look_up("taker"));
            loop {
                let _ = taker.send_within(with(1, right.copy().unwrap()), soon());
                let _ = right.try_send(Outgoing::new(2));
            }
        }
        Some(_) => {
            let port = check_in("taker");
            loop {
                for right in brought(next(&port)) {
                    let _ = right.try_send(Outgoing::new(3));
                }
            }
        }
        None => {}
    }
    let harbour = Harbour::new();
    for round in 0..kills {
        let port = ReceiveRight::new().unwrap();
        let end = port.make_send().unwrap().to_end().unwrap();
        let mut taker = harbour.start(TEST, "taker", None);
        let mut giver = harbour.start(TEST, "giver", Some(end));
        next(&port);
        let (first, second) =
            if round % 2 == 0 { (&mut giver, &mut taker) } else { (&mut taker, &mut giver) };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                kill_some_time(first);
                kill_some_time(second);
            });
            while port.receive_within(Duration::from_millis(50)).is_ok() {}
        });
        until_unused(&port, &ReceiveRight::new().unwrap());
    }
}
