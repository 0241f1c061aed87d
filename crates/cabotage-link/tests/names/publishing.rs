// SPDX-License-Identifier: MIT OR Apache-2.0
//! Publishing, listing and taking back, among the living.

use std::os::unix::fs::MetadataExt;

use cabotage_link::names::{Kind, Listed, PublishError, Scope};
use cabotage_os::socket::AcceptError;
use cabotage_os::{Deadline, Fault, fork};

use crate::worker::{self, Worker};
use crate::{defaults, harbour, in_system, mode_of, name, own_pid, own_uid, registry_in, soon};

#[test]
fn a_published_name_is_found_and_goes_when_it_is_dropped() {
    let harbour = harbour();
    let published = harbour.registry.publish(Kind::Link, &name("weather"), defaults(), soon()).unwrap();
    assert_eq!(published.name(), &name("weather"));
    assert_eq!(published.accept(Deadline::Now).unwrap_err(), AcceptError::Nobody);
    let client = harbour.connect("weather").unwrap();
    client.send(b"fine?", &[], Deadline::Now).unwrap();
    let served = published.accept(soon()).unwrap();
    assert_eq!(served.receive(&mut [0; 8], soon()).unwrap().bytes, 5);
    assert_eq!(harbour.files(Scope::User), [".weather.lock", "weather"]);
    drop(published);
    assert!(harbour.files(Scope::User).is_empty());
    harbour.connect("weather").unwrap_err();
}

#[test]
fn a_name_has_one_owner_and_the_refusal_says_which() {
    let harbour = harbour();
    let publish = || harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon());
    let first = publish().unwrap();
    let refused = publish().unwrap_err();
    assert_eq!(refused, PublishError::Taken { name: name("one"), uid: own_uid(), pid: Some(own_pid()) });
    assert_eq!(refused.fault(), Fault::Caller);
    harbour.connect("one").unwrap();
    assert!(first.unpublish().unwrap());
    publish().unwrap();
}

#[test]
fn kinds_and_scopes_do_not_meet() {
    let harbour = harbour();
    let publish = |kind, options| harbour.registry.publish(kind, &name("one"), options, soon()).unwrap();
    let _all = [
        publish(Kind::Link, defaults()),
        publish(Kind::Link, in_system()),
        publish(Kind::Mach, defaults()),
        publish(Kind::Pipe, in_system()),
    ];
    assert_eq!(harbour.registry.list(Kind::Link).unwrap().len(), 2);
    assert_eq!(harbour.registry.list(Kind::Mach).unwrap().len(), 1);
    assert_eq!(harbour.registry.list(Kind::Alpc).unwrap(), []);
}

#[test]
fn mode_and_group_are_exact() {
    let harbour = harbour();
    let gid = std::fs::metadata(harbour.root.path()).unwrap().gid();
    for (text, mode) in [("a", 0o600), ("b", 0o666), ("c", 0o660), ("d", 0o000)] {
        let options = in_system().mode(mode).group(gid);
        let published = harbour.registry.publish(Kind::Link, &name(text), options, soon()).unwrap();
        assert_eq!(mode_of(&published.path()), mode);
        assert_eq!(std::fs::metadata(published.path()).unwrap().gid(), gid);
    }
    if own_uid() == 0 {
        let published =
            harbour.registry.publish(Kind::Link, &name("e"), defaults().mode(0o660).group(54_321), soon());
        let path = published.as_ref().unwrap().path();
        assert_eq!((std::fs::metadata(&path).unwrap().gid(), mode_of(&path)), (54_321, 0o660));
    }
}

#[test]
fn the_umask_changes_nothing() {
    for mask in ["0000", "0027", "0077"] {
        let harbour = harbour();
        let mut worker = Worker::start_with_umask(&worker::role(harbour.root.path()), mask);
        assert_eq!(worker.ask("publish-shared one").unwrap(), "published");
        assert_eq!(mode_of(&harbour.root.path().join("system")), 0o755);
        assert_eq!(mode_of(&harbour.folder(Scope::System)), 0o1777);
        assert_eq!(mode_of(&harbour.folder(Scope::System).join("one")), 0o666);
        assert_eq!(mode_of(&harbour.folder(Scope::System).join(".one.lock")), 0o600);
        assert_eq!(worker.ask("publish two").unwrap(), "published");
        assert_eq!(mode_of(&harbour.root.path().join("user")), 0o700);
        assert_eq!(mode_of(&harbour.folder(Scope::User)), 0o700);
        assert_eq!(mode_of(&harbour.folder(Scope::User).join("two")), 0o600);
    }
}

