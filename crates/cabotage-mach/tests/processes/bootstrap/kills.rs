// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server is killed at random moments while clients ask it and a service talks with its clients: nobody is harmed.
//!
//! A thousand times: `cargo test --release -p cabotage-mach --test processes -- --ignored a_thousand_times`

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use cabotage_link::names::Registry;
use cabotage_mach::bootstrap::{Bootstrap, Keeper, LookUp};
use cabotage_mach::{BootstrapError, ReceiveRight, SendRight};
use cabotage_os::object::unguessable;

use super::{World, code, how, serve};
use crate::support::{Harbour, next, role, say, soon};

/// A service by two names, known to each server; it answers with its number.
fn be_service() {
    let keeper = Keeper::start(how()).unwrap();
    let registered = ReceiveRight::new().unwrap();
    keeper.register("registered", registered.make_send().unwrap()).unwrap();
    // The first server has nothing to check in for; what it is told by `renew` is kept.
    Bootstrap::find(how()).unwrap().create_service("checked in").unwrap();
    let checked_in = keeper.check_in("checked in").unwrap();
    say("here");
    let answer = |port: &ReceiveRight| {
        loop {
            let mut asked = next(port);
            if asked.reply_right().kind().is_some() {
                asked.reply(std::process::id().to_string()).unwrap();
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| answer(&registered));
        answer(&checked_in);
    });
}

/// How it goes on while servers come and go.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    answers: AtomicU32,
    look_ups: AtomicU32,
    calls: AtomicU32,
}

impl Load {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    /// A right that a client has is answered, whether there is a server or not.
    fn ask(&self, right: &SendRight, service: &str) {
        while self.goes_on() {
            assert_eq!(right.request_within("who?", soon()).unwrap().text(), Ok(service));
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A look-up waits for the next server, and for the service that tells it.
    fn look_up(&self, registry: &Registry, service: &str) {
        let mut bootstrap = Bootstrap::find(LookUp::new().registry(registry).wait(soon())).unwrap();
        while self.goes_on() {
            for name in ["registered", "checked in"] {
                let right = bootstrap.look_up_within(name, soon()).unwrap();
                assert_eq!(right.request_within("who?", soon()).unwrap().text(), Ok(service), "{name}");
                self.look_ups.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Any other call is done, or says that its server has gone.
    fn call(&self, registry: &Registry) {
        let own = ReceiveRight::new().unwrap();
        let make = || own.make_send().unwrap();
        while self.goes_on() {
            let how = LookUp::new().registry(registry).wait(soon());
            let Ok(bootstrap) = Bootstrap::find(how) else { continue };
            while self.goes_on() && !bootstrap.right().is_dead() {
                let done = bootstrap
                    .register("mine", make())
                    .and_then(|()| bootstrap.subset(&make()))
                    .and_then(|subset| subset.register("inner", make()))
                    .and_then(|()| bootstrap.list())
                    .and_then(|_| bootstrap.create_service("new"))
                    .and_then(|_| bootstrap.check_in("new"))
                    .map(drop)
                    .and_then(|()| bootstrap.unregister("mine"));
                self.calls.fetch_add(u32::from(done.is_ok()), Ordering::Relaxed);
                match done {
                    Ok(()) | Err(BootstrapError::Request(_) | BootstrapError::ServerGone) => {}
                    // What it asked for before is still on its way back.
                    Err(BootstrapError::Refused(_)) => {
                        let _ = bootstrap.unregister("mine");
                        let _ = bootstrap.unregister("new");
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    }
}

/// Kills the server, some time between a quarter and 131 milliseconds after it was started, each power of two as likely
/// as the next: some before they have their name, some at work.
fn kill_again_and_again(world: &mut World, kills: u32) {
    for _ in 0..kills {
        let random = unguessable().unwrap();
        std::thread::sleep(Duration::from_micros((random >> 8) % (1 << (8 + random % 10))));
        world.start_server_again();
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn survive(test: &'static str, kills: u32) {
    match role().as_deref() {
        Some("server") => serve(),
        Some("service") => return be_service(),
        // Alone in a process, so that descriptors can be counted.
        Some(_) => {}
        None => {
            let harbour = Harbour::new();
            return harbour.start(test, "clients", None).finish();
        }
    }
    let mut world = World::new(test);
    let mut service = world.start("service");
    assert_eq!(service.hear().as_deref(), Some("here"));
    let pid = service.pid().to_string();
    let right = world.bootstrap().look_up("registered").unwrap();
    assert_eq!(right.request_within("who?", soon()).unwrap().text(), Ok(pid.as_str()));
    let (load, before) = (Load::default(), descriptors());
    let registry = world.harbour.registry();
    std::thread::scope(|scope| {
        scope.spawn(|| load.ask(&right, &pid));
        scope.spawn(|| load.look_up(&registry, &pid));
        scope.spawn(|| load.call(&registry));
        kill_again_and_again(&mut world, kills);
        load.is_over.store(true, Ordering::Relaxed);
    });
    let Load { answers, look_ups, calls, .. } = load;
    eprintln!("{kills} kills: {answers:?} answers, {look_ups:?} look-ups, {calls:?} rounds of other calls");
    let mut bootstrap = world.bootstrap();
    for name in ["registered", "checked in"] {
        let right = bootstrap.look_up_within(name, soon()).unwrap();
        assert_eq!(right.request_within("who?", soon()).unwrap().text(), Ok(pid.as_str()), "{name}");
    }
    assert_eq!(code(bootstrap.register("registered", right.copy().unwrap())), 1103, "it is the service's");
    let deadline = soon();
    // The links to the last server, and what is about to be closed.
    while descriptors() > before + 8 {
        let _ = right.request_within("who?", soon()).unwrap();
        assert!(!deadline.has_passed(), "{before} descriptors before, {} after", descriptors());
    }
}

#[test]
fn a_server_that_is_killed_a_hundred_times_under_load_harms_nobody() {
    survive("bootstrap::kills::a_server_that_is_killed_a_hundred_times_under_load_harms_nobody", 100);
}

#[test]
#[ignore = "takes a minute"]
fn a_server_that_is_killed_a_thousand_times_under_load_harms_nobody() {
    survive("bootstrap::kills::a_server_that_is_killed_a_thousand_times_under_load_harms_nobody", 1000);
}
