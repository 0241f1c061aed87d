// SPDX-License-Identifier: MIT OR Apache-2.0
//! Another process comes in the gap between two calls: what was true a moment ago is looked at again.

use std::cell::RefCell;
use std::mem::forget;
use std::rc::Rc;

use cabotage_link::names::{Kind, PublishError, Published, Registry, Scope};
use cabotage_os::{Deadline, seam};

use crate::worker;
use crate::{Harbour, defaults, harbour, name, soon};

fn publish(registry: &Registry) -> Result<Published, PublishError> {
    registry.publish(Kind::Link, &name("one"), defaults(), soon())
}

fn leave_behind(harbour: &Harbour) {
    let mut worker = worker::start(harbour.root.path());
    assert_eq!(worker.ask("publish one").unwrap(), "published");
    worker.kill();
}

/// What an intrusion leaves for its test.
type Slot<T> = Rc<RefCell<Option<T>>>;

fn slot<T>() -> (Slot<T>, Slot<T>) {
    let slot = Rc::new(RefCell::new(None));
    (Rc::clone(&slot), slot)
}

#[test]
fn an_owner_gives_up_just_before_its_lock_is_tried() {
    // At the first call of that name the lock to work is asked for, at the second the one to live.
    for nth in 1..=2 {
        let harbour = harbour();
        let owner = publish(&harbour.registry).unwrap();
        let gives_up = move || drop(owner);
        let _plan = match nth {
            1 => seam::before("fcntl", gives_up),
            _ => seam::before("fcntl", move || forget(seam::before("fcntl", gives_up))),
        };
        let _next = publish(&harbour.registry).unwrap();
        assert_eq!(
            harbour.files(Scope::User),
            [".one.lock", "one"],
            "the lock that counts is the next one's"
        );
        assert!(matches!(publish(&harbour.registry), Err(PublishError::Taken { pid: Some(_), .. })));
    }
}

#[test]
fn a_name_changes_hands_while_a_cleaner_waits_for_its_turn() {
    let harbour = harbour();
    let owner = publish(&harbour.registry).unwrap();
    let registry = harbour.registry.clone();
    let (kept, next) = slot();
    let _plan = seam::before("fcntl", move || {
        drop(owner);
        *kept.borrow_mut() = Some(publish(&registry).unwrap());
    });
    assert!(!harbour.registry.remove_stale(Kind::Link, &name("one"), Scope::User, soon()).unwrap());
    assert_eq!(harbour.files(Scope::User), [".one.lock", "one"]);
    harbour.connect("one").unwrap();
    assert!(next.take().unwrap().unpublish().unwrap());
}

#[test]
fn nobody_publishes_while_a_cleaner_is_at_work() {
    for call in ["unlinkat", "connect", "pread"] {
        let harbour = harbour();
        leave_behind(&harbour);
        let registry = harbour.registry.clone();
        let (kept, answer) = slot();
        let _plan = seam::before(call, move || {
            let answer = registry.publish(Kind::Link, &name("one"), defaults(), Deadline::Now);
            *kept.borrow_mut() = Some(answer.map(drop));
        });
        assert!(harbour.registry.remove_stale(Kind::Link, &name("one"), Scope::User, soon()).unwrap());
        let busy = PublishError::Contended { name: name("one") };
        assert_eq!(answer.take().unwrap(), Err(busy), "before {call}");
        publish(&harbour.registry).unwrap();
    }
}

#[test]
fn a_name_is_taken_over_while_a_client_connects_to_the_old_socket() {
    let harbour = harbour();
    leave_behind(&harbour);
    let registry = harbour.registry.clone();
    let (kept, next) = slot();
    let _plan = seam::before("connect", move || *kept.borrow_mut() = Some(publish(&registry).unwrap()));
    harbour.connect("one").unwrap();
    next.take().unwrap().accept(Deadline::Now).unwrap();
}
