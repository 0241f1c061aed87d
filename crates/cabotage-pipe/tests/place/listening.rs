// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which instance a client gets, when an instance is taken, and waiting for one.

use std::sync::mpsc;
use std::time::Duration;

use cabotage_link::names::Scope;
use cabotage_os::fork::{child_answers, child_that};
use cabotage_os::{Deadline, Errno, seam};
use cabotage_pipe::named::error::Denial;
use cabotage_pipe::named::place::{self, ConnectOptions, Patience};
use cabotage_pipe::named::rules::{Access, Asked};
use cabotage_pipe::named::{Direction, PipeError};

use crate::{ASKED, creation, harbour, heard, moment, name, say, soon};

#[test]
fn instances_are_taken_in_the_order_in_which_they_entered_listening() {
    let harbour = harbour();
    let mut all: Vec<_> = (0..3).map(|_| harbour.create("chat").unwrap()).collect();
    let clients: Vec<_> = (0..3).map(|_| harbour.connect("chat").unwrap()).collect();
    for (at, client) in clients.iter().enumerate() {
        say(&client.socket, &at.to_string());
    }
    let served: Vec<_> = all.iter_mut().map(|instance| instance.accept(soon()).unwrap()).collect();
    assert_eq!(served.iter().map(heard).collect::<Vec<_>>(), ["0", "1", "2"]);
    // They listen again in another order, and that one counts.
    for at in [2, 0, 1] {
        all[at].listen(soon()).unwrap();
    }
    for expected in [2, 0, 1] {
        let _client = harbour.connect("chat").unwrap();
        let is_taken = |at: &usize| all[*at].is_listening() && all[*at].has_client().unwrap();
        let taken: Vec<_> = (0..3).filter(is_taken).collect();
        assert_eq!(taken, [expected]);
        all[expected].accept(soon()).unwrap();
    }
}

#[test]
fn an_instance_that_waits_for_a_client_comes_no_sooner_for_it() {
    let harbour = harbour();
    let mut older = harbour.create("chat").unwrap();
    let mut younger = harbour.create("chat").unwrap();
    std::thread::scope(|scope| {
        let accepts = scope.spawn(|| younger.accept(soon()).map(|client| heard(&client)));
        let first = harbour.connect("chat").unwrap();
        say(&first.socket, "first");
        assert_eq!(heard(&older.accept(Deadline::Now).unwrap()), "first");
        say(&harbour.connect("chat").unwrap().socket, "second");
        assert_eq!(accepts.join().unwrap().unwrap(), "second");
    });
}

#[test]
fn an_instance_is_taken_from_the_connect_on_and_not_free_until_it_listens_again() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    let client = harbour.connect("chat").unwrap();
    assert_eq!(harbour.connect("chat").unwrap_err(), PipeError::AllBusy);
    // That its client is gone does not make it free.
    drop(client);
    assert_eq!(harbour.connect("chat").unwrap_err(), PipeError::AllBusy);
    drop(instance.accept(soon()).unwrap());
    assert!(!instance.is_listening());
    assert_eq!(instance.accept(Deadline::Now).unwrap_err(), PipeError::AlreadyConnected);
    assert_eq!(harbour.connect("chat").unwrap_err(), PipeError::AllBusy);
    instance.listen(soon()).unwrap();
    instance.listen(soon()).unwrap();
    harbour.connect("chat").unwrap();
}

#[test]
fn without_a_client_an_accept_says_that_it_listens_or_that_its_time_is_up() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    assert_eq!(instance.accept(Deadline::Now).unwrap_err(), PipeError::Listening);
    assert_eq!(instance.accept(moment()).unwrap_err(), PipeError::TimedOut);
}

#[test]
fn a_name_that_is_not_there_is_told_at_once() {
    let harbour = harbour();
    assert_eq!(harbour.connect_by("chat", Deadline::Never).unwrap_err(), PipeError::NotFound);
    assert_eq!(harbour.wait("chat", Deadline::Never).unwrap_err(), PipeError::NotFound);
    let _other = harbour.create("other").unwrap();
    assert_eq!(harbour.wait("chat", Deadline::Never).unwrap_err(), PipeError::NotFound);
}

#[test]
fn waiting_reserves_nothing() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    for _ in 0..3 {
        harbour.wait("chat", Deadline::Now).unwrap();
    }
    assert!(!instance.has_client().unwrap());
    let _client = harbour.connect("chat").unwrap();
    assert_eq!(harbour.wait("chat", Deadline::Now).unwrap_err(), PipeError::AllBusy);
    instance.accept(soon()).unwrap();
    assert_eq!(harbour.wait("chat", moment()).unwrap_err(), PipeError::TimedOut);
}

