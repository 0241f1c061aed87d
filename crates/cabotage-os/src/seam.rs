// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one door to the kernel: every system call of this crate passes through [`call`].
//!
//! Because there is one door, a test can count what goes through it, make the n-th caller fail with an error of
//! its choice, and the tour can show the calls as they really happened. All three belong to the calling thread,
//! so tests that run side by side do not disturb one another. With nobody watching, the door costs one
//! thread-local increment.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

/// An error number of the kernel, as rustix names them.
pub use rustix::io::Errno;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static FAILURE: Cell<Option<Failure>> = const { Cell::new(None) };
    static INTRUSION: RefCell<Option<Intrusion>> = const { RefCell::new(None) };
    static TRACE: RefCell<Option<Vec<(&'static str, u64)>>> = const { RefCell::new(None) };
}

/// What another process could do in the gap before a call.
type Intrusion = (Moment, Box<dyn FnOnce()>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Before the next call of this name.
    Call(&'static str),
    /// When so many more calls have been made.
    After(u64),
}

#[derive(Debug, Clone, Copy)]
struct Failure {
    calls_left: u64,
    blow: Blow,
}

#[derive(Debug, Clone, Copy)]
enum Blow {
    Refuse(Errno),
    Kill,
}

/// Runs one system call named `name`, unless a test planned its failure.
///
/// # Errors
/// What the kernel answers, or what [`fail_nth`] planned for this call.
#[inline]
pub fn call<T>(name: &'static str, act: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
    CALLS.set(CALLS.get().wrapping_add(1));
    if WATCHED.get() {
        observe(name)?;
    }
    act()
}

/// Like [`call`], and asks again for as long as a signal interrupts the call.
///
/// # Errors
/// As [`call`], but never `EINTR`.
#[inline]
pub fn call_until_done<T>(name: &'static str, mut act: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call(name, &mut act) {
            Err(Errno::INTR) => {}
            answer => return answer,
        }
    }
}

/// Why the last call of the C library in this thread failed. Ask at once: the next call overwrites it.
pub(crate) fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

#[cold]
fn observe(name: &'static str) -> Result<(), Errno> {
    TRACE.with_borrow_mut(|trace| {
        let Some(steps) = trace else { return };
        match steps.last_mut() {
            Some((last, times)) if *last == name => *times += 1,
            _ => steps.push((name, 1)),
        }
    });
    if let Some((_, intrude)) =
        INTRUSION.with_borrow_mut(|plan| plan.take_if(|(moment, _)| moment.is_now(name)))
    {
        intrude();
    }
    let Some(failure) = FAILURE.get() else { return Ok(()) };
    if failure.calls_left == 0 {
        FAILURE.set(None);
        match failure.blow {
            Blow::Refuse(errno) => return Err(errno),
            Blow::Kill => die(),
        }
    }
    FAILURE.set(Some(Failure { calls_left: failure.calls_left - 1, ..failure }));
    Ok(())
}

impl Moment {
    /// Whether it has come, at a call of this name; if not, the call counts.
    fn is_now(&mut self, name: &str) -> bool {
        match self {
            Self::Call(awaited) => *awaited == name,
            Self::After(0) => true,
            Self::After(calls) => {
                *calls -= 1;
                false
            }
        }
    }
}

/// Ends the process as `kill -9` would: no destructor runs, no buffer is flushed.
fn die() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // The first process of a pid namespace is deaf to its own SIGKILL.
    std::process::abort()
}

fn watch_if_needed() {
    let intrusion = INTRUSION.with_borrow(Option::is_some);
    WATCHED.set(FAILURE.get().is_some() || intrusion || TRACE.with_borrow(Option::is_some));
}

/// How many system calls this thread has made through the door since it started.
pub fn calls() -> u64 {
    CALLS.get()
}

/// Until the guard is dropped: the `nth` call of this thread from now (the first is 0) fails with `errno`, once.
pub fn fail_nth(nth: u64, errno: Errno) -> PlannedFailure {
    plan(nth, Blow::Refuse(errno))
}

/// Until the guard is dropped: instead of making the `nth` call from now (the first is 0), this thread kills its
/// process with SIGKILL.
pub fn kill_nth(nth: u64) -> PlannedFailure {
    plan(nth, Blow::Kill)
}

fn plan(nth: u64, blow: Blow) -> PlannedFailure {
    FAILURE.set(Some(Failure { calls_left: nth, blow }));
    watch_if_needed();
    PlannedFailure { this_thread_only: PhantomData }
}

/// A failure planned by [`fail_nth`] or [`kill_nth`]; dropping it calls the plan off.
#[derive(Debug)]
pub struct PlannedFailure {
    this_thread_only: PhantomData<*const ()>,
}

