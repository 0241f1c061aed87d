// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every system call of every scenario fails once, with each of its errors, a test for each scenario: see `src/inject`.

use cabotage_tests::inject;

macro_rules! tests_of {
    ($($file:ident $name:ident,)*) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name));
        })*
    };
}

cabotage_tests::fault_scenarios!(tests_of);

fn holds(name: &str) {
    let tally = inject::run(name).unwrap_or_else(|how| panic!("{how}"));
    println!("{tally:?}");
    assert!(tally.runs > 0 && tally.errors > 0, "no fault was noticed: {tally:?}");
}
