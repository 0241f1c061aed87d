// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two ends of one link in one process: what they carry, how they wait, how they end.
#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use cabotage_link::{
    DESCRIPTORS_MAX, Deadline, Link, LinkError, Options, Parcel, Ready, ReceiveError, SendError, Wait,
};

fn pair() -> (Link, Link) {
    let (near, far) = Link::pair(Options::new()).unwrap();
    (near, far.link(Options::new()).unwrap())
}

/// Long enough for anything that is to happen.
fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(20))
}

fn body(number: usize) -> Vec<u8> {
    let bytes = number * 37 % 3000;
    (0..bytes).map(|at| u8::try_from((number + at) % 256).unwrap()).collect()
}

#[test]
fn the_first_message_goes_before_anybody_answers_and_needs_no_memory() {
    let (mut near, mut far) = pair();
    near.try_send(b"first").unwrap();
    assert_eq!(near.memory_bytes(), 0);
    assert_eq!(far.try_receive().unwrap().unwrap().to_vec(), b"first");
    far.try_send(b"answer").unwrap();
    assert_eq!(near.try_receive().unwrap().unwrap().to_vec(), b"answer");
}

#[test]
fn messages_of_all_sizes_arrive_whole_and_in_order_both_ways() {
    let (mut near, mut far) = pair();
    let echo = thread::spawn(move || {
        for number in 0..20_000 {
            let seen = far.receive(soon()).unwrap().to_vec();
            assert_eq!(seen, body(number));
            far.send(&seen, soon()).unwrap();
        }
        far
    });
    let mut received = 0;
    for number in 0..20_000 {
        near.send(&body(number), soon()).unwrap();
        if number - received == 20 {
            assert_eq!(near.receive(soon()).unwrap().to_vec(), body(received));
            received += 1;
        }
    }
    while received < 20_000 {
        assert_eq!(near.receive(soon()).unwrap().to_vec(), body(received));
        received += 1;
    }
    echo.join().unwrap();
}

#[test]
fn a_message_of_two_parts_arrives_as_one_whichever_way_it_goes() {
    let (mut near, mut far) = pair();
    // Over the socket, by the ring, and in a block.
    for length in (0..40).chain([4000, 400_000, 9]) {
        let words = [length as u64, 7];
        near.send_joined(words, &body(length), soon()).unwrap();
        let message = far.receive(soon()).unwrap().to_vec();
        let (head, rest) = message.split_at(16);
        assert_eq!(head, [words[0].to_ne_bytes(), words[1].to_ne_bytes()].concat());
        assert_eq!(rest, body(length));
        far.send_joined([], b"taken", soon()).unwrap();
        assert_eq!(near.receive(soon()).unwrap().to_vec(), b"taken");
    }
}

#[test]
fn long_messages_and_empty_ones_arrive() {
    for wait in [Wait::Adaptive, Wait::Block] {
        let (mut near, mut far) = pair();
        near.set_wait(wait);
        far.set_wait(wait);
        let sizes = [0, 1, 4096, 4097, 24_000, 25_000, 100_000, 3_000_000, 0, 64];
        let sending = thread::spawn(move || {
            for bytes in sizes {
                near.send(&vec![7; bytes], soon()).unwrap();
            }
            near.close();
        });
        for bytes in sizes {
            assert_eq!(far.receive(soon()).unwrap().to_vec(), vec![7; bytes]);
        }
        assert_eq!(far.receive(soon()).unwrap_err(), ReceiveError::Link(LinkError::Closed));
        sending.join().unwrap();
    }
}

#[test]
fn what_was_sent_before_a_close_is_received_first() {
    let (mut near, mut far) = pair();
    for number in 0..10 {
        near.send(&body(number), soon()).unwrap();
        if number == 0 {
            assert_eq!(far.receive(soon()).unwrap().to_vec(), body(0));
            far.ready().unwrap();
        }
    }
    near.close();
    for number in 1..10 {
        assert_eq!(far.receive(soon()).unwrap().to_vec(), body(number));
    }
    assert_eq!(far.receive(soon()).unwrap_err(), ReceiveError::Link(LinkError::Closed));
    assert_eq!(far.try_receive().unwrap_err(), LinkError::Closed);
    assert_eq!(far.try_send(b"x").unwrap_err(), SendError::Link(LinkError::Closed));
}

#[test]
fn what_came_with_the_first_words_of_a_peer_that_has_gone_is_received() {
    for ask in [false, true] {
        let (mut near, mut far) = pair();
        near.try_send(b"only").unwrap();
        near.close();
        if ask {
            assert_eq!(far.ready().unwrap(), Ready::Ready);
        }
        assert_eq!(far.receive(soon()).unwrap().to_vec(), b"only");
        assert_eq!(far.receive(soon()).unwrap_err(), ReceiveError::Link(LinkError::Closed));
    }
}

