// SPDX-License-Identifier: MIT OR Apache-2.0
//! Room that is kept: who has it never finds the ring full, however the others fill it.

use cabotage_lane::ring::{Keeping, Sight, StageError};

use super::lane::{Lane, MappedSender, PORT, Random, TAG, lane, next, segment};

/// Sends records of these lengths until one finds no room.
fn fill(sender: &mut MappedSender, random: &mut Random) {
    loop {
        let body = vec![1; random.below(sender.bytes_max() as usize + 1)];
        match sender.send(TAG, PORT, &body) {
            Ok(_) => {}
            Err(StageError::Full(_)) => break,
            Err(other) => panic!("{other}"),
        }
    }
    while sender.send(TAG, PORT, &[]).is_ok() {}
}

#[test]
fn a_kept_record_goes_however_full_the_ring_is() {
    let mut random = Random(7);
    for bytes in [0, 8, 100] {
        let Lane { mut sender, mut receiver, .. } = lane();
        assert_eq!([0; 2].map(|_| sender.keep(bytes).unwrap()), [Keeping::Kept; 2]);
        for _ in 0..500 {
            fill(&mut sender, &mut random);
            for _ in 0..2 {
                sender.send_kept(TAG, PORT, &vec![2; bytes]).unwrap();
            }
            while let Ok(Some(_)) = next(&mut receiver) {}
        }
    }
}

/// Whoever has room kept may use it again once its last record is told to be consumed, which the receiver tells late.
#[test]
fn what_was_kept_is_there_again_when_its_record_was_consumed() {
    const BYTES: usize = 40;
    let mut random = Random(11);
    let Lane { mut sender, mut receiver, .. } = lane();
    let mut used_up_to = [0, 0, 0];
    for _ in &used_up_to {
        assert_eq!(sender.keep(BYTES), Ok(Keeping::Kept));
    }
    let (mut sent, mut refused) = (0, 0);
    for _ in 0..100_000 {
        match random.below(4) {
            0 => {
                let body = vec![1; random.below(300)];
                refused += usize::from(sender.send(TAG, PORT, &body).is_err());
            }
            1 => {
                if let Ok(Sight::Record(_)) = receiver.look() {
                    drop(receiver.take());
                }
            }
            which => {
                let used_up_to = &mut used_up_to[which - 2];
                if sender.has_left(*used_up_to).unwrap() {
                    sender.send_kept(TAG, PORT, &[2; BYTES]).unwrap();
                    *used_up_to = sender.published();
                    sent += 1;
                }
            }
        }
    }
    assert!(sent > 1000 && refused > 1000, "{sent} {refused}");
}

#[test]
fn others_find_as_much_less_room_and_get_it_back() {
    let Lane { mut sender, .. } = lane();
    let (bytes_max, usual) = (sender.bytes_max(), sender.has_room(sender.bytes_max() as usize));
    assert_eq!((sender.keep(100), sender.keeps_room()), (Ok(Keeping::Kept), true));
    assert_eq!((usual, sender.bytes_max() < bytes_max), (Ok(true), true));
    sender.keep_no_more(100);
    assert_eq!((sender.bytes_max(), sender.keeps_room()), (bytes_max, false));
}

#[test]
fn a_ring_without_so_much_room_keeps_none_until_it_has() {
    let Lane { mut sender, mut receiver, .. } = lane();
    fill(&mut sender, &mut Random(5));
    assert_eq!(sender.keep(0), Ok(Keeping::Full));
    while let Ok(Some(_)) = next(&mut receiver) {}
    assert_eq!(sender.keep(0), Ok(Keeping::Kept));
}

#[test]
fn no_more_is_kept_than_leaves_a_useful_ring() {
    let Lane { mut sender, .. } = lane();
    let kept = (0..100).take_while(|_| sender.keep(100) == Ok(Keeping::Kept)).count();
    assert!((1..10).contains(&kept), "{kept}");
    assert_eq!((sender.keep(100), sender.keep(3000)), (Ok(Keeping::TooMuch), Ok(Keeping::TooMuch)));
}

#[test]
fn what_is_kept_is_kept_in_the_next_ring_too() {
    let Lane { mut sender, .. } = lane();
    assert_eq!(sender.keep(100), Ok(Keeping::Kept));
    let (other, _) = segment(512);
    let (_old, _, _) = sender.continue_in(other, 1).expect("room to leave it");
    fill(&mut sender, &mut Random(3));
    sender.send_kept(TAG, PORT, &[2; 100]).unwrap();
}
