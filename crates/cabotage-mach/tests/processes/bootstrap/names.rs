// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names in namespaces: registered, found, listed and taken back.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::time::Duration;

use cabotage_link::names::Scope;
use cabotage_mach::bootstrap::{Bootstrap, CheckIn, LookUp, ServerOptions, Status};
use cabotage_mach::{Deadline, ReceiveRight, Spawn};
use cabotage_os::process::own_uid;

use super::{World, code, how, serve};
use crate::support::{Harbour, hear, next, role, say, soon, their_registry};

#[test]
fn names_are_registered_looked_up_listed_and_taken_back_each_mistake_with_its_code() {
    const TEST: &str =
        "bootstrap::names::names_are_registered_looked_up_listed_and_taken_back_each_mistake_with_its_code";
    match role().as_deref() {
        Some("server") => serve(),
        Some(_) => {
            let (bootstrap, port) = (Bootstrap::find(how()).unwrap(), ReceiveRight::new().unwrap());
            bootstrap.register("theirs", port.make_send().unwrap()).unwrap();
            say("registered");
            return drop(hear());
        }
        None => {}
    }
    let world = World::new(TEST);
    let (bootstrap, port) = (world.bootstrap(), ReceiveRight::new().unwrap());
    assert_eq!(code(bootstrap.look_up("log")), 1102);
    assert_eq!(code(bootstrap.status("log")), 1102);
    assert_eq!(code(bootstrap.unregister("log")), 1102);
    assert_eq!(code(bootstrap.check_in("log")), 1102);
    for none in ["", &"x".repeat(128), "a\0b"] {
        assert_eq!(code(bootstrap.register(none, port.make_send().unwrap())), 1102);
    }
    bootstrap.register("log", port.make_send().unwrap()).unwrap();
    bootstrap.register(&"x".repeat(127), port.make_send().unwrap()).unwrap();
    assert_eq!(bootstrap.status("log").unwrap(), Status::Active);
    assert_eq!(code(bootstrap.register("log", port.make_send().unwrap())), 1103);
    assert_eq!(code(bootstrap.check_in("log")), 1103);
    assert_eq!(code(bootstrap.create_service("log")), 1101);
    bootstrap.look_up("log").unwrap().send_within("hello", soon()).unwrap();
    assert_eq!(next(&port).text(), Ok("hello"));

    let mut other = world.start("other");
    assert_eq!(other.hear().as_deref(), Some("registered"));
    assert_eq!(code(bootstrap.unregister("theirs")), 1103, "another process has it");
    let names: Vec<_> = bootstrap.list().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["log", "theirs", &"x".repeat(127)]);
    let found = bootstrap.look_up_all(&["theirs", "nobody", "log"]).unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(code(bootstrap.look_up_all(&["log"; 21])), 1104);
    other.kill();
    let told = ReceiveRight::new().unwrap();
    if let Some(theirs) = &found[0] {
        let _ = theirs.notify_when_dead(told.make_send_once().unwrap());
    }
    let deadline = soon();
    while bootstrap.look_up("theirs").is_ok() {
        assert!(!deadline.has_passed(), "its name goes with its port");
    }
    bootstrap.unregister("log").unwrap();
    assert_eq!(code(bootstrap.look_up("log")), 1102);
}

#[test]
fn a_subset_is_a_namespace_that_children_inherit_and_that_ends_with_its_requestor() {
    const TEST: &str =
        "bootstrap::names::a_subset_is_a_namespace_that_children_inherit_and_that_ends_with_its_requestor";
    match role().as_deref() {
        Some("server") => serve(),
        Some(_) => {
            let bootstrap = Bootstrap::current().unwrap();
            let own = ReceiveRight::new().unwrap();
            bootstrap.register("inner", own.make_send().unwrap()).unwrap();
            bootstrap.look_up("outer").unwrap().send_within("from inside", soon()).unwrap();
            assert_eq!(next(&own).text(), Ok("from outside"));
            return;
        }
        None => {}
    }
    let world = World::new(TEST);
    let (bootstrap, outer) = (world.bootstrap(), ReceiveRight::new().unwrap());
    bootstrap.register("outer", outer.make_send().unwrap()).unwrap();
    let requestor = ReceiveRight::new().unwrap();
    let mut subset = bootstrap.subset(&requestor.make_send().unwrap()).unwrap();
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args([TEST, "--exact", "--nocapture"]).env("CABOTAGE_MACH_ROLE", "inside");
    command.stdout(std::process::Stdio::null());
    let spawn = Spawn::from(command).bootstrap(Some(subset.right().copy().unwrap()));
    let mut child = spawn.spawn().unwrap();
    assert_eq!(next(&outer).text(), Ok("from inside"));
    assert_eq!(code(bootstrap.look_up("inner")), 1102, "inside only");
    subset.look_up_within("inner", soon()).unwrap().send_within("from outside", soon()).unwrap();
    assert!(child.wait(soon()).unwrap().unwrap().success());
    let inside = ReceiveRight::new().unwrap();
    subset.register("log", inside.make_send().unwrap()).unwrap();
    assert!(subset.parent().unwrap().look_up("outer").is_ok());
    assert_eq!(code(subset.parent().unwrap().look_up("log")), 1102);

    let told = ReceiveRight::new().unwrap();
    subset.right().notify_when_dead(told.make_send_once().unwrap()).unwrap();
    drop(requestor);
    assert!(next(&told).into_notification().is_ok(), "it ends with its requestor");
    assert!(subset.look_up("log").is_err());
    drop(outer);
}

