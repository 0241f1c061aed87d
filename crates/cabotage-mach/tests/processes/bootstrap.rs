// SPDX-License-Identifier: MIT OR Apache-2.0
//! The server of names, in a process of its own, and what its clients see of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cabotage_mach::bootstrap::{Bootstrap, CheckIn, Keeper, LookUp, ServerOptions, Status};
use cabotage_mach::{
    BootstrapError, Deadline, Outgoing, ReceiveError, ReceiveRight, SendRight, SpecialPort, Task,
};

use crate::support::{Harbour, Other, hear, next, role, say, soon, their_folder, their_registry};

/// Waits for the server of the folder.
fn how() -> LookUp {
    LookUp::new().registry(&their_registry()).wait(soon())
}

fn services(root: &Path) -> PathBuf {
    root.join("services")
}

/// Serves names until it is killed.
fn serve() -> ! {
    let options = ServerOptions::new().check_in(CheckIn::new().registry(&their_registry()));
    let options = options.services(services(&their_folder())).grace(Duration::from_millis(300));
    let mut server = options.start().unwrap();
    server.run(Deadline::Never).unwrap();
    unreachable!("it serves until it is killed")
}

/// A folder, and a server in it.
struct World {
    harbour: Harbour,
    server: Other,
    test: &'static str,
}

impl World {
    fn new(test: &'static str) -> Self {
        let harbour = Harbour::new();
        fs::create_dir(services(harbour.root())).unwrap();
        let server = harbour.start(test, "server", None);
        Self { harbour, server, test }
    }

    fn bootstrap(&self) -> Bootstrap {
        Bootstrap::find(LookUp::new().registry(&self.harbour.registry()).wait(soon())).unwrap()
    }

    fn start(&self, role: &str) -> Other {
        self.harbour.start(self.test, role, None)
    }

    fn start_server_again(&mut self) {
        self.server.kill();
        self.server = self.start("server");
    }

    /// A service that is started on demand, in this role.
    fn declare(&self, name: &str, role: &str) {
        let program = std::env::current_exe().unwrap();
        let (program, root) = (program.display(), self.harbour.root().display());
        let text = format!(
            "program = {program}\nargument = {}\nargument = --exact\nargument = --nocapture\n\
             environment = CABOTAGE_MACH_ROLE={role}\nenvironment = CABOTAGE_MACH_FOLDER={root}\n",
            self.test
        );
        let path = services(self.harbour.root()).join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[track_caller]
fn code<T: std::fmt::Debug>(answer: Result<T, BootstrapError>) -> i32 {
    answer.unwrap_err().code()
}

/// Until a process is gone, its service is active.
fn check_in_soon(bootstrap: &Bootstrap, name: &str) -> ReceiveRight {
    let deadline = soon();
    loop {
        match bootstrap.check_in(name) {
            Ok(port) => return port,
            Err(error) if error.code() == 1103 && !deadline.has_passed() => {}
            Err(error) => panic!("{error}"),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A service that echoes until it is told to stop, and then lets go of its port.
fn play_echo(name: &str) {
    let port = check_in_soon(&Bootstrap::find(how()).unwrap(), name);
    say("here");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                let mut asked = match port.receive_within(soon()) {
                    Ok(asked) => asked,
                    Err(error) => panic!("{error}"),
                };
                if asked.text() == Ok("stop") {
                    return;
                }
                let answer = asked.text().unwrap().to_uppercase();
                asked.reply(answer).unwrap();
            }
        });
    });
}

/// A thread that looks after the links of the process, as one does that waits for messages: so it hears of ports that
/// move. It ends with the right.
fn keep_looking() -> SendRight {
    let port = ReceiveRight::new().unwrap();
    let right = port.make_send().unwrap();
    std::thread::spawn(move || {
        let told = port.make_send_once().unwrap();
        port.notify_when_unused(1, told).unwrap();
        let _ = port.receive();
    });
    right
}

fn echoes(right: &SendRight, text: &str) {
    let answer = right.request_within(text, soon()).unwrap();
    assert_eq!(answer.text().unwrap(), text.to_uppercase());
}

