// SPDX-License-Identifier: MIT OR Apache-2.0
//! Views: rounded, released, capped, and secure ones immutable.

use cabotage_alpc::{
    Loss, Outgoing, PortOptions, RequestError, SecureViewMut, SendError, Status, Technique,
    VIEW_GRANULE_BYTES,
};
use cabotage_os::map::MapError;

use crate::support::{Harbour, request, shortly, soon};
use crate::{meet, pattern};

#[test]
fn sizes_of_sections_are_rounded_to_64_kib_and_the_receivers_view_is_at_least_as_large_as_what_was_sent() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    for bytes in [1, 0x1000, 0x1001, 0x1234, 0x10000] {
        let view = client.view(bytes, soon()).unwrap();
        assert_eq!((view.bytes(), view.view_bytes()), (bytes, 0x10000));
        client.send_request_as(&mut Outgoing::in_view(view), soon()).unwrap();
        let secure = SecureViewMut::create(bytes).unwrap();
        assert_eq!((secure.bytes(), secure.view_bytes()), (bytes, 0x10000));
        client.send_request_as(&mut Outgoing::in_view(secure), soon()).unwrap();
        for _ in 0..2 {
            let request = request(&mut port);
            let view = request.view().unwrap();
            assert_eq!((view.bytes(), view.view_bytes()), (bytes, 0x10000));
            port.reply(request, b"").unwrap();
        }
    }
    assert_eq!(client.view(0x10001, soon()).unwrap().view_bytes(), 2 * VIEW_GRANULE_BYTES);
}

#[test]
fn a_view_is_filled_where_it_lies_and_not_beyond_its_end() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let mut view = client.view(1000, soon()).unwrap();
    view.write(0, &0x0102_0304_u32).unwrap();
    view.write_at(990, &[9; 10]).unwrap();
    assert!(matches!(view.write_at(991, &[9; 10]), Err(MapError::OutOfRange { .. })));
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, b"piped").unwrap();
    assert_eq!(view.fill_from(10, 5, &reader).unwrap(), 5);
    assert!(matches!(view.fill_from(999, 2, &reader), Err(MapError::OutOfRange { .. })));
    view.truncate(995);
    client.send_request_as(&mut Outgoing::in_view(view), soon()).unwrap();
    let request = request(&mut port);
    let view = request.view().unwrap();
    assert_eq!((view.bytes(), view.read::<u32>(0).unwrap()), (995, 0x0102_0304));
    let mut piped = [0; 5];
    view.copy_at(10, &mut piped).unwrap();
    assert_eq!(&piped, b"piped");
    assert!(view.read::<u64>(990).is_err() && view.copy_at(991, &mut piped).is_err());
    let mut whole = Vec::new();
    view.for_each_chunk(&mut [0; 100], |chunk| whole.extend_from_slice(chunk)).unwrap();
    assert_eq!(whole, request.body());
    let (reader, writer) = std::io::pipe().unwrap();
    assert_eq!(view.write_to(10, 5, &writer).unwrap(), 5);
    drop(writer);
    assert_eq!(std::io::read_to_string(reader).unwrap(), "piped");
}

#[test]
fn a_secure_view_is_a_slice_that_its_sender_can_not_change() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            let mut view = SecureViewMut::create(70_000).unwrap();
            view.write_at(0, &pattern(70_000)).unwrap();
            assert!(view.write_at(69_999, b"ab").is_err());
            let reply = client.request_as(&mut Outgoing::in_view(view), soon()).unwrap();
            assert_eq!(reply.technique(), Technique::SecureSection);
            assert_eq!(reply.view().unwrap().as_secure().unwrap(), reply.body());
            reply.to_vec()
        },
    );
    let request = request(&mut port);
    assert!(request.view().unwrap().as_secure().unwrap() == pattern(70_000));
    assert!(request.body() == pattern(70_000));
    let answer = pattern(300);
    let mut message = Outgoing::new(&answer).technique(Technique::SecureSection);
    port.reply_as(request, &mut message, soon()).unwrap();
    assert!(client.join().unwrap() == answer);
}

