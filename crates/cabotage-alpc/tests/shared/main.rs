// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client that threads share: each gets its own replies, whoever reads them.
#![forbid(unsafe_code)]

#[path = "../channel/support.rs"]
mod support;

use std::thread;

use cabotage_alpc::{
    CancelError, ChannelError, Client, ConnectionPort, Deadline, HandleKind, Incoming, Loss, Outgoing,
    PortOptions, ReceiveError, RequestError, SecureViewMut, SendError, SharedClient, Stopper, Technique,
};

use support::{Harbour, NAME, next, request, role, shortly, soon, their_client};

/// A client of an echo, which is stopped with it.
struct Echo {
    client: SharedClient,
    stopper: Stopper,
    server: Option<thread::JoinHandle<()>>,
}

impl Echo {
    fn new(harbour: &Harbour) -> Self {
        let port = harbour.port();
        let stopper = port.stopper();
        let server = thread::spawn(move || port.serve(|request| request.body().to_vec()).unwrap());
        let client = harbour.options().connect(NAME).unwrap().share();
        Self { client, stopper, server: Some(server) }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stopper.stop(Deadline::Now);
        let _ = self.server.take().map(thread::JoinHandle::join);
    }
}

/// A port, and its client in this process.
fn pair(harbour: &Harbour) -> (ConnectionPort, SharedClient) {
    let mut port = harbour.port();
    let (client, _): (Client, _) = harbour.client(&mut port, 0);
    (port, client.share())
}

#[test]
fn threads_that_ask_at_once_each_get_their_own_reply() {
    let harbour = Harbour::new();
    let echo = Echo::new(&harbour);
    thread::scope(|scope| {
        for asker in 0..8_u32 {
            let client = echo.client.clone();
            scope.spawn(move || {
                for number in 0..300_u32 {
                    let mut question = [asker.to_le_bytes(), number.to_le_bytes()].concat();
                    // Now and then one that comes back in a view.
                    question.resize(if number % 50 == 0 { 5000 } else { 8 }, 7);
                    assert_eq!(client.request_within(&question, soon()).unwrap(), question);
                }
            });
        }
    });
}

#[test]
fn a_reply_that_comes_first_is_not_kept_from_its_asker_by_one_that_waits_longer() {
    let harbour = Harbour::new();
    let (mut port, client) = pair(&harbour);
    let slow = thread::spawn({
        let client = client.clone();
        move || client.request_within(b"slow", soon())
    });
    let kept = request(&mut port);
    // Whoever leads waits for the slow reply; each of these is handed its own.
    for _ in 0..50 {
        let fast = thread::spawn({
            let client = client.clone();
            move || client.request_within(b"fast", soon())
        });
        let asked = request(&mut port);
        assert_eq!(asked.body(), b"fast");
        port.reply(asked, b"quick").unwrap();
        assert_eq!(fast.join().unwrap().unwrap(), b"quick");
    }
    port.reply(kept, b"at last").unwrap();
    assert_eq!(slow.join().unwrap().unwrap(), b"at last");
}

#[test]
fn one_who_gives_up_hands_the_lead_on_and_its_late_reply_is_dropped() {
    let harbour = Harbour::new();
    let (mut port, client) = pair(&harbour);
    let patient = |client: &SharedClient| {
        let client = client.clone();
        thread::spawn(move || client.request_within(b"patient", soon()))
    };
    let first = thread::spawn({
        let client = client.clone();
        move || client.request_within(b"impatient", shortly())
    });
    let impatient = request(&mut port);
    let others = [patient(&client), patient(&client)];
    assert_eq!(first.join().unwrap(), Err(RequestError::TimedOut));
    let mut asked = Vec::new();
    while asked.len() < 2 {
        match next(&mut port) {
            Incoming::Request(request) => asked.push(request),
            Incoming::Canceled { id, .. } => assert_eq!(id, impatient.id()),
            other => panic!("{other:?}"),
        }
    }
    let _ = port.reply(impatient, b"too late");
    for request in asked {
        port.reply(request, b"here").unwrap();
    }
    for other in others {
        assert_eq!(other.join().unwrap().unwrap(), b"here");
    }
}