#[test]
fn names_are_registered_looked_up_listed_and_taken_back_each_mistake_with_its_code() {
    const TEST: &str =
        "bootstrap::names_are_registered_looked_up_listed_and_taken_back_each_mistake_with_its_code";
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
fn a_service_that_ends_by_itself_gives_its_port_back_and_the_next_has_it_with_its_queue() {
    const TEST: &str =
        "bootstrap::a_service_that_ends_by_itself_gives_its_port_back_and_the_next_has_it_with_its_queue";
    match role().as_deref() {
        Some("server") => serve(),
        Some(_) => return play_echo("echo"),
        None => {}
    }
    let world = World::new(TEST);
    let bootstrap = world.bootstrap();
    let right = bootstrap.create_service("echo").unwrap();
    let _library = keep_looking();
    assert_eq!(bootstrap.status("echo").unwrap(), Status::Inactive);
    assert_eq!(code(bootstrap.register("echo", right.copy().unwrap())), 1100, "check in for it");
    for round in 0..3 {
        // It waits until somebody checks in.
        right.send_within(Outgoing::from("stop"), soon()).unwrap();
        let mut service = world.start("service");
        assert_eq!(service.hear().as_deref(), Some("here"));
        service.finish();
        assert!(!right.is_dead(), "round {round}");
    }
    let mut service = world.start("service");
    assert_eq!(service.hear().as_deref(), Some("here"));
    echoes(&right, "through the right of the beginning");
    assert_eq!(code(bootstrap.check_in("echo")), 1103);
    service.kill();
    // Its port died with it; the name has another.
    let port = check_in_soon(&bootstrap, "echo");
    bootstrap.look_up("echo").unwrap().send_within("fresh", soon()).unwrap();
    assert_eq!(next(&port).text(), Ok("fresh"));
}

#[test]
fn a_client_that_sleeps_costs_its_own_right_and_keeps_nobody_from_checking_in() {
    const TEST: &str =
        "bootstrap::a_client_that_sleeps_costs_its_own_right_and_keeps_nobody_from_checking_in";
    match role().as_deref() {
        Some("server") => serve(),
        Some("sleeper") => {
            let right = Bootstrap::find(how()).unwrap().look_up("echo").unwrap();
            echoes(&right, "awake");
            say("asleep");
            hear();
            return;
        }
        Some(_) => return play_echo("echo"),
        None => {}
    }
    let world = World::new(TEST);
    let bootstrap = world.bootstrap();
    drop(bootstrap.create_service("echo").unwrap());
    let mut sleeper = None;
    for _ in 0..2 {
        let mut service = world.start("service");
        assert_eq!(service.hear().as_deref(), Some("here"));
        if sleeper.is_none() {
            let mut other = world.start("sleeper");
            assert_eq!(other.hear().as_deref(), Some("asleep"));
            sleeper = Some(other);
        }
        let right = bootstrap.look_up("echo").unwrap();
        echoes(&right, "who checks in, serves");
        right.send_within("stop", soon()).unwrap();
        service.finish();
    }
}

#[test]
fn a_service_is_started_when_it_is_wanted_and_its_job_alone_checks_in() {
    const TEST: &str = "bootstrap::a_service_is_started_when_it_is_wanted_and_its_job_alone_checks_in";
    match role().as_deref() {
        Some("server") => serve(),
        Some("job") => {
            let task = Task::current().unwrap();
            assert!(task.special_port(SpecialPort::Bootstrap).unwrap().is_some(), "a job has it");
            std::thread::sleep(Duration::from_millis(200));
            let port = check_in_soon(&Bootstrap::current().unwrap(), "clock");
            while let Ok(mut asked) = port.receive_within(soon()) {
                let text = asked.text().unwrap().to_owned();
                if text == "stop" {
                    return;
                }
                asked.reply(format!("{text} {}", std::process::id())).unwrap();
            }
            return;
        }
        _ => {}
    }
    let world = World::new(TEST);
    world.declare("clock", "job");
    let bootstrap = world.bootstrap();
    assert_eq!(bootstrap.status("clock").unwrap(), Status::OnDemand);
    let right = bootstrap.look_up("clock").unwrap();
    assert_eq!(code(bootstrap.check_in("clock")), 1100, "its job runs");
    let first = right.request_within("first", soon()).unwrap();
    assert_eq!(bootstrap.status("clock").unwrap(), Status::Active);
    right.send_within("stop", soon()).unwrap();
    // A message starts it anew, without a look-up.
    let second = right.request_within("second", soon()).unwrap();
    assert_ne!(first.text().unwrap()[6..], second.text().unwrap()[7..], "another process");
    right.send_within("stop", soon()).unwrap();
    let deadline = soon();
    while bootstrap.status("clock").unwrap() != Status::OnDemand {
        assert!(!deadline.has_passed());
    }
}

#[test]
fn a_job_that_dies_again_and_again_is_not_started_all_the_time() {
    const TEST: &str = "bootstrap::a_job_that_dies_again_and_again_is_not_started_all_the_time";
    match role().as_deref() {
        Some("server") => serve(),
        Some("job") => {
            let path = their_folder().join("starts");
            let starts = fs::read_to_string(&path).unwrap_or_default();
            return fs::write(path, starts + "x").unwrap();
        }
        _ => {}
    }
    let world = World::new(TEST);
    world.declare("wreck", "job");
    let right = world.bootstrap().look_up("wreck").unwrap();
    right.send_within("never read", soon()).unwrap();
    let starts = world.harbour.root().join("starts");
    let deadline = soon();
    let began = std::time::Instant::now();
    let count = || fs::read_to_string(&starts).unwrap_or_default().len();
    while count() < 3 {
        assert!(!deadline.has_passed());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(began.elapsed() >= Duration::from_millis(1500), "500 ms and 1 s between them");
    assert!(!right.is_dead());
}

#[test]
fn a_subset_is_a_namespace_that_children_inherit_and_that_ends_with_its_requestor() {
    const TEST: &str =
        "bootstrap::a_subset_is_a_namespace_that_children_inherit_and_that_ends_with_its_requestor";
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
    let spawn = cabotage_mach::Spawn::from(command).bootstrap(Some(subset.right().copy().unwrap()));
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
    const TEST: &str = "bootstrap::subsets_lie_a_hundred_deep_in_one_another_and_no_deeper";
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
    const TEST: &str = "bootstrap::a_look_up_waits_for_its_service_until_its_deadline";
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
fn a_server_that_is_killed_and_started_again_breaks_nobody() {
    const TEST: &str = "bootstrap::a_server_that_is_killed_and_started_again_breaks_nobody";
    match role().as_deref() {
        Some("server") => serve(),
        Some(_) => {
            let keeper = Keeper::start(how()).unwrap();
            let registered = ReceiveRight::new().unwrap();
            keeper.register("registered", registered.make_send().unwrap()).unwrap();
            let checked_in = keeper.check_in("checked in").unwrap();
            say("here");
            for port in [&checked_in, &registered, &checked_in] {
                let mut asked = next(port);
                let answer = asked.text().unwrap().to_uppercase();
                asked.reply(answer).unwrap();
            }
            return;
        }
        None => {}
    }
    let mut world = World::new(TEST);
    let mut bootstrap = world.bootstrap();
    let right = bootstrap.create_service("checked in").unwrap();
    let _library = keep_looking();
    let mut service = world.start("service");
    assert_eq!(service.hear().as_deref(), Some("here"));
    world.server.kill();
    echoes(&right, "no server is needed");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| bootstrap.look_up_within("registered", soon()).unwrap());
        world.start_server_again();
        echoes(&waits.join().unwrap(), "the next server knows it");
    });
    let again = bootstrap.look_up_within("checked in", soon()).unwrap();
    assert_eq!(code(bootstrap.register("checked in", right.copy().unwrap())), 1103);
    echoes(&again, "and this one");
    service.finish();
    // The new server has the receive right back.
    let back = check_in_soon(&bootstrap, "checked in");
    right.send_within("to whoever has it", soon()).unwrap();
    assert_eq!(next(&back).text(), Ok("to whoever has it"));
}