#[test]
fn whichever_call_fails_is_told_and_nothing_is_left() {
    let harbour = harbour();
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask("fail-at-each-call").unwrap(), "every failure was told");
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn a_forked_child_has_no_part_in_a_name() {
    let harbour = harbour();
    let published = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap();
    let mut slot = Some(published);
    let agrees = fork::child_answers(
        || {
            let copy = slot.take().unwrap();
            let forked = copy.accept(soon()).unwrap_err() == AcceptError::Forked;
            forked && !copy.unpublish().unwrap()
        },
        soon(),
    );
    assert!(agrees.unwrap());
    let published = slot.unwrap();
    harbour.connect("one").unwrap();
    published.accept(soon()).unwrap();
    assert!(published.unpublish().unwrap(), "still ours");
}

#[test]
fn a_childs_copy_keeps_no_name_taken() {
    let harbour = harbour();
    let published = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon()).unwrap();
    let (go, wait) = std::io::pipe().map(|(reader, writer)| (writer, reader)).unwrap();
    std::thread::scope(|scope| {
        let child = scope.spawn(|| {
            // The child lives until the parent has published anew.
            fork::child_answers(
                || std::io::Read::read(&mut &wait, &mut [0]).is_ok_and(|bytes| bytes == 1),
                soon(),
            )
        });
        drop(published);
        let again = harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon());
        std::io::Write::write_all(&mut &go, b"x").unwrap();
        assert!(child.join().unwrap().unwrap());
        again.unwrap();
    });
}

#[test]
fn the_list_tells_scope_owner_mode_and_life() {
    let harbour = harbour();
    let publish = |text, options| harbour.registry.publish(Kind::Link, &name(text), options, soon()).unwrap();
    let _two = publish("two", defaults());
    let _one = publish("one", defaults().mode(0o620));
    let _far = publish("far", in_system().mode(0o666));
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask("publish killed").unwrap(), "published");
    worker.kill();
    std::fs::write(harbour.folder(Scope::User).join("no-socket"), "").unwrap();
    let listed = |text, scope, mode, alive| Listed {
        name: name(text),
        scope,
        owner: own_uid(),
        mode,
        alive: Some(alive),
        pid: alive.then(|| i32::try_from(std::process::id()).unwrap()),
    };
    let expected = [
        listed("killed", Scope::User, 0o600, false),
        listed("one", Scope::User, 0o620, true),
        listed("two", Scope::User, 0o600, true),
        listed("far", Scope::System, 0o666, true),
    ];
    assert_eq!(harbour.registry.list(Kind::Link).unwrap(), expected);
}

#[test]
fn nothing_is_made_by_looking() {
    let root = tempfile::tempdir().unwrap();
    let registry = registry_in(root.path());
    assert_eq!(registry.list(Kind::Link).unwrap(), []);
    assert!(!registry.remove_stale(Kind::Link, &name("x"), Scope::User, soon()).unwrap());
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn the_longest_name_works() {
    let harbour = harbour();
    let longest = "n".repeat(200);
    let _published = harbour.registry.publish(Kind::Link, &name(&longest), defaults(), soon()).unwrap();
    harbour.connect(&longest).unwrap();
}

#[test]
fn a_name_whose_lock_file_was_removed_by_hand_stays_with_its_living_owner() {
    let harbour = harbour();
    let publish = || harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon());
    let published = publish().unwrap();
    std::fs::remove_file(harbour.folder(Scope::User).join(".one.lock")).unwrap();
    assert!(matches!(publish(), Err(PublishError::Taken { pid: None, .. })));
    assert!(published.unpublish().unwrap());
    assert!(harbour.files(Scope::User).is_empty());
}

#[test]
fn a_name_that_was_removed_by_hand_is_not_taken_from_its_new_owner() {
    let harbour = harbour();
    let publish = || harbour.registry.publish(Kind::Link, &name("one"), defaults(), soon());
    let first = publish().unwrap();
    for file in harbour.files(Scope::User) {
        std::fs::remove_file(harbour.folder(Scope::User).join(file)).unwrap();
    }
    let _second = publish().unwrap();
    assert!(!first.unpublish().unwrap());
    assert_eq!(harbour.files(Scope::User), [".one.lock", "one"]);
    harbour.connect("one").unwrap();
}
