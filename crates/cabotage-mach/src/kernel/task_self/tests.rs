// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is asked of a task by messages is done and answered; what makes no sense is refused and costs nobody a right.

use super::{REPLY_ID_OFFSET, TaskAnswer, TaskCall};
use crate::code::KernError;
use crate::kernel::calls::GuardFlags;
use crate::kernel::message::{AuditToken, Item, Letter, Sender};
use crate::kernel::messages::{Receipt, ReceiveOptions, Received, SendOptions};
use crate::kernel::{Kernel, SpaceId};
use crate::name::Name;
use crate::right::{Disposition, Right, SpecialPort};

const TOKEN: AuditToken = AuditToken([1, 2, 3, 4, 5, 6, 7, 8]);

/// A task that is asked about, and one that asks, with a right to the first and a port for answers.
struct World {
    kernel: Kernel,
    asked: SpaceId,
    asker: SpaceId,
    task_self: Name,
    answers: Name,
}

impl World {
    fn new() -> Self {
        let mut kernel = Kernel::new();
        let (asked, asker) = (kernel.create_space(), kernel.create_space());
        let own = kernel.task_self(asked, TOKEN).unwrap();
        let right = kernel.copy_in(asked, own, Disposition::CopySend).unwrap();
        let task_self = kernel.copy_out(asker, right).unwrap();
        let answers = kernel.allocate(asker, Right::Receive).unwrap();
        Self { kernel, asked, asker, task_self, answers }
    }

    fn ask_raw(&mut self, id: i32, body: Vec<u8>, items: Vec<Item>) -> Received {
        let letter = Letter {
            id,
            destination: (self.task_self, Some(Disposition::CopySend)),
            reply: (self.answers, Some(Disposition::MakeSendOnce)),
            body,
            complex: !items.is_empty(),
            items,
        };
        self.kernel.send(self.asker, letter, &SendOptions::default()).unwrap();
        match self.kernel.receive(self.asker, self.answers, &ReceiveOptions::default()).unwrap() {
            Receipt::Letter(received) => received,
            other => panic!("{other:?}"),
        }
    }

    fn ask(&mut self, call: TaskCall, items: Vec<Item>) -> Received {
        let answer = self.ask_raw(call.id(), call.body(), items);
        assert_eq!((answer.header.id, answer.header.sender), (call.id() + REPLY_ID_OFFSET, Sender::Kernel));
        answer
    }

    fn refusal(&mut self, call: TaskCall) -> Option<KernError> {
        let answer = self.ask(call, Vec::new());
        TaskAnswer::parse(&answer.body).unwrap().err()
    }
}

fn told(answer: &Received) -> TaskAnswer<'_> {
    TaskAnswer::parse(&answer.body).unwrap().unwrap()
}

#[test]
fn a_task_says_who_it_is_and_what_its_names_stand_for() {
    let mut world = World::new();
    let identity = world.ask(TaskCall::Identity, Vec::new());
    assert_eq!(told(&identity).identity(), Ok(TOKEN));
    let mut expected = world.kernel.names(world.asked).unwrap();
    let answer = world.ask(TaskCall::Names, Vec::new());
    let mut names = told(&answer).names().unwrap();
    expected.sort_by_key(|(name, _)| *name);
    names.sort_by_key(|(name, _)| *name);
    assert_eq!(names, expected);
    let answer = world.ask(TaskCall::Type(names[0].0), Vec::new());
    assert_eq!(told(&answer).types(), Ok(names[0].1));
}

#[test]
fn a_port_is_allocated_looked_at_and_given_back() {
    let mut world = World::new();
    let answer = world.ask(TaskCall::Allocate(Right::Receive), Vec::new());
    let port = told(&answer).name().unwrap();
    let answer = world.ask(TaskCall::Status(port), Vec::new());
    assert_eq!(told(&answer).status(), Ok(world.kernel.status(world.asked, port).unwrap()));
    let answer = world.ask(TaskCall::ModifyReferences(port, Right::Receive, -1), Vec::new());
    assert_eq!(told(&answer).nothing(), Ok(()));
    assert_eq!(world.refusal(TaskCall::Status(port)), Some(KernError::InvalidName));
    let answer = world.ask(TaskCall::Allocate(Right::DeadName), Vec::new());
    let dead = told(&answer).name().unwrap();
    let answer = world.ask(TaskCall::Deallocate(dead), Vec::new());
    assert_eq!(told(&answer).nothing(), Ok(()));
    assert_eq!(world.refusal(TaskCall::Type(dead)), Some(KernError::InvalidName));
}

