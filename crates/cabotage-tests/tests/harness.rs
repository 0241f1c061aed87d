// SPDX-License-Identifier: MIT OR Apache-2.0
//! The harness itself: its processes play, stop and end, and what is left behind is seen.

use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::process::Exit;
use cabotage_tests::inventory::Inventory;
use cabotage_tests::role::Role;
use cabotage_tests::scratch::Scratch;
use cabotage_tests::watchdog::Watchdog;

#[test]
fn a_process_in_a_role_takes_orders_and_answers() {
    let mut echo = Role::new("echo").start();
    assert_eq!(echo.ask("ahoy"), "ahoy");
    assert_eq!(echo.ask("once more"), "once more");
    echo.must_succeed();
}

#[test]
fn a_stopped_process_answers_when_it_goes_on() {
    let mut echo = Role::new("echo").start();
    echo.ask("ready");
    echo.stop();
    echo.tell("later");
    assert_eq!(echo.hear_until(Deadline::within(Duration::from_millis(20))), None);
    echo.go_on();
    assert_eq!(echo.hear(), "later");
    echo.kill();
}

#[test]
fn a_role_that_takes_too_long_ends_itself() {
    let mut idler = Role::new("idler").patience(Duration::from_millis(100)).start();
    assert_eq!(idler.hear(), "idle");
    assert_eq!(idler.end(), Exit::Signal(6));
}

#[test]
fn a_role_that_does_not_exist_is_refused() {
    let mut nobody = Role::new("nobody").start();
    assert_eq!(nobody.end(), Exit::Code(1));
}

#[test]
fn what_a_process_holds_is_seen_and_what_it_gave_back_is_not() {
    let _watchdog = Watchdog::over("the inventory of a process", Duration::from_secs(60));
    let (reader, writer) = std::io::pipe().unwrap();
    let mut plain = Role::new("echo").start();
    let mut laden = Role::new("echo").pass_as(writer, 20).start();
    plain.ask("ready");
    laden.ask("ready");
    let [plain, laden] = [plain.pid(), laden.pid()].map(Inventory::of_process);
    assert_eq!(laden.since(&plain).as_deref(), Some("1 more: descriptor of a pipe"));
    drop(reader);
}

#[test]
fn what_stands_in_a_scratch_place_is_seen_and_goes_with_it() {
    let place = Scratch::new();
    let before = Inventory::default().and_place(&place);
    let object = format!("/dev/shm{}", place.object("frames"));
    std::fs::write(&object, "x").unwrap();
    std::fs::write(place.path("left"), "x").unwrap();
    let after = Inventory::default().and_place(&Scratch::of(&place.to_string()));
    let words = after.since(&before).unwrap();
    assert_eq!(words, "1 more: file left; 1 more: object …frames in shared memory");
    drop(place);
    assert!(!std::path::Path::new(&object).exists());
}
