// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named pipes: created, opened, written, read, looked at, disconnected, listening again.

use cabotage_os::Deadline;
use cabotage_pipe::named::place::{list, show};
use cabotage_pipe::named::{Interest, PipeError, PipeName, Ready};

use super::Answer;
use super::ledger::shortly;
use crate::pipes::{self, NAME};
use crate::scratch::Scratch;

pub(super) fn a_named_pipe_serves_a_client_and_then_another(place: &Scratch) -> Answer {
    let mut server = pipes::create(place)?;
    let mut message = Vec::new();
    for number in 0..2_u8 {
        let mut client = pipes::open(place, shortly())?;
        client.write_within(&[number; 30], shortly())?;
        server.connect(shortly())?;
        server.receive(&mut message, shortly())?;
        assert_eq!(message, [number; 30]);
        server.write_within(&[number; 40], shortly())?;
        assert_eq!(client.peek(&mut [])?.available_bytes, 40);
        client.receive(&mut message, shortly())?;
        assert_eq!(message, [number; 40]);
        server.disconnect()?;
        assert!(client.read_within(&mut [0], shortly()).is_err(), "a client that was thrown out reads on");
        match server.connect(Deadline::Now) {
            Err(PipeError::Listening) => {}
            other => other?,
        }
    }
    Ok(server.close()?)
}

pub(super) fn a_write_beyond_the_quota_of_a_named_pipe_is_taken_back(place: &Scratch) -> Answer {
    let mut server = pipes::create(place)?;
    let mut client = pipes::open(place, shortly())?;
    server.connect(shortly())?;
    let long = vec![7; pipes::QUOTA_BYTES as usize + 300];
    let error = client.write_within(&long, Deadline::Now).expect_err("more than the quota");
    if error.source != PipeError::TimedOut {
        return Err(error.into());
    }
    assert_eq!(error.taken_bytes, 0, "nobody reads");
    client.write_within(b"short", shortly())?;
    let mut message = Vec::new();
    server.receive(&mut message, shortly())?;
    assert_eq!(message, b"short");
    Ok(client.flush_within(shortly())?)
}

pub(super) fn a_client_of_a_named_pipe_waits_on_its_descriptor(place: &Scratch) -> Answer {
    let mut server = pipes::create(place)?;
    let mut client = pipes::open(place, shortly())?;
    server.connect(shortly())?;
    for number in 0..4_u8 {
        if client.ready(Interest::Read)? == Ready::Armed {
            server.write_within(&[number], shortly())?;
            let fd = std::os::fd::AsFd::as_fd(&client);
            let waits = [(fd, cabotage_os::poll::Readiness::IN)];
            // A bell that finds no room counts as rung, since others wait there then: told so falsely, none came.
            cabotage_os::poll::wait(waits, shortly())?;
        }
        assert_eq!(client.read_within(&mut [0; 4], shortly())?, 1);
    }
    Ok(())
}

pub(super) fn named_pipes_are_listed_and_shown(place: &Scratch) -> Answer {
    let server = pipes::create(place)?;
    let registry = place.registry();
    // A look that fails may take what is there for something that just went.
    assert!(list(&registry)?.len() <= 1);
    assert!(show(&registry, &PipeName::parse(NAME)?, None)?.instances.len() <= 1);
    drop(server);
    assert_eq!(list(&registry)?, []);
    Ok(())
}
