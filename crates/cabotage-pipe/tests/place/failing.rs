// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every system call can fail: the failure is told, no descriptor leaks, nothing stays in the way.

use cabotage_link::names::{Kind, Registry, Scope};
use cabotage_os::{Deadline, Errno, limits, seam};
use cabotage_pipe::named::place::{self, ConnectOptions, Patience, Rights};
use cabotage_pipe::named::rules::Access;

use crate::worker;
use crate::{ASKED, creation, harbour, name, own_uid, soon, sweep};

#[test]
fn every_call_can_fail_and_nothing_leaks_or_stays_in_the_way() {
    let harbour = harbour();
    // In a process of its own: other tests open descriptors too.
    let mut worker = worker::start(harbour.root.path());
    worker.must("fail-at-each-call", "every failure was told");
    assert!(harbour.names(Scope::User).is_empty());
}

/// One life of a pipe, again and again, with another call failing each time.
pub(crate) fn fail_at_each_call(registry: &Registry) -> String {
    live(registry).unwrap();
    for errnos in [&[Errno::MFILE][..], &[Errno::NOMEM, Errno::INTR, Errno::ACCESS, Errno::NOSPC]] {
        for nth in 0.. {
            let errno = errnos[nth % errnos.len()];
            let before = limits::descriptors_in_use().unwrap();
            let plan = seam::fail_nth(nth as u64, errno);
            // An error may own what comes back with it: only its text stays.
            let answer = live(registry).map_err(|error| error.to_string());
            let struck = plan.has_struck();
            drop(plan);
            let case = format!("call {nth} fails with {errno}: {answer:?}");
            assert_eq!(limits::descriptors_in_use().unwrap(), before, "descriptors leak: {case}");
            assert!(answer.is_ok() || struck, "{case}");
            // What could not be removed even so is in nobody's way, and goes with the next sweep.
            if nth % 2 == 0 {
                live(registry).unwrap_or_else(|error| panic!("{error} after {case}"));
            }
            sweep(registry, Scope::User);
            let left = registry.directories(Kind::Pipe, Some(Scope::User)).unwrap();
            assert_eq!(left[0].1.entries().unwrap(), [], "{case}");
            if !struck {
                break;
            }
        }
    }
    "every failure was told".into()
}

fn live(registry: &Registry) -> Result<(), Box<dyn std::error::Error>> {
    let one = name("one");
    let create =
        || place::create(registry, Scope::User, &one, &creation(ASKED), Rights::default(), Deadline::Now);
    let mut first = create()?;
    let second = create()?;
    place::wait(registry, &one, ConnectOptions::default(), Patience::Until(soon()))?;
    let options =
        ConnectOptions { required_uid: Some(own_uid()), waits_for_name: true, ..Default::default() };
    let client = place::connect(registry, &one, Access::BOTH, options, soon())?;
    client.socket.send(b"x", &[], soon())?;
    first.accept(soon())?.receive(&mut [0; 8], soon())?;
    first.listen(soon())?;
    place::list(registry)?;
    place::show(registry, &one, None)?;
    place::leavings(registry, Scope::User)?;
    first.instances()?;
    second.close()?;
    first.close()?;
    Ok(())
}
