// SPDX-License-Identifier: MIT OR Apache-2.0
//! Socket messages that come too early, twice, cut, or not at all.

use std::time::Duration;

use cabotage_link::{LinkError, Options, ReceiveError, Refusal};
use cabotage_os::seam;

use super::{assert_fault, end_of, met, options, patience};
use crate::support::hostile::{PLAIN, RawPeer, WANTS_ROOM, frames};
use crate::support::{alone, leaves_nothing, soon};

type Said = Vec<Vec<u8>>;

/// What a fresh peer says, and what it is called.
fn impossible_beginnings() -> Vec<(Said, &'static str)> {
    let hello = frames::hello;
    let with = |at: usize, byte: u8| {
        let mut message = hello();
        message[at] = byte;
        message
    };
    let first = |bytes: &[u8]| frames::hello_of(1, 1, 1 << 20, Some(bytes));
    let mut said = vec![
        (vec![hello(), hello()], "said HELLO twice"),
        (vec![first(b"a"), first(b"b")], "said HELLO twice"),
        (vec![hello(), first(b"b")], "said HELLO twice"),
        (vec![with(1, b'C')], "does not speak Cabotage"),
        (vec![b"GET / HTTP/1.1".to_vec()], "a kind that does not exist"),
        (vec![vec![255]], "a kind that does not exist"),
        (vec![frames::hello_of(0, 1, 0, None)], "versions 0 to 1"),
        (vec![frames::hello_of(2, 1, 0, None)], "versions 2 to 1"),
        (vec![with(8, 17)], "fields"),
        (vec![with(9, 200)], "fields"),
        (vec![with(22, 1)], "asks for a port"),
        (vec![with(27, 0)], "is not its length"),
        (vec![vec![1; 5000]], "longer than any"),
        (vec![frames::segment(1, 0, 4096)], "descriptors in a message"),
        (vec![frames::BELL.to_vec(), frames::BYE.to_vec(), hello()], "after it had said goodbye"),
        (vec![hello(), frames::BYE.to_vec(), frames::BYE.to_vec()], "after it had said goodbye"),
        (vec![frames::outbox(8192)], "descriptors in a message"),
        (vec![frames::descriptors(1, 0)], "announced 0 descriptors"),
        (vec![frames::descriptors(1, 65)], "announced 65 descriptors"),
        (vec![frames::descriptors(1, 1)], "descriptors in a message"),
        (vec![vec![5, 0]], "a code that means nothing"),
        (vec![vec![5, 2, 9]], "a code that means nothing"),
        (vec![vec![0, 0]], "is not its length"),
    ];
    let whole = first(b"some data");
    said.extend((1..whole.len()).map(|bytes| (vec![whole[..bytes].to_vec()], "")));
    said
}

#[test]
fn a_peer_that_begins_as_nobody_does_is_told_apart() {
    let _alone = alone();
    for (said, words) in impossible_beginnings() {
        leaves_nothing(words, || {
            // Found whether it had greeted before or not.
            for has_greeted in [false, true] {
                let (raw, mut victim) = RawPeer::with_victim(options());
                if has_greeted {
                    victim.send(b"first", soon()).unwrap();
                }
                said.iter().for_each(|message| assert!(raw.say(message)));
                assert_fault(&mut victim, words);
            }
        });
    }
}

#[test]
fn what_needs_a_hello_is_refused_before_it() {
    let _alone = alone();
    let file = std::fs::File::open("/dev/null").unwrap();
    let fd = [std::os::fd::AsFd::as_fd(&file)];
    for message in [frames::outbox(8192), frames::segment(1, 1, 4096), frames::descriptors(1, 1)] {
        leaves_nothing("something before HELLO", || {
            let (raw, mut victim) = RawPeer::with_victim(options());
            assert!(raw.say_with(&message, &fd));
            assert_fault(&mut victim, "before it had said HELLO");
        });
    }
}