#[test]
fn every_bit_of_a_ports_state_is_answered() {
    let mut world = World::new();
    let port = world.kernel.allocate(world.asked, Right::Receive).unwrap();
    let set = world.kernel.allocate(world.asked, Right::PortSet).unwrap();
    world.kernel.insert_member(world.asked, port, set).unwrap();
    world.kernel.set_sequence(world.asked, port, 77).unwrap();
    world
        .kernel
        .guard_with_flags(world.asked, port, 5, GuardFlags::STRICT.and(GuardFlags::IMMOVABLE_RECEIVE))
        .unwrap();
    let right = world.kernel.copy_in(world.asked, port, Disposition::MakeSend).unwrap();
    world.kernel.copy_out(world.asked, right).unwrap();
    let answer = world.ask(TaskCall::Status(port), Vec::new());
    let status = told(&answer).status().unwrap();
    assert_eq!(status, world.kernel.status(world.asked, port).unwrap());
    assert!(status.in_set && status.is_strictly_guarded && status.is_immovable && status.has_send_rights);
}

#[test]
fn rights_are_put_into_a_task_and_taken_out_of_it() {
    let mut world = World::new();
    let port = world.kernel.allocate(world.asker, Right::Receive).unwrap();
    let given = vec![Item::Port(port, Disposition::MakeSend)];
    let answer = world.ask(TaskCall::InsertRight(Name::NULL), given);
    let name = told(&answer).name().unwrap();
    assert!(world.kernel.type_of(world.asked, name).unwrap().has(Right::Send));

    let chosen = Name::from_raw(0x0100_0003);
    let given = vec![Item::Port(port, Disposition::MakeSendOnce)];
    let answer = world.ask(TaskCall::InsertRight(chosen), given);
    assert_eq!(told(&answer).name(), Ok(chosen));

    let answer = world.ask(TaskCall::ExtractRight(name, Disposition::MoveSend), Vec::new());
    let [Item::Port(back, Disposition::MoveSend)] = answer.items[..] else { panic!("{answer:?}") };
    assert_eq!(back, port, "it coalesces with the receive right");
    assert_eq!(world.refusal(TaskCall::Type(name)), Some(KernError::InvalidName));
    let none = TaskCall::ExtractRight(name, Disposition::CopySend);
    assert_eq!(world.refusal(none), Some(KernError::InvalidName));
}

#[test]
fn what_makes_no_sense_is_refused_and_its_rights_are_destroyed() {
    let mut world = World::new();
    let port = world.kernel.allocate(world.asker, Right::Receive).unwrap();
    let bad = |world: &mut World, id, body: &[u8], items| {
        let answer = world.ask_raw(id, body.to_vec(), items);
        TaskAnswer::parse(&answer.body).unwrap().unwrap_err()
    };
    let right = || vec![Item::Port(port, Disposition::MakeSend)];
    assert_eq!(bad(&mut world, 7, b"", Vec::new()), KernError::InvalidArgument, "no such call");
    assert_eq!(bad(&mut world, 3201, b"123", Vec::new()), KernError::InvalidArgument, "no words");
    assert_eq!(bad(&mut world, 3201, b"12345678", Vec::new()), KernError::InvalidArgument, "too many");
    assert_eq!(bad(&mut world, 3200, b"", right()), KernError::InvalidArgument, "a right too many");
    assert_eq!(bad(&mut world, 3214, &[0; 4], Vec::new()), KernError::InvalidArgument, "no right");
    let two = [right(), right()].into_iter().flatten().collect();
    assert_eq!(bad(&mut world, 3214, &[0; 4], two), KernError::InvalidArgument, "two");
    let null = vec![Item::Port(Name::NULL, Disposition::CopySend)];
    assert_eq!(bad(&mut world, 3214, &[0; 4], null), KernError::InvalidCapability, "none");
    assert_eq!(bad(&mut world, 3214, &8_u32.to_ne_bytes(), right()), KernError::InvalidValue, "no name");
    assert_eq!(bad(&mut world, 3204, &9_u32.to_ne_bytes(), Vec::new()), KernError::InvalidArgument);
    assert_eq!(world.kernel.send_rights(world.asker, port), Ok(0), "nothing of it is left anywhere");
}

