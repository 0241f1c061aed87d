// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services that are started when they are wanted.

use std::fs;
use std::time::{Duration, Instant};

use cabotage_mach::bootstrap::{Bootstrap, Status};
use cabotage_mach::{SpecialPort, Task};

use super::{World, check_in_soon, code, serve};
use crate::support::{role, soon, their_folder};

#[test]
fn a_service_is_started_when_it_is_wanted_and_its_job_alone_checks_in() {
    const TEST: &str =
        "bootstrap::demand::a_service_is_started_when_it_is_wanted_and_its_job_alone_checks_in";
    match role().as_deref() {
        Some("server") => serve(),
        Some("job") => {
            let task = Task::current().unwrap();
            assert!(task.special_port(SpecialPort::Bootstrap).unwrap().is_some(), "a job has it");
            // Until the test has seen that nobody else gets its port.
            let (go, deadline) = (their_folder().join("go"), soon());
            while !go.exists() && !deadline.has_passed() {
                std::thread::sleep(Duration::from_millis(5));
            }
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
    fs::write(world.harbour.root().join("go"), "").unwrap();
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
    const TEST: &str = "bootstrap::demand::a_job_that_dies_again_and_again_is_not_started_all_the_time";
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
    let began = Instant::now();
    let count = || fs::read_to_string(&starts).unwrap_or_default().len();
    while count() < 3 {
        assert!(!deadline.has_passed());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(began.elapsed() >= Duration::from_millis(1500), "500 ms and 1 s between them");
    assert!(!right.is_dead());
}
