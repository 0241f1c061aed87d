// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which way a body goes, and that it arrives whichever way it went.

use cabotage_alpc::{
    Buffer, Incoming, Outgoing, PortOptions, RequestError, SecureViewMut, SendError, Status, Technique,
    WhyServed,
};

use crate::support::{Harbour, next, request, role, say, shortly, soon, their_client};
use crate::{meet, pattern};

const SIZES: [(usize, Technique); 6] = [
    (0, Technique::Inline),
    (256, Technique::Inline),
    (257, Technique::Section),
    (65_519, Technique::Section),
    (65_520, Technique::Section),
    (3 << 20, Technique::Section),
];

#[test]
fn up_to_256_bytes_go_through_the_queue_and_more_as_a_section_view_and_replies_likewise() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            for (bytes, technique) in SIZES {
                let reply = client.request(&pattern(bytes)).unwrap();
                assert_eq!((reply.technique(), reply.body().len()), (technique, bytes));
                assert!(reply.body() == pattern(bytes));
            }
        },
    );
    for (bytes, technique) in SIZES {
        let request = request(&mut port);
        assert_eq!(request.technique(), technique);
        assert!(request.body() == pattern(bytes));
        let answer = request.body().to_vec();
        port.reply_within(request, &answer, soon()).unwrap();
    }
    client.join().unwrap();
}

#[test]
fn a_port_may_raise_the_inline_limit_to_0xffef() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new().inline_bytes_max(0xFFEF),
        |options| options,
        |client| client.request(&pattern(0xFFEF)).map(|reply| reply.to_vec()),
    );
    let request = request(&mut port);
    assert_eq!(request.technique(), Technique::Inline);
    let answer = request.body().to_vec();
    port.reply_within(request, &answer, soon()).unwrap();
    assert!(client.join().unwrap().unwrap() == pattern(0xFFEF));
}

#[test]
fn the_sender_can_force_each_technique_and_the_receiver_can_ask_which_was_used() {
    const TECHNIQUES: [Technique; 4] =
        [Technique::Inline, Technique::Section, Technique::SecureSection, Technique::Direct];
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            for technique in TECHNIQUES {
                let body = pattern(1000);
                let reply =
                    client.request_as(&mut Outgoing::new(&body).technique(technique), soon()).unwrap();
                assert_eq!(reply.body(), b"taken");
            }
        },
    );
    for technique in TECHNIQUES {
        let request = request(&mut port);
        assert_eq!(request.technique(), technique);
        assert!(request.body() == pattern(1000));
        let why = (technique == Technique::Direct).then_some(WhyServed::Server);
        assert_eq!(request.why_served(), why.as_ref());
        assert_eq!(
            request.view().is_some(),
            matches!(technique, Technique::Section | Technique::SecureSection)
        );
        port.reply(request, b"taken").unwrap();
    }
    client.join().unwrap();
}

#[test]
fn above_the_section_cap_a_declared_body_is_read_directly() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new().section_bytes_max(1 << 20),
        |options| options,
        |client| {
            let body = pattern((1 << 20) + 1);
            client.request_as(&mut Outgoing::new(&body).or_direct(), soon()).map(|reply| reply.to_vec())
        },
    );
    let request = request(&mut port);
    assert_eq!(request.technique(), Technique::Direct);
    assert!(request.body() == pattern((1 << 20) + 1));
    port.reply(request, b"done").unwrap();
    assert_eq!(client.join().unwrap().unwrap(), b"done");
}

#[test]
fn where_the_receiver_refuses_views_a_declared_body_is_read_directly_and_another_fits_the_queue_or_goes_nowhere()
 {
    let (_harbour, mut port, client) = meet(
        PortOptions::new().views_max(0),
        |options| options,
        |client| {
            let body = pattern(1000);
            client.request_as(&mut Outgoing::new(&body).or_direct(), soon()).unwrap();
            client.request(&body).unwrap();
            let too_large = pattern(0xFFF0);
            client.request(&too_large).map(|reply| reply.to_vec())
        },
    );
    for technique in [Technique::Direct, Technique::Inline] {
        let request = request(&mut port);
        assert_eq!(request.technique(), technique);
        assert!(request.body() == pattern(1000));
        port.reply(request, b"done").unwrap();
    }
    let refused = client.join().unwrap().unwrap_err();
    assert_eq!(refused.status(), Status::PORT_MESSAGE_TOO_LONG);
    let RequestError::NotSent(SendError::TooLarge(limits)) = refused else { panic!("{refused}") };
    assert_eq!((limits.bytes, limits.message_bytes_max), (0xFFF0, 0xFFEF));
    assert_eq!((limits.section_bytes_max, limits.direct_bytes_max), (0, 16 << 20));
    let words = limits.to_string();
    assert!(
        ["65519 bytes through the queue", "0 in a section", "16777216 read directly", "or_direct"]
            .iter()
            .all(|limit| words.contains(limit)),
        "{words}"
    );
}

