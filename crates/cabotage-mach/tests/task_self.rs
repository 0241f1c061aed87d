// SPDX-License-Identifier: MIT OR Apache-2.0
//! Task self and the notify port: what a task may be asked by messages, and where it is told what nobody asked to be
//! told elsewhere.

use cabotage_mach::{
    AnyRight, Disposition, KernError, Name, Notification, Outgoing, ReceiveRight, Right, Task, TaskError,
    TaskPort,
};

#[test]
fn whoever_has_a_right_to_a_task_asks_it_gives_it_rights_and_takes_them() {
    let task = Task::create().unwrap();
    let port = task.port().right().copy().unwrap().move_to(Task::current().unwrap()).unwrap();
    let port = TaskPort::new(port);
    assert_eq!(port.identity().unwrap().pid(), std::process::id());

    let mine = ReceiveRight::new().unwrap();
    let name = port.insert_right(Name::NULL, mine.make_send().unwrap()).unwrap();
    assert!(port.type_of(name).unwrap().has(Right::Send));
    let its = port.allocate(Right::Receive).unwrap();
    assert!(port.names().unwrap().iter().any(|(name, types)| *name == its && types.has(Right::Receive)));
    assert_eq!(port.status(its).unwrap().queue_limit, 5);
    let AnyRight::Receive(taken) = port.extract_right(its, Disposition::MoveReceive).unwrap() else {
        panic!()
    };
    taken.make_send().unwrap().send("mine now").unwrap();
    assert_eq!(taken.receive().unwrap().text(), Ok("mine now"));
    port.modify_references(name, Right::Send, 1).unwrap();
    port.deallocate(name).unwrap();
    port.deallocate(name).unwrap();
    let refused = port.type_of(name).unwrap_err();
    assert!(matches!(refused, TaskError::Refused(KernError::InvalidName)), "{refused:?}");

    drop(task);
    assert!(matches!(port.identity(), Err(TaskError::Request(_))), "it has ended");
}

#[test]
fn a_right_to_somebody_else_is_no_task() {
    let port = ReceiveRight::new().unwrap();
    let task = TaskPort::new(port.make_send().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for answer in [&b""[..], b"123", &[99, 0, 0, 0], &[0; 5]] {
                port.receive().unwrap().reply(answer).unwrap();
            }
        });
        for _ in 0..4 {
            assert!(matches!(task.names(), Err(TaskError::BadAnswer)));
        }
    });
    let impatient = task.within(std::time::Duration::from_millis(1));
    assert!(matches!(impatient.identity(), Err(TaskError::Request(_))));
}

#[test]
fn a_task_is_told_at_its_notify_port_what_it_watches() {
    let task = Task::create().unwrap();
    let port = ReceiveRight::new().unwrap();
    let watched = port.make_send().unwrap().move_to(&task).unwrap();
    task.watch(&watched).unwrap();
    let stranger = port.make_send().unwrap();
    assert_eq!(task.watch(&stranger), Err(KernError::InvalidTask));
    drop((stranger, port));
    let told = task.notices().try_receive().unwrap().into_notification().unwrap();
    assert!(matches!(told, Notification::DeadName(dead) if dead.name() == watched.name()));
}

#[test]
fn a_name_that_goes_with_a_registered_request_is_told() {
    let task = Task::create().unwrap();
    let port = ReceiveRight::new().unwrap();
    let watched = port.make_send().unwrap().move_to(&task).unwrap();
    let name = watched.name();
    task.watch(&watched).unwrap();
    drop(watched);
    let told = task.notices().try_receive().unwrap().into_notification().unwrap();
    assert_eq!(told, Notification::PortDeleted(name));
}

#[test]
fn a_right_to_the_own_task_goes_to_another_in_a_message() {
    let mailbox = ReceiveRight::new().unwrap();
    let own = Task::current().unwrap().port().right().copy().unwrap();
    mailbox.make_send().unwrap().send(Outgoing::new(0).with(own)).unwrap();
    let carried = mailbox.receive().unwrap().take_carried().pop();
    let Some(cabotage_mach::Carried::Right(AnyRight::Send(right))) = carried else { panic!("{carried:?}") };
    assert_eq!(&right, Task::current().unwrap().port().right());
}
