// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sockets with names: who may listen, who may connect, and what each refusal says.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use cabotage_os::Deadline;
use cabotage_os::directory::{Directory, Name, Rules, hidden_name};
use cabotage_os::probe::{self, Feature};
use cabotage_os::socket::{
    AcceptError, BindError, Bound, Caller, Claim, ConnectError, ListenOptions, Listener, Room, Socket,
    bound_in, room_in,
};

fn soon() -> Deadline {
    Deadline::within(Duration::from_secs(60))
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn own_pid() -> i32 {
    std::process::id().cast_signed()
}

/// What `look` answers in the end. A child that another test is starting may have our descriptors for a moment longer.
fn eventually<T: PartialEq>(look: impl Fn() -> T, expected: T) -> T {
    let patience = soon();
    loop {
        let answer = look();
        if answer == expected || patience.has_passed() {
            return answer;
        }
        std::thread::yield_now();
    }
}

fn place() -> (tempfile::TempDir, Directory) {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    (root, directory)
}

#[test]
fn a_client_and_a_server_know_each_other_before_accept() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("echo"), ListenOptions::new()).unwrap();
    let client = Socket::connect_in(&directory, &name("echo"), Deadline::Now).unwrap();
    client.send(b"early", &[], Deadline::Now).unwrap();
    let served = listener.accept(soon()).unwrap();
    assert_eq!(served.receive(&mut [0; 8], soon()).unwrap().sender.unwrap().pid, own_pid());
    served.send(b"late", &[], Deadline::Now).unwrap();
    assert_eq!(client.receive(&mut [0; 8], soon()).unwrap().sender.unwrap().pid, own_pid());
    assert_eq!(client.peer().unwrap().pid, own_pid());
    assert_eq!(served.peer().unwrap().pid, own_pid());
}

#[test]
fn names_and_paths_of_any_length_work() {
    let (root, _) = place();
    let long = root.path().join("d".repeat(200)).join("e".repeat(200));
    std::fs::create_dir_all(&long).unwrap();
    let directory = Directory::open(&long, Rules::ours()).unwrap();
    let longest = name(&"n".repeat(255));
    let listener = Listener::bind(&directory, &longest, ListenOptions::new()).unwrap();
    let by_path = Socket::connect(&long.join(longest.as_path()), Deadline::Now).unwrap();
    let by_name = Socket::connect_in(&directory, &longest, Deadline::Now).unwrap();
    listener.accept(Deadline::Now).unwrap();
    listener.accept(Deadline::Now).unwrap();
    assert_eq!(directory.entries().unwrap().len(), 1, "no hidden name is left");
    drop((by_path, by_name));
}

#[test]
fn a_name_has_one_server() {
    for without in [None, Some(Feature::RenameNoReplace)] {
        let _guard = without.map(probe::without);
        let (root, directory) = place();
        std::fs::write(root.path().join("file"), "").unwrap();
        let listener = Listener::bind(&directory, &name("one"), ListenOptions::new()).unwrap();
        for taken in ["one", "file"] {
            let refused = Listener::bind(&directory, &name(taken), ListenOptions::new()).unwrap_err();
            assert_eq!(refused, BindError::Taken(name(taken)));
        }
        assert_eq!(directory.entries().unwrap().len(), 2, "nothing is left behind");
        assert_eq!(directory.inode(&name("one")).unwrap(), Some(listener.inode()));
        assert!(directory.remove_if_same(&name("one"), listener.inode()).unwrap());
        assert!(!directory.remove_if_same(&name("one"), listener.inode()).unwrap());
    }
}

#[test]
fn a_name_left_behind_is_replaced_on_demand_and_in_one_step() {
    let (_root, directory) = place();
    drop(Listener::bind(&directory, &name("one"), ListenOptions::new()).unwrap());
    let detour = hidden_name().unwrap();
    let options = ListenOptions::new();
    let _plan = cabotage_os::seam::before("renameat", {
        let again = Directory::open(directory.path(), Rules::ours()).unwrap();
        move || assert!(again.inode(&name("one")).unwrap().is_some(), "the old one, until it is the new one")
    });
    let listener = Listener::bind_by(&directory, &detour, &name("one"), Claim::Replacing, options).unwrap();
    assert_eq!(directory.inode(&name("one")).unwrap(), Some(listener.inode()));
    assert_eq!(directory.entries().unwrap().len(), 1);
    Socket::connect_in(&directory, &name("one"), Deadline::Now).unwrap();
}

