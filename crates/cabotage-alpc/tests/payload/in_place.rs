// SPDX-License-Identifier: MIT OR Apache-2.0
//! Direct access by reading the client's memory where it lies: only when both sides want it, and the kernel lets us.

use cabotage_alpc::{Outgoing, PortOptions, Technique, WhyServed};
use cabotage_os::probe::{self, Feature};

use crate::support::{Harbour, request, role, say, soon, their_registry};
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
        let mut client = options.readable_in_place().connect(crate::support::NAME).unwrap();
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