#[test]
fn one_who_registers_without_end_or_asks_nonsense_harms_nobody_else() {
    const TEST: &str = "bootstrap::one_who_registers_without_end_or_asks_nonsense_harms_nobody_else";
    match role().as_deref() {
        Some("server") => serve(),
        Some("flood") => {
            let (bootstrap, port) = (Bootstrap::find(how()).unwrap(), ReceiveRight::new().unwrap());
            let mut refused = None;
            for number in 0..2000 {
                if let Err(error) = bootstrap.register(&format!("flood{number}"), port.make_send().unwrap()) {
                    refused = Some(error.code());
                    break;
                }
            }
            assert_eq!(refused, Some(1105));
            // Questions whose answers are never taken, and what is no question.
            let right = bootstrap.into_right();
            let reply = ReceiveRight::new().unwrap();
            say("flooding");
            for number in 0_i32.. {
                let body = [&0_u32.to_ne_bytes()[..], b"nobody"].concat();
                let question = Outgoing::new(400 + number % 20).body(body);
                let question = question.reply_to(reply.make_send_once().unwrap());
                let _ = right.send_within(question.with(port.make_send().unwrap()), Duration::from_millis(1));
                let _ = right.try_send(vec![0xFF; 64 << 10]);
            }
        }
        _ => {}
    }
    let world = World::new(TEST);
    let bootstrap = world.bootstrap();
    let port = ReceiveRight::new().unwrap();
    bootstrap.register("mine", port.make_send().unwrap()).unwrap();
    let mut flood = world.start("flood");
    assert_eq!(flood.hear().as_deref(), Some("flooding"));
    for number in 0..100 {
        let found = bootstrap.look_up("mine").unwrap();
        found.send_within(Outgoing::new(1000 + number), soon()).unwrap();
        assert_eq!(next(&port).id(), 1000 + number);
    }
    flood.kill();
    let deadline = soon();
    while bootstrap.register("again", port.make_send().unwrap()).is_err() {
        assert!(!deadline.has_passed(), "what the flood took is free again");
    }
    assert!(matches!(port.try_receive(), Err(ReceiveError::TimedOut)));
}
