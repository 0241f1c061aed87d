// SPDX-License-Identifier: MIT OR Apache-2.0
//! Direct access by reading the client's memory where it lies: only when both sides want it, and the kernel lets us.

use cabotage_alpc::{CopyError, Outgoing, PortOptions, Technique, WhyServed};
use cabotage_link::names::{ConnectOptions, Kind};
use cabotage_link::{Link, Options};
use cabotage_os::probe::{self, Feature};

use crate::by_hand::{CONNECT, REQUEST, attribute, message};
use crate::support::{Harbour, NAME, request, role, say, soon, their_registry};
use crate::{meet, pattern};

const BYTES: usize = 3_000_000;

#[test]
fn a_body_is_read_where_it_lies_when_server_and_client_want_it_and_served_with_the_reason_otherwise() {
    for (server_wants, client_wants) in [(true, true), (true, false), (false, true)] {
        let port = match server_wants {
            true => PortOptions::new().reads_client_memory(),
            false => PortOptions::new(),
        };
        let (_harbour, mut port, client) = meet(
            port,
            |options| if client_wants { options.readable_in_place() } else { options },
            |client| {
                let body = pattern(BYTES);
                let mut message = Outgoing::new(&body).technique(Technique::Direct).readable(&body);
                client.request_as(&mut message, soon()).map(|reply| reply.to_vec())
            },
        );
        let request = request(&mut port);
        assert!(request.body() == pattern(BYTES));
        assert!(port.read_to_vec(&request, 1, usize::MAX, soon()).unwrap() == pattern(BYTES));
        let expected = match (server_wants, client_wants) {
            (true, true) => None,
            (true, false) => Some(WhyServed::Client),
            (false, _) => Some(WhyServed::Server),
        };
        assert_eq!(request.why_served(), expected.as_ref());
        assert_eq!(port.why_served(&request), expected);
        port.reply(request, b"done").unwrap();
        assert_eq!(client.join().unwrap().unwrap(), b"done");
    }
}

#[test]
fn where_the_kernel_does_not_let_us_the_client_copies() {
    let (_harbour, mut port, client) = meet(
        PortOptions::new().reads_client_memory(),
        cabotage_alpc::ConnectOptions::readable_in_place,
        |client| {
            let body = pattern(BYTES);
            let mut message = Outgoing::new(&body).technique(Technique::Direct);
            client.request_as(&mut message, soon()).map(|reply| reply.to_vec())
        },
    );
    let _hidden = probe::without(Feature::ProcessMemory);
    let request = request(&mut port);
    assert!(request.body() == pattern(BYTES));
    assert!(matches!(request.why_served(), Some(WhyServed::Refused(_))));
    assert!(matches!(port.why_served(&request), Some(WhyServed::Refused(_))));
    port.reply(request, b"done").unwrap();
    client.join().unwrap().unwrap();
}

#[test]
fn the_memory_of_another_process_is_read_where_it_lies() {
    const TEST: &str = "in_place::the_memory_of_another_process_is_read_where_it_lies";
    if role().is_some() {
        let options = cabotage_alpc::ConnectOptions::new().registry(&their_registry()).deadline(soon());
        let mut client = options.readable_in_place().connect(NAME).unwrap();
        let body = pattern(BYTES);
        let mut message = Outgoing::new(&body).technique(Technique::Direct);
        assert!(client.request_as(&mut message, soon()).unwrap().body() == body);
        return say("done");
    }
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().reads_client_memory());
    let mut other = harbour.start(TEST, "client");
    crate::support::let_in(&mut port, 0);
    let request = request(&mut port);
    if let Some(why) = request.why_served() {
        println!("skipped: {why}");
    }
    assert!(request.body() == pattern(BYTES));
    let answer = request.body().to_vec();
    port.reply_within(request, &answer, soon()).unwrap();
    assert_eq!(other.hear().as_deref(), Some("done"));
    other.finish();
}

/// Says nothing but what a client may, of memory that comes and goes.
fn lend_what_comes_and_goes() {
    let name = NAME.parse().unwrap();
    let (how, options) = (ConnectOptions::new().wait_for_name(), Options::new());
    let mut link = Link::connect_to(Kind::Alpc, &their_registry(), &name, how, options, soon()).unwrap();
    let mut terms = vec![0; 40];
    terms[8..16].copy_from_slice(&[0xFFEF_u32, 256].map(u32::to_ne_bytes).concat());
    link.send(&message(CONNECT, 0, 0, &[], &terms), soon()).unwrap();
    link.receive(soon()).unwrap();
    // So large that the allocator maps it, and unmaps it when it is dropped.
    let mut memory = vec![7_u8; COMES_AND_GOES];
    let base = memory.as_ptr().addr() as u64;
    let ranges = attribute(2, 0, &[base, COMES_AND_GOES as u64, 0]);
    link.send(&message(REQUEST, 1, 0, &ranges, b"lent"), soon()).unwrap();
    say("lent");
    let over = std::thread::spawn(crate::support::hear);
    while !over.is_finished() {
        drop(std::mem::take(&mut memory));
        memory = vec![7; COMES_AND_GOES];
    }
    drop(memory);
    over.join().unwrap();
    say("gone");
    crate::support::hear();
}

const COMES_AND_GOES: usize = 4 << 20;

#[test]
fn ranges_that_another_process_unmaps_under_the_copy_are_told_and_others_are_served_on() {
    const TEST: &str =
        "in_place::ranges_that_another_process_unmaps_under_the_copy_are_told_and_others_are_served_on";
    if role().is_some() {
        return lend_what_comes_and_goes();
    }
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new().reads_client_memory());
    let (mut honest, _) = harbour.client(&mut port, 1);
    let mut other = harbour.start(TEST, "client");
    crate::support::let_in(&mut port, 2);
    let lent = request(&mut port);
    assert_eq!((lent.context(), other.hear().as_deref()), (2, Some("lent")));
    if let Some(why) = port.why_served(&lent) {
        return println!("skipped: the memory of another process is not read here: {why}");
    }
    let mut buffer = vec![0; COMES_AND_GOES];
    let (mut whole, mut torn) = (0, 0);
    // Most copies are torn, and some are whole; how many is the scheduler's business.
    for _ in 0..100 {
        match port.read_at(&lent, 0, 0, &mut buffer, soon()) {
            Ok(()) => {
                whole += 1;
                // Fresh memory of the same process, at the worst.
                assert!(buffer.iter().step_by(509).all(|byte| [0, 7].contains(byte)));
            }
            Err(CopyError::NotThere(_)) => torn += 1,
            Err(error) => panic!("{error}"),
        }
        honest.send_request(b"still here", soon()).unwrap();
        let asked = request(&mut port);
        port.reply(asked, b"yes").unwrap();
        assert_eq!(honest.receive(soon()).unwrap().body(), b"yes");
    }
    println!("{whole} copies whole, {torn} torn");
    other.tell("enough");
    assert_eq!(other.hear().as_deref(), Some("gone"));
    // Now nothing is there for sure: neither a byte, nor a fault of this process.
    assert!(matches!(port.read_at(&lent, 0, 0, &mut buffer, soon()), Err(CopyError::NotThere(_))));
    other.tell("the end");
    other.finish();
}
