// SPDX-License-Identifier: MIT OR Apache-2.0
//! `mach_port_peek`.

use super::World;
use crate::code::KernError;
use crate::kernel::calls::Peeked;
use crate::kernel::message::Sender;
use crate::kernel::notification::Notification;
use crate::name::Name;
use crate::right::Disposition;

#[test]
fn peek_tells_of_the_first_message_or_of_the_one_with_the_sequence_number_and_takes_none() {
    let mut world = World::new();
    let name = world.port();
    world.kernel.set_sequence(world.task, name, 5).expect("set");
    for _ in 0..2 {
        let once = world.take(name, Disposition::MakeSendOnce);
        world.kernel.destroy_capability(once);
    }
    for (asked, sequence) in [(0, 5), (5, 5), (6, 6)] {
        let expected =
            Peeked { sequence, id: Notification::SendOnce.id(), bytes: 24, sender: Sender::Kernel };
        assert_eq!(world.kernel.peek(world.task, name, asked), Ok(expected));
    }
    for asked in [4, 7, u32::MAX] {
        assert_eq!(world.kernel.peek(world.task, name, asked), Err(KernError::Failure));
    }
    assert_eq!(world.told(name).len(), 2);
    assert_eq!(world.kernel.peek(world.task, name, 0), Err(KernError::Failure), "there is none");
}

#[test]
fn peek_needs_the_receive_right() {
    let mut world = World::new();
    let other = world.kernel.create_space();
    let name = world.port();
    let sender = world.give(other, name, Disposition::MakeSend);
    for name in [sender, Name::NULL, Name::DEAD] {
        assert_eq!(world.kernel.peek(other, name, 0), Err(KernError::InvalidRight));
    }
}
