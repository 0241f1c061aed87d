// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who gets what, with real threads that wait.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

const SOON: Duration = Duration::from_secs(60);

fn event(reset: Reset, is_set: bool) -> Arc<Signal> {
    Arc::new(Signal::new(reset, is_set))
}

fn now(dispatcher: &Dispatcher, wish: Wish) -> Verdict {
    dispatcher.wait(wish, Deadline::Now)
}

fn both(one: &Arc<Signal>, two: &Arc<Signal>, all: bool) -> Wish {
    Wish { signals: vec![one.clone(), two.clone()], all, ..Wish::default() }
}

/// Until so many wait.
fn until_waiting(dispatcher: &Dispatcher, count: usize) {
    while dispatcher.lock().len() < count {
        thread::yield_now();
    }
}

#[test]
fn an_auto_reset_event_is_for_one_wait_and_a_manual_one_for_all() {
    let dispatcher = Dispatcher::default();
    let (auto, manual) = (event(Reset::Auto, true), event(Reset::Manual, true));
    assert_eq!(now(&dispatcher, Wish::one(&auto)), Verdict::Signalled(0));
    assert_eq!(now(&dispatcher, Wish::one(&auto)), Verdict::TimedOut);
    assert_eq!(now(&dispatcher, Wish::one(&manual)), Verdict::Signalled(0));
    assert_eq!(now(&dispatcher, Wish::one(&manual)), Verdict::Signalled(0));
}

#[test]
fn a_wait_for_all_takes_nothing_until_it_can_take_all() {
    let dispatcher = Dispatcher::default();
    let (one, two) = (event(Reset::Auto, true), event(Reset::Auto, false));
    assert_eq!(now(&dispatcher, both(&one, &two, true)), Verdict::TimedOut);
    dispatcher.set(&two);
    assert_eq!(now(&dispatcher, both(&one, &two, true)), Verdict::Signalled(0));
    assert_eq!(now(&dispatcher, both(&one, &two, false)), Verdict::TimedOut, "both were taken");
}

#[test]
fn of_several_the_first_in_the_list_is_told() {
    let dispatcher = Dispatcher::default();
    let (one, two) = (event(Reset::Manual, true), event(Reset::Manual, true));
    assert_eq!(now(&dispatcher, both(&one, &two, false)), Verdict::Signalled(0));
    dispatcher.reset(&one);
    assert_eq!(now(&dispatcher, both(&one, &two, false)), Verdict::Signalled(1));
}

#[test]
fn one_set_of_an_auto_reset_event_wakes_exactly_one_of_those_who_wait() {
    let dispatcher = Dispatcher::default();
    let auto = event(Reset::Auto, false);
    let (done, woken) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..3 {
            let done = done.clone();
            let (dispatcher, auto) = (&dispatcher, &auto);
            scope.spawn(move || done.send(dispatcher.wait(Wish::one(auto), Deadline::within(SOON))));
        }
        until_waiting(&dispatcher, 3);
        for left in (0..3).rev() {
            dispatcher.set(&auto);
            assert_eq!(woken.recv().unwrap(), Verdict::Signalled(0));
            assert_eq!(dispatcher.lock().len(), left);
        }
    });
}

#[test]
fn a_pulse_is_for_those_who_wait_at_that_moment() {
    let dispatcher = Dispatcher::default();
    let manual = event(Reset::Manual, false);
    thread::scope(|scope| {
        let waits = scope.spawn(|| dispatcher.wait(Wish::one(&manual), Deadline::within(SOON)));
        until_waiting(&dispatcher, 1);
        dispatcher.pulse(&manual);
        assert_eq!(waits.join().unwrap(), Verdict::Signalled(0));
    });
    assert_eq!(now(&dispatcher, Wish::one(&manual)), Verdict::TimedOut);
}

#[test]
fn a_wait_for_what_is_closed_ends() {
    let dispatcher = Dispatcher::default();
    let counting = event(Reset::Counting, false);
    dispatcher.set(&counting);
    dispatcher.set(&counting);
    assert_eq!(now(&dispatcher, Wish::one(&counting)), Verdict::Signalled(0));
    assert_eq!(now(&dispatcher, Wish::one(&counting)), Verdict::Signalled(0));
    assert_eq!(now(&dispatcher, Wish::one(&counting)), Verdict::TimedOut);
    thread::scope(|scope| {
        let waits = scope.spawn(|| dispatcher.wait(Wish::one(&counting), Deadline::Never));
        until_waiting(&dispatcher, 1);
        dispatcher.close(&counting);
        assert_eq!(waits.join().unwrap(), Verdict::Closed);
    });
}

#[test]
fn an_apc_ends_an_alertable_wait_of_its_thread_and_no_other() {
    let dispatcher = Dispatcher::default();
    let (mine, other) = (Arc::new(Thread::new(1)), Arc::new(Thread::new(2)));
    let alertable = |thread: &Arc<Thread>| Wish { alertable: Some(thread.clone()), ..Wish::default() };
    dispatcher.queue_apc(&other, Box::new(|| {}));
    assert_eq!(now(&dispatcher, alertable(&mine)), Verdict::TimedOut);
    assert_eq!(now(&dispatcher, alertable(&other)), Verdict::Apc);
    thread::scope(|scope| {
        let waits = scope.spawn(|| dispatcher.wait(alertable(&mine), Deadline::within(SOON)));
        until_waiting(&dispatcher, 1);
        dispatcher.queue_apc(&mine, Box::new(|| {}));
        assert_eq!(waits.join().unwrap(), Verdict::Apc);
    });
}

#[test]
fn a_cancelled_call_ends_the_wait_of_its_thread_and_only_while_it_is_in_one() {
    let dispatcher = Dispatcher::default();
    let thread = Arc::new(Thread::new(1));
    assert!(!dispatcher.cancel(&thread), "it is in no call");
    let never = event(Reset::Manual, false);
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let _call = thread.begin_wait().unwrap();
            let wish = Wish { cancellable: Some(thread.clone()), ..Wish::one(&never) };
            dispatcher.wait(wish, Deadline::within(SOON))
        });
        until_waiting(&dispatcher, 1);
        assert!(dispatcher.cancel(&thread));
        assert_eq!(waits.join().unwrap(), Verdict::Cancelled);
    });
    assert!(!dispatcher.cancel(&thread));
}