#[test]
fn who_waits_without_a_time_of_its_own_waits_as_long_as_the_pipe_says() {
    let harbour = harbour();
    let short = Asked { default_timeout: Duration::from_millis(1), ..ASKED };
    let instance = harbour.create_as("chat", creation(short)).unwrap();
    let wait = || place::wait(&harbour.registry, &name("chat"), ConnectOptions::default(), Patience::Default);
    wait().unwrap();
    let _client = harbour.connect("chat").unwrap();
    assert_eq!(wait().unwrap_err(), PipeError::TimedOut);
    drop(instance);
    assert_eq!(wait().unwrap_err(), PipeError::NotFound);
}

/// Runs `wake` while another thread is in `sleep`, or about to be.
fn meanwhile<T: Send>(sleep: impl FnOnce() -> T + Send, wake: impl FnOnce()) -> T {
    std::thread::scope(|scope| {
        let (began, begins) = mpsc::channel();
        let sleeper = scope.spawn(move || {
            began.send(()).unwrap();
            sleep()
        });
        begins.recv().unwrap();
        wake();
        sleeper.join().unwrap()
    })
}

#[test]
fn who_waits_is_woken_by_a_new_instance_and_by_one_that_listens_again() {
    let harbour = harbour();
    let mut first = harbour.create("chat").unwrap();
    for _ in 0..20 {
        let _client = harbour.connect("chat").unwrap();
        let mut second = None;
        meanwhile(|| harbour.wait("chat", soon()), || second = Some(harbour.create("chat").unwrap()))
            .unwrap();
        let _other = harbour.connect("chat").unwrap();
        drop(second);
        first.accept(soon()).unwrap();
        meanwhile(|| harbour.wait("chat", soon()), || first.listen(soon()).unwrap()).unwrap();
    }
}

#[test]
fn a_connect_with_a_deadline_gets_the_instance_that_becomes_free() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    let _client = harbour.connect("chat").unwrap();
    assert_eq!(harbour.connect_by("chat", moment()).unwrap_err(), PipeError::TimedOut);
    for _ in 0..20 {
        instance.accept(soon()).unwrap();
        meanwhile(|| harbour.connect_by("chat", soon()), || instance.listen(soon()).unwrap()).unwrap();
    }
}

#[test]
fn who_waits_for_an_instance_is_told_when_the_last_one_closes() {
    for _ in 0..20 {
        let harbour = harbour();
        let instance = harbour.create("chat").unwrap();
        let _client = harbour.connect("chat").unwrap();
        let told = meanwhile(|| harbour.connect_by("chat", Deadline::Never), || drop(instance));
        assert_eq!(told.unwrap_err(), PipeError::NotFound);
    }
}

#[test]
fn a_name_that_is_not_there_yet_is_waited_for_on_demand() {
    let options = ConnectOptions { waits_for_name: true, ..ConnectOptions::default() };
    for _ in 0..10 {
        let harbour = harbour();
        let connect =
            |deadline| place::connect(&harbour.registry, &name("chat"), Access::BOTH, options, deadline);
        assert_eq!(connect(moment()).unwrap_err(), PipeError::NotFound);
        let mut instance = None;
        meanwhile(|| connect(soon()), || instance = Some(harbour.create("chat").unwrap())).unwrap();
    }
}

#[test]
fn a_client_gets_what_the_direction_leaves_to_it() {
    let harbour = harbour();
    let asked = [Access::NONE, Access::READ, Access::WRITE, Access::BOTH];
    for (server, granted, direction) in [
        (Access::READ, [true, false, true, false], Direction::Inbound),
        (Access::WRITE, [true, true, false, false], Direction::Outbound),
        (Access::BOTH, [true, true, true, true], Direction::Duplex),
    ] {
        for (access, is_granted) in asked.into_iter().zip(granted) {
            let instance = harbour.create_as("chat", creation(Asked { access: server, ..ASKED })).unwrap();
            let options = ConnectOptions::default();
            match place::connect(&harbour.registry, &name("chat"), access, options, Deadline::Now) {
                Ok(_) => assert!(is_granted),
                Err(error) => {
                    assert!(!is_granted);
                    assert_eq!(error, PipeError::AccessDenied(Denial::Direction { direction }));
                }
            }
            // Access to nothing connects too.
            assert_eq!(instance.has_client().unwrap(), is_granted);
        }
    }
}

