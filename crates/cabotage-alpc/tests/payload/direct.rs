// SPDX-License-Identifier: MIT OR Apache-2.0
//! Direct access by served copies: the waiting client copies from and to the ranges that its request declares.

use cabotage_alpc::{
    Access, Buffer, CopyError, Incoming, Outgoing, PortOptions, RangeError, RequestError, Status, Technique,
    WhyServed,
};

use crate::support::{Harbour, next, request, shortly, soon};
use crate::{meet, pattern};

const BYTES: usize = 1_000_000;

#[test]
fn the_server_reads_and_writes_the_ranges_that_the_waiting_request_declares() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            let (source, mut target) = (pattern(BYTES), vec![0; BYTES]);
            let mut message = Outgoing::new(b"copy").readable(&source).writable(&mut target);
            assert_eq!(client.request_as(&mut message, soon()).unwrap().body(), b"copied");
            target
        },
    );
    let request = request(&mut port);
    let declared: Vec<_> = request.ranges().collect();
    assert_eq!(declared, [(BYTES as u64, Access::Read), (BYTES as u64, Access::Write)]);
    assert_eq!((request.body(), request.technique()), (&b"copy"[..], Technique::Inline));
    assert_eq!(port.why_served(&request), Some(WhyServed::Server));
    let mut some = [0; 100];
    port.read_at(&request, 0, 500_000, &mut some, soon()).unwrap();
    assert!(some[..] == pattern(BYTES)[500_000..500_100]);
    port.read_at(&request, 0, BYTES as u64, &mut [], soon()).unwrap();
    let whole = port.read_to_vec(&request, 0, usize::MAX, soon()).unwrap();
    assert!(whole == pattern(BYTES));
    port.write_at(&request, 1, 0, &whole[..600_000], soon()).unwrap();
    port.write_at(&request, 1, 600_000, &whole[600_000..], soon()).unwrap();
    port.reply(request, b"copied").unwrap();
    assert!(client.join().unwrap() == pattern(BYTES));
}

#[test]
fn a_copy_beyond_what_is_declared_is_refused_as_an_invalid_parameter() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            let (source, mut target) = (pattern(100), [0; 10]);
            let mut message = Outgoing::new(b"").readable(&source).writable(&mut target);
            client.request_as(&mut message, soon()).unwrap();
        },
    );
    let request = request(&mut port);
    let mut read = |range, offset, bytes: usize| {
        let refused = port.read_at(&request, range, offset, &mut vec![0; bytes], soon()).unwrap_err();
        assert_eq!(refused.status(), Status::INVALID_PARAMETER);
        refused
    };
    assert_eq!(read(2, 0, 1), CopyError::Range(RangeError::NoRange { range: 2, count: 2 }));
    for (offset, bytes) in [(0, 101), (100, 1), (u64::MAX, 1)] {
        let expected = RangeError::BeyondEnd { offset, bytes: bytes as u64, range_bytes: 100 };
        assert_eq!(read(0, offset, bytes), CopyError::Range(expected));
    }
    assert!(matches!(
        read(1, 0, 1),
        CopyError::Range(RangeError::Access { range: 1, access: Access::Write })
    ));
    assert!(matches!(
        port.write_at(&request, 0, 0, b"x", soon()),
        Err(CopyError::Range(RangeError::Access { range: 0, access: Access::Read }))
    ));
    port.reply(request, b"").unwrap();
    client.join().unwrap();
}

#[test]
fn a_request_that_declares_nothing_lends_nothing() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    client.send_request(b"", soon()).unwrap();
    let request = request(&mut port);
    assert_eq!(request.ranges().count(), 0);
    let refused = port.read_at(&request, 0, 0, &mut [0], soon()).unwrap_err();
    assert_eq!(refused, CopyError::Range(RangeError::NoRange { range: 0, count: 0 }));
}

#[test]
fn copies_are_allowed_only_while_the_request_waits_on_that_port() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let id = client.send_request_lending(b"", vec![Buffer::Readable(pattern(100))], soon()).unwrap();
    let request = request(&mut port);
    client.cancel(id).unwrap();
    assert!(matches!(next(&mut port), Incoming::Canceled { .. }));
    let refused = port.read_at(&request, 0, 0, &mut [0], soon()).unwrap_err();
    assert_eq!((refused.status(), refused), (Status::REPLY_MESSAGE_MISMATCH, CopyError::Stale));

    let elsewhere = Harbour::new();
    let mut strange = elsewhere.port();
    assert_eq!(strange.read_at(&request, 0, 0, &mut [0], soon()), Err(CopyError::Stale));
}

#[test]
fn a_copy_of_a_request_that_was_canceled_meanwhile_is_answered_with_gone() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            let source = pattern(100);
            let timed_out = client.request_as(&mut Outgoing::new(b"").readable(&source), shortly());
            assert_eq!(timed_out.unwrap_err(), RequestError::TimedOut);
            client.request(b"next").map(|reply| reply.to_vec())
        },
    );
    let first = request(&mut port);
    let second = loop {
        match next(&mut port) {
            Incoming::Request(request) => break request,
            Incoming::Canceled { id, .. } => assert_eq!(id, first.id()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(port.read_at(&first, 0, 0, &mut [0; 10], soon()), Err(CopyError::Stale));
    port.reply(second, b"served").unwrap();
    assert_eq!(client.join().unwrap().unwrap(), b"served");
}

#[test]
fn asynchronous_requests_own_what_they_lend_and_serve_while_the_client_receives() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new(),
        |options| options,
        |client| {
            let buffers = vec![Buffer::Readable(pattern(BYTES)), Buffer::Writable(vec![0; 5])];
            let id = client.send_request_lending(b"take", buffers, soon()).unwrap();
            assert_eq!(client.receive(soon()).unwrap().body(), b"taken");
            let mut buffers = client.take_buffers(id).unwrap();
            buffers.pop().unwrap().into_bytes()
        },
    );
    let request = request(&mut port);
    assert!(!request.is_synchronous());
    assert!(port.read_to_vec(&request, 0, usize::MAX, soon()).unwrap() == pattern(BYTES));
    port.write_at(&request, 1, 1, b"two", soon()).unwrap();
    port.reply(request, b"taken").unwrap();
    assert_eq!(client.join().unwrap(), b"\0two\0");
}

