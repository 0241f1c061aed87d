// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sides that lie about views, ranges and copies: each loses its channel, and nobody else notices.

use std::os::fd::OwnedFd;

use cabotage_alpc::{
    AttributeSet, ChannelError, ChannelFault, Client, CopyError, Incoming, Loss, Outgoing, PortOptions,
    RequestError, Technique, WireError,
};
use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions};
use cabotage_link::{Link, Listener, Options, Parcel};
use cabotage_os::memfd::{Memfd, ONE_WAY};
use cabotage_os::process_memory::ReadError;
use cabotage_os::sealed::Draft;

use crate::by_hand::{ACCEPT, CONNECT, COPIED, COPY, DATAGRAM, REQUEST, attribute, message};
use crate::pattern;
use crate::support::{Harbour, NAME, let_in, next, request, soon};

const VIEW: u16 = 1;
const RANGES: u16 = 2;
const BODY: u16 = 1;
const SECURE: u16 = 2;

/// What one says it takes: views, sections of 1 MiB, and bodies of 1 MiB read directly.
fn terms() -> Vec<u8> {
    let mut bytes = (1_u64 << 20).to_ne_bytes().to_vec();
    bytes.extend([0xFFEF_u32, 256, 16, 0].iter().flat_map(|word| word.to_ne_bytes()));
    bytes.extend([1_u64 << 20, 1].iter().flat_map(|word| word.to_ne_bytes()));
    bytes
}

/// A client that says what it likes, after it was let in.
fn liar(harbour: &Harbour, port: &mut cabotage_alpc::ConnectionPort) -> Link {
    let name: Name = NAME.parse().unwrap();
    let (how, options) = (ConnectOptions::new(), Options::new());
    let mut link = Link::connect_to(Kind::Alpc, &harbour.registry(), &name, how, options, soon()).unwrap();
    link.send(&message(CONNECT, 0, 0, &[], &terms()), soon()).unwrap();
    let_in(port, 666);
    link.receive(soon()).unwrap();
    link
}

/// The fault for which the liar was disconnected, which is what comes next to the port.
#[track_caller]
fn fault(port: &mut cabotage_alpc::ConnectionPort) -> ChannelFault {
    loop {
        match next(port) {
            Incoming::Disconnected { context: 666, error, .. } => match *error {
                ChannelError::Fault(fault) => return fault,
                other => panic!("{other}"),
            },
            // What it sent before is received before its end.
            Incoming::Datagram(before) if before.body().is_empty() && before.view().is_none() => {}
            other => panic!("{other:?}"),
        }
    }
}

fn send_blocks(link: &mut Link, message: &[u8], blocks: &[usize]) {
    let mut parcel = Parcel::new(message);
    for bytes in blocks {
        parcel.blocks.push(link.block(*bytes, soon()).unwrap());
    }
    link.send_parcel(parcel, soon()).unwrap();
}

/// A liar does this, loses its channel for `expected`, and an honest client is served afterwards.
#[track_caller]
fn loses_its_channel(options: PortOptions, expected: WireError, lie: impl FnOnce(&mut Link)) {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(options);
    let (mut honest, _) = harbour.client(&mut port, 1);
    let mut link = liar(&harbour, &mut port);
    lie(&mut link);
    assert_eq!(fault(&mut port), ChannelFault::Wire(expected));
    honest.send_request(b"still here", soon()).unwrap();
    let answered = request(&mut port);
    port.reply(answered, b"yes").unwrap();
    assert_eq!(honest.receive(soon()).unwrap().body(), b"yes");
}

#[test]
fn views_that_were_never_to_be_taken_end_the_channel() {
    let view = message(REQUEST, 1, 0, &attribute(VIEW, BODY, &[100]), &[]);
    loses_its_channel(PortOptions::new().views_max(0), WireError::View, |link| {
        send_blocks(link, &view, &[65_536])
    });
    let small = PortOptions::new().section_bytes_max(99);
    loses_its_channel(small, WireError::View, |link| send_blocks(link, &view, &[65_536]));
}

#[test]
fn bits_that_a_sender_sets_without_what_they_stand_for_are_cleared() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut link = liar(&harbour, &mut port);
    let mut boasts = message(REQUEST, 1, 0, &[], b"boasts");
    boasts[24..28].copy_from_slice(&u32::MAX.to_ne_bytes());
    link.send(&boasts, soon()).unwrap();
    let came = request(&mut port);
    let always = AttributeSet::CONTEXT | AttributeSet::TOKEN;
    assert_eq!(came.attributes(), always | AttributeSet::SECURITY, "its consent it may give");
    let silent = message(REQUEST, 2, 0, &attribute(VIEW, BODY, &[100]), &[]);
    send_blocks(&mut link, &silent, &[65_536]);
    let mut came = request(&mut port);
    assert_eq!(came.attributes(), always | AttributeSet::VIEW, "what came is told");
    drop(came.take_view());
    assert!(came.attributes().contains(AttributeSet::VIEW), "it came");
}