#[test]
fn a_client_whose_accept_failed_waits_for_the_next_one_and_nobody_comes_between() {
    for call in 0.. {
        let harbour = harbour();
        let mut instance = harbour.create("chat").unwrap();
        let client = harbour.connect("chat").unwrap();
        say(&client.socket, "here");
        let plan = seam::fail_nth(call, Errno::MFILE);
        let answer = instance.accept(Deadline::Now);
        let has_struck = plan.has_struck();
        drop(plan);
        assert_eq!(harbour.connect("chat").unwrap_err(), PipeError::AllBusy, "call {call}");
        let served = answer.or_else(|_| instance.accept(Deadline::Now)).unwrap();
        assert_eq!(heard(&served), "here", "call {call}");
        instance.listen(soon()).unwrap();
        harbour.connect("chat").unwrap();
        if !has_struck {
            assert!(call > 3, "only {call} calls");
            return;
        }
    }
}

#[test]
fn who_waits_for_an_instance_is_told_when_somebody_removes_the_pipe_by_hand() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    let _client = harbour.connect("chat").unwrap();
    let folder = harbour.folder(Scope::User).join("chat");
    let told = meanwhile(|| harbour.connect_by("chat", soon()), || std::fs::remove_dir_all(folder).unwrap());
    // Half removed it is no folder of a pipe, and then none.
    assert!(matches!(told.unwrap_err(), PipeError::NotFound | PipeError::AccessDenied(_)));
    instance.accept(soon()).unwrap();
    assert_eq!(instance.listen(soon()).unwrap_err(), PipeError::NotFound);
    instance.close().unwrap();
    harbour.create("chat").unwrap();
}

#[test]
fn a_forked_child_has_no_part_in_an_instance() {
    let harbour = harbour();
    let mut instance = Some(harbour.create("chat").unwrap());
    let in_child = || {
        let mut instance = instance.take().unwrap();
        let refused = instance.accept(soon()).err() == Some(PipeError::Forked)
            && instance.listen(soon()).err() == Some(PipeError::Forked)
            && instance.has_client() == Err(PipeError::Forked)
            && instance.instances() == Err(PipeError::Forked);
        drop(instance);
        refused
    };
    assert!(child_answers(in_child, soon()).unwrap());
    // The child's copy took nothing away.
    let client = harbour.connect("chat").unwrap();
    say(&client.socket, "here");
    let mut instance = instance.unwrap();
    assert_eq!(heard(&instance.accept(soon()).unwrap()), "here");
    // Nor does a child that lives on keep the pipe alive.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let child = child_that(|| std::io::Read::read(&mut &reader, &mut [0]).is_ok()).unwrap();
    drop(instance);
    assert_eq!(harbour.connect("chat").unwrap_err(), PipeError::NotFound);
    std::io::Write::write_all(&mut writer, b"x").unwrap();
    assert!(child.wait(soon()).unwrap());
    child.reap().unwrap();
}

#[test]
fn a_client_that_was_not_accepted_is_hung_up_on_when_the_instance_closes() {
    let harbour = harbour();
    let instance = harbour.create("chat").unwrap();
    let client = harbour.connect("chat").unwrap();
    drop(instance);
    assert!(client.socket.receive(&mut [0; 8], soon()).is_err());
}

#[test]
fn who_both_ends_are_is_the_kernels_word() {
    let harbour = harbour();
    let mut instance = harbour.create("chat").unwrap();
    let client = harbour.connect("chat").unwrap();
    let served = instance.accept(soon()).unwrap();
    let own = std::process::id().cast_signed();
    assert_eq!((client.socket.peer().unwrap().pid, served.peer().unwrap().pid), (own, own));
    let options = ConnectOptions { required_uid: Some(u32::MAX - 1), ..ConnectOptions::default() };
    instance.listen(soon()).unwrap();
    let refused = place::connect(&harbour.registry, &name("chat"), Access::BOTH, options, Deadline::Now);
    let uid = cabotage_os::fifo::own_user();
    assert_eq!(refused.unwrap_err(), PipeError::AccessDenied(Denial::OtherUser { uid }));
}

#[test]
fn the_user_scope_is_looked_at_first_and_either_can_be_asked_for() {
    let harbour = harbour();
    let create = |scope| {
        place::create(&harbour.registry, scope, &name("chat"), &creation(ASKED), Default::default(), soon())
    };
    let _system = create(Scope::System).unwrap();
    let found = |scope| {
        let options = ConnectOptions { scope, ..ConnectOptions::default() };
        place::connect(&harbour.registry, &name("chat"), Access::BOTH, options, Deadline::Now)
            .map(|it| it.scope)
    };
    assert_eq!(found(Some(Scope::User)).unwrap_err(), PipeError::NotFound);
    assert_eq!(found(None), Ok(Scope::System));
    let user = create(Scope::User).unwrap();
    assert_eq!(found(None), Ok(Scope::User));
    drop(user);
    assert_eq!(found(None).unwrap_err(), PipeError::AllBusy, "the one in the system scope has its client");
}
