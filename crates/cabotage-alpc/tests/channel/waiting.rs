// SPDX-License-Identifier: MIT OR Apache-2.0
//! Deadlines, and waiting on descriptors.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use cabotage_alpc::{Deadline, Incoming, PortOptions, Ready, ReceiveError, RequestError, Status, Wait};
use cabotage_os::poll::{self, Readiness};

use crate::support::{Harbour, NAME, echo, let_in, next, request, shortly, soon};

#[test]
fn a_receive_that_times_out_says_so() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    for error in [port.receive(shortly()).unwrap_err(), client.receive(shortly()).unwrap_err()] {
        assert_eq!((error.status(), error), (Status::TIMEOUT, ReceiveError::Nothing));
    }
}

#[test]
fn no_patience_and_times_in_the_past_return_at_once() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, _) = harbour.client(&mut port, 0);
    let past = Instant::now();
    for deadline in [Deadline::Now, Deadline::within(Duration::ZERO), Deadline::At(past)] {
        assert_eq!(port.receive(deadline).unwrap_err(), ReceiveError::Nothing);
        assert_eq!(client.receive(deadline).unwrap_err(), ReceiveError::Nothing);
        assert_eq!(client.request_within(b"", deadline).map(|_| ()), Err(RequestError::TimedOut));
        let came = request(&mut port);
        assert!(matches!(next(&mut port), Incoming::Canceled { id, .. } if id == came.id()));
    }
}

#[test]
fn what_is_there_is_received_without_patience() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 0);
    for _ in 0..40 {
        client.send_datagram(b"here", soon()).unwrap();
        assert_eq!(port.receive(Deadline::Now).unwrap().body(), b"here");
        port.send_datagram(id, b"there", soon()).unwrap();
        assert_eq!(client.receive(Deadline::Now).unwrap().body(), b"there");
    }
}

#[test]
fn one_pollable_descriptor_tells_of_all_clients() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut one, _) = harbour.client(&mut port, 1);
    let (mut two, _) = harbour.client(&mut port, 2);
    for round in 0..20_u8 {
        while port.ready().unwrap() == Ready::Ready {
            assert!(port.try_receive().unwrap().is_none());
        }
        let number = port.as_fd();
        assert!(poll::wait([(number, Readiness::IN)], Deadline::Now).unwrap()[0].is_empty());
        let client = if round % 2 == 0 { &mut one } else { &mut two };
        client.send_datagram(&[round], soon()).unwrap();
        assert!(!poll::wait([(port.as_fd(), Readiness::IN)], soon()).unwrap()[0].is_empty());
        assert_eq!(port.ready().unwrap(), Ready::Ready);
        assert_eq!(next(&mut port).body(), [round]);
    }
}

#[test]
fn a_clients_descriptor_tells_of_replies_and_datagrams() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (mut client, id) = harbour.client(&mut port, 1);
    for round in 0..20_u8 {
        client.send_request(b"", soon()).unwrap();
        let came = request(&mut port);
        assert_eq!(client.ready().unwrap(), Ready::Armed);
        assert!(poll::wait([(client.as_fd(), Readiness::IN)], Deadline::Now).unwrap()[0].is_empty());
        port.reply(came, &[round]).unwrap();
        assert!(!poll::wait([(client.as_fd(), Readiness::IN)], soon()).unwrap()[0].is_empty());
        assert_eq!(client.ready().unwrap(), Ready::Ready);
        assert_eq!(client.try_receive().unwrap().unwrap().body(), [round]);
    }
    port.send_datagram(id, b"bye", soon()).unwrap();
    port.disconnect(id).unwrap();
    assert_eq!(client.ready().unwrap(), Ready::Ready);
    assert_eq!(client.receive(soon()).unwrap().body(), b"bye");
    assert_eq!(client.ready().unwrap(), Ready::Ready);
}

#[test]
fn every_way_of_waiting_carries_requests() {
    for wait in [Wait::Adaptive, Wait::Spin, Wait::Block] {
        let harbour = Harbour::new();
        let mut port = harbour.port_with(PortOptions::new().wait(wait));
        let connecting = harbour.options().wait(wait).begin(NAME).unwrap();
        let_in(&mut port, 0);
        let client = connecting.finish(soon()).unwrap();
        let asking = std::thread::spawn(move || {
            let mut client = client;
            for round in 0..100_u8 {
                assert_eq!(client.request(&[round]).unwrap().body(), [round]);
            }
        });
        echo(&mut port);
        asking.join().unwrap();
    }
}