#[test]
fn what_the_client_sent_before_and_behind_stays_in_order_while_it_is_copied_from() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let source = vec![Buffer::Readable(pattern(BYTES))];
    client.send_request_lending(b"lends", source, soon()).unwrap();
    for number in 0..10_u8 {
        client.send_datagram(&[number], soon()).unwrap();
    }
    let lends = request(&mut port);
    let serving = std::thread::spawn(move || {
        client.receive(soon()).unwrap();
        client
    });
    assert!(port.read_to_vec(&lends, 0, usize::MAX, soon()).unwrap() == pattern(BYTES));
    port.reply(lends, b"done").unwrap();
    for number in 0..10_u8 {
        assert_eq!(next(&mut port).body(), [number]);
    }
    drop(serving.join().unwrap());
}

#[test]
fn a_client_that_answers_a_callback_is_too_busy_to_copy() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let connecting = harbour.options().begin(crate::support::NAME).unwrap();
    let client = std::thread::spawn(move || {
        let mut client = connecting.finish(soon()).unwrap();
        // A request that lends can't be called back: nobody is there to answer.
        let source = pattern(100);
        client.request_as(&mut Outgoing::new(b"outer").readable(&source), soon()).map(|reply| reply.to_vec())
    });
    crate::support::let_in(&mut port, 0);
    let outer = request(&mut port);
    let refused = port.call_back(&outer, b"busy?", soon()).unwrap_err();
    assert_eq!(refused.status(), Status::LPC_REPLY_LOST);
    assert!(port.read_to_vec(&outer, 0, 100, soon()).unwrap() == pattern(100));
    port.reply(outer, b"done").unwrap();
    assert_eq!(client.join().unwrap().unwrap(), b"done");
}

#[test]
fn a_client_that_does_nothing_makes_a_copy_end_at_its_deadline_and_is_served_later() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    client.send_request_lending(b"", vec![Buffer::Readable(pattern(BYTES))], soon()).unwrap();
    let request = request(&mut port);
    let mut copy = vec![0; BYTES];
    assert_eq!(port.read_at(&request, 0, 0, &mut copy, shortly()), Err(CopyError::Busy));
    assert_eq!(CopyError::Busy.status(), Status::TIMEOUT);
    let serving = std::thread::spawn(move || client.receive(soon()).map(|reply| reply.body().to_vec()));
    port.read_at(&request, 0, 0, &mut copy, soon()).unwrap();
    assert!(copy == pattern(BYTES));
    port.reply(request, b"done").unwrap();
    assert_eq!(serving.join().unwrap().unwrap(), b"done");
}

#[test]
fn a_body_that_is_read_directly_holds_up_no_other_client() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut slow, _) = harbour.client(&mut port, 1);
    let (mut quick, _) = harbour.client(&mut port, 2);
    let buffers = vec![Buffer::Readable(pattern(9))];
    slow.send_request_lending(b"first", buffers, soon()).unwrap();
    assert_eq!(request(&mut port).context(), 1);
    // Its client asks and does nothing that would copy.
    let connecting = harbour.options().begin(crate::support::NAME).unwrap();
    let stalled = std::thread::spawn(move || {
        let mut client = connecting.finish(soon()).unwrap();
        let body = pattern(BYTES);
        client
            .request_as(&mut Outgoing::new(&body).technique(Technique::Direct), soon())
            .map(|reply| reply.to_vec())
    });
    crate::support::let_in(&mut port, 3);
    quick.send_request(b"quick", soon()).unwrap();
    let mut contexts = Vec::new();
    for _ in 0..2 {
        let request = request(&mut port);
        contexts.push(request.context());
        if request.context() == 3 {
            assert!(request.body() == pattern(BYTES));
        }
        port.reply(request, b"done").unwrap();
    }
    contexts.sort_unstable();
    assert_eq!(contexts, [2, 3]);
    assert_eq!(stalled.join().unwrap().unwrap(), b"done");
}

#[test]
fn a_client_that_dies_while_it_is_copied_from_ends_the_copy_and_is_told_as_dead() {
    const TEST: &str = "direct::a_client_that_dies_while_it_is_copied_from_ends_the_copy_and_is_told_as_dead";
    if crate::support::role().is_some() {
        let mut client = crate::support::their_client();
        client.send_request_lending(b"", vec![Buffer::Readable(pattern(BYTES))], soon()).unwrap();
        crate::support::say("sent");
        crate::support::hear();
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut other = harbour.start(TEST, "client");
    crate::support::let_in(&mut port, 0);
    let request = request(&mut port);
    assert_eq!(other.hear().as_deref(), Some("sent"));
    let killing = std::thread::spawn(move || {
        other.kill();
    });
    let refused = port.read_to_vec(&request, 0, usize::MAX, soon()).unwrap_err();
    assert!(matches!(refused, CopyError::Channel(_) | CopyError::Stale), "{refused}");
    assert!(matches!(next(&mut port), Incoming::ClientDied { .. }));
    killing.join().unwrap();
}