#[test]
fn an_outbox_comes_once_and_in_its_size() {
    let _alone = alone();
    leaves_nothing("two outboxes", || {
        let (raw, mut victim) = met();
        assert!(raw.hand_over());
        assert_fault(&mut victim, "a second outbox");
    });
    for bytes in [0, 1, 4096, 8191, 8193, 16384, u32::MAX] {
        leaves_nothing("an outbox of another size", || {
            let (raw, mut victim) = RawPeer::with_victim(options());
            raw.say(&frames::hello());
            let file = std::fs::File::open("/dev/null").unwrap();
            raw.say_with(&frames::outbox(bytes), &[std::os::fd::AsFd::as_fd(&file)]);
            assert_fault(&mut victim, "an outbox of another size");
        });
    }
}

#[test]
fn ends_without_a_common_version_are_both_told() {
    let _alone = alone();
    for (oldest, newest) in [(2, 2), (2, u16::MAX), (u16::MAX, u16::MAX)] {
        let (mut raw, mut victim) = RawPeer::with_victim(options());
        raw.say(&frames::hello_of(oldest, newest, 1, None));
        assert_eq!(end_of(&mut victim), LinkError::Refusing(Refusal::Version { oldest: 1, newest: 1 }));
        assert_eq!(raw.hear_all().last().unwrap(), &[5, 1, 1, 0, 1, 0]);
    }
    let (raw, mut victim) = RawPeer::with_victim(options());
    raw.say(&[5, 1, 3, 0, 4, 0]);
    assert_eq!(end_of(&mut victim), LinkError::Refused(Refusal::Version { oldest: 3, newest: 4 }));
    // One that speaks ours as well, and says more, is welcome.
    let (raw, mut victim) = RawPeer::with_victim(options());
    raw.say(&frames::hello_of(1, 9, 1, Some(b"from the future")));
    assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"from the future");
}

#[test]
fn silence_is_borne_until_the_deadline_and_no_longer_than_agreed() {
    let _alone = alone();
    leaves_nothing("silence", || {
        let (raw, mut victim) = RawPeer::with_victim(options());
        assert_eq!(victim.receive(patience()).unwrap_err(), ReceiveError::Nothing);
        // Messages go into memory that nobody takes, until it is full.
        while victim.send(&[0; 64], patience()).is_ok() {}
        assert_eq!(victim.block(9, patience()).unwrap_err(), cabotage_link::SendError::Full);
        assert_eq!(victim.wait_for_peer(patience()).unwrap_err(), ReceiveError::Nothing);
        drop(raw);
    });
    leaves_nothing("half a handshake", || {
        let short = Duration::from_millis(5);
        let (_raw, mut victim) = RawPeer::with_victim(Options::new().hello_within(short));
        let ended = victim.receive(soon()).unwrap_err();
        assert_eq!(ended.to_string(), "the peer did not say HELLO in time; the link is over");
        assert_fault(&mut victim, "did not say HELLO in time");
    });
    leaves_nothing("a peer without an outbox", || {
        let (raw, mut victim) = RawPeer::with_victim(options());
        raw.say(&frames::hello());
        while victim.send(&[0; 64], patience()).is_ok() {}
        assert_eq!(victim.receive(patience()).unwrap_err(), ReceiveError::Nothing);
    });
}

#[test]
fn a_peer_that_does_not_read_its_socket_costs_no_more_than_the_deadline() {
    let _alone = alone();
    leaves_nothing("a deaf peer", || {
        let (raw, mut victim) = met();
        // Each record rings anew: the victim answers each announced sleep with a bell, until the socket is full.
        for sleep in 1..2_000 {
            raw.set(crate::support::hostile::ARMED, sleep);
            // Each message takes two words.
            raw.set(crate::support::hostile::CONSUMED, (sleep - 1) * 2);
            victim.send(b"x", patience()).unwrap();
        }
        let descriptor = || std::fs::File::open("/dev/null").unwrap();
        let parcel = cabotage_link::Parcel::new(b"").descriptor(descriptor());
        let unsent = victim.send_parcel(parcel, patience()).unwrap_err();
        assert_eq!(unsent.error, cabotage_link::SendError::Full);
        assert_eq!(unsent.parcel.descriptors.len(), 1);
        drop(unsent);
        victim.close();
        assert_eq!(raw.theirs.as_ref().unwrap().load_u64(crate::support::hostile::CLOSED).unwrap(), 1);
    });
}

