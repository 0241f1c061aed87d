// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services and the server itself are started anew.

use cabotage_mach::bootstrap::{Bootstrap, Keeper, Status};
use cabotage_mach::{Outgoing, ReceiveRight};

use super::{World, check_in_soon, code, echoes, how, keep_looking, play_echo, serve};
use crate::support::{hear, next, role, say, soon};

#[test]
fn a_service_that_ends_by_itself_gives_its_port_back_and_the_next_has_it_with_its_queue() {
    const TEST: &str = "bootstrap::restarts::a_service_that_ends_by_itself_gives_its_port_back_and_the_next_has_it_with_its_queue";
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
        "bootstrap::restarts::a_client_that_sleeps_costs_its_own_right_and_keeps_nobody_from_checking_in";
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
fn a_server_that_is_killed_and_started_again_breaks_nobody() {
    const TEST: &str = "bootstrap::restarts::a_server_that_is_killed_and_started_again_breaks_nobody";
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