impl PlannedFailure {
    /// Whether the planned call has come and failed.
    pub fn has_struck(&self) -> bool {
        FAILURE.get().is_none()
    }
}

impl Drop for PlannedFailure {
    fn drop(&mut self) {
        FAILURE.set(None);
        watch_if_needed();
    }
}

/// Until the guard is dropped: `act` runs in the gap before this thread's next call named `name`, once. So a test
/// plays the other process that comes at the worst moment.
pub fn before(name: &'static str, act: impl FnOnce() + 'static) -> PlannedIntrusion {
    intrude(Moment::Call(name), act)
}

/// As [`before`], in the gap before the `nth` call from now (the first is 0), whatever its name.
pub fn before_nth(nth: u64, act: impl FnOnce() + 'static) -> PlannedIntrusion {
    intrude(Moment::After(nth), act)
}

fn intrude(moment: Moment, act: impl FnOnce() + 'static) -> PlannedIntrusion {
    INTRUSION.set(Some((moment, Box::new(act))));
    watch_if_needed();
    PlannedIntrusion { this_thread_only: PhantomData }
}

/// What [`before`] or [`before_nth`] planned; dropping it calls the plan off.
#[derive(Debug)]
pub struct PlannedIntrusion {
    this_thread_only: PhantomData<*const ()>,
}

impl PlannedIntrusion {
    /// Whether the planned gap has come.
    pub fn has_come(&self) -> bool {
        INTRUSION.with_borrow(Option::is_none)
    }
}

impl Drop for PlannedIntrusion {
    fn drop(&mut self) {
        INTRUSION.set(None);
        watch_if_needed();
    }
}

/// Starts to record the calls of this thread, in order; neighbours of one name are counted together.
pub fn trace() -> Trace {
    TRACE.set(Some(Vec::new()));
    watch_if_needed();
    Trace { this_thread_only: PhantomData }
}

/// A recording begun by [`trace`].
#[derive(Debug)]
pub struct Trace {
    this_thread_only: PhantomData<*const ()>,
}

impl Trace {
    /// Ends the recording: each step with how many times it came in a row.
    pub fn finish(self) -> Vec<(&'static str, u64)> {
        TRACE.take().unwrap_or_default()
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        TRACE.set(None);
        watch_if_needed();
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    fn nothing() -> Result<(), Errno> {
        Ok(())
    }

    #[test]
    fn only_the_planned_call_fails_and_only_once() {
        let plan = fail_nth(1, Errno::MFILE);
        assert_eq!(call("first", nothing), Ok(()));
        assert!(!plan.has_struck());
        assert_eq!(call("second", nothing), Err(Errno::MFILE));
        assert!(plan.has_struck());
        assert_eq!(call("third", nothing), Ok(()));
    }

    #[test]
    fn a_dropped_plan_fails_nothing() {
        drop(fail_nth(0, Errno::MFILE));
        assert_eq!(call("first", nothing), Ok(()));
    }

    #[test]
    fn an_intrusion_comes_once_and_just_before_its_call() {
        let order = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&order);
        let plan = before("second", move || noted.borrow_mut().push("intrusion"));
        for name in ["first", "second", "second"] {
            let arrived = call(name, || Ok(name)).unwrap();
            order.borrow_mut().push(arrived);
        }
        drop(plan);
        assert_eq!(*order.borrow(), ["first", "intrusion", "second", "second"]);
    }

    #[test]
    fn an_intrusion_can_be_planned_by_the_number_of_the_call() {
        let order = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&order);
        let plan = before_nth(1, move || noted.borrow_mut().push("intrusion"));
        for name in ["first", "second", "third"] {
            assert_eq!(plan.has_come(), name == "third");
            let arrived = call(name, || Ok(name)).unwrap();
            order.borrow_mut().push(arrived);
        }
        assert_eq!(*order.borrow(), ["first", "intrusion", "second", "third"]);
    }

    #[test]
    fn a_trace_counts_neighbours_together() {
        let trace = trace();
        for name in ["open", "write", "write", "close"] {
            call(name, nothing).unwrap();
        }
        assert_eq!(trace.finish(), [("open", 1), ("write", 2), ("close", 1)]);
    }

    #[test]
    fn every_call_is_counted_whether_it_succeeds_or_not() {
        let before = calls();
        let _ = call("good", nothing);
        let _ = call("bad", || Err::<(), _>(Errno::IO));
        assert_eq!(calls() - before, 2);
    }

    #[test]
    fn an_interrupted_call_is_asked_again() {
        let mut answers = [Ok(7), Err(Errno::INTR)].to_vec();
        assert_eq!(call_until_done("read", || answers.pop().unwrap()), Ok(7));
    }
}
