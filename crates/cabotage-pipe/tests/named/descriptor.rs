// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one descriptor of a server's end: the same for life, whichever client it has and while it listens.

use std::os::fd::AsRawFd;

use cabotage_os::poll::{self, Readiness};
use cabotage_os::seam;
use cabotage_pipe::Deadline;
use cabotage_pipe::named::{Interest, NamedPipeServer, PipeError, Ready};

use crate::{Harbour, SOON};

/// Whether the descriptor tells before the deadline.
fn tells(server: &NamedPipeServer, deadline: Deadline) -> bool {
    let [found] = poll::wait([(server.fd().unwrap(), Readiness::IN)], deadline).unwrap();
    !found.is_empty()
}

#[test]
fn a_server_has_one_descriptor_for_life_and_it_tells_of_each_client_and_of_what_each_writes() {
    let harbour = Harbour::new();
    let mut server = harbour.messages().create("pipe").unwrap();
    let number = server.fd().unwrap().as_raw_fd();
    for _ in 0..3 {
        assert_eq!(server.ready(Interest::Read), Ok(Ready::Armed));
        assert!(!tells(&server, Deadline::Now));
        let mut client = harbour.message_client().open("pipe").unwrap();
        assert!(tells(&server, Deadline::within(SOON)));
        server.connect(SOON).unwrap();

        assert_eq!(server.ready(Interest::Read), Ok(Ready::Armed));
        assert!(!tells(&server, Deadline::Now));
        client.send(b"ahoy", SOON).unwrap();
        assert!(tells(&server, Deadline::within(SOON)));
        server.receive(&mut Vec::new(), SOON).unwrap();

        server.disconnect().unwrap();
        assert!(!tells(&server, Deadline::Now), "without a client there is nothing to tell");
        assert_eq!(server.connect(Deadline::Now), Err(PipeError::Listening));
        assert_eq!(server.fd().unwrap().as_raw_fd(), number);
    }
}

#[test]
fn the_descriptor_stays_with_the_end_that_listens_when_a_client_is_handed_out() {
    let harbour = Harbour::new();
    let mut server = harbour.messages().create("pipe").unwrap();
    let number = server.fd().unwrap().as_raw_fd();
    let mut clients = Vec::new();
    for _ in 0..3 {
        assert_eq!(server.ready(Interest::Read), Ok(Ready::Armed));
        clients.push(harbour.message_client().open("pipe").unwrap());
        assert!(tells(&server, Deadline::within(SOON)));
        let mut served = server.accept(SOON).unwrap();
        assert_eq!(server.fd().unwrap().as_raw_fd(), number);
        assert_ne!(served.fd().unwrap().as_raw_fd(), number);
        assert_eq!(server.ready(Interest::Read), Ok(Ready::Armed));
        clients.last_mut().unwrap().send(b"ahoy", SOON).unwrap();
        assert!(tells(&served, Deadline::within(SOON)));
        assert!(!tells(&server, Deadline::Now), "a client of another end is not told of");
        served.receive(&mut Vec::new(), SOON).unwrap();
    }
}

#[test]
fn a_client_that_comes_while_one_asks_whether_to_wait_is_told() {
    let harbour = Harbour::new();
    for nth in 0.. {
        let mut server = harbour.messages().create("pipe").unwrap();
        server.fd().unwrap();
        let client = harbour.client();
        let plan = seam::before_nth(nth, move || drop(client.open("pipe").unwrap()));
        let ready = server.ready(Interest::Read);
        if !plan.has_come() {
            assert!(nth > 0, "there are no gaps");
            break;
        }
        drop(plan);
        assert!(ready == Ok(Ready::Ready) || tells(&server, Deadline::within(SOON)), "gap {nth}");
    }
}
