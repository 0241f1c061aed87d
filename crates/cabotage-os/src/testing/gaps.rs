// SPDX-License-Identifier: MIT OR Apache-2.0
//! One who comes in every gap.

use std::cell::RefCell;
use std::rc::Rc;

use crate::seam;

/// Fewer gaps than this are none that anybody meant.
const CALLS_MIN: u64 = 8;

/// Runs `act` again and again, each time in a new `place`, and with what `intruder` makes there acting in another gap
/// between two system calls of this thread, until `act` has no more gaps. Hands what both answered to `check`, with the
/// number of the gap.
///
/// # Panics
/// `act` makes more than `calls_max` calls, or hardly any.
pub fn in_each_gap<P, A, B: 'static, I: FnOnce() -> B + 'static>(
    calls_max: u64,
    place: impl Fn() -> P,
    intruder: impl Fn(&P) -> I,
    act: impl Fn(&P) -> A,
    check: impl Fn(&P, A, Option<B>, u64),
) {
    for nth in 0..calls_max {
        let place = place();
        let answer = Rc::new(RefCell::new(None));
        let (kept, intruder) = (Rc::clone(&answer), intruder(&place));
        let plan = seam::before_nth(nth, move || *kept.borrow_mut() = Some(intruder()));
        let done = act(&place);
        let has_come = plan.has_come();
        drop(plan);
        check(&place, done, answer.take(), nth);
        if !has_come {
            assert!(nth > CALLS_MIN, "only {nth} calls");
            return;
        }
    }
    panic!("more than {calls_max} calls");
}