#[test]
fn a_listener_stays_with_the_process_that_made_it() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("one"), ListenOptions::new()).unwrap();
    let refuses = || !listener.is_here() && listener.accept(soon()).unwrap_err() == AcceptError::Forked;
    assert!(cabotage_os::fork::child_answers(refuses, soon()).unwrap());
    Socket::connect_in(&directory, &name("one"), Deadline::Now).unwrap();
    listener.accept(soon()).unwrap();
}

#[test]
fn who_may_connect_does_not_depend_on_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let (root, directory) = place();
    for mode in [0o600, 0o666, 0o620] {
        let file = format!("m{mode:o}");
        let _listener = Listener::bind(&directory, &name(&file), ListenOptions::new().mode(mode)).unwrap();
        let found = std::fs::metadata(root.path().join(file)).unwrap().permissions().mode();
        assert_eq!(found & 0o7777, mode);
    }
}

#[test]
fn each_way_not_to_connect_has_its_own_answer() {
    let (root, directory) = place();
    std::fs::write(root.path().join("file"), "").unwrap();
    std::os::unix::fs::symlink("alive", root.path().join("link")).unwrap();
    let _stream = UnixListener::bind(root.path().join("stream")).unwrap();
    let _alive = Listener::bind(&directory, &name("alive"), ListenOptions::new()).unwrap();
    drop(Listener::bind(&directory, &name("stale"), ListenOptions::new()).unwrap());
    let refused = |text: &str| Socket::connect_in(&directory, &name(text), Deadline::Never).unwrap_err();
    let path = |text: &str| text.into();
    assert_eq!(refused("none"), ConnectError::Missing { path: path("none") });
    assert_eq!(refused("file"), ConnectError::NotASocket { path: path("file") });
    assert_eq!(refused("link"), ConnectError::NotASocket { path: path("link") });
    assert_eq!(refused("stream"), ConnectError::NotMessages { path: path("stream") });
    assert_eq!(refused("stale"), ConnectError::NobodyListens { path: path("stale") });
}

#[test]
fn who_has_a_socket_is_told_without_becoming_its_client() {
    let (root, directory) = place();
    let alive = Listener::bind(&directory, &name("alive"), ListenOptions::new()).unwrap();
    let stream = UnixListener::bind(root.path().join("stream")).unwrap();
    let datagrams = std::os::unix::net::UnixDatagram::bind(root.path().join("datagrams")).unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    let bound = |text: &str| bound_in(&directory, &name(text));
    assert_eq!(bound("alive"), Ok(Bound::ForMessages));
    assert_eq!(alive.accept(Deadline::Now).unwrap_err(), AcceptError::Nobody);
    assert_eq!([bound("stream"), bound("datagrams")], [Ok(Bound::ForOther), Ok(Bound::ForOther)]);
    assert_eq!(bound("none"), Err(ConnectError::Missing { path: "none".into() }));
    assert_eq!(bound("file"), Err(ConnectError::NotASocket { path: "file".into() }));
    drop((alive, stream, datagrams));
    for text in ["alive", "stream", "datagrams"] {
        // A child that another test is starting may have them for a moment longer.
        let patience = soon();
        while bound(text) != Ok(Bound::Nobody) {
            assert!(!patience.has_passed(), "{text}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_listener_for_one_takes_one_and_the_next_waits_for_accept() {
    let (_root, directory) = place();
    let options = ListenOptions::new().waiting_max(1);
    let listener = Listener::bind(&directory, &name("one"), options).unwrap();
    assert_eq!(listener.accept(Deadline::Now).unwrap_err(), AcceptError::Nobody);
    let connect = |deadline| Socket::connect_in(&directory, &name("one"), deadline);
    let _first = connect(Deadline::Now).unwrap();
    let busy = ConnectError::Busy { path: "one".into() };
    assert_eq!(connect(Deadline::Now).unwrap_err(), busy);
    assert_eq!(connect(Deadline::within(Duration::from_millis(1))).unwrap_err(), busy);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| connect(soon()));
        listener.accept(soon()).unwrap();
        listener.accept(soon()).unwrap();
        second.join().unwrap().unwrap();
    });
}

