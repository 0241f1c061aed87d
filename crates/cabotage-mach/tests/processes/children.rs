// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tasks that are child processes: what they are given, what they inherit, how they end.

use std::process::Command;
use std::time::Duration;

use cabotage_mach::{
    Carried, ChildTask, Notification, Outgoing, ReceiveRight, SendRight, Spawn, SpawnError, SpecialPort, Task,
};

use crate::support::{Harbour, next, role, soon, until_unused};

/// A child that plays a part in a test.
fn child(test: &str, role: &str) -> Spawn {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--include-ignored"]).env("CABOTAGE_MACH_ROLE", role);
    command.stdout(std::process::Stdio::null());
    command.into()
}

fn given(label: &str) -> SendRight {
    Task::current().unwrap().given(label).unwrap()
}

fn ends_well(child: &mut ChildTask) {
    let status = child.wait(soon()).unwrap().expect("it ends");
    assert!(status.success(), "{status}");
}

#[test]
fn a_child_has_the_rights_that_it_was_given_each_under_its_label_and_once() {
    const TEST: &str = "children::a_child_has_the_rights_that_it_was_given_each_under_its_label_and_once";
    if role().is_some() {
        let task = Task::current().unwrap();
        assert_eq!(task.given_labels(), ["first", "second"]);
        given("second").send_within("to the second", soon()).unwrap();
        given("first").send_within("to the first", soon()).unwrap();
        assert!(task.given("first").is_none() && task.given("third").is_none());
        assert_eq!(task.special_port(SpecialPort::Bootstrap).unwrap(), None);
        return;
    }
    let [first, second] = [(); 2].map(|()| ReceiveRight::new().unwrap());
    let spawn = child(TEST, "child").give("first", first.make_send().unwrap());
    let mut child = spawn.give("second", second.make_send().unwrap()).spawn().unwrap();
    let message = next(&first);
    assert_eq!(message.text(), Ok("to the first"));
    assert_eq!(message.audit_token().unwrap().pid(), child.pid());
    assert_eq!(next(&second).text(), Ok("to the second"));
    ends_well(&mut child);
    let told = ReceiveRight::new().unwrap();
    assert_eq!((until_unused(&first, &told), until_unused(&second, &told)), (0, 0));
}

#[test]
fn the_bootstrap_port_goes_to_children_and_theirs_unless_another_is_chosen() {
    const TEST: &str = "children::the_bootstrap_port_goes_to_children_and_theirs_unless_another_is_chosen";
    let bootstrap = || Task::current().unwrap().special_port(SpecialPort::Bootstrap).unwrap();
    match role().as_deref() {
        Some("none") => return assert_eq!(bootstrap(), None),
        Some("grandchild") => return bootstrap().unwrap().send_within("grandchild", soon()).unwrap(),
        Some(_) => {
            bootstrap().unwrap().send_within("child", soon()).unwrap();
            ends_well(&mut child(TEST, "grandchild").spawn().unwrap());
            return ends_well(&mut child(TEST, "none").bootstrap(None).spawn().unwrap());
        }
        None => {}
    }
    let port = ReceiveRight::new().unwrap();
    let mut first = child(TEST, "child").bootstrap(Some(port.make_send().unwrap())).spawn().unwrap();
    let pids = ["child", "grandchild"].map(|who| {
        let message = next(&port);
        assert_eq!(message.text(), Ok(who));
        message.audit_token().unwrap().pid()
    });
    assert!(pids[0] == first.pid() && pids[1] != first.pid());
    ends_well(&mut first);
    assert_eq!(until_unused(&port, &ReceiveRight::new().unwrap()), 0);
}