#[test]
fn who_asks_again_and_again_is_not_answered_for_ever() {
    let _alone = alone();
    leaves_nothing("AGAIN without end", || {
        let (raw, mut victim) = RawPeer::with_victim(options());
        victim.send(b"first", soon()).unwrap();
        while raw.say(frames::AGAIN) {}
        assert_fault(&mut victim, "asks again");
    });
    // With nobody left to answer, each answer is one more reason to look at what is left.
    leaves_nothing("AGAIN of the dead", || {
        let (raw, mut victim) = RawPeer::with_victim(options());
        victim.send(b"first", soon()).unwrap();
        while raw.say(frames::AGAIN) {}
        drop(raw);
        let error = end_of(&mut victim);
        assert!(matches!(error, LinkError::Fault(_) | LinkError::Died), "{error}");
    });
    leaves_nothing("AGAIN after the outbox", || {
        // Once is in order: it may have sent its outbox before it looked.
        let (mut raw, mut victim) = met();
        raw.say(frames::AGAIN);
        assert_eq!(victim.receive(patience()).unwrap_err(), ReceiveError::Nothing);
        assert_eq!(raw.hear_all().iter().filter(|message| message[0] == 1).count(), 1);
        raw.say(frames::AGAIN);
        assert_fault(&mut victim, "asks again who we are after it knew");
    });
}

#[test]
fn a_link_that_has_ended_by_a_fault_delivers_nothing_more() {
    let _alone = alone();
    leaves_nothing("good messages after a fault", || {
        let (mut raw, mut victim) = met();
        raw.say(&frames::hello());
        assert_fault(&mut victim, "said HELLO twice");
        raw.send(PLAIN, b"nothing happened");
        assert_fault(&mut victim, "said HELLO twice");
        drop(raw);
        assert_fault(&mut victim, "said HELLO twice");
    });
    leaves_nothing("a fault in what the dead have left", || {
        let (mut raw, mut victim) = met();
        raw.say(frames::BYE);
        raw.write(PLAIN, b"last words");
        raw.write_header(15 << 32, b"");
        drop(raw);
        assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"last words");
        assert_fault(&mut victim, "means nothing");
    });
}

/// The victim is about to ring a peer that sleeps for room; that peer wakes, sends once more, and dies.
#[test]
fn what_was_sent_just_before_a_bell_that_nobody_heard_is_read() {
    let _alone = alone();
    leaves_nothing("a death before a bell", || {
        let (mut raw, mut victim) = met();
        raw.write(PLAIN, b"one");
        raw.set(WANTS_ROOM, 7);
        assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"one");
        let _plan = seam::before("sendto", move || {
            raw.write(PLAIN, b"two");
            drop(raw);
        });
        assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"two");
        assert_eq!(end_of(&mut victim), LinkError::Died);
    });
}

#[test]
fn what_follows_a_goodbye_ends_the_link_and_what_came_before_is_read() {
    let _alone = alone();
    leaves_nothing("words after a goodbye", || {
        let (mut raw, mut victim) = met();
        raw.write(PLAIN, b"last words");
        raw.say(frames::BYE);
        raw.say(frames::BELL);
        raw.say(&frames::descriptors(1, 1));
        assert_fault(&mut victim, "");
    });
    leaves_nothing("a death with everything half done", || {
        let (mut raw, mut victim) = met();
        raw.segment(3, frames::BLOCK, 65536);
        raw.say_with(&frames::descriptors(1, 1), &[std::os::fd::AsFd::as_fd(&raw.outbox_memory())]);
        raw.write(PLAIN, b"last words");
        raw.outbox.copy_from(RawPeer::word_at(100), &[9; 64]).unwrap();
        drop(raw);
        assert_eq!(victim.receive(patience()).unwrap().to_vec(), b"last words");
        assert_eq!(end_of(&mut victim), LinkError::Died);
    });
}