#[test]
fn a_caller_goes_from_one_listener_to_the_next_until_one_has_room() {
    let (root, directory) = place();
    std::fs::write(root.path().join("file"), "").unwrap();
    let _stream = UnixListener::bind(root.path().join("stream")).unwrap();
    let options = ListenOptions::new().waiting_max(1);
    let _full = Listener::bind(&directory, &name("full"), options).unwrap();
    let _first = Socket::connect_in(&directory, &name("full"), Deadline::Now).unwrap();
    let free = Listener::bind(&directory, &name("free"), options).unwrap();
    std::os::unix::fs::symlink("free", root.path().join("link")).unwrap();
    let caller = Caller::new().unwrap();
    let call = |text: &str| caller.call(&directory, &name(text));
    assert_eq!(call("none"), Err(ConnectError::Missing { path: "none".into() }));
    assert_eq!(call("stream"), Err(ConnectError::NotMessages { path: "stream".into() }));
    for text in ["file", "link"] {
        assert_eq!(call(text), Err(ConnectError::NobodyListens { path: text.into() }));
    }
    assert_eq!(call("full"), Err(ConnectError::Busy { path: "full".into() }));
    assert_eq!(call("free"), Ok(()));
    let client = caller.into_socket().unwrap();
    client.send(b"x", &[], Deadline::Now).unwrap();
    let arrival = free.accept(Deadline::Now).unwrap().receive(&mut [0; 8], Deadline::Now).unwrap();
    assert_eq!(arrival.sender.unwrap().pid, own_pid());
}

#[test]
fn whether_a_listener_has_room_is_told_without_taking_it() {
    let (root, directory) = place();
    let listener = Listener::bind(&directory, &name("one"), ListenOptions::new().waiting_max(1)).unwrap();
    let room = |text: &str| room_in(&directory, &name(text));
    assert_eq!([room("one"), room("one")], [Ok(Room::Free), Ok(Room::Free)]);
    assert_eq!(listener.accept(Deadline::Now).unwrap_err(), AcceptError::Nobody);
    let client = Socket::connect_in(&directory, &name("one"), Deadline::Now).unwrap();
    assert_eq!(room("one"), Ok(Room::Full));
    drop(client);
    assert_eq!(room("one"), Ok(Room::Full), "who waited and went is still to be accepted");
    listener.accept(Deadline::Now).unwrap();
    assert_eq!(room("one"), Ok(Room::Free));
    drop(listener);
    assert_eq!(eventually(|| room("one"), Ok(Room::NobodyListens)), Ok(Room::NobodyListens));

    let _stream = UnixListener::bind(root.path().join("stream")).unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    assert_eq!(room("none"), Err(ConnectError::Missing { path: "none".into() }));
    assert_eq!(room("file"), Err(ConnectError::NotASocket { path: "file".into() }));
    assert_eq!(room("stream"), Err(ConnectError::NotMessages { path: "stream".into() }));
}

#[test]
fn a_listener_that_takes_no_more_still_accepts_who_waits() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("one"), ListenOptions::new().waiting_max(1)).unwrap();
    let connect = || Socket::connect_in(&directory, &name("one"), Deadline::Now);
    let first = connect().unwrap();
    first.send(b"early", &[], Deadline::Now).unwrap();
    listener.refuse_more().unwrap();
    let refused = ConnectError::NobodyListens { path: "one".into() };
    assert_eq!(connect().unwrap_err(), refused);
    let served = listener.accept(Deadline::Now).unwrap();
    assert_eq!(served.receive(&mut [0; 8], Deadline::Now).unwrap().bytes, 5);
    // Its place is free now, and nobody gets it; that some process has the socket can still be seen.
    assert_eq!(connect().unwrap_err(), refused);
    assert_eq!(room_in(&directory, &name("one")), Ok(Room::NobodyListens));
    assert_eq!(bound_in(&directory, &name("one")), Ok(Bound::ForMessages));
}

#[test]
fn who_sleeps_until_a_listener_has_room_is_woken_when_it_takes_no_more() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("one"), ListenOptions::new().waiting_max(1)).unwrap();
    let connect = |deadline| Socket::connect_in(&directory, &name("one"), deadline);
    let _first = connect(Deadline::Now).unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| connect(soon()));
        listener.refuse_more().unwrap();
        listener.accept(Deadline::Now).unwrap();
        // It comes before or after, and is refused either way.
        assert_eq!(second.join().unwrap().unwrap_err(), ConnectError::NobodyListens { path: "one".into() });
    });
}

#[test]
fn an_open_place_is_connected_to_after_its_name_is_gone() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("shy"), ListenOptions::new()).unwrap();
    let place = directory.open_file(&name("shy"), rustix::fs::OFlags::PATH, 0).unwrap();
    assert!(directory.remove_if_same(&name("shy"), listener.inode()).unwrap());
    Socket::connect_to(&place, Deadline::Now).unwrap();
    listener.accept(Deadline::Now).unwrap();
}