#[test]
fn views_are_released_on_drop_at_the_receiver_and_their_memory_is_used_again() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().views_max(2));
    let (mut client, _) = harbour.client(&mut port, 0);
    for round in 0..100_u8 {
        let mut view = client.view(1 << 20, soon()).unwrap();
        view.write_at(5, &[round]).unwrap();
        client.send_request_as(&mut Outgoing::in_view(view), soon()).unwrap();
        let request = request(&mut port);
        assert_eq!(request.view().unwrap().read::<u8>(5).unwrap(), round);
        match round % 3 {
            0 => port.reply(request, b"").unwrap(),
            // Whoever lets go of a request lets go of its view.
            1 => drop(request),
            _ => {
                let mut request = request;
                let view = request.take_view().unwrap();
                port.reply(request, b"").unwrap();
                assert_eq!(view.read::<u8>(5).unwrap(), round);
            }
        }
    }
}

#[test]
fn a_view_outlives_its_request_its_client_and_its_port() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    client.send_request(&pattern(1000), soon()).unwrap();
    let view = request(&mut port).take_view().unwrap();
    drop((client, port));
    assert!(view.to_vec().unwrap() == pattern(1000));
}

#[test]
fn plain_views_above_the_cap_wait_until_the_receiver_lets_go_of_some() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().views_max(3));
    let (mut client, _) = harbour.client(&mut port, 0);
    let mut held = Vec::new();
    for _ in 0..3 {
        client.send_request(&pattern(1000), soon()).unwrap();
        held.push(request(&mut port));
    }
    assert_eq!(client.send_request(&pattern(1000), shortly()), Err(SendError::Full));
    client.send_datagram(b"small ones go", soon()).unwrap();
    held.pop();
    client.send_request(&pattern(1000), soon()).unwrap();
}

#[test]
fn secure_views_above_the_cap_are_refused_at_once_and_harm_nobody() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().views_max(2));
    let (mut client, _) = harbour.client(&mut port, 0);
    let secure = || Outgoing::in_view(SecureViewMut::create(1000).unwrap());
    for _ in 0..3 {
        client.send_request_as(&mut secure(), soon()).unwrap();
    }
    let held = [request(&mut port), request(&mut port)];
    assert!(port.receive(shortly()).is_err());
    match client.receive(soon()).unwrap() {
        cabotage_alpc::Received::LostReply { id: 3, loss: Loss::Views } => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(RequestError::Lost(Loss::Views).status(), Status::INSUFFICIENT_RESOURCES);
    drop(held);
    client.send_request_as(&mut secure(), soon()).unwrap();
    assert_eq!(request(&mut port).id(), 4);
}

#[test]
fn a_client_that_takes_no_views_gets_replies_through_the_queue_as_far_as_they_fit() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options.views_max(0),
        |client| {
            let reply = client.request(b"large?").unwrap();
            assert_eq!((reply.technique(), reply.body()), (Technique::Inline, &pattern(60_000)[..]));
        },
    );
    let request = request(&mut port);
    let refused = port.reply_within(request, &pattern(66_000), soon()).unwrap_err();
    assert_eq!(refused.error.status(), Status::PORT_MESSAGE_TOO_LONG);
    port.reply_within(refused.request, &pattern(60_000), soon()).unwrap();
    client.join().unwrap();
}

#[test]
fn a_view_above_the_section_cap_is_not_to_be_had() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().section_bytes_max(100_000));
    let (mut client, id) = harbour.client(&mut port, 0);
    assert!(matches!(client.view(100_001, soon()), Err(SendError::TooLarge(_))));
    assert_eq!(client.view(100_000, soon()).unwrap().view_bytes(), 0x20000);
    let mut secure = Outgoing::in_view(SecureViewMut::create(100_001).unwrap());
    assert!(matches!(client.send_request_as(&mut secure, soon()), Err(SendError::TooLarge(_))));
    assert!(port.view(id, 100_001, soon()).is_ok(), "the client's own cap counts for what it gets");
}