#[test]
fn one_who_wants_no_answer_gets_none_and_a_task_may_be_told_of_itself() {
    let mut world = World::new();
    let allocate = TaskCall::Allocate(Right::Receive);
    let before = world.kernel.names(world.asked).unwrap().len();
    for reply in [(Name::NULL, None), (world.task_self, Some(Disposition::CopySend))] {
        let destination = (world.task_self, Some(Disposition::CopySend));
        let body = allocate.body();
        let letter =
            Letter { id: allocate.id(), destination, reply, body, items: Vec::new(), complex: false };
        world.kernel.send(world.asker, letter, &SendOptions::default()).unwrap();
    }
    assert_eq!(world.kernel.names(world.asked).unwrap().len(), before + 2);
}

#[test]
fn a_task_that_has_ended_is_a_dead_name_to_those_who_had_a_right_to_it() {
    let mut world = World::new();
    assert!(world.kernel.terminate_space(world.asked));
    assert!(world.kernel.type_of(world.asker, world.task_self).unwrap().has(Right::DeadName));
}

#[test]
fn the_receive_right_of_the_task_itself_can_be_sent_to_it() {
    let mut world = World::new();
    let port = world.kernel.allocate(world.asker, Right::Receive).unwrap();
    let right = world.kernel.copy_in(world.asker, port, Disposition::MakeSend).unwrap();
    world.kernel.copy_out(world.asker, right).unwrap();
    let given = vec![Item::Port(port, Disposition::MoveReceive)];
    let answer = world.ask(TaskCall::InsertRight(Name::NULL), given);
    let name = told(&answer).name().unwrap();
    assert!(world.kernel.type_of(world.asked, name).unwrap().has(Right::Receive));
    assert!(world.kernel.type_of(world.asker, port).unwrap().has(Right::Send), "its send right stays");
}

#[test]
fn special_ports_are_set_asked_for_and_given_back_with_the_task() {
    let mut world = World::new();
    let port = world.kernel.allocate(world.asker, Right::Receive).unwrap();
    for which in [SpecialPort::Kernel, SpecialPort::Host, SpecialPort::Bootstrap] {
        if which != SpecialPort::Kernel {
            assert_eq!(world.kernel.special_port(world.asked, which, TOKEN), Ok(Name::NULL));
        }
        let given = vec![Item::Port(port, Disposition::MakeSend)];
        let answer = world.ask(TaskCall::SetSpecialPort(which), given);
        assert_eq!(told(&answer).nothing(), Ok(()));
        let answer = world.ask(TaskCall::SpecialPort(which), Vec::new());
        assert_eq!(told(&answer).nothing(), Ok(()));
        let [Item::Port(back, Disposition::MoveSend)] = answer.items[..] else { panic!("{answer:?}") };
        assert_eq!(back, port, "it coalesces with the receive right");
    }
    crate::kernel::tests::audit::audit(&world.kernel);
    let given = vec![Item::Port(port, Disposition::MakeSend)];
    let answer = world.ask(TaskCall::SetSpecialPort(SpecialPort::Name), given);
    assert_eq!(TaskAnswer::parse(&answer.body).unwrap().err(), Some(KernError::InvalidArgument));
    let own = world.kernel.special_port(world.asked, SpecialPort::Bootstrap, TOKEN).unwrap();
    assert!(world.kernel.type_of(world.asked, own).unwrap().has(Right::Send));
    world.kernel.terminate_space(world.asked);
    assert_eq!(
        world.kernel.modify_references(world.asker, port, Right::Send, -3),
        Ok(()),
        "what was asked for"
    );
    assert_eq!(world.kernel.send_rights(world.asker, port), Ok(0), "nothing is kept any more");
}

#[test]
fn who_has_the_name_of_a_task_may_ask_who_it_is_and_nothing_else() {
    let mut world = World::new();
    let own = world.kernel.special_port(world.asked, SpecialPort::Name, TOKEN).unwrap();
    let right = world.kernel.copy_in(world.asked, own, Disposition::CopySend).unwrap();
    world.task_self = world.kernel.copy_out(world.asker, right).unwrap();
    let identity = world.ask(TaskCall::Identity, Vec::new());
    assert_eq!(told(&identity).identity(), Ok(TOKEN));
    assert_eq!(world.refusal(TaskCall::Names), Some(KernError::InvalidArgument));
    assert_eq!(world.refusal(TaskCall::SpecialPort(SpecialPort::Kernel)), Some(KernError::InvalidArgument));
    assert!(world.kernel.terminate_space(world.asked));
    assert!(world.kernel.type_of(world.asker, world.task_self).unwrap().has(Right::DeadName));
}
