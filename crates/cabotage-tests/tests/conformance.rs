// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every case of the conformance suite over every transport, a test for each, so that the name tells what failed.
//! Cases that need what a transport lacks say so and count as not applicable; `cabotage-tests suite --count` counts.

use cabotage_tests::suite::{self, Answer};

macro_rules! tests_of {
    ($transport:ident; $($subject:ident $case:ident,)*) => {
        mod $transport {
            $(#[test]
            fn $case() {
                super::holds(stringify!($transport), stringify!($case));
            })*
        }
    };
}

macro_rules! all {
    ($($transport:ident)*) => {
        $(cabotage_tests::conformance_cases!(tests_of, $transport);)*
    };
}

cabotage_tests::conformance_transports!(all);

fn holds(transport: &str, case: &str) {
    match suite::run(transport, case) {
        Answer::Holds => {}
        Answer::NotApplicable(why) => println!("not applicable: {why}"),
        Answer::Fails(how) => panic!("{transport}, {case}: {how}"),
    }
}

#[test]
fn every_transport_and_every_case_is_counted() {
    let (mut run, mut not_applicable) = (0, 0);
    for (transport, count) in suite::count() {
        assert_eq!(count.run + count.not_applicable, suite::CASES.len(), "{}", transport.title());
        run += count.run;
        not_applicable += count.not_applicable;
    }
    assert!(run > 100 && not_applicable > 0, "{run} cases run, {not_applicable} are not applicable");
}
