// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ends of links: told once, after everything that came before.

use std::process::Command;
use std::time::{Duration, Instant};

use cabotage_link::names::{ConnectOptions, PublishOptions, Registry};
use cabotage_link::{Deadline, Event, Key, Link, LinkError, LinkSet, Listener, Options, SetError, Wait};

use crate::{message, set_of, settle, soon};

#[track_caller]
fn end(set: &mut LinkSet) -> (Key, LinkError) {
    match set.receive(soon()).unwrap() {
        Event::Ended(key, error) => (key, error),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_end_is_told_once_after_the_last_message() {
    for (is_parked, wait) in [(false, Wait::Adaptive), (true, Wait::Block), (true, Wait::Spin)] {
        let (mut set, mut others) = set_of(2);
        set.set_wait(wait);
        if is_parked {
            settle(&mut set);
        }
        let (key, mut near) = others.remove(0);
        for number in 0..200_u8 {
            near.send(&[number], soon()).unwrap();
        }
        near.close();
        for number in 0..200_u8 {
            assert_eq!(message(&mut set), (key, vec![number]));
        }
        assert_eq!(end(&mut set), (key, LinkError::Closed));
        assert!(set.get_mut(key).is_none());
        assert_eq!(set.len(), 1);
        let short = Deadline::within(Duration::from_millis(2));
        assert_eq!(set.receive(short).unwrap_err(), SetError::Nothing);
    }
}

#[test]
fn a_peer_that_says_one_thing_and_goes_is_heard() {
    let mut set = LinkSet::new().unwrap();
    for was_gone_before in [true, false] {
        let (mut near, far) = Link::pair(Options::new()).unwrap();
        let far = far.link(Options::new()).unwrap();
        near.try_send(b"only").unwrap();
        let key = if was_gone_before {
            near.close();
            set.insert(far).unwrap()
        } else {
            let key = set.insert(far).unwrap();
            near.close();
            key
        };
        assert_eq!(message(&mut set), (key, b"only".to_vec()));
        assert_eq!(end(&mut set), (key, LinkError::Closed));
    }
    assert!(set.is_empty());
    assert_eq!(set.receive(Deadline::Never).unwrap_err(), SetError::Empty);
}

#[test]
fn an_end_is_told_among_busy_links() {
    let (mut set, mut others) = set_of(3);
    settle(&mut set);
    let (key, gone) = others.remove(0);
    drop(gone);
    for _ in 0..1000 {
        for (_, near) in &mut others {
            near.send(b"busy", soon()).unwrap();
        }
        // Both, so that the rings do not fill.
        for _ in 0..2 {
            match set.receive(soon()).unwrap() {
                Event::Message(..) => {}
                Event::Ended(ended, error) => return assert_eq!((ended, error), (key, LinkError::Closed)),
                other => panic!("{other:?}"),
            }
        }
    }
    panic!("the end was not told");
}

/// Tells the test below that it is a child, and where the name is.
const FOLDER: &str = "CABOTAGE_TEST_SET";

#[test]
fn a_killed_peer_is_told_of_within_a_tenth_of_a_second() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return talk_until_killed(folder.as_ref());
    }
    let folder = tempfile::tempdir().unwrap();
    let mut set = LinkSet::new().unwrap();
    let registry = registry_in(folder.path());
    let name = "quay".parse().unwrap();
    let listener =
        Listener::publish_in(&registry, &name, PublishOptions::new(), Options::new(), soon()).unwrap();
    set.listen(listener).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["ends::a_killed_peer_is_told_of_within_a_tenth_of_a_second", "--exact"])
        .env(FOLDER, folder.path())
        .spawn()
        .unwrap();
    let accepted = match set.receive(soon()).unwrap() {
        Event::Accepted { link, .. } => link,
        other => panic!("{other:?}"),
    };
    for number in 0..100_u32 {
        assert_eq!(message(&mut set), (accepted, number.to_le_bytes().to_vec()));
        set.get_mut(accepted).unwrap().send(b"yes", soon()).unwrap();
    }
    assert_eq!(message(&mut set), (accepted, b"last words".to_vec()));
    assert_eq!(set.receive(Deadline::within(Duration::from_millis(5))).unwrap_err(), SetError::Nothing);
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    assert_eq!(end(&mut set), (accepted, LinkError::Died));
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
}

fn registry_in(folder: &std::path::Path) -> Registry {
    Registry::at(folder.join("user"), folder.join("system"))
}

fn talk_until_killed(folder: &std::path::Path) {
    let name = "quay".parse().unwrap();
    let how = ConnectOptions::new();
    let mut link = Link::connect_in(&registry_in(folder), &name, how, Options::new(), soon()).unwrap();
    for number in 0..100_u32 {
        link.send(&number.to_le_bytes(), soon()).unwrap();
        link.receive(soon()).unwrap();
    }
    link.send(b"last words", soon()).unwrap();
    let _ = link.receive(Deadline::within(Duration::from_secs(60)));
}
