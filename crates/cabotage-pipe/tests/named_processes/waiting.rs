// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for an instance, as clients do it by name: of several servers in processes of their own, which are busy, make
//! more instances, listen again, close, and are killed.

use std::thread;
use std::time::Duration;

use cabotage_pipe::Deadline;
use cabotage_pipe::named::{ClientOptions, Patience, PipeError, Scope, ServerOptions, wait_named_pipe};

use crate::{Harbour, SOON};

const IMPATIENCE: Duration = Duration::from_millis(20);

fn patience(deadline: impl Into<Deadline>) -> Patience {
    Patience::Until(deadline.into())
}

/// Waits in a thread.
fn waiter(options: &ClientOptions) -> thread::JoinHandle<Result<(), PipeError>> {
    let options = options.clone();
    thread::spawn(move || options.wait_for_instance("pipe", patience(SOON)))
}

#[test]
fn one_of_several_servers_that_listens_is_enough_and_nothing_is_reserved() {
    let harbour = Harbour::new();
    let mut servers = [harbour.worker(), harbour.worker(), harbour.worker()];
    servers.iter_mut().for_each(|server| assert_eq!(server.ask("create pipe"), "ok"));
    let mut clients = Vec::new();
    for _ in 0..3 {
        harbour.client().wait_for_instance("pipe", patience(Deadline::Now)).unwrap();
        harbour.client().wait_for_instance("pipe", patience(Deadline::Now)).unwrap();
        clients.push(harbour.client().open("pipe").unwrap());
    }
    let busy = harbour.client().wait_for_instance("pipe", patience(Deadline::Now));
    assert_eq!(busy, Err(PipeError::AllBusy));
}

#[test]
fn the_wait_ends_at_its_deadline_or_at_the_one_that_the_pipe_has_for_all() {
    let harbour = Harbour::new();
    let _server = harbour.server().default_timeout(IMPATIENCE).create("pipe").unwrap();
    let _client = harbour.client().open("pipe").unwrap();
    let waited = harbour.client().wait_for_instance("pipe", patience(IMPATIENCE));
    assert_eq!(waited.unwrap_err().code(), 121);
    assert_eq!(harbour.client().wait_for_instance("pipe", Patience::Default).unwrap_err().code(), 121);
}

#[test]
fn an_instance_that_appears_in_any_server_ends_the_wait() {
    let harbour = Harbour::new();
    let mut busy = harbour.worker();
    assert_eq!(busy.ask("create pipe"), "ok");
    let _client = harbour.client().open("pipe").unwrap();
    let waits = waiter(&harbour.client());
    let mut other = harbour.worker();
    assert_eq!(other.ask("create pipe"), "ok");
    waits.join().unwrap().unwrap();
}

#[test]
fn a_server_that_listens_again_ends_the_wait() {
    let harbour = Harbour::new();
    let mut server = harbour.worker();
    assert_eq!(server.ask("create pipe"), "ok");
    let client = harbour.client().open("pipe").unwrap();
    assert_eq!(server.ask("connect"), "ok");
    let waits = waiter(&harbour.client());
    drop(client);
    assert_eq!(server.ask("disconnect"), "ok");
    // It listens, and waits for the client that comes next.
    server.tell("connect");
    waits.join().unwrap().unwrap();
    let _next = harbour.client().open("pipe").unwrap();
    assert_eq!(server.answer(), "ok");
}

#[test]
fn one_killed_server_of_two_ends_no_wait_and_the_last_one_does() {
    let harbour = Harbour::new();
    let mut servers = [harbour.worker(), harbour.worker()];
    servers.iter_mut().for_each(|server| assert_eq!(server.ask("create pipe"), "ok"));
    let _clients = [harbour.client().open("pipe").unwrap(), harbour.client().open("pipe").unwrap()];
    let waits = waiter(&harbour.client());
    let [first, last] = &mut servers;
    first.kill();
    let waited = harbour.client().wait_for_instance("pipe", patience(IMPATIENCE));
    assert_eq!(waited, Err(PipeError::TimedOut), "the pipe is there");
    last.kill();
    assert_eq!(waits.join().unwrap(), Err(PipeError::NotFound));
}

#[test]
fn a_server_that_closes_ends_the_wait() {
    let harbour = Harbour::new();
    let mut server = harbour.worker();
    assert_eq!(server.ask("create pipe"), "ok");
    let _client = harbour.client().open("pipe").unwrap();
    let waits = waiter(&harbour.client());
    assert_eq!(server.ask("close"), "ok");
    assert_eq!(waits.join().unwrap(), Err(PipeError::NotFound));
}

#[test]
fn an_absent_pipe_is_told_at_once_unless_one_waits_for_its_server() {
    let harbour = Harbour::new();
    let absent = harbour.client().wait_for_instance("pipe", patience(Deadline::Never));
    assert_eq!(absent.unwrap_err().code(), 2);
    assert_eq!(harbour.client().wait_for_instance("pipe", Patience::Default), Err(PipeError::NotFound));
    let waits = waiter(&harbour.client().wait_for_server(true));
    let mut server = harbour.worker();
    assert_eq!(server.ask("create pipe"), "ok");
    waits.join().unwrap().unwrap();
}

#[test]
fn only_the_scope_counts_that_is_asked_for() {
    let harbour = Harbour::new();
    let _server = harbour.server().scope(Scope::System).create("pipe").unwrap();
    let wait = |options: ClientOptions| options.wait_for_instance("pipe", patience(Deadline::Now));
    assert_eq!(wait(harbour.client()), Ok(()));
    assert_eq!(wait(harbour.client().scope(Scope::System)), Ok(()));
    assert_eq!(wait(harbour.client().scope(Scope::User)), Err(PipeError::NotFound));
}

#[test]
fn the_call_by_itself_looks_where_the_environment_says() {
    let name = format!(r"\\.\pipe\cabotage-test-{}-waiting", std::process::id());
    assert_eq!(wait_named_pipe(&name, Patience::Default), Err(PipeError::NotFound));
    let _server = ServerOptions::new().create(&name).unwrap();
    assert_eq!(wait_named_pipe(&name, Patience::Default), Ok(()));
    assert_eq!(wait_named_pipe(r"\\.\pip\x", Patience::Default).unwrap_err().code(), 123);
}