#[test]
fn a_message_with_a_body_may_bring_a_view_beside_it() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            let mut view = client.view(100_000, soon()).unwrap();
            view.write_at(99_999, b"!").unwrap();
            client.request_as(&mut Outgoing::new(b"see view").with_view(view), soon()).unwrap();
            let mut view = SecureViewMut::create(5).unwrap();
            view.write_at(0, b"still").unwrap();
            client.request_as(&mut Outgoing::new(b"see view").with_view(view), soon()).unwrap();
        },
    );
    let plain = request(&mut port);
    assert_eq!((plain.body(), plain.technique()), (&b"see view"[..], Technique::Inline));
    assert_eq!(plain.view().unwrap().read::<u8>(99_999).unwrap(), b'!');
    port.reply(plain, b"").unwrap();
    let secure = request(&mut port);
    assert_eq!(secure.view().unwrap().as_secure(), Some(&b"still"[..]));
    port.reply(secure, b"").unwrap();
    client.join().unwrap();
}

#[test]
fn datagrams_bring_views_both_ways_but_no_secure_ones_and_lend_nothing() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 7);
    client.send_datagram(&pattern(5000), soon()).unwrap();
    match next(&mut port) {
        Incoming::Datagram(datagram) => {
            assert!(datagram.body() == pattern(5000) && datagram.view().is_some())
        }
        other => panic!("{other:?}"),
    }
    port.send_datagram(id, &pattern(6000), soon()).unwrap();
    assert!(client.receive(soon()).unwrap().body() == pattern(6000));
    assert_eq!(client.take_view().unwrap().bytes(), 6000);

    let secure = || Outgoing::in_view(SecureViewMut::create(9).unwrap());
    assert_eq!(client.send_datagram_as(&mut secure(), soon()), Err(SendError::SecureView));
    assert_eq!(port.send_datagram_as(id, &mut secure(), soon()), Err(SendError::SecureView));
    let bytes = pattern(9);
    let lending = || Outgoing::new(b"").readable(&bytes);
    let refused = Err(SendError::TooManyRanges { given: 1, max: 0 });
    assert_eq!(client.send_datagram_as(&mut lending(), soon()), refused);
    assert_eq!(port.send_datagram_as(id, &mut lending(), soon()), refused);
}

#[test]
fn a_message_that_did_not_go_keeps_its_view() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().views_max(1));
    let (mut client, _) = harbour.client(&mut port, 0);
    let mut view = client.view(10, soon()).unwrap();
    view.write_at(0, b"0123456789").unwrap();
    let mut waits = Outgoing::in_view(client.view(10, soon()).unwrap());
    client.send_request_as(&mut Outgoing::in_view(view), soon()).unwrap();
    assert_eq!(client.send_request_as(&mut waits, shortly()), Err(SendError::Full));
    let held = request(&mut port);
    assert_eq!(held.body(), b"0123456789");
    assert_eq!(client.send_request_as(&mut waits, shortly()), Err(SendError::Full));
    port.reply(held, b"").unwrap();
    client.send_request_as(&mut waits, soon()).unwrap();
    assert_eq!(request(&mut port).view().unwrap().bytes(), 10);
}

#[test]
fn a_view_of_another_channel_is_refused_and_comes_back() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut one, _) = harbour.client(&mut port, 1);
    let (mut two, _) = harbour.client(&mut port, 2);
    let mut strange = Outgoing::in_view(one.view(10, soon()).unwrap());
    assert_eq!(two.send_request_as(&mut strange, soon()), Err(SendError::StrangeView));
    one.send_request_as(&mut strange, soon()).unwrap();
    assert_eq!(request(&mut port).context(), 1);
}

#[test]
fn buffers_come_back_when_their_request_was_not_sent_or_waits_no_more() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let buffers = vec![Buffer::Readable(pattern(9)); 65];
    let (error, back) = client.send_request_lending(b"", buffers, soon()).unwrap_err();
    assert_eq!((error, back.len()), (SendError::TooManyRanges { given: 65, max: 64 }, 65));
    let id = client.send_request_lending(b"", vec![Buffer::Readable(pattern(9))], soon()).unwrap();
    assert_eq!(client.take_buffers(id), None);
    client.cancel(id).unwrap();
    assert_eq!(client.take_buffers(id), Some(vec![Buffer::Readable(pattern(9))]));
    assert_eq!(client.take_buffers(id), None);
    drop(port);
}

#[test]
fn bodies_of_every_technique_arrive_from_another_process() {
    const TEST: &str = "techniques::bodies_of_every_technique_arrive_from_another_process";
    if role().is_some() {
        let mut client = their_client();
        for technique in [Technique::Section, Technique::SecureSection, Technique::Direct] {
            let body = pattern(2_000_000);
            let reply = client.request_as(&mut Outgoing::new(&body).technique(technique), soon()).unwrap();
            assert!(reply.body() == body);
        }
        return say("done");
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    crate::support::echo(&mut port);
    assert_eq!(other.hear().as_deref(), Some("done"));
    other.finish();
}
