// SPDX-License-Identifier: MIT OR Apache-2.0
//! Nothing is left of channels that are over: no descriptor, no map, at neither side. This file has one test and starts
//! no process, since it counts what this process holds.
#![forbid(unsafe_code)]

use std::time::Duration;

use cabotage_alpc::{Client, ConnectOptions, ConnectionPort, Deadline, Incoming, PortOptions};
use cabotage_link::names::Registry;

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(30))
}

/// How many descriptors this process has, and how many maps of memory objects.
fn holdings() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let maps = maps.lines().filter(|line| line.contains("/memfd:")).count();
    (cabotage_os::limits::descriptors_in_use().unwrap(), maps)
}

fn client(port: &mut ConnectionPort, options: &ConnectOptions) -> Client {
    let connecting = options.clone().begin("port").unwrap();
    loop {
        match port.receive(soon()).unwrap() {
            Incoming::ConnectionRequest(request) => {
                port.accept(request, b"", 0).unwrap();
                return connecting.finish(soon()).unwrap();
            }
            Incoming::PortClosed { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Enough to leave the socket for the rings, and small and large messages.
fn talk(port: &mut ConnectionPort, client: &mut Client) {
    for number in 0..40_usize {
        let body = vec![7; number * number * 30];
        client.send_request(&body, soon()).unwrap();
        match port.receive(soon()).unwrap() {
            Incoming::Request(request) => {
                assert_eq!(request.body(), body);
                port.reply_within(request, &body, soon()).unwrap();
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(client.receive(soon()).unwrap().body(), body);
    }
}

#[test]
fn nothing_is_left_of_channels_that_are_over() {
    let root = tempfile::tempdir().unwrap();
    let registry = Registry::at(root.path().join("user"), root.path().join("system"));
    let options = ConnectOptions::new().registry(&registry).deadline(soon());
    let mut port = PortOptions::new().registry(&registry).create("port").unwrap();
    // By some of those the port is woken so often that its bell has memory, which it keeps.
    for _ in 0..20 {
        let refused = options.clone().begin("port").unwrap();
        drop(port.receive(soon()).unwrap());
        assert!(port.try_receive().unwrap().is_none());
        assert!(refused.finish(soon()).is_err());
    }
    let before = holdings();
    for round in 0..20 {
        let mut one = client(&mut port, &options);
        talk(&mut port, &mut one);
        // One goes with a request under way, one is sent away, one was never let in.
        one.send_request(b"unanswered", soon()).unwrap();
        let kept = port.receive(soon()).unwrap();
        one.send_datagram(&[1; 3000], soon()).unwrap();
        drop(one);
        assert_eq!(port.receive(soon()).unwrap().body().len(), 3000);
        assert!(matches!(port.receive(soon()).unwrap(), Incoming::PortClosed { .. }));
        drop(kept);
        let two = client(&mut port, &options);
        let named = port.client_ids().next().unwrap();
        port.disconnect(named).unwrap();
        drop(two);
        let refused = options.clone().begin("port").unwrap();
        drop(port.receive(soon()).unwrap());
        assert!(port.try_receive().unwrap().is_none());
        assert!(refused.finish(soon()).is_err());
        assert_eq!(holdings(), before, "round {round}");
    }
}