#[test]
fn a_flood_of_plain_views_ends_the_channel_at_the_cap() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().views_max(3));
    let mut link = liar(&harbour, &mut port);
    for id in 1..=4 {
        let view = message(REQUEST, id, 0, &attribute(VIEW, BODY, &[20_000]), &[]);
        send_blocks(&mut link, &view, &[65_536]);
    }
    let held = [request(&mut port), request(&mut port), request(&mut port)];
    assert_eq!(fault(&mut port), ChannelFault::Wire(WireError::View));
    assert_eq!(held[2].view().unwrap().bytes(), 20_000);
}

#[test]
fn a_view_that_is_not_what_came_with_it_ends_the_channel() {
    let plain = |bytes| message(REQUEST, 1, 0, &attribute(VIEW, BODY, &[bytes]), &[]);
    let refused = |lie: &dyn Fn(&mut Link)| loses_its_channel(PortOptions::new(), WireError::View, lie);
    refused(&|link| link.send(&plain(5), soon()).unwrap());
    refused(&|link| send_blocks(link, &plain(101), &[100]));
    refused(&|link| send_blocks(link, &message(REQUEST, 1, 0, &attribute(VIEW, BODY, &[1, 2]), &[]), &[100]));
    refused(&|link| send_blocks(link, &plain(u64::MAX), &[100]));

    let secure = message(REQUEST, 1, 0, &attribute(VIEW, BODY | SECURE, &[5]), &[]);
    let hand_over = |link: &mut Link, descriptor: OwnedFd| {
        link.send_parcel(Parcel::new(&secure).descriptor(descriptor), soon()).unwrap();
    };
    let sealed = |bytes: u64| Draft::create("test", bytes).unwrap().seal().unwrap();
    refused(&|link| link.send(&secure, soon()).unwrap());
    refused(&|link| hand_over(link, sealed(4096)));
    refused(&|link| hand_over(link, std::fs::File::open("/dev/null").unwrap().into()));
    refused(&|link| {
        // Its maker could still write it.
        let memory = Memfd::create("test", 65_536).unwrap();
        memory.seal(ONE_WAY).unwrap();
        hand_over(link, memory.into());
    });
}

#[test]
fn datagrams_that_lend_or_bring_refused_views_end_the_channel() {
    let lends = message(DATAGRAM, 0, 0, &attribute(RANGES, 0, &[0, 5, 0]), &[]);
    loses_its_channel(PortOptions::new(), WireError::Ranges, |link| link.send(&lends, soon()).unwrap());
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().views_max(1));
    let mut link = liar(&harbour, &mut port);
    let secure = message(DATAGRAM, 0, 0, &attribute(VIEW, BODY | SECURE, &[5]), &[]);
    for _ in 0..2 {
        let sealed = Draft::create("test", 65_536).unwrap().seal().unwrap();
        link.send_parcel(Parcel::new(&secure).descriptor(sealed), soon()).unwrap();
    }
    let held = next(&mut port);
    assert!(matches!(&held, Incoming::Datagram(datagram) if datagram.view().is_some()));
    assert_eq!(fault(&mut port), ChannelFault::Wire(WireError::View));
}

#[test]
fn ranges_that_overflow_are_too_many_or_no_ranges_end_the_channel() {
    let declare = |flags, words: &[u64]| message(REQUEST, 1, 0, &attribute(RANGES, flags, words), &[]);
    let many = vec![0; 65 * 3];
    let lies: [&[u64]; 5] = [&[u64::MAX, 1, 0], &[1, u64::MAX, 0], &[0, 5, 3], &[0, 5], &many];
    for words in lies {
        let lie = declare(0, words);
        loses_its_channel(PortOptions::new(), WireError::Ranges, |link| link.send(&lie, soon()).unwrap());
    }
    // A body that is to be written, or above the limit that the port has told.
    for words in [[0, 5, 1], [0, (16 << 20) + 1, 0]] {
        let lie = declare(BODY, &words);
        loses_its_channel(PortOptions::new(), WireError::Ranges, |link| link.send(&lie, soon()).unwrap());
    }
    let twice = [attribute(RANGES, BODY, &[0, 5, 0]), attribute(VIEW, BODY, &[5])].concat();
    let twice = message(REQUEST, 1, 0, &twice, &[]);
    loses_its_channel(PortOptions::new(), WireError::Attributes, |link| send_blocks(link, &twice, &[100]));
}

