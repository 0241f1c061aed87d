// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each answer of Mach's bootstrap, without a process.

use super::super::super::protocol::Status;
use super::*;

const ALICE: Caller = Caller { uid: 1000, pid: 10, group: Some(10) };
const HER_OTHER: Caller = Caller { pid: 11, group: Some(11), ..ALICE };
const BOB: Caller = Caller { uid: 1001, pid: 20, group: Some(20) };
const ADMIN: Caller = Caller { uid: 0, pid: 30, group: Some(30) };
const ROOT: NamespaceId = Rules::ROOT;

fn rules() -> Rules {
    Rules::new(0, u64::MAX)
}

fn nobody(_: ServiceId) -> Option<i32> {
    None
}

#[test]
fn check_in_hands_out_what_is_there_once_and_to_its_owner() {
    let mut rules = rules();
    assert_eq!(rules.check_in(ROOT, ALICE, "log", nobody), Err(BootstrapCode::UnknownService));
    let log = rules.create(ROOT, ALICE, "log").unwrap();
    assert_eq!(rules.check_in(ROOT, BOB, "log", nobody), Err(BootstrapCode::NotPrivileged));
    assert_eq!(rules.check_in(ROOT, ALICE, "log", nobody), Ok(log));
    assert_eq!(rules.look_up(ROOT, "log"), Ok(Found::OnItsWay(log)));
    assert_eq!(rules.check_in(ROOT, HER_OTHER, "log", nobody), Err(BootstrapCode::ServiceActive));
    rules.arrived(log);
    assert_eq!(rules.check_in(ROOT, HER_OTHER, "log", nobody), Err(BootstrapCode::ServiceActive));
    assert_eq!(rules.look_up(ROOT, "log"), Ok(Found::There(log)));
}

#[test]
fn a_right_that_comes_back_is_handed_out_again_and_the_name_stays() {
    let mut rules = rules();
    let log = rules.create(ROOT, ALICE, "log").unwrap();
    rules.check_in(ROOT, ALICE, "log", nobody).unwrap();
    rules.arrived(log);
    rules.returned(log);
    assert_eq!(rules.status(ROOT, "log"), Ok(Status::Inactive));
    assert_eq!(rules.check_in(ROOT, HER_OTHER, "log", nobody), Ok(log));
    rules.arrived(log);
    assert!(rules.died(log), "its name stays when it is killed");
    assert_eq!(rules.check_in(ROOT, HER_OTHER, "log", nobody), Ok(log));
}

#[test]
fn while_a_job_of_the_service_runs_nobody_else_checks_in() {
    let mut rules = rules();
    let log = rules.declare("log", ALICE.uid, true).unwrap();
    assert_eq!(rules.declare("log", BOB.uid, true), None);
    assert_eq!(rules.status(ROOT, "log"), Ok(Status::OnDemand));
    let job = |_| Some(10);
    assert_eq!(rules.check_in(ROOT, HER_OTHER, "log", job), Err(BootstrapCode::NotPrivileged));
    let hidden = Caller { group: None, ..ALICE };
    assert_eq!(rules.check_in(ROOT, hidden, "log", job), Err(BootstrapCode::NotPrivileged));
    assert_eq!(rules.check_in(ROOT, ALICE, "log", job), Ok(log));
    rules.arrived(log);
    assert_eq!(rules.status(ROOT, "log"), Ok(Status::Active));
}

#[test]
fn a_name_is_registered_by_one_and_refused_to_others_each_with_its_code() {
    let mut rules = rules();
    let log = rules.register(ROOT, ALICE, "log").unwrap();
    assert_eq!(rules.status(ROOT, "log"), Ok(Status::Active));
    assert_eq!(rules.register(ROOT, BOB, "log"), Err(BootstrapCode::NotPrivileged));
    for own in [ALICE, HER_OTHER, ADMIN] {
        assert_eq!(rules.register(ROOT, own, "log"), Err(BootstrapCode::ServiceActive));
    }
    assert!(!rules.died(log), "its name goes with its port");
    assert_eq!(rules.look_up(ROOT, "log"), Err(BootstrapCode::UnknownService));
    assert!(rules.register(ROOT, BOB, "log").is_ok());
    rules.create(ROOT, ALICE, "clock").unwrap();
    assert_eq!(rules.register(ROOT, ALICE, "clock"), Err(BootstrapCode::NotPrivileged), "check in for it");
}

#[test]
fn a_name_is_taken_back_by_who_registered_it_or_while_nobody_has_it() {
    let mut rules = rules();
    assert_eq!(rules.unregister(ROOT, ALICE, "log"), Err(BootstrapCode::UnknownService));
    let log = rules.register(ROOT, ALICE, "log").unwrap();
    assert_eq!(rules.unregister(ROOT, BOB, "log"), Err(BootstrapCode::NotPrivileged));
    assert_eq!(rules.unregister(ROOT, HER_OTHER, "log"), Err(BootstrapCode::ServiceActive));
    assert_eq!(rules.unregister(ROOT, ALICE, "log"), Ok(log));
    rules.remove(log);
    let clock = rules.create(ROOT, ALICE, "clock").unwrap();
    assert_eq!(rules.unregister(ROOT, HER_OTHER, "clock"), Ok(clock));
    rules.check_in(ROOT, ALICE, "clock", nobody).unwrap();
    assert_eq!(rules.unregister(ROOT, ALICE, "clock"), Err(BootstrapCode::ServiceActive));
}

