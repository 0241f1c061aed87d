// SPDX-License-Identifier: MIT OR Apache-2.0
//! Listeners in a set: their clients become links of it.

use std::time::{Duration, Instant};

use cabotage_link::names::{ConnectOptions, Kind, Name, PublishOptions, Registry};
use cabotage_link::{
    Deadline, Event, Key, Link, LinkError, LinkSet, Listener, Options, PeerFault, Ready, SetError,
};
use cabotage_os::{Errno, seam};

use crate::{is_readable, message, soon};

/// A set that listens, and where.
struct Harbour {
    set: LinkSet,
    listener: Key,
    registry: Registry,
    name: Name,
    _folder: tempfile::TempDir,
}

fn harbour(options: Options) -> Harbour {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::at(folder.path().join("user"), folder.path().join("system"));
    let name: Name = "quay".parse().unwrap();
    let listener = Listener::publish_in(&registry, &name, PublishOptions::new(), options, soon()).unwrap();
    let mut set = LinkSet::new().unwrap();
    let listener = set.listen(listener).unwrap();
    Harbour { set, listener, registry, name, _folder: folder }
}

impl Harbour {
    fn connect(&self) -> Link {
        let how = ConnectOptions::new();
        Link::connect_in(&self.registry, &self.name, how, Options::new(), soon()).unwrap()
    }

    #[track_caller]
    fn accepted(&mut self) -> Key {
        match self.set.receive(soon()).unwrap() {
            Event::Accepted { link, listener } => {
                assert_eq!(listener, self.listener);
                link
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn clients_are_accepted_and_heard() {
    let mut harbour = harbour(Options::new());
    assert_eq!(harbour.set.ready().unwrap(), Ready::Armed);
    let mut clients: Vec<_> = (0..10).map(|_| harbour.connect()).collect();
    assert!(is_readable(&harbour.set, soon()));
    assert_eq!(harbour.set.ready().unwrap(), Ready::Ready);
    for (number, client) in (0_u8..).zip(&mut clients) {
        client.send(&[number], soon()).unwrap();
    }
    let (mut accepted, mut heard) = (Vec::new(), Vec::new());
    while heard.len() < 10 {
        match harbour.set.receive(soon()).unwrap() {
            Event::Accepted { link, listener } => {
                assert_eq!(listener, harbour.listener);
                accepted.push(link);
            }
            Event::Message(key, message) => heard.push((key, message.to_vec())),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(accepted.len(), 10);
    for (key, body) in heard {
        let mut client = clients.remove(clients.len() - usize::from(10 - body[0]).min(clients.len()));
        harbour.set.get_mut(key).unwrap().send(&body, soon()).unwrap();
        assert_eq!(client.receive(soon()).unwrap().to_vec(), body);
        clients.insert(0, client);
    }
}

#[test]
fn a_client_that_has_gone_again_was_there() {
    let mut harbour = harbour(Options::new());
    let mut client = harbour.connect();
    client.try_send(b"letter").unwrap();
    client.close();
    let key = harbour.accepted();
    assert_eq!(message(&mut harbour.set), (key, b"letter".to_vec()));
    let Event::Ended(ended, error) = harbour.set.receive(soon()).unwrap() else { panic!("no end") };
    assert_eq!((ended, error), (key, LinkError::Closed));
}

#[test]
fn a_client_that_says_nothing_is_given_up() {
    let patience = Duration::from_millis(30);
    let mut harbour = harbour(Options::new().hello_within(patience));
    let began = Instant::now();
    let silent = harbour.connect();
    let mut loud = harbour.connect();
    loud.send(b"here", soon()).unwrap();
    let (first, second) = (harbour.accepted(), harbour.accepted());
    assert_eq!(message(&mut harbour.set).0, second);
    assert_ne!(harbour.set.wake_by(), Deadline::Never);
    let Event::Ended(ended, error) = harbour.set.receive(soon()).unwrap() else { panic!("no end") };
    assert_eq!((ended, error), (first, LinkError::Fault(PeerFault::Silent)));
    let waited = began.elapsed();
    assert!(waited >= patience && waited < Duration::from_secs(20), "{waited:?}");
    let short = Deadline::within(Duration::from_millis(50));
    assert_eq!(harbour.set.receive(short).unwrap_err(), SetError::Nothing);
    assert_eq!(harbour.set.wake_by(), Deadline::Never);
    assert_eq!(harbour.set.len(), 1);
    drop(silent);
}

#[test]
fn a_client_that_has_gone_is_not_called_late() {
    let mut harbour = harbour(Options::new().hello_within(Duration::from_millis(30)));
    let how = ConnectOptions::new();
    let client = harbour.registry.connect(Kind::Link, &harbour.name, how, soon()).unwrap();
    let key = harbour.accepted();
    // Nobody asks the kernel before the time is up.
    let too_late = Deadline::within(Duration::from_millis(60));
    while !too_late.has_passed() {
        std::thread::yield_now();
    }
    drop(client);
    let Event::Ended(ended, error) = harbour.set.receive(soon()).unwrap() else { panic!("no end") };
    assert_eq!((ended, error), (key, LinkError::Died));
}

#[test]
fn a_client_that_could_not_be_accepted_is_told_of_and_accepted_later() {
    let mut harbour = harbour(Options::new());
    let _client = harbour.connect();
    // The first call asks the kernel for events, the second accepts.
    let plan = seam::fail_nth(1, Errno::MFILE);
    match harbour.set.receive(soon()).unwrap() {
        Event::ListenerFailed(key, refusal) => {
            assert_eq!((key, refusal.errno()), (harbour.listener, Errno::MFILE));
        }
        other => panic!("{other:?}"),
    }
    drop(plan);
    harbour.accepted();
}

#[test]
fn a_listener_that_leaves_takes_its_name_along_and_its_clients_stay() {
    let mut harbour = harbour(Options::new());
    let mut client = harbour.connect();
    let key = harbour.accepted();
    let listener = harbour.set.unlisten(harbour.listener).unwrap();
    assert!(harbour.set.listener(harbour.listener).is_none());
    let _other = harbour.connect();
    assert_eq!(harbour.set.receive(Deadline::Now).unwrap_err(), SetError::Nothing);
    assert!(listener.accept(soon()).is_ok());
    client.send(b"still here", soon()).unwrap();
    assert_eq!(message(&mut harbour.set), (key, b"still here".to_vec()));
}

/// A flood of clients costs the others no more than the one that is being accepted.
#[test]
fn a_parked_link_is_heard_between_the_clients_of_a_flood() {
    let mut harbour = harbour(Options::new());
    let mut friend = harbour.connect();
    friend.send(b"first", soon()).unwrap();
    let key = harbour.accepted();
    assert_eq!(message(&mut harbour.set), (key, b"first".to_vec()));
    crate::settle(&mut harbour.set);
    let crowd: Vec<_> = (0..200)
        .map(|_| harbour.registry.connect(Kind::Link, &harbour.name, ConnectOptions::new(), soon()).unwrap())
        .collect();
    // The set has begun with the crowd when its parked link rings.
    harbour.accepted();
    friend.send(b"in between", soon()).unwrap();
    let mut accepted = 0;
    while !matches!(harbour.set.receive(soon()).unwrap(), Event::Message(from, _) if from == key) {
        accepted += 1;
        assert!(accepted <= 4, "a parked link waits for a crowd");
    }
    drop(crowd);
}
