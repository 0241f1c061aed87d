// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other end acts in every gap: before each system call that an operation makes, and when it sleeps. Whenever that
//! is, the operation is done.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use cabotage_os::seam;
use cabotage_pipe::Deadline;
use cabotage_pipe::named::{ClientOptions, NamedPipeClient, NamedPipeServer, PipeError};

use crate::executor::Task;
use crate::{Client, Harbour, SOON, Server};

/// More calls than an operation makes here.
const CALLS_MAX: u64 = 200;

/// Runs `operation` again and again on new ends, each time with `act` of the other end in another gap, until there are
/// no more gaps. Where it came too early, which `act` answers, it acts again when all sleep.
fn in_every_gap<E: 'static, O, F: Future<Output = ()>>(
    ends: impl Fn(&Harbour) -> (E, O),
    act: impl Fn(&mut E) -> bool + Copy + 'static,
    operation: impl Fn(Rc<O>) -> F,
) {
    for nth in 0..CALLS_MAX {
        let harbour = Harbour::new();
        let (other, end) = ends(&harbour);
        let (other, has_acted) = (Rc::new(RefCell::new(other)), Rc::new(Cell::new(false)));
        let (intruder, has) = (other.clone(), has_acted.clone());
        let mut plan = Some(seam::before_nth(nth, move || has.set(act(&mut intruder.borrow_mut()))));
        let mut has_more_gaps = true;
        harbour.executor.run(vec![Task::new(operation(Rc::new(end)))], || {
            // It would see the calls of the other end, too.
            has_more_gaps &= plan.take().is_none_or(|plan| plan.has_come());
            let must_act = !has_acted.get();
            if must_act {
                has_acted.set(act(&mut other.borrow_mut()));
            }
            must_act
        });
        if !has_more_gaps {
            assert!(nth > 0, "the operation has no gaps");
            return;
        }
    }
    panic!("more than {CALLS_MAX} calls");
}

/// A server that waits by hand, and a client whose operations are futures.
fn client(harbour: &Harbour) -> (NamedPipeServer, Client) {
    harbour.joined()
}

/// A client that waits by hand, and a server whose operations are futures.
fn server(harbour: &Harbour) -> (NamedPipeClient, Server) {
    let server = harbour.create();
    let client = harbour.open();
    (client, harbour.server(server))
}

fn send(end: &mut NamedPipeServer) -> bool {
    end.send(b"ahoy", SOON).is_ok()
}

fn leave(end: &mut Option<NamedPipeServer>) -> bool {
    drop(end.take());
    true
}

#[test]
fn a_read_is_done_whenever_something_comes() {
    in_every_gap(client, send, |client| async move {
        assert_eq!(client.read(&mut [0; 16]).await, Ok(4));
    });
}

#[test]
fn a_message_is_received_whenever_it_comes() {
    in_every_gap(client, send, |client| async move {
        let mut message = Vec::new();
        client.receive(&mut message).await.unwrap();
        assert_eq!(message, b"ahoy");
    });
}

#[test]
fn whoever_waits_for_something_to_read_is_told_whenever_it_comes() {
    in_every_gap(client, send, |client| async move {
        client.readable().await.unwrap();
        assert_eq!(client.with(|end| end.try_read(&mut [0; 16])), Ok(4));
    });
}

#[test]
fn a_write_is_done_whenever_it_is_read() {
    let read = |end: &mut NamedPipeServer| {
        let mut message = Vec::new();
        end.receive(&mut message, Deadline::Now) == Ok(()) && message == [7; 64]
    };
    in_every_gap(client, read, |client| async move {
        assert_eq!(client.write(&[7; 64]).await, Ok(64));
    });
}

/// The question is beyond the quota, which does not hold it up.
#[test]
fn a_transaction_is_done_whenever_it_is_answered() {
    let answer = |end: &mut NamedPipeServer| {
        let is_asked = end.receive(&mut Vec::new(), Deadline::Now) == Ok(());
        is_asked && end.send(b"42", SOON).is_ok()
    };
    in_every_gap(client, answer, |client| async move {
        assert_eq!(client.transact(&[1; 64], &mut [0; 4]).await, Ok(2));
    });
}

#[test]
fn a_flush_is_done_whenever_all_is_read() {
    in_every_gap(
        |harbour| {
            let (server, client) = client(harbour);
            harbour.executor.block_on(client.send(b"ahoy")).unwrap();
            (server, client)
        },
        |end| end.receive(&mut Vec::new(), SOON).is_ok(),
        |client| async move { client.flush().await.unwrap() },
    );
}

#[test]
fn a_connect_is_done_whenever_a_client_comes() {
    in_every_gap(
        |harbour| (Opens::new(harbour), harbour.server(harbour.create())),
        Opens::open,
        |server| async move {
            server.connect().await.unwrap();
            assert!(server.with(|end| end.client().is_ok()));
        },
    );
}

#[test]
fn an_accept_is_done_whenever_a_client_comes_and_the_next_is_told_by_the_same_descriptor() {
    in_every_gap(
        |harbour| (Opens::new(harbour), harbour.server(harbour.create())),
        |opens| opens.open() && opens.open_later(),
        |server| async move {
            drop(server.accept().await.unwrap());
            drop(server.accept().await.unwrap());
        },
    );
}

#[test]
fn a_server_listens_again_and_is_told_of_the_next_client_whenever_it_comes() {
    in_every_gap(
        |harbour| {
            let (first, server) = server(harbour);
            harbour.executor.block_on(server.connect()).unwrap();
            server.with(NamedPipeServer::disconnect).unwrap();
            drop(first);
            (Opens::new(harbour), server)
        },
        Opens::open,
        |server| async move {
            server.connect().await.unwrap();
        },
    );
}

#[test]
fn whatever_waits_is_told_whenever_the_other_end_goes() {
    let ends = |harbour: &Harbour| {
        let (server, client) = client(harbour);
        (Some(server), client)
    };
    in_every_gap(ends, leave, |client| async move {
        assert_eq!(client.read(&mut [0; 16]).await, Err(PipeError::Broken));
    });
    in_every_gap(ends, leave, |client| async move {
        let error = client.write(&[7; 64]).await.unwrap_err();
        assert!(matches!(error.source, PipeError::Broken | PipeError::Closing), "{error}");
    });
}

/// Opens clients, and keeps them.
struct Opens {
    options: ClientOptions,
    clients: Vec<NamedPipeClient>,
}

impl Opens {
    fn new(harbour: &Harbour) -> Self {
        let options = ClientOptions::messages().registry(&harbour.registry);
        Self { options, clients: Vec::new() }
    }

    /// Opens one, if an instance listens.
    fn open(&mut self) -> bool {
        let opened = self.options.open("pipe");
        opened.is_ok_and(|client| {
            self.clients.push(client);
            true
        })
    }

    /// The second client waits for its instance in a thread of its own, since this one makes the instance.
    fn open_later(&mut self) -> bool {
        let options = self.options.clone();
        std::thread::spawn(move || drop(options.open_within("pipe", SOON)));
        true
    }
}