#[test]
fn datagrams_are_received_while_others_wait_for_replies() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, id) = harbour.client(&mut port, 0);
    let client = client.share();
    assert_eq!(client.receive(Deadline::Now), Err(ReceiveError::Nothing));
    let asker = thread::spawn({
        let client = client.clone();
        move || client.request_within(b"?", soon())
    });
    let asked = request(&mut port);
    let listener = thread::spawn({
        let client = client.clone();
        move || client.receive(soon())
    });
    port.send_datagram(id, b"news", soon()).unwrap();
    assert_eq!(listener.join().unwrap().unwrap(), b"news");
    port.reply(asked, b"!").unwrap();
    assert_eq!(asker.join().unwrap().unwrap(), b"!");
    client.send_datagram(b"thanks", soon()).unwrap();
    match next(&mut port) {
        Incoming::Datagram(datagram) => assert_eq!(datagram.body(), b"thanks"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_who_wait_are_told_when_the_server_goes() {
    let harbour = Harbour::new();
    let (mut port, client) = pair(&harbour);
    let askers: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            thread::spawn(move || client.request_within(b"?", soon()))
        })
        .collect();
    let asked: Vec<_> = (0..4).map(|_| request(&mut port)).collect();
    drop(port);
    for asker in askers {
        let lost = RequestError::Lost(Loss::Gone(ChannelError::Closed));
        assert_eq!(asker.join().unwrap(), Err(lost));
    }
    drop(asked);
    let gone = client.request_within(b"?", soon()).unwrap_err();
    assert_eq!(gone, RequestError::NotSent(SendError::Channel(ChannelError::Closed)));
}

#[test]
fn a_callback_to_a_shared_client_is_lost_and_its_request_waits_on() {
    let harbour = Harbour::new();
    let (mut port, client) = pair(&harbour);
    let asker = thread::spawn(move || client.request_within(b"?", soon()));
    let asked = request(&mut port);
    port.call_back(&asked, b"who are you?", soon()).unwrap_err();
    port.reply(asked, b"never mind").unwrap();
    assert_eq!(asker.join().unwrap().unwrap(), b"never mind");
}

#[test]
fn threads_of_another_process_share_a_client() {
    const TEST: &str = "threads_of_another_process_share_a_client";
    if role().is_some() {
        let client = their_client().share();
        // All clones are dropped before the process ends, so the port is closed and does not die.
        thread::scope(|scope| {
            for asker in 0..4_u8 {
                let client = client.clone();
                scope.spawn(move || {
                    for number in 0..200_u8 {
                        let reply = client.request_within(&[asker, number], soon()).unwrap();
                        assert_eq!(reply, [asker, number]);
                    }
                });
            }
        });
        return;
    }
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let other = harbour.start(TEST, "client");
    support::echo(&mut port);
    other.finish();
}

#[test]
fn callbacks_are_answered_by_the_thread_that_asked_whichever_reads() {
    let harbour = Harbour::new();
    let (mut port, client) = pair(&harbour);
    let leader = thread::spawn({
        let client = client.clone();
        move || client.request_within(b"leads", soon())
    });
    let first = request(&mut port);
    let asker = thread::spawn({
        let client = client.clone();
        move || {
            let own = thread::current().id();
            client.request_with(b"asks", soon(), |callback| {
                assert_eq!(thread::current().id(), own);
                [callback.body(), b"!"].concat()
            })
        }
    });
    let asked = request(&mut port);
    for number in 0..20_u8 {
        let reply = port.call_back(&asked, &[number], soon()).unwrap();
        assert_eq!(reply.body(), [number, b'!']);
    }
    port.reply(asked, b"thanks").unwrap();
    assert_eq!(asker.join().unwrap().unwrap(), b"thanks");
    port.reply(first, b"done").unwrap();
    assert_eq!(leader.join().unwrap().unwrap(), b"done");
}

#[test]
fn another_thread_cancels_a_request_whether_its_own_thread_reads_or_sleeps() {
    let harbour = Harbour::new();
    let (mut port, client) = pair(&harbour);
    let wait = |body: &'static [u8], port: &mut ConnectionPort| {
        let waiting = client.send_request(body, soon()).unwrap();
        let asked = request(port);
        assert_eq!(asked.id(), waiting.id());
        (waiting.id(), thread::spawn(move || waiting.wait(soon())), asked)
    };
    // Nobody answers, so the first of these reads for both.
    let (first, leads, _first) = wait(b"leads", &mut port);
    let (second, sleeps, _second) = wait(b"sleeps", &mut port);
    for (id, thread) in [(second, sleeps), (first, leads)] {
        client.cancel(id).unwrap();
        assert_eq!(thread.join().unwrap(), Err(RequestError::Canceled));
        assert_eq!(client.cancel(id), Err(CancelError::Gone { id }));
        assert!(matches!(next(&mut port), Incoming::Canceled { id: of, .. } if of == id));
    }
    // One that nobody waits for is canceled when it is let go of.
    let waiting = client.send_request(b"dropped", soon()).unwrap();
    let asked = request(&mut port);
    drop(waiting);
    assert!(matches!(next(&mut port), Incoming::Canceled { id, .. } if id == asked.id()));
    drop(asked);
    // And what is answered can be waited for by any thread.
    let waiting = client.send_request(b"answered", soon()).unwrap();
    let asked = request(&mut port);
    port.reply(asked, b"here").unwrap();
    assert_eq!(thread::spawn(move || waiting.wait(soon())).join().unwrap().unwrap(), b"here");
}

