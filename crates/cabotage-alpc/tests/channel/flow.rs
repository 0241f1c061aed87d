// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects and flow: one port, one client's end, one name for each client at the port.

use std::collections::BTreeMap;

use cabotage_alpc::{Incoming, Kind};

use crate::support::{Harbour, next, request, soon};

#[test]
fn the_server_receives_all_client_traffic_at_its_connection_port() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let mut clients: Vec<_> = (1..=3).map(|context| harbour.client(&mut port, context)).collect();
    for (client, _) in &mut clients {
        client.send_datagram(b"hear", soon()).unwrap();
        client.send_request(b"answer", soon()).unwrap();
    }
    let mut heard = BTreeMap::<u64, Vec<Kind>>::new();
    for _ in 0..6 {
        let incoming = next(&mut port);
        let context = match &incoming {
            Incoming::Request(request) => request.context(),
            Incoming::Datagram(datagram) => datagram.context(),
            other => panic!("{other:?}"),
        };
        heard.entry(context).or_default().extend(incoming.kind());
    }
    assert_eq!(heard.into_values().collect::<Vec<_>>(), vec![[Kind::Datagram, Kind::Request]; 3]);
}

#[test]
fn a_clients_name_at_the_port_identifies_it_and_carries_its_port_context() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut one, first) = harbour.client(&mut port, 11);
    let (mut other, second) = harbour.client(&mut port, 22);
    assert_ne!(first, second);
    assert_eq!((port.context(first), port.context(second)), (Some(11), Some(22)));
    assert_eq!((port.clients(), port.client_ids().collect::<Vec<_>>()), (2, vec![first, second]));
    other.send_request(b"", soon()).unwrap();
    let came = request(&mut port);
    assert_eq!((came.client(), came.context()), (second, 22));
    assert_eq!(port.with_peer(second, |peer| peer.pid()), Some(std::process::id().cast_signed()));
    one.send_request(b"", soon()).unwrap();
    assert_eq!(request(&mut port).client(), first);
}

#[test]
fn the_name_of_a_client_that_is_gone_names_nobody_else() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (one, first) = harbour.client(&mut port, 1);
    drop(one);
    assert!(matches!(next(&mut port), Incoming::PortClosed { client, context: 1 } if client == first));
    let (_two, second) = harbour.client(&mut port, 2);
    assert_ne!(first, second);
    assert_eq!((port.context(first), port.context(second)), (None, Some(2)));
}
