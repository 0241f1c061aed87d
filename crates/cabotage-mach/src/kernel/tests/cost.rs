// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a port costs that nobody uses. What it costs to make and to destroy one: `cabotage bench mach.port`.

use super::World;

#[test]
fn an_idle_port_takes_at_most_256_bytes_with_its_name_however_many_there_are() {
    let mut world = World::new();
    for ports in 1..10_000 {
        world.port();
        let space = world.kernel.spaces.get(world.task).expect("the task").bytes();
        let bytes = world.kernel.ports.bytes() + space;
        assert!(ports < 100 || bytes <= 256 * ports, "{ports} ports take {bytes} bytes");
    }
}

#[test]
fn ports_that_come_and_go_take_the_place_of_those_before() {
    let mut world = World::new();
    let ports = [(); 100].map(|()| world.port());
    let bytes = world.kernel.ports.bytes();
    for mut port in ports {
        for _ in 0..100 {
            world.kernel.destroy(world.task, port).expect("gone");
            port = world.port();
        }
    }
    assert!(world.kernel.ports.bytes() <= bytes + 4096, "{} of {bytes}", world.kernel.ports.bytes());
}
