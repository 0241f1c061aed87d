// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fairness, and what many idle links cost one that is busy.

use cabotage_link::{Deadline, Key, Link, LinkSet};
use cabotage_os::seam;

use crate::{is_readable, message_at_hand, set_of, settle, soon};

/// Makes every link active: whoever may have sent on one looks at it again.
fn seat_all(set: &mut LinkSet, others: &[(Key, Link)]) {
    for (key, _) in others {
        assert!(set.get_mut(*key).is_some());
    }
}

#[test]
fn a_link_that_floods_delays_the_others_by_its_turn_only() {
    let (mut set, mut others) = set_of(8);
    seat_all(&mut set, &others);
    let (flooding, quiet) = others.split_first_mut().unwrap();
    for _ in 0..200 {
        flooding.1.send(b"flood", soon()).unwrap();
    }
    for (_, link) in quiet.iter_mut() {
        (0..5).for_each(|_| link.send(b"quiet", soon()).unwrap());
    }
    let mut turns: Vec<(bool, usize)> = Vec::new();
    while let Some((key, _)) = message_at_hand(&mut set) {
        let is_flood = key == flooding.0;
        match turns.last_mut() {
            Some((last, count)) if *last == is_flood => *count += 1,
            _ => turns.push((is_flood, 1)),
        }
    }
    let quiet_turns = turns.iter().filter(|(is_flood, _)| !is_flood).count();
    assert_eq!(turns.iter().map(|(_, count)| count).sum::<usize>(), 200 + 7 * 5);
    assert!(quiet_turns <= 2, "{turns:?}");
    assert!(turns.iter().take(2).all(|(is_flood, count)| !is_flood || *count <= 64), "{turns:?}");
}

#[test]
fn two_links_that_flood_take_turns() {
    let (mut set, mut others) = set_of(2);
    for (_, link) in &mut others {
        (0..200).for_each(|_| link.send(b"flood", soon()).unwrap());
    }
    seat_all(&mut set, &others);
    let mut ahead = [0_i32; 2];
    while let Some((key, _)) = message_at_hand(&mut set) {
        ahead[usize::from(key == others[1].0)] += 1;
        assert!((ahead[0] - ahead[1]).abs() <= 64 || ahead.contains(&200), "{ahead:?}");
    }
    assert_eq!(ahead, [200, 200]);
}

/// As many as fit 1,024 descriptors together with the other tests.
const IDLE: usize = 200;

#[test]
fn a_busy_link_among_hundreds_of_idle_ones_makes_no_system_calls_for_them() {
    const MESSAGES: u64 = 100_000;
    let (mut set, mut others) = set_of(IDLE);
    settle(&mut set);
    let (busy, link) = &mut others[IDLE / 2];
    link.send(b"wake", soon()).unwrap();
    assert_eq!(message_at_hand(&mut set).unwrap(), (*busy, b"wake".to_vec()));
    let calls_before = seam::calls();
    for _ in 0..MESSAGES / 20 {
        (0..20).for_each(|_| link.try_send(b"busy").unwrap());
        for _ in 0..20 {
            assert_eq!(message_at_hand(&mut set).unwrap().0, *busy);
        }
        assert!(set.try_receive().unwrap().is_none());
    }
    let calls = seam::calls() - calls_before;
    // A few more for the bell that woke the set.
    assert!(calls <= MESSAGES / 1000 + 5, "{calls} system calls");
    // The idle ones are heard all the same.
    let (idle, link) = &mut others[0];
    link.send(b"idle", soon()).unwrap();
    assert_eq!(crate::message(&mut set), (*idle, b"idle".to_vec()));
}

#[test]
fn a_parked_link_is_heard_while_another_is_busy() {
    let (mut set, mut others) = set_of(2);
    settle(&mut set);
    let (first, second) = others.split_at_mut(1);
    let (busy, parked) = (&mut first[0], &mut second[0]);
    let mut rounds = 0;
    let mut is_sent = false;
    loop {
        busy.1.send(b"busy", soon()).unwrap();
        let (key, _) = crate::message(&mut set);
        if key == parked.0 {
            break;
        }
        rounds += 1;
        if rounds == 2000 && !is_sent {
            parked.1.send(b"parked", soon()).unwrap();
            is_sent = true;
        }
        assert!(rounds < 2000 + 1100, "the parked link was not heard in {rounds} messages of the other");
    }
}

#[test]
fn a_link_that_is_idle_while_others_deliver_is_parked_and_rings() {
    let (mut set, mut others) = set_of(2);
    let (first, second) = others.split_at_mut(1);
    let (busy, idle) = (&mut first[0], &mut second[0]);
    // Idle for as many rounds as a link is given, each of a full turn of the other.
    for _ in 0..40_000 {
        busy.1.send(b"busy", soon()).unwrap();
        assert_eq!(crate::message(&mut set).0, busy.0);
    }
    assert!(!is_readable(&set, Deadline::Now));
    idle.1.send(b"idle", soon()).unwrap();
    assert!(is_readable(&set, soon()), "nobody asked the set whether to wait, but this link was parked");
    // One that only asks for what is at hand hears it as well.
    let calls = (1..).find(|_| match message_at_hand(&mut set) {
        Some((key, _)) => key == idle.0,
        None => false,
    });
    assert!(calls.is_some_and(|calls| calls <= 1100), "{calls:?}");
}

#[test]
fn all_that_came_while_the_set_rested_is_at_hand() {
    let (mut set, mut others) = set_of(100);
    settle(&mut set);
    for (_, link) in &mut others {
        link.send(b"news", soon()).unwrap();
    }
    for number in 0..100 {
        assert!(message_at_hand(&mut set).is_some(), "{number} of 100 messages");
    }
    assert!(message_at_hand(&mut set).is_none());
}