#[test]
fn subsets_lie_a_hundred_deep_in_one_another_and_no_deeper() {
    const TEST: &str = "bootstrap::names::subsets_lie_a_hundred_deep_in_one_another_and_no_deeper";
    if role().is_some() {
        serve();
    }
    let world = World::new(TEST);
    let requestor = ReceiveRight::new().unwrap();
    let mut innermost = world.bootstrap();
    let log = ReceiveRight::new().unwrap();
    innermost.register("log", log.make_send().unwrap()).unwrap();
    for _ in 0..100 {
        innermost = innermost.subset(&requestor.make_send().unwrap()).unwrap();
    }
    assert_eq!(code(innermost.subset(&requestor.make_send().unwrap())), 1105);
    innermost.look_up("log").unwrap().send_within("from deep inside", soon()).unwrap();
    assert_eq!(next(&log).text(), Ok("from deep inside"));
}

#[test]
fn a_look_up_waits_for_its_service_until_its_deadline() {
    const TEST: &str = "bootstrap::names::a_look_up_waits_for_its_service_until_its_deadline";
    match role().as_deref() {
        Some("server") => serve(),
        Some(_) => {
            hear();
            let (bootstrap, port) = (Bootstrap::find(how()).unwrap(), ReceiveRight::new().unwrap());
            bootstrap.register("late", port.make_send().unwrap()).unwrap();
            say(next(&port).text().unwrap());
            return;
        }
        None => {}
    }
    let world = World::new(TEST);
    let mut bootstrap = world.bootstrap();
    let none = bootstrap.look_up_within("late", Deadline::within(Duration::from_millis(30)));
    assert_eq!(code(none), 1102);
    let mut other = world.start("late");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| bootstrap.look_up_within("late", soon()).unwrap());
        other.tell("register");
        waits.join().unwrap().send_within("at last", soon()).unwrap();
    });
    assert_eq!(other.hear().as_deref(), Some("at last"));
    other.finish();
}

#[test]
fn another_users_services_are_found_and_nothing_else_can_be_done_with_them() {
    const TEST: &str =
        "bootstrap::names::another_users_services_are_found_and_nothing_else_can_be_done_with_them";
    match role().as_deref() {
        Some("server") => {
            let how = CheckIn::new().registry(&their_registry()).scope(Scope::System).mode(0o666);
            let mut server = ServerOptions::new().check_in(how).start().unwrap();
            return server.run(Deadline::Never).unwrap();
        }
        Some(_) => {
            let bootstrap = Bootstrap::find(how().scope(Scope::System)).unwrap();
            let own = ReceiveRight::new().unwrap();
            let right = || own.make_send().unwrap();
            bootstrap.look_up("log").unwrap().send_within("from another user", soon()).unwrap();
            let codes = [
                code(bootstrap.register("log", right())),
                code(bootstrap.unregister("log")),
                code(bootstrap.check_in("clock")),
                code(bootstrap.register("clock", right())),
                code(bootstrap.unregister("clock")),
            ];
            assert_eq!(codes, [1100; 5]);
            bootstrap.register("theirs", right()).unwrap();
            say("done");
            return drop(hear());
        }
        None => {}
    }
    if own_uid() != 0 {
        return println!("skipped: only root can be two users");
    }
    let harbour = Harbour::new();
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(harbour.root(), all.clone()).unwrap();
    let server = harbour.start(TEST, "server", None);
    let how = LookUp::new().registry(&harbour.registry()).scope(Scope::System).wait(soon());
    let (bootstrap, port) = (Bootstrap::find(how).unwrap(), ReceiveRight::new().unwrap());
    bootstrap.register("log", port.make_send().unwrap()).unwrap();
    bootstrap.create_service("clock").unwrap();
    // The other user may not be able to reach this program where it is.
    let program = harbour.root().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, all).unwrap();
    let mut command = std::process::Command::new(program);
    command.uid(65_533).gid(65_533).current_dir("/").env_clear();
    let mut other = harbour.start_as(command, TEST, "another user", None);
    let message = next(&port);
    assert_eq!(message.text(), Ok("from another user"));
    assert_eq!(message.audit_token().unwrap().effective_uid(), 65_533);
    assert_eq!(other.hear().as_deref(), Some("done"));
    bootstrap.look_up("theirs").unwrap();
    bootstrap.unregister("clock").unwrap();
    other.finish();
    drop(server);
}
