// SPDX-License-Identifier: MIT OR Apache-2.0
//! Several threads at one port.

use std::collections::HashSet;
use std::sync::{Barrier, Mutex, mpsc};

use cabotage_alpc::{Loss, RequestError};

use crate::Serving;
use crate::support::{Harbour, NAME, soon};

#[test]
fn a_handler_that_waits_keeps_only_its_asker_waiting() {
    let harbour = Harbour::new();
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let _server = Serving::start(harbour.port(), |port| {
        port.serve_with(2, move |request| {
            if request.body() == b"slow" {
                wait.lock().unwrap().recv().unwrap();
            }
            request.body().to_vec()
        })
    });
    let (mut slow, mut fast) =
        (harbour.options().connect(NAME).unwrap(), harbour.options().connect(NAME).unwrap());
    let id = slow.send_request(b"slow", soon()).unwrap();
    for _ in 0..200 {
        assert_eq!(fast.request_within(b"fast", soon()).unwrap().body(), b"fast");
    }
    assert_eq!(slow.try_receive().unwrap(), None);
    go_on.send(()).unwrap();
    match slow.receive(soon()).unwrap() {
        cabotage_alpc::Received::Reply { id: answered, body } => {
            assert_eq!((answered, body), (id, &b"slow"[..]))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn workers_answer_at_the_same_time() {
    const WORKERS: usize = 4;
    let harbour = Harbour::new();
    // Nobody passes before all are there, so all are in the handler at once.
    let barrier = Barrier::new(WORKERS);
    let _server = Serving::start(harbour.port(), move |port| {
        port.serve_with(WORKERS, move |request| {
            barrier.wait();
            format!("{:?} {:?}", std::thread::current().id(), request.body()).into_bytes()
        })
    });
    let mut client = harbour.options().connect(NAME).unwrap();
    for _ in 0..50 {
        for number in 0..WORKERS {
            client.send_request(&[u8::try_from(number).unwrap()], soon()).unwrap();
        }
        let threads: HashSet<Vec<u8>> =
            (0..WORKERS).map(|_| client.receive(soon()).unwrap().body().to_vec()).collect();
        assert_eq!(threads.len(), WORKERS);
    }
}

#[test]
fn many_clients_of_many_workers_each_get_their_own_replies() {
    let harbour = Harbour::new();
    let _server =
        Serving::start(harbour.port(), |port| port.serve_with(3, |request| request.body().to_vec()));
    std::thread::scope(|scope| {
        for client in 0..6_u32 {
            let mut own = harbour.options().connect(NAME).unwrap();
            scope.spawn(move || {
                for number in 0..500_u32 {
                    let question = [client.to_le_bytes(), number.to_le_bytes()].concat();
                    assert_eq!(own.request_within(&question, soon()).unwrap().body(), question);
                }
            });
        }
    });
}

#[test]
fn a_request_that_is_answered_by_nobody_is_lost_at_once() {
    let harbour = Harbour::new();
    let _server = Serving::start(harbour.port(), |port| {
        port.serve_with(2, |request| (request.body() == b"answer").then_some("here"))
    });
    let mut client = harbour.options().connect(NAME).unwrap();
    for _ in 0..100 {
        let lost = client.request_within(b"no answer", soon()).unwrap_err();
        assert_eq!(lost, RequestError::Lost(Loss::Dropped));
        assert_eq!(client.request_within(b"answer", soon()).unwrap().body(), b"here");
    }
}

#[test]
fn a_handler_that_works_long_learns_that_nobody_waits_for_it_any_more() {
    let harbour = Harbour::new();
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let _server = Serving::start(harbour.port(), move |port| {
        port.serve_with(2, move |request| {
            tell.lock().unwrap().send("begun").unwrap();
            let patience = soon();
            while request.is_awaited() && !patience.has_passed() {
                std::thread::yield_now();
            }
            tell.lock().unwrap().send(if request.is_awaited() { "in vain" } else { "given up" }).unwrap();
        })
    });
    let mut client = harbour.options().connect(NAME).unwrap();
    let id = client.send_request(b"long", soon()).unwrap();
    assert_eq!(told.recv().unwrap(), "begun");
    client.cancel(id).unwrap();
    assert_eq!(told.recv().unwrap(), "given up");
    client.send_request(b"long", soon()).unwrap();
    assert_eq!(told.recv().unwrap(), "begun");
    client.close();
    assert_eq!(told.recv().unwrap(), "given up");
}

#[test]
fn a_stopped_crew_answers_what_its_workers_are_at() {
    let harbour = Harbour::new();
    let (begin, begun) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let (begin, wait) = (Mutex::new(begin), Mutex::new(wait));
    let server = Serving::start(harbour.port(), move |port| {
        port.serve_with(3, move |request| {
            begin.lock().unwrap().send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
            request.body().to_vec()
        })
    });
    let mut client = harbour.options().connect(NAME).unwrap();
    client.send_request(b"first", soon()).unwrap();
    client.send_request(b"second", soon()).unwrap();
    begun.recv().unwrap();
    server.stopper().stop(soon());
    begun.recv().unwrap();
    go_on.send(()).unwrap();
    go_on.send(()).unwrap();
    let answers: HashSet<Vec<u8>> = (0..2).map(|_| client.receive(soon()).unwrap().body().to_vec()).collect();
    assert_eq!(answers, [b"first".to_vec(), b"second".to_vec()].into());
    server.end();
}
