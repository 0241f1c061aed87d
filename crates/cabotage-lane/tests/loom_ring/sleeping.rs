// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whoever sleeps is woken, whatever it sleeps for and however the two ends fence.

use cabotage_lane::ring::Look;
use cabotage_lane::{Controls, Fencing};
use cabotage_os::membarrier::Membarrier;
use loom::thread;

use super::lane::{Receiving, Sending, bytes, explore, explore_fencing, lane, lane_that_fences};

#[test]
fn a_receiver_that_sleeps_more_than_once_is_woken_every_time() {
    explore(16, &[&[1], &[2], &[3]]);
}

#[test]
fn a_sender_that_sleeps_for_room_is_woken() {
    explore(8, &[&[1], &[2], &[3], &[4], &[5]]);
}

/// The barrier itself is the kernel's: here the fence beside it stands for it.
#[test]
fn where_only_the_sleeper_pays_nobody_sleeps_for_ever() {
    let Some(barrier) = Membarrier::join().unwrap() else {
        return eprintln!("skipped: this kernel or sandbox offers no expedited membarrier");
    };
    explore_fencing(8, &[&[1], &[2], &[3], &[4]], Fencing::Sleeper(barrier));
}

/// The first sleep asks for fences; from there on no barrier is issued. The ring is so long that nothing else happens.
#[test]
fn a_receiver_that_has_asked_for_fences_is_woken_without_barriers() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane_that_fences(64, Fencing::Asked);
        assert_eq!(receiver.lane.arm().unwrap(), Look::Armed);
        receiver.lane.disarm();
        let sending = thread::spawn(move || (1..=3).for_each(|number| sender.send(&[number])));
        (1..=3).for_each(|number| receiver.expect(&[number]));
        sending.join().unwrap();
    });
}

#[test]
fn what_is_published_unasked_is_seen_before_the_next_sleep_of_whoever_asks_for_attention() {
    loom::model(|| ask_for_attention(lane(16)));
}

/// The barrier is issued by the sleep before, and only asked for here.
#[test]
fn where_fences_are_asked_for_attention_is_paid_likewise() {
    loom::model(|| {
        let (sender, mut receiver) = lane_that_fences(16, Fencing::Asked);
        assert_eq!(receiver.lane.arm().unwrap(), Look::Armed);
        receiver.lane.disarm();
        ask_for_attention((sender, receiver));
    });
}

fn ask_for_attention((mut sender, mut receiver): (Sending, Receiving)) {
    let sending = thread::spawn(move || {
        sender.stage(&bytes(&[1]));
        sender.publish();
        sender.lane.controls().peer().asks_for_attention()
    });
    receiver.lane.controls().own().ask_for_attention(true);
    let has_seen = receiver.lane.arm().unwrap() == Look::Ready;
    let was_asked = sending.join().unwrap();
    assert!(has_seen || was_asked);
}

/// One record is not worth telling of, so the look that comes up empty must.
#[test]
fn a_sender_that_sleeps_is_woken_by_a_receiver_that_only_looks() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        let sending = thread::spawn(move || fill_and_send_one_more(&mut sender));
        for _record in 0..8 {
            receiver.spin_for(&[1]);
        }
        sending.join().unwrap();
    });
}

/// Seven records of two words fill a ring of sixteen, and an eighth must wait.
fn fill_and_send_one_more(sender: &mut Sending) {
    for _record in 0..7 {
        sender.stage(&bytes(&[1]));
    }
    sender.publish();
    sender.send(&[1]);
}

/// As at the end of a lane, or before a ring goes; one record is not worth telling of, so going to sleep must.
#[test]
fn a_sender_that_sleeps_until_all_is_consumed_is_woken_by_a_receiver_that_goes_to_sleep() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(16);
        let sending = thread::spawn(move || {
            sender.send(&[1]);
            let end = sender.lane.published();
            while !sender.lane.has_left(end).unwrap() {
                sender.lane.announce().unwrap();
                if !sender.lane.has_left(end).unwrap() {
                    sender.own.hear();
                }
                sender.lane.awake();
            }
        });
        while !receiver.lane.has_news().unwrap() {
            receiver.sleep();
        }
        assert_eq!(receiver.look(), Some(vec![1]));
        assert_eq!(receiver.lane.arm().unwrap(), Look::Armed);
        receiver.answer();
        sending.join().unwrap();
    });
}

/// A sender may send only so many descriptors ahead of their count; twice, so that the second sleep is another.
#[test]
fn a_sender_that_sleeps_until_descriptors_are_filed_is_woken_by_the_lane() {
    loom::model(|| {
        let (mut sender, mut receiver) = lane(8);
        let sending = thread::spawn(move || {
            wait_for_filed(&mut sender, 1);
            wait_for_filed(&mut sender, 2);
        });
        for count in 1..=2 {
            receiver.lane.controls().own().tell_filed(count);
            receiver.lane.answer_sender();
            receiver.answer();
        }
        sending.join().unwrap();
    });
}

/// As above, by the threads that file without holding the lane.
#[test]
fn a_sender_that_sleeps_until_descriptors_are_filed_is_woken_by_whoever_files() {
    loom::model(|| {
        let (mut sender, receiver) = lane(8);
        let sending = thread::spawn(move || wait_for_filed(&mut sender, 1));
        receiver.lane.controls().own().tell_filed(1);
        if receiver.lane.controls().peer().wants_room() {
            receiver.peer.ring();
        }
        sending.join().unwrap();
    });
}

fn wait_for_filed(sender: &mut Sending, count: u64) {
    let is_filed = |sender: &Sending| sender.lane.controls().peer().admit_filed(0, 2).unwrap() >= count;
    while !is_filed(sender) {
        sender.lane.announce().unwrap();
        if !is_filed(sender) {
            sender.own.hear();
        }
        sender.lane.awake();
    }
}
