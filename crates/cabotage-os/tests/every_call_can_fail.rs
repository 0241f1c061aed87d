// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each scenario is run again and again: the first time its first system call fails, then its second, and so on
//! until it ends before the planned one. Whatever fails, the answer is an error or success, never a panic, and
//! the process has as many descriptors afterwards as before.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::AtomicU32;

use cabotage_os::descriptor::Nature;
use cabotage_os::directory::{Directory, Name, Rules};
use cabotage_os::epoll::{Events, Poller, Trigger};
use cabotage_os::eventfd::EventFd;
use cabotage_os::lock::{self, Lock, Range, Sharing};
use cabotage_os::membarrier::Membarrier;
use cabotage_os::open_for::{OpenForError, open_for};
use cabotage_os::poll::Readiness;
use cabotage_os::process::{Pidfd, ProcessIdentity, Subject, Wish, overflow_uid};
use cabotage_os::socket::{Caller, ListenOptions, Listener, Socket, room_in};
use cabotage_os::timer::Timer;
use cabotage_os::watch::NameWatch;
use cabotage_os::{Deadline, Errno, futex, limits, object, probe, process_memory, seam};

mod support;

type Answer = Result<(), Box<dyn std::error::Error>>;
type Scenario = (&'static str, fn(&Path) -> Answer);

const SCENARIOS: &[Scenario] = &[
    ("a pair sends, receives and hangs up", pair),
    ("a client and a server", client_and_server),
    ("a client that waits for room", busy_server),
    ("a received end", admission),
    ("a set of descriptors", set),
    ("a bell and a timer within the process", bell),
    ("a lock", locking),
    ("a directory of names", names),
    ("a process's identity", identity),
    ("another process's memory", memory),
    ("words, barriers and limits", words),
    ("what a descriptor is, and a file opened for another user", asking),
];

/// The errors that are planned.
const ERRORS: [Errno; 5] = [Errno::MFILE, Errno::NOMEM, Errno::INTR, Errno::PERM, Errno::AGAIN];

/// More calls than any scenario makes.
const CALLS_MAX: u64 = 200;

#[test]
fn whatever_fails_is_told_and_leaks_nothing() {
    if !support::in_another_process("whatever_fails_is_told_and_leaks_nothing") {
        return;
    }
    for (title, scenario) in SCENARIOS {
        succeed(title, *scenario);
        for errno in ERRORS {
            fail_at_each_call(title, *scenario, errno);
        }
    }
}

fn succeed(title: &str, scenario: fn(&Path) -> Answer) {
    // Twice, so that what is made once for the process is there before anything is counted.
    for _ in 0..2 {
        let root = tempfile::tempdir().unwrap();
        scenario(root.path()).unwrap_or_else(|error| panic!("{title}: {error}"));
    }
}

fn fail_at_each_call(title: &str, scenario: fn(&Path) -> Answer, errno: Errno) {
    for nth in 0..CALLS_MAX {
        let root = tempfile::tempdir().unwrap();
        let before = support::descriptors();
        let plan = seam::fail_nth(nth, errno);
        // An error may own what comes back with it: only its text stays.
        let answer = scenario(root.path()).map_err(|error| error.to_string());
        let struck = plan.has_struck();
        drop(plan);
        let case = format!("{title}: call {nth} fails with {errno}");
        assert_eq!(support::descriptors(), before, "{case}, and descriptors leak");
        let left: Vec<_> =
            std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let hidden = left.iter().find(|path| path.to_string_lossy().contains("/.new-"));
        assert!(hidden.is_none(), "{case}, and {hidden:?} is left behind");
        match answer {
            Err(error) => {
                assert!(struck && !error.is_empty(), "{case}, and it ends with: {error}")
            }
            Ok(()) if struck => {}
            Ok(()) => return,
        }
    }
    panic!("{title}: more than {CALLS_MAX} calls");
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn soon() -> Deadline {
    Deadline::within(std::time::Duration::from_secs(60))
}

fn pair(_: &Path) -> Answer {
    let (here, there) = Socket::pair()?;
    let null = File::open("/dev/null")?;
    there.ask_for_pidfds(true)?;
    here.send(b"three", &[null.as_fd(); 3], soon())?;
    here.ring()?;
    let mut buffer = [0; 16];
    assert_eq!(there.receive(&mut buffer, soon())?.descriptors.len(), 3);
    // Where the bell found no room it counts as rung, and no message comes.
    there.receive(&mut buffer, Deadline::Now)?;
    there.peer_groups()?;
    there.peer_pidfd()?;
    there.accept_descriptors(false)?;
    assert!(!there.has_hung_up()?);
    Ok(())
}

fn client_and_server(root: &Path) -> Answer {
    let directory = Directory::open_or_create(root, Rules::ours())?;
    for without in [None, Some(probe::Feature::RenameNoReplace)] {
        let _guard = without.map(probe::without);
        let listener = Listener::bind(&directory, &name("echo"), ListenOptions::new())?;
        let client = Socket::connect(&root.join("echo"), soon())?;
        let served = listener.accept(soon())?;
        client.send(b"ping", &[], soon())?;
        served.receive(&mut [0; 16], soon())?;
        assert!(directory.remove_if_same(&name("echo"), listener.inode())?);
    }
    Ok(())
}

fn busy_server(root: &Path) -> Answer {
    let directory = Directory::open(root, Rules::ours())?;
    let listener = Listener::bind(&directory, &name("one"), ListenOptions::new().waiting_max(1))?;
    let _first = Socket::connect_in(&directory, &name("one"), Deadline::Now)?;
    let patience = Deadline::within(std::time::Duration::from_millis(1));
    assert!(Socket::connect_in(&directory, &name("one"), patience).is_err());
    room_in(&directory, &name("one"))?;
    let other = Listener::bind(&directory, &name("other"), ListenOptions::new())?;
    let caller = Caller::new()?;
    let called = caller.call(&directory, &name("other"));
    directory.remove_if_same(&name("other"), other.inode())?;
    called?;
    caller.into_socket()?;
    listener.refuse_more()?;
    listener.accept(soon())?;
    Ok(())
}

fn admission(_: &Path) -> Answer {
    let (here, there) = Socket::pair()?;
    Socket::admit(here.into_fd().unwrap())?.send(b"x", &[], soon())?;
    drop(there);
    Ok(())
}

fn set(_: &Path) -> Answer {
    let (reader, _writer) = std::io::pipe()?;
    let poller = Poller::new()?;
    poller.add(&reader, 1, Readiness::IN, Trigger::Level)?;
    poller.modify(&reader, 2, Readiness::IN, Trigger::Edge)?;
    poller.wait(&mut Events::with_capacity(1), Deadline::Now)?;
    poller.remove(&reader)?;
    Ok(())
}

fn bell(_: &Path) -> Answer {
    let bell = EventFd::new()?;
    bell.ring()?;
    bell.silence()?;
    Ok(Timer::new()?.set(soon())?)
}

fn locking(root: &Path) -> Answer {
    let file = File::create(root.join("lock"))?;
    lock::conflict(&file, Sharing::Exclusive, Range::ALL)?;
    drop(Lock::range(&file, Sharing::Exclusive, Range::ALL, soon()).map_err(|error| error.to_string())?);
    Lock::whole(file, Sharing::Shared, Deadline::Never)?;
    Ok(())
}

fn names(root: &Path) -> Answer {
    let directory = Directory::open_or_create(&root.join("names"), Rules::ours())?;
    std::fs::write(root.join("names/file"), "")?;
    let inode = directory.inode(&name("file"))?.ok_or("no such file")?;
    assert_eq!(directory.entries()?.len(), 1);
    assert!(directory.remove_if_same(&name("file"), inode)?);
    let below = directory.subdirectory_or_create(&name("below"), Rules::ours())?;
    directory.subdirectory(&name("below"), Rules::ours())?;
    below.create_private(&name("lock"))?;
    below.open_to_write(&name("lock"))?.ok_or("no such file")?;
    below.facts(&name("lock"))?.ok_or("no such file")?;
    assert!(below.create_fifo(&name("sign"))?);
    below.set_rights(&name("sign"), 0o620, Some(rustix::process::getegid().as_raw()))?;
    let reader = below.open_to_write(&name("sign"))?.ok_or("no such FIFO")?;
    let _watched = below.open_fifo_with_reader(&name("sign"))?.ok_or("nobody reads")?;
    drop(reader);
    below.remove_file(&name("sign"))?;
    let watch = NameWatch::new()?;
    watch.add(below.path())?;
    watch.add_arrivals(&below)?;
    watch.add_departures(&directory)?;
    watch.look()?;
    for file in ["lock", "sign"] {
        below.remove_file(&name(file))?;
    }
    directory.move_subdirectory(&name("below"), &name("aside"))?;
    directory.remove_subdirectory(&name("aside"))?;
    Ok(())
}

fn identity(_: &Path) -> Answer {
    assert!(ProcessIdentity::own()?.is_alive()?);
    Pidfd::open(rustix::process::getpid())?.ok_or("no such process")?.try_clone()?;
    overflow_uid()?;
    let _guard = probe::without(probe::Feature::PidfdOpen);
    assert!(ProcessIdentity::own()?.is_alive()?);
    Ok(())
}

fn memory(_: &Path) -> Answer {
    let here = Pidfd::open(rustix::process::getpid())?.ok_or("no such process")?;
    let bytes = [7_u8; 64];
    match process_memory::read(&here, (&raw const bytes).addr() as u64, &mut [0; 64]) {
        // A sandbox may forbid it, whatever the plan.
        Err(process_memory::ReadError::Denied(_) | process_memory::ReadError::Unavailable) => Ok(()),
        answer => Ok(answer.map(drop)?),
    }
}

fn words(_: &Path) -> Answer {
    let word = AtomicU32::new(0);
    futex::wait(&word, 1, soon())?;
    futex::wake(&word, 1)?;
    if let Some(barrier) = Membarrier::join()? {
        barrier.issue()?;
    }
    limits::raise_descriptors()?;
    limits::descriptors_in_use()?;
    Ok(())
}

fn asking(root: &Path) -> Answer {
    Nature::of(File::open("/dev/null")?)?;
    let path = root.join("file");
    std::fs::write(&path, "")?;
    let facts = object::facts(File::open(&path)?, "a file")?;
    let owner = Subject { uid: facts.uid, gid: facts.gid, groups: Vec::new() };
    // Not every directory above need be open to its owner.
    match open_for(&owner, &path, Wish::Read) {
        Err(OpenForError::Denied { .. } | OpenForError::Undecided { .. }) => Ok(()),
        answer => Ok(answer.map(drop)?),
    }
}