#[test]
fn a_service_is_created_once() {
    let mut rules = rules();
    rules.create(ROOT, ALICE, "log").unwrap();
    for who in [ALICE, BOB] {
        assert_eq!(rules.create(ROOT, who, "log"), Err(BootstrapCode::NameInUse));
    }
}

#[test]
fn who_had_a_service_from_a_server_before_has_it_again() {
    let mut rules = rules();
    let registered = rules.renew(ROOT, ALICE, "log", false).unwrap();
    assert!(!rules.died(registered));
    let checked_in = rules.renew(ROOT, ALICE, "clock", true).unwrap();
    assert_eq!(rules.renew(ROOT, HER_OTHER, "clock", true), Err(BootstrapCode::ServiceActive));
    assert!(rules.died(checked_in), "the name stays");
    assert_eq!(rules.renew(ROOT, BOB, "clock", true), Err(BootstrapCode::NotPrivileged));
    assert_eq!(rules.renew(ROOT, HER_OTHER, "clock", true), Ok(checked_in));
}

#[test]
fn a_look_up_goes_outwards_and_never_inwards() {
    let mut rules = rules();
    let outer = rules.register(ROOT, ALICE, "log").unwrap();
    let middle = rules.subset(ROOT, ALICE).unwrap();
    let inner = rules.subset(middle, ALICE).unwrap();
    assert_eq!(rules.look_up(inner, "log"), Ok(Found::There(outer)));
    let own = rules.register(middle, BOB, "log").unwrap();
    assert_eq!(rules.look_up(inner, "log"), Ok(Found::There(own)));
    assert_eq!(rules.look_up(ROOT, "log"), Ok(Found::There(outer)));
    rules.register(inner, BOB, "clock").unwrap();
    assert_eq!(rules.look_up(middle, "clock"), Err(BootstrapCode::UnknownService));
    assert_eq!(
        rules.check_in(inner, ALICE, "log", nobody),
        Err(BootstrapCode::UnknownService),
        "not outwards"
    );
    assert_eq!(rules.list(inner), [("clock".to_owned(), Status::Active)]);
}

#[test]
fn a_namespace_ends_with_all_that_is_in_it() {
    let mut rules = rules();
    let middle = rules.subset(ROOT, ALICE).unwrap();
    let inner = rules.subset(middle, ALICE).unwrap();
    let services =
        [(middle, "log"), (inner, "clock")].map(|(space, name)| rules.register(space, ALICE, name).unwrap());
    assert_eq!(rules.parent(inner, ALICE), Ok(middle));
    assert_eq!(rules.parent(inner, BOB), Err(BootstrapCode::NotPrivileged));
    assert_eq!(rules.parent(middle, ADMIN), Ok(ROOT));
    assert_eq!(rules.end(middle), (vec![middle, inner], services.to_vec()));
    assert_eq!(rules.look_up(inner, "log"), Err(BootstrapCode::UnknownService));
    assert!(rules.service(services[0]).is_none());
}

#[test]
fn subsets_are_so_deep_and_so_many_and_no_more() {
    let mut rules = rules();
    let mut space = ROOT;
    for _ in 0..DEPTH_MAX {
        space = rules.subset(space, ALICE).unwrap();
    }
    assert_eq!(rules.subset(space, ALICE), Err(BootstrapCode::NoMemory));
    while rules.subset(ROOT, ALICE).is_ok() {}
    assert!(rules.subset(ROOT, BOB).is_ok(), "another user has a share of its own");
}

#[test]
fn one_who_registers_without_end_is_stopped_and_nobody_else() {
    let mut rules = rules();
    let mut bring_in = |who, from: usize| {
        let names = (from..).map(|number| format!("bob{number}"));
        names.map_while(|name| rules.register(ROOT, who, &name).ok()).count()
    };
    assert_eq!(bring_in(BOB, 0), SERVICES_MAX / 2, "a process has half of it");
    let his_other = Caller { pid: 21, ..BOB };
    let his_third = Caller { pid: 22, ..BOB };
    assert_eq!(bring_in(his_other, 2000), SERVICES_MAX / 2);
    assert_eq!(bring_in(his_third, 4000), 0);
    assert_eq!(rules.create(ROOT, his_third, "more"), Err(BootstrapCode::NoMemory));
    assert!(rules.register(ROOT, ALICE, "alice").is_ok());
}

#[test]
fn where_there_are_few_descriptors_a_user_has_a_share_of_them() {
    for (descriptors, share) in [(0, 8), (1024, 192), (1 << 20, SERVICES_MAX)] {
        let mut rules = Rules::new(0, descriptors);
        let names = (0..).map(|number| format!("{number}"));
        let made = names.map_while(|name| rules.register(ROOT, ALICE, &name).ok()).count();
        assert_eq!(made, share / 2, "{descriptors}");
    }
}
