// SPDX-License-Identifier: MIT OR Apache-2.0
//! Running cases: one for a test, all of them for the command, which states how many there are.

use cabotage_os::process::Exit;

use super::table::{CASES, case, count};
use crate::role::Role;
use crate::transport::{self, Transport};

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It holds.
    Holds,
    /// It needs what the transport lacks, and why that is so.
    NotApplicable(&'static str),
    /// It does not hold. What failed stands on the standard error of its processes.
    Fails(String),
}

/// Runs a case over a transport, in processes of its own.
///
/// # Panics
/// If there is no such case or transport.
pub fn run(transport: &str, name: &str) -> Answer {
    let transport = transport::by_title(transport).unwrap_or_else(|| panic!("no transport {transport}"));
    let case = case(name).unwrap_or_else(|| panic!("no case {name}"));
    if let Some(why) = case.is_not_applicable(transport) {
        return Answer::NotApplicable(why);
    }
    let mut near = Role::new("suite-near").argument(transport.title()).argument(name).start();
    near.close_orders();
    match near.end() {
        Exit::Code(0) => Answer::Holds,
        exit => Answer::Fails(format!("the near process ended with {exit:?}")),
    }
}

/// Runs every case whose transport and name contain these words, with a line for each and the count last; answers
/// whether all hold.
pub(super) fn run_all(transport_has: &str, case_has: &str) -> bool {
    let (mut held, mut not_applicable, mut failed) = (0, 0, 0);
    for transport in transport::all().into_iter().filter(|one| one.title().contains(transport_has)) {
        for case in CASES.iter().filter(|case| case.name.contains(case_has)) {
            match run(transport.title(), case.name) {
                Answer::Holds => held += 1,
                Answer::NotApplicable(_) => not_applicable += 1,
                Answer::Fails(how) => {
                    failed += 1;
                    println!("{}, {}: {how}", transport.title(), case.name);
                }
            }
        }
    }
    println!("{held} cases hold, {failed} fail, {not_applicable} are not applicable");
    failed == 0
}

/// Prints how many cases each transport has, and why some say nothing about it.
pub(super) fn print_count() {
    let (mut run, mut not_applicable) = (0, 0);
    for (transport, count) in count() {
        println!("{}: {} cases, {} not applicable", transport.title(), count.run, count.not_applicable);
        print_reasons(transport);
        run += count.run;
        not_applicable += count.not_applicable;
    }
    let transports = transport::all().len();
    println!("{run} cases over {transports} transports, and {not_applicable} that are not applicable");
}

fn print_reasons(transport: &dyn Transport) {
    for case in CASES {
        if let Some(why) = case.is_not_applicable(transport) {
            println!("    {}: {why}", case.name);
        }
    }
}