#[test]
fn a_creator_acts_on_the_childs_task_and_may_give_it_receive_rights() {
    const TEST: &str = "children::a_creator_acts_on_the_childs_task_and_may_give_it_receive_rights";
    if role().is_some() {
        let (task, parent) = (Task::current().unwrap(), given("parent"));
        let mut answer = parent.request_within("ready", soon()).unwrap();
        let name = cabotage_mach::Name::from_raw(answer.text().unwrap().parse().unwrap());
        assert!(answer.take_carried().is_empty());
        let port = ReceiveRight::from_raw(task.names(), name).unwrap();
        assert_eq!(next(&port).text(), Ok("queued before"));
        let bootstrap = task.special_port(SpecialPort::Bootstrap).unwrap().unwrap();
        return bootstrap.send_within("set from outside", soon()).unwrap();
    }
    let door = ReceiveRight::new().unwrap();
    let spawn = child(TEST, "child").give("parent", door.make_send().unwrap()).with_task_port();
    let mut child = spawn.spawn().unwrap();
    let task = child.task_port(soon()).unwrap().unwrap().within(Duration::from_secs(60));
    assert!(child.task_port(soon()).unwrap().is_none(), "it comes once");
    let mut ready = next(&door);
    assert_eq!(task.identity().unwrap().pid(), child.pid());
    let port = ReceiveRight::new().unwrap();
    port.make_send().unwrap().send("queued before").unwrap();
    let name = task.insert_right(cabotage_mach::Name::NULL, port).unwrap();
    task.set_special_port(SpecialPort::Bootstrap, door.make_send().unwrap()).unwrap();
    assert_eq!(task.special_port(SpecialPort::Bootstrap).unwrap().into_send().unwrap().name(), door.name());
    ready.reply(name.as_raw().to_string()).unwrap();
    drop(ready);
    assert_eq!(next(&door).text(), Ok("set from outside"));
    let told = ReceiveRight::new().unwrap();
    let is_watched = task.right().notify_when_dead(told.make_send_once().unwrap()).is_ok();
    ends_well(&mut child);
    if is_watched {
        assert!(matches!(next(&told).into_notification(), Ok(Notification::DeadName(_))));
    }
}

#[test]
fn a_task_that_is_terminated_ends_with_its_threads_and_its_rights_are_dead() {
    const TEST: &str = "children::a_task_that_is_terminated_ends_with_its_threads_and_its_rights_are_dead";
    if role().is_some() {
        let port = ReceiveRight::new().unwrap();
        given("parent").send_within(Outgoing::new(1).with(port.make_send().unwrap()), soon()).unwrap();
        loop {
            let _ = port.receive_within(soon());
        }
    }
    let door = ReceiveRight::new().unwrap();
    let mut child = child(TEST, "child").give("parent", door.make_send().unwrap()).spawn().unwrap();
    let Some(Carried::Right(right)) = next(&door).take_carried().pop() else { panic!("a right") };
    let right = right.into_send().unwrap();
    assert_eq!(child.wait(Duration::ZERO).unwrap(), None);
    let told = ReceiveRight::new().unwrap();
    right.notify_when_dead(told.make_send_once().unwrap()).unwrap();
    assert!(!child.terminate().unwrap().unwrap().success());
    assert!(next(&told).into_notification().is_ok() && right.is_dead());
    assert!(child.wait(soon()).unwrap().is_some(), "its end is known for good");
    until_unused(&door, &told);
}

#[test]
fn any_of_a_tasks_threads_may_receive() {
    const TEST: &str = "children::any_of_a_tasks_threads_may_receive";
    const THREADS: usize = 4;
    if role().is_some() {
        let (port, parent) = (ReceiveRight::new().unwrap(), given("parent"));
        parent.send_within(Outgoing::new(1).with(port.make_send().unwrap()), soon()).unwrap();
        let barrier = std::sync::Barrier::new(THREADS);
        return std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let mut asked = next(&port);
                    // Each thread has one of the requests before any is answered.
                    barrier.wait();
                    asked.reply("by a thread of its own").unwrap();
                });
            }
        });
    }
    let door = ReceiveRight::new().unwrap();
    let mut child = child(TEST, "child").give("parent", door.make_send().unwrap()).spawn().unwrap();
    let Some(Carried::Right(right)) = next(&door).take_carried().pop() else { panic!("a right") };
    let right = right.into_send().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| right.request_within("any", soon()).unwrap());
        }
    });
    ends_well(&mut child);
}