#[test]
fn a_deadline_passes_with_nothing_received_and_nothing_lost() {
    let (mut near, mut far) = pair();
    let short = || Deadline::within(Duration::from_millis(3));
    assert_eq!(far.receive(short()).unwrap_err(), ReceiveError::Nothing);
    assert_eq!(far.receive(Deadline::Now).unwrap_err(), ReceiveError::Nothing);
    near.send(b"late", soon()).unwrap();
    assert_eq!(far.receive(soon()).unwrap().to_vec(), b"late");
}

#[test]
fn a_full_link_says_so_and_goes_on_when_there_is_room() {
    let (mut near, mut far) = pair();
    for _ in 0..20 {
        // Over the socket first, then by memory.
        near.send(&[0; 64], soon()).unwrap();
        assert_eq!(far.receive(soon()).unwrap().bytes(), 64);
        far.send(&[0; 64], soon()).unwrap();
        assert_eq!(near.receive(soon()).unwrap().bytes(), 64);
    }
    far.ready().unwrap();
    let mut sent = 0;
    // Before it sleeps, a sender makes itself a larger ring; that one is full in the end, too.
    let patience = || Deadline::within(Duration::from_millis(300));
    while near.send(&[1; 64], patience()).is_ok() {
        sent += 1;
    }
    assert!(sent > 500, "{sent} messages in the larger ring");
    assert_eq!(near.try_send(&[1; 64]).unwrap_err(), SendError::Full);
    let mut received = 0;
    while let Some(message) = far.try_receive().unwrap() {
        assert_eq!(message.to_vec(), [1; 64]);
        received += 1;
    }
    assert_eq!(received, sent);
    near.send(&[2; 64], soon()).unwrap();
    assert_eq!(far.receive(soon()).unwrap().to_vec(), [2; 64]);
}

#[test]
fn descriptors_and_blocks_come_with_their_message() {
    let (mut near, mut far) = pair();
    let sending = thread::spawn(move || {
        for round in 0..100_u8 {
            let (reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(&[round]).unwrap();
            let mut block = near.block(100_000, soon()).unwrap();
            block.write_at(99_999, &[round]).unwrap();
            let bytes = [round; 10];
            let parcel = Parcel::new(&bytes).block(block).descriptor(reader);
            near.send_parcel(parcel, soon()).unwrap();
        }
        near
    });
    for round in 0..100_u8 {
        let mut message = far.receive(soon()).unwrap();
        assert_eq!(message.to_vec(), [round; 10]);
        let block = message.take_block().unwrap();
        assert_eq!(block.read::<u8>(99_999).unwrap(), round);
        let [descriptor] = message.take_descriptors().try_into().unwrap();
        let mut byte = [0];
        std::fs::File::from(descriptor).read_exact(&mut byte).unwrap();
        assert_eq!(byte, [round]);
    }
    sending.join().unwrap();
}

#[test]
fn a_parcel_that_cannot_go_comes_back() {
    let (mut near, far) = pair();
    let open = || std::fs::File::open("/dev/null").unwrap();
    let many = (0..=DESCRIPTORS_MAX).fold(Parcel::new(b"x"), |parcel, _| parcel.descriptor(open()));
    let unsent = near.send_parcel(many, soon()).unwrap_err();
    assert!(matches!(unsent.error, SendError::TooManyDescriptors { .. }));
    assert_eq!(unsent.parcel.descriptors.len(), DESCRIPTORS_MAX + 1);
    drop(far);
}

#[test]
fn whoever_asks_whether_to_wait_is_told_of_every_message() {
    let (mut near, mut far) = pair();
    assert_eq!(far.ready().unwrap(), Ready::Armed);
    near.send(b"one", soon()).unwrap();
    let readable = |link: &Link| {
        let [found] = cabotage_os::poll::wait(
            [(std::os::fd::AsFd::as_fd(link), cabotage_os::poll::Readiness::IN)],
            soon(),
        )
        .unwrap();
        !found.is_empty()
    };
    assert!(readable(&far));
    assert_eq!(far.try_receive().unwrap().unwrap().to_vec(), b"one");
    for number in 0..100 {
        assert_eq!(far.ready().unwrap(), Ready::Armed);
        near.send(&body(number), soon()).unwrap();
        assert!(readable(&far));
        assert_eq!(far.ready().unwrap(), Ready::Ready);
        assert_eq!(far.try_receive().unwrap().unwrap().to_vec(), body(number));
    }
}

/// Whether the descriptor becomes readable in time.
fn becomes_readable(link: &Link) -> bool {
    let readable = cabotage_os::poll::Readiness::IN;
    let [found] = cabotage_os::poll::wait([(std::os::fd::AsFd::as_fd(link), readable)], soon()).unwrap();
    !found.is_empty()
}

#[test]
fn an_outbox_that_comes_while_one_asks_whether_to_wait_silences_nobody() {
    let (mut near, mut far) = pair();
    near.send(b"first", soon()).unwrap();
    assert_eq!(far.receive(soon()).unwrap().to_vec(), b"first");
    near.send(b"second", soon()).unwrap();
    assert_eq!(far.receive(soon()).unwrap().to_vec(), b"second");
    // The answer to the outbox has come, and nothing with it.
    assert_eq!(near.ready().unwrap(), Ready::Armed);
    far.send(b"answer", soon()).unwrap();
    assert!(becomes_readable(&near));
    assert_eq!(near.try_receive().unwrap().unwrap().to_vec(), b"answer");
}

#[test]
fn threads_share_a_link_and_each_ones_messages_stay_in_order() {
    const THREADS: u8 = 4;
    const EACH: u32 = 3_000;
    let (near, far) = pair();
    let (sender, _keep) = near.split();
    let (_also, receiver) = far.split();
    let (told, counted) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let sender = sender.clone();
            scope.spawn(move || {
                for number in 0..EACH {
                    let mut message = vec![thread];
                    message.extend(number.to_le_bytes());
                    sender.send(&message, soon()).unwrap();
                }
            });
        }
        for _ in 0..THREADS {
            let (receiver, told) = (receiver.clone(), told.clone());
            scope.spawn(move || {
                for _ in 0..EACH {
                    let letter = receiver.receive(soon()).unwrap();
                    told.send(letter.bytes).unwrap();
                }
            });
        }
    });
    drop(told);
    let mut seen: Vec<Vec<u8>> = counted.into_iter().collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), usize::from(THREADS) * EACH as usize);
}