#[test]
fn views_and_handles_of_replies_and_datagrams_are_taken_as_they_are() {
    let harbour = Harbour::new();
    let mut port = harbour.port_with(PortOptions::new());
    let connecting =
        harbour.options().views_max(1).take_handles(2, &[HandleKind::Device]).begin(NAME).unwrap();
    let id = support::let_in(&mut port, 0);
    let client = connecting.finish(soon()).unwrap().share();
    let mut ask = |act: &dyn Fn(&mut ConnectionPort, cabotage_alpc::Request)| {
        let waiting = client.send_request(b"?", soon()).unwrap();
        let asked = request(&mut port);
        act(&mut port, asked);
        waiting.wait(soon()).unwrap()
    };
    let long = ask(&|port, asked| port.reply(asked, &[7; 100_000]).unwrap());
    assert_eq!((long.technique(), long.view().unwrap().bytes()), (Technique::Section, 100_000));
    assert_eq!(long.view().unwrap().read::<u8>(99_999).unwrap(), 7);
    // It is held, and there is room for one: so the next waits until this is dropped.
    let next_one = client.send_request(b"?", soon()).unwrap();
    let asked = request(&mut port);
    let refused = port.reply(asked, &[8; 100_000]).unwrap_err();
    drop(long);
    port.reply_within(refused.request, &[8; 100_000], soon()).unwrap();
    let mut reply = next_one.wait(soon()).unwrap();
    assert_eq!(reply.body(), [8; 100_000]);
    drop(reply.take_view().unwrap());
    drop(reply);
    let mut ask = |act: &dyn Fn(&mut ConnectionPort, cabotage_alpc::Request)| {
        let waiting = client.send_request(b"?", soon()).unwrap();
        let asked = request(&mut port);
        act(&mut port, asked);
        waiting.wait(soon()).unwrap()
    };
    let sealed = ask(&|port, asked| {
        let mut view = SecureViewMut::create(10).unwrap();
        view.write_at(0, b"for ever!!").unwrap();
        port.reply_as(asked, &mut Outgoing::in_view(view), soon()).unwrap();
    });
    assert_eq!(
        (sealed.technique(), sealed.view().unwrap().as_secure().unwrap()),
        (Technique::SecureSection, &b"for ever!!"[..])
    );
    drop(sealed);
    let device = || std::fs::File::open("/dev/null").unwrap();
    let mut handed = ask(&|port, asked| {
        let mut message = Outgoing::new(b"two").with_handle(device()).with_handle(device());
        port.reply_as(asked, &mut message, soon()).unwrap();
    });
    assert_eq!(handed, b"two");
    assert_eq!(handed.handles().unwrap().len(), 2);
    assert!(handed.handles().unwrap().take(HandleKind::Device).is_some());
    port.send_datagram_as(id, &mut Outgoing::new(b"by the way").with_handle(device()), soon()).unwrap();
    let mut told = client.receive(soon()).unwrap();
    assert_eq!((told.handles().unwrap().len(), told.into_vec()), (1, b"by the way".to_vec()));
}

#[test]
fn what_is_here_is_received_without_patience() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, id) = harbour.client(&mut port, 0);
    let client = client.share();
    for number in 0..10_u8 {
        port.send_datagram(id, &[number], soon()).unwrap();
        port.send_datagram(id, &[number, number], soon()).unwrap();
        assert_eq!(client.receive(Deadline::Now).unwrap(), [number]);
        assert_eq!(client.receive(Deadline::Now).unwrap(), [number, number]);
        assert_eq!(client.receive(Deadline::Now), Err(ReceiveError::Nothing));
    }
    let waiting = client.send_request(b"?", soon()).unwrap();
    let asked = request(&mut port);
    port.reply(asked, b"!").unwrap();
    assert_eq!(waiting.wait(Deadline::Now).unwrap(), b"!");
}

#[test]
fn a_forked_child_is_refused_and_its_parent_goes_on() {
    let harbour = Harbour::new();
    let mut port = harbour.port();
    let (client, id) = harbour.client(&mut port, 0);
    let client = client.share();
    client.send_datagram(b"before", soon()).unwrap();
    let refused = || {
        let forked = ChannelError::Forked;
        client.receive(Deadline::Now) == Err(ReceiveError::Channel(forked.clone()))
            && client.send_datagram(b"", Deadline::Now) == Err(SendError::Channel(forked))
    };
    assert!(cabotage_os::fork::child_answers(refused, soon()).unwrap());
    assert!(matches!(next(&mut port), Incoming::Datagram(_)));
    port.send_datagram(id, b"after", soon()).unwrap();
    assert_eq!(client.receive(soon()).unwrap(), b"after");
}