/// A liar declares a range of 1,000 bytes, is asked for a copy of it, and answers like this.
fn answers_a_copy(answer: impl FnOnce(&mut Link, u64) + Send + 'static) -> (CopyError, Option<ChannelFault>) {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut link = liar(&harbour, &mut port);
    link.send(&message(REQUEST, 1, 0, &attribute(RANGES, 0, &[0, 1000, 0]), &[]), soon()).unwrap();
    let lends = request(&mut port);
    let lying = std::thread::spawn(move || {
        let asked = link.receive(soon()).unwrap().to_vec();
        assert_eq!(asked[28..30], COPY.to_ne_bytes());
        let number = u64::from_ne_bytes(asked[8..16].try_into().unwrap());
        answer(&mut link, number);
        link
    });
    let refused = port.read_at(&lends, 0, 0, &mut [0; 1000], soon()).unwrap_err();
    let fault = matches!(refused, CopyError::Channel(_)).then(|| fault(&mut port));
    drop(lying.join().unwrap());
    (refused, fault)
}

#[test]
fn copies_that_are_short_long_or_missing_end_the_channel() {
    for blocks in [&[999][..], &[1001], &[]] {
        let (_, fault) = answers_a_copy(move |link, number| {
            send_blocks(link, &message(COPIED, number, 0, &[], &[]), blocks);
        });
        assert_eq!(fault, Some(ChannelFault::Wire(WireError::Copied)), "{blocks:?}");
    }
    let (_, fault) = answers_a_copy(|link, number| {
        send_blocks(link, &message(COPIED, number, 0, &[], b"and more"), &[1000]);
    });
    assert_eq!(fault, Some(ChannelFault::Wire(WireError::Copied)));
}

#[test]
fn copies_of_another_number_end_the_channel() {
    for wrong in [0, 2, u64::MAX >> 1] {
        let (_, fault) = answers_a_copy(move |link, number| {
            assert_eq!(number, 1);
            send_blocks(link, &message(COPIED, wrong, 0, &[], &[]), &[1000]);
        });
        let what = "the answer to a copy request";
        assert_eq!(fault, Some(ChannelFault::Forged { what, id: wrong }));
    }
}

#[test]
fn a_copy_that_is_refused_is_told_as_stale_or_busy() {
    let refuse = |outcome| {
        answers_a_copy(move |link, number| {
            link.send(&message(COPIED, number, outcome, &[], &[]), soon()).unwrap();
        })
    };
    assert_eq!(refuse(1), (CopyError::Stale, None));
    assert_eq!(refuse(2), (CopyError::Busy, None));
    assert_eq!(refuse(77), (CopyError::Stale, None));
}

#[test]
fn a_copy_that_nobody_asked_for_ends_the_channel() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut link = liar(&harbour, &mut port);
    link.send(&message(COPIED, 1, 0, &[], &[]), soon()).unwrap();
    assert!(matches!(fault(&mut port), ChannelFault::Forged { id: 1, .. }));
}

#[test]
fn a_client_that_sends_on_and_on_while_it_is_copied_from_loses_its_channel() {
    let (_, fault) = answers_a_copy(|link, _| {
        for _ in 0..2000 {
            if link.send(&message(DATAGRAM, 0, 0, &[], &[]), soon()).is_err() {
                break;
            }
        }
    });
    assert!(matches!(fault, Some(ChannelFault::Flood { .. })), "{fault:?}");
}

#[test]
fn a_range_that_lies_in_no_memory_is_told_and_a_body_there_ends_the_channel() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().reads_client_memory());
    let mut link = liar(&harbour, &mut port);
    link.send(&message(REQUEST, 1, 0, &attribute(RANGES, 0, &[8, 1000, 0]), &[]), soon()).unwrap();
    let lends = request(&mut port);
    if port.why_served(&lends).is_some() {
        return println!("skipped: this sandbox does not let us read our own memory");
    }
    let refused = port.read_at(&lends, 0, 0, &mut [0; 1000], soon()).unwrap_err();
    assert!(matches!(refused, CopyError::NotThere(ReadError::BadAddress { address: 8, .. })), "{refused}");
    link.send(&message(REQUEST, 2, 0, &attribute(RANGES, BODY, &[8, 1000, 0]), &[]), soon()).unwrap();
    assert_eq!(fault(&mut port), ChannelFault::Wire(WireError::Ranges));
}