#[test]
fn memory_of_a_busy_time_is_given_up_when_it_is_over() {
    let (mut near, mut far) = pair();
    let answering = thread::spawn(move || {
        let mut received = 0;
        while received < 3_000 {
            received += u32::from(far.receive(soon()).unwrap().bytes() == 64);
        }
        far.send(b"all", soon()).unwrap();
        for _ in 0..3 {
            let seen = far.receive(soon()).unwrap().to_vec();
            far.send(&seen, soon()).unwrap();
        }
        far
    });
    let mut block = near.block(200_000, soon()).unwrap();
    block.write_at(0, b"large").unwrap();
    near.send_parcel(Parcel::new(b"a block").block(block), soon()).unwrap();
    for _ in 0..3_000 {
        near.send(&[1; 64], soon()).unwrap();
    }
    assert_eq!(near.receive(soon()).unwrap().to_vec(), b"all");
    let busy = near.memory_bytes();
    let mut rested = busy;
    for wait in 0..200 {
        // Nothing is sent between two waits: the link is idle.
        assert_eq!(
            near.receive(Deadline::within(Duration::from_millis(1))).unwrap_err(),
            ReceiveError::Nothing
        );
        rested = near.memory_bytes();
        if rested == 8192 {
            break;
        }
        assert!(wait < 199, "{busy} bytes when busy, {rested} when idle");
    }
    for number in 0..3 {
        near.send(&body(number), soon()).unwrap();
        assert_eq!(near.receive(soon()).unwrap().to_vec(), body(number));
    }
    assert!(rested < busy);
    answering.join().unwrap();
}

#[test]
fn a_message_whose_bell_finds_nobody_was_sent_and_the_next_call_tells_that_the_peer_is_gone() {
    let (mut near, mut far) = pair();
    for number in 0..20 {
        near.send(&body(number), soon()).unwrap();
        far.receive(soon()).unwrap();
        far.send(&body(number), soon()).unwrap();
        near.receive(soon()).unwrap();
    }
    assert_eq!(far.ready().unwrap(), Ready::Armed);
    drop(far);
    near.send(b"perhaps it was still there", soon()).unwrap();
    assert!(matches!(near.send(b"it was not", soon()), Err(SendError::Link(LinkError::Closed))));
}

#[test]
fn one_who_has_agreed_on_a_number_of_blocks_waits_until_the_peer_holds_fewer() {
    let (mut near, mut far) = pair();
    near.send(b"hello", soon()).unwrap();
    far.receive(soon()).unwrap();
    far.send(b"hello", soon()).unwrap();
    near.receive(soon()).unwrap();
    assert_eq!(near.wait_for_blocks(1, soon()), Ok(()));
    let mut held = Vec::new();
    for _ in 0..2 {
        let block = near.block(100, soon()).unwrap();
        near.send_parcel(Parcel::new(b"").block(block), soon()).unwrap();
        held.extend(far.receive(soon()).unwrap().take_block());
    }
    assert_eq!(near.wait_for_blocks(3, soon()), Ok(()));
    assert_eq!(near.wait_for_blocks(2, Deadline::Now), Err(SendError::Full));
    let giving = thread::spawn(move || {
        drop(held.pop());
        held
    });
    assert_eq!(near.wait_for_blocks(2, soon()), Ok(()));
    assert_eq!(giving.join().unwrap().len(), 1);
}