#[test]
fn a_forked_child_reaches_the_bootstrap_port_by_an_end_that_was_made_for_it() {
    let port = ReceiveRight::new().unwrap();
    let end = port.make_send().unwrap().to_end().unwrap();
    let answered = cabotage_os::fork::child_answers(
        move || {
            let task = Task::current().unwrap();
            assert!(task.special_port(SpecialPort::Bootstrap).unwrap().is_none(), "nothing is inherited");
            task.set_special_port(SpecialPort::Bootstrap, Some(SendRight::from_end(end).unwrap())).unwrap();
            let bootstrap = task.special_port(SpecialPort::Bootstrap).unwrap().unwrap();
            bootstrap.send_within("from a fork", soon()).is_ok()
        },
        soon(),
    );
    assert!(answered.unwrap());
    assert_eq!(next(&port).text(), Ok("from a fork"));
}

#[test]
fn labels_that_are_none_are_refused_before_anything_starts() {
    let port = ReceiveRight::new().unwrap();
    for label in ["", "bootstrap", "creator", "a,b", "a:b", "ä", &"x".repeat(65)] {
        let spawn = Spawn::new("true").give(label, port.make_send().unwrap());
        assert!(matches!(spawn.spawn(), Err(SpawnError::Label { .. })), "{label}");
    }
    let twice = Spawn::new("true").give("a", port.make_send().unwrap()).give("a", port.make_send().unwrap());
    assert!(matches!(twice.spawn(), Err(SpawnError::Label { .. })));
    let many = (0..65).fold(Spawn::new("true"), |spawn, number| {
        spawn.give(format!("right{number}"), port.make_send().unwrap())
    });
    assert!(matches!(many.spawn(), Err(SpawnError::TooManyRights)));
    assert!(matches!(Spawn::new("/nowhere/at/all").spawn(), Err(SpawnError::Program(_))));
    assert_eq!(until_unused(&port, &ReceiveRight::new().unwrap()), 0);
}

/// How many descriptors this process has.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Creates and ends tasks, in a process that does nothing else.
fn created_and_ended(test: &str, tasks: usize) {
    let port = ReceiveRight::new().unwrap();
    let started = std::time::Instant::now();
    let mut before = None;
    for _ in 0..tasks {
        let mut child = child(test, "child").give("parent", port.make_send().unwrap()).spawn().unwrap();
        let hello = next(&port);
        assert_eq!(hello.audit_token().unwrap().pid(), child.pid());
        child.terminate().unwrap();
        drop((hello, child));
        until_unused(&port, &ReceiveRight::new().unwrap());
        before.get_or_insert_with(descriptors);
    }
    assert_eq!(Some(descriptors()), before, "nothing is left");
    eprintln!("{tasks} tasks in {:?}", started.elapsed());
}

fn leave_nothing(test: &str, tasks: usize) {
    match role().as_deref() {
        Some("child") => {
            given("parent").send_within("hello", soon()).unwrap();
            loop {
                std::thread::park();
            }
        }
        Some(_) => created_and_ended(test, tasks),
        None => {
            let mut creator = child(test, "creator").spawn().unwrap();
            let status = creator.wait(Duration::from_secs(600)).unwrap().expect("it ends");
            assert!(status.success(), "{status}");
        }
    }
}

#[test]
fn tasks_that_were_created_and_ended_leave_nothing() {
    leave_nothing("children::tasks_that_were_created_and_ended_leave_nothing", 30);
}

#[test]
#[ignore = "takes a while"]
fn a_thousand_tasks_that_were_created_and_ended_leave_nothing() {
    leave_nothing("children::a_thousand_tasks_that_were_created_and_ended_leave_nothing", 1000);
}

#[test]
fn a_variable_that_lies_gives_nothing() {
    const TEST: &str = "children::a_variable_that_lies_gives_nothing";
    if role().is_some() {
        let task = Task::current().unwrap();
        assert_eq!(task.given_labels(), [""; 0]);
        return assert_eq!(task.special_port(SpecialPort::Bootstrap).unwrap(), None);
    }
    let harbour = Harbour::new();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([TEST, "--exact", "--nocapture"]).env("CABOTAGE_MACH_ROLE", "child");
    command
        .env("CABOTAGE_RIGHTS", "0:1:a,1:1:bootstrap,9:77:b,-1:0:c,,:::")
        .stdout(std::process::Stdio::null());
    assert!(command.status().unwrap().success());
    drop(harbour);
}