#[test]
fn a_client_that_dies_while_its_body_is_fetched_leaves_its_earlier_messages_and_its_end() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut link = liar(&harbour, &mut port);
    link.send(&message(REQUEST, 1, 0, &attribute(RANGES, BODY, &[0, 1000, 0]), &[]), soon()).unwrap();
    link.send(&message(DATAGRAM, 0, 0, &[], b"behind"), soon()).unwrap();
    let dying = std::thread::spawn(move || {
        // It is asked for its body, and goes.
        link.receive(soon()).unwrap();
        drop(link);
    });
    assert_eq!(next(&mut port).body(), b"behind");
    assert!(matches!(next(&mut port), Incoming::PortClosed { context: 666, .. }));
    dying.join().unwrap();
}

#[test]
fn bodies_behind_a_body_that_is_refused_are_fetched_still() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut link = liar(&harbour, &mut port);
    for id in [1, 2] {
        link.send(&message(REQUEST, id, 0, &attribute(RANGES, BODY, &[0, 10, 0]), &[]), soon()).unwrap();
    }
    let answering = std::thread::spawn(move || {
        link.receive(soon()).unwrap();
        link.send(&message(COPIED, 1, 1, &[], &[]), soon()).unwrap();
        // The loss of the first, then the wish for the second.
        link.receive(soon()).unwrap();
        link.receive(soon()).unwrap();
        send_blocks(&mut link, &message(COPIED, 2, 0, &[], &[]), &[10]);
        link
    });
    let second = request(&mut port);
    assert_eq!((second.id(), second.body().len()), (2, 10));
    drop(answering.join().unwrap());
}

/// A server that answers the first request of a client with these messages, and what the client made of it.
fn server_lies(lies: impl FnOnce(&mut Link) + Send + 'static) -> RequestError {
    let harbour = Harbour::new();
    let name: Name = NAME.parse().unwrap();
    let registry = harbour.registry();
    let (how, options) = (PublishOptions::new(), Options::new());
    let listener = Listener::publish_as(Kind::Alpc, &registry, &name, how, options, soon()).unwrap();
    let connecting = harbour.options().begin(NAME).unwrap();
    let lying = std::thread::spawn(move || {
        let mut link = listener.accept(soon()).unwrap();
        link.receive(soon()).unwrap();
        link.send(&message(ACCEPT, 0, 0, &[], &terms()), soon()).unwrap();
        link.receive(soon()).unwrap();
        lies(&mut link);
        link
    });
    let mut client: Client = connecting.finish(soon()).unwrap();
    let (source, mut target) = (pattern(1000), [0; 10]);
    let mut lends = Outgoing::new(b"").readable(&source).writable(&mut target);
    let refused = client.request_as(&mut lends, soon()).unwrap_err();
    drop(lying.join().unwrap());
    refused
}

#[test]
fn a_server_that_asks_beyond_what_was_declared_loses_the_channel_and_gets_nothing() {
    let copy = |id, words: &[u64; 4]| {
        let body: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        message(COPY, id, 1, &[], &body)
    };
    let lies = [
        copy(1, &[2, 0, 1, 0]),
        copy(1, &[0, 0, 1001, 0]),
        copy(1, &[0, 1000, 1, 0]),
        copy(1, &[0, u64::MAX, 1, 0]),
        copy(1, &[0, 0, u64::MAX, 0]),
        copy(1, &[1, 0, 1, 0]),
        copy(1, &[0, 0, 1, 2]),
        copy(1, &[1, 0, 1, 1]),
        copy(2, &[0, 0, 1, 0]),
        message(COPY, 1, 1, &[], b"short"),
    ];
    for lie in lies {
        let refused = server_lies(move |link| {
            link.send(&lie, soon()).unwrap();
            // Nothing of the client's memory comes back, only its end.
            assert!(link.receive(soon()).is_err());
        });
        let RequestError::Lost(Loss::Gone(ChannelError::Fault(fault))) = &refused else {
            panic!("{refused}")
        };
        assert!(matches!(fault, ChannelFault::Forged { .. }), "{fault}");
    }
}

#[test]
fn a_server_that_writes_with_more_or_fewer_bytes_than_it_says_loses_the_channel() {
    for bytes in [4, 6] {
        let body: Vec<u8> = [1_u64, 0, 5, 1].iter().flat_map(|word| word.to_ne_bytes()).collect();
        let refused = server_lies(move |link| send_blocks(link, &message(COPY, 1, 1, &[], &body), &[bytes]));
        assert!(matches!(refused, RequestError::Lost(Loss::Gone(ChannelError::Fault(_)))), "{refused}");
    }
}

#[test]
fn a_port_tells_how_a_body_came_only_by_what_it_has_seen() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut link = liar(&harbour, &mut port);
    link.send(&message(REQUEST, 1, 0, &[], b"plain"), soon()).unwrap();
    let plain = request(&mut port);
    assert_eq!((plain.technique(), plain.body()), (Technique::Inline, &b"plain"[..]));
}
