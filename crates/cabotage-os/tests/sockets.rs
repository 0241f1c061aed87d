// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages, descriptors and credentials between two ends, also when one of them means harm.

use std::fs::File;
use std::io::{IoSlice, PipeReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::time::Duration;

use cabotage_os::directory::{Directory, Name, Rules};
use cabotage_os::probe::{self, Feature};
use cabotage_os::process::{Pid, Pidfd};
use cabotage_os::socket::{
    AcceptError, AdmitError, Arrival, BindError, ConnectError, ListenOptions, Listener,
    MESSAGE_DESCRIPTORS_MAX, ReceiveError, SendError, Socket,
};
use cabotage_os::{Deadline, Errno};

mod support;

const PATIENCE: Duration = Duration::from_secs(60);

fn soon() -> Deadline {
    Deadline::within(PATIENCE)
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn receive(socket: &Socket) -> Arrival {
    socket.receive(&mut [0; 64], soon()).unwrap()
}

fn own_pid() -> i32 {
    std::process::id().cast_signed()
}

fn place() -> (tempfile::TempDir, Directory) {
    let root = tempfile::tempdir().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    (root, directory)
}

#[test]
fn a_message_arrives_whole_with_its_sender() {
    let (here, there) = Socket::pair().unwrap();
    here.send(b"hello", &[], Deadline::Now).unwrap();
    here.send(b"again", &[], Deadline::Now).unwrap();
    let mut buffer = [0; 64];
    let arrival = there.receive(&mut buffer, Deadline::Now).unwrap();
    assert_eq!(&buffer[..arrival.bytes], b"hello");
    assert!(arrival.is_whole() && !arrival.unknown_control);
    let sender = arrival.sender.unwrap();
    assert_eq!(sender.pid, own_pid());
    assert_eq!(sender.uid, rustix::process::geteuid().as_raw());
    assert_eq!(sender.gid, rustix::process::getegid().as_raw());
    assert!(arrival.sender_pidfd.is_none(), "nobody asked for one");
}

#[test]
fn a_descriptor_arrives_as_the_same_file_and_does_not_outlive_exec() {
    let (here, there) = Socket::pair().unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    here.send(b"an end", &[writer.as_fd()], Deadline::Now).unwrap();
    drop(writer);
    let mut arrival = receive(&there);
    let received = arrival.descriptors.pop().unwrap();
    assert!(arrival.descriptors.is_empty());
    assert!(rustix::io::fcntl_getfd(&received).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    File::from(received).write_all(b"through it").unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "through it");
}

#[test]
fn a_message_carries_253_descriptors_and_no_more() {
    let (here, there) = Socket::pair().unwrap();
    let null = File::open("/dev/null").unwrap();
    let most = vec![null.as_fd(); MESSAGE_DESCRIPTORS_MAX];
    here.send(b"x", &most, Deadline::Now).unwrap();
    let arrival = receive(&there);
    assert!(arrival.is_whole());
    assert_eq!(arrival.descriptors.len(), MESSAGE_DESCRIPTORS_MAX);
    let too_many = vec![null.as_fd(); MESSAGE_DESCRIPTORS_MAX + 1];
    assert_eq!(here.send(b"x", &too_many, Deadline::Now), Err(SendError::TooManyDescriptors { given: 254 }));
}

#[test]
fn an_empty_message_is_not_sent() {
    let (here, _there) = Socket::pair().unwrap();
    assert_eq!(here.send(b"", &[], Deadline::Now), Err(SendError::Empty));
}

#[test]
fn an_empty_message_of_a_peer_that_breaks_the_rule_is_no_hang_up() {
    let (here, there) = Socket::pair().unwrap();
    rustix::net::send(&here, b"", rustix::net::SendFlags::empty()).unwrap();
    let arrival = receive(&there);
    assert_eq!((arrival.bytes, arrival.sender.unwrap().pid), (0, own_pid()));
    drop(here);
    assert_eq!(there.receive(&mut [0; 8], Deadline::Now).unwrap_err(), ReceiveError::HungUp);
}

#[test]
fn a_message_longer_than_the_buffer_says_what_is_lost() {
    let (here, there) = Socket::pair().unwrap();
    here.send(&[7; 100], &[], Deadline::Now).unwrap();
    here.send(b"next", &[], Deadline::Now).unwrap();
    let arrival = there.receive(&mut [0; 64], Deadline::Now).unwrap();
    assert_eq!((arrival.bytes, arrival.lost_bytes), (64, 36));
    assert!(!arrival.is_whole());
    assert_eq!(receive(&there).bytes, 4, "the rest of a cut message is not the next one");
}

#[test]
fn the_last_messages_come_before_the_hang_up() {
    let (here, there) = Socket::pair().unwrap();
    here.send(b"one", &[], Deadline::Now).unwrap();
    here.send(b"two", &[], Deadline::Now).unwrap();
    // Unread by the one that goes: the kernel then reports a reset first.
    there.send(b"unread", &[], Deadline::Now).unwrap();
    drop(here);
    assert!(there.has_hung_up().unwrap());
    assert_eq!(receive(&there).bytes, 3);
    assert_eq!(receive(&there).bytes, 3);
    assert_eq!(there.receive(&mut [0; 8], Deadline::Never).unwrap_err(), ReceiveError::HungUp);
    assert_eq!(there.send(b"x", &[], Deadline::Never), Err(SendError::PeerGone));
    assert_eq!(there.ring(), Err(SendError::PeerGone));
}

#[test]
fn the_hang_up_waits_for_an_end_in_flight() {
    let (here, there) = Socket::pair().unwrap();
    let (carrier, other) = Socket::pair().unwrap();
    carrier.send(b"an end", &[here.as_fd()], Deadline::Now).unwrap();
    drop(here);
    assert!(!there.has_hung_up().unwrap(), "a copy is on its way");
    drop(receive(&other));
    assert!(there.has_hung_up().unwrap());
}

#[test]
fn waiting_ends_at_the_deadline() {
    let (here, there) = Socket::pair().unwrap();
    let short = || Deadline::within(Duration::from_millis(1));
    assert_eq!(there.receive(&mut [0; 8], Deadline::Now).unwrap_err(), ReceiveError::Nothing);
    assert_eq!(there.receive(&mut [0; 8], short()).unwrap_err(), ReceiveError::Nothing);
    while here.send(&[0; 4096], &[], Deadline::Now).is_ok() {}
    assert_eq!(here.send(&[0; 4096], &[], Deadline::Now), Err(SendError::Full));
    assert_eq!(here.send(&[0; 4096], &[], short()), Err(SendError::Full));
    assert_eq!(here.ring(), Ok(()), "a full socket counts as rung");
}

#[test]
fn a_sender_waits_for_room_and_a_receiver_for_a_message() {
    let (here, there) = Socket::pair().unwrap();
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| (0..2_000).all(|_| here.send(&[1; 4096], &[], soon()).is_ok()));
        for _ in 0..2_000 {
            assert_eq!(there.receive(&mut [0; 8192], soon()).unwrap().bytes, 4096);
        }
        assert!(sender.join().unwrap());
    });
}

#[test]
fn a_message_beyond_the_buffer_is_refused_as_too_large() {
    let (here, _there) = Socket::pair().unwrap();
    let bytes = here.send_buffer_bytes().unwrap() + 1;
    assert_eq!(here.send(&vec![0; bytes], &[], Deadline::Now), Err(SendError::TooLarge { bytes }));
}

#[test]
fn the_stamp_names_the_sender_and_not_who_made_the_socket() {
    const TEST: &str = "the_stamp_names_the_sender_and_not_who_made_the_socket";
    if support::role().is_some() {
        let inherited = Socket::admit(std::io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap();
        return inherited.send(b"from the child", &[], Deadline::Now).unwrap();
    }
    let (here, there) = Socket::pair().unwrap();
    let child = support::start(TEST, "sender", |command| {
        command.stdin(support::as_stdin(&there));
    });
    let pid = child.0.id().cast_signed();
    let asked = here.ask_for_pidfds(true).unwrap();
    let arrival = receive(&here);
    assert_eq!(arrival.sender.unwrap().pid, pid);
    assert_eq!(here.peer().unwrap().pid, own_pid(), "made by us, used by the child");
    assert_eq!(asked, arrival.sender_pidfd.is_some());
    let stamped = arrival.sender_pidfd.map(|fd| Pidfd::from_stamp(fd, Pid::from_raw(pid).unwrap()));
    child.must_succeed();
    if let Some(pidfd) = stamped {
        assert!(pidfd.has_exited().unwrap());
    }
}

#[test]
fn a_peer_is_known_by_user_and_groups() {
    let (here, _there) = Socket::pair().unwrap();
    assert_eq!(here.peer().unwrap().uid, rustix::process::geteuid().as_raw());
    let mut expected: Vec<_> =
        rustix::process::getgroups().unwrap().into_iter().map(rustix::process::Gid::as_raw).collect();
    let mut found = here.peer_groups().unwrap();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_peers_pidfd_is_there_or_known_to_be_missing() {
    let (here, _there) = Socket::pair().unwrap();
    if let Some(fd) = here.peer_pidfd().unwrap() {
        assert!(rustix::io::fcntl_getfd(&fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        let pidfd = Pidfd::from_stamp(fd, rustix::process::getpid());
        assert!(!pidfd.has_exited().unwrap());
    }
    let _guard = probe::without(Feature::PeerPidfd);
    assert!(here.peer_pidfd().unwrap().is_none());
}

#[test]
fn without_pidfds_in_messages_the_credentials_still_come() {
    let _guard = probe::without(Feature::ScmPidfd);
    let (here, there) = Socket::pair().unwrap();
    assert!(!there.ask_for_pidfds(true).unwrap());
    here.send(b"x", &[], Deadline::Now).unwrap();
    let arrival = receive(&there);
    assert!(arrival.sender_pidfd.is_none() && arrival.sender.is_some());
}

#[test]
fn a_peer_that_takes_no_descriptors_makes_the_sender_fail() {
    let (here, there) = Socket::pair().unwrap();
    let null = File::open("/dev/null").unwrap();
    if !there.accept_descriptors(false).unwrap() {
        eprintln!("skipped: this kernel cannot refuse descriptors (Linux 6.16 can)");
        return;
    }
    assert_eq!(here.send(b"x", &[null.as_fd()], Deadline::Now), Err(SendError::DescriptorsRefused));
    here.send(b"x", &[], Deadline::Now).unwrap();
    assert!(there.accept_descriptors(true).unwrap());
    here.send(b"x", &[null.as_fd()], Deadline::Now).unwrap();
    let _guard = probe::without(Feature::PassRights);
    assert!(!there.accept_descriptors(false).unwrap());
}

#[test]
fn descriptors_in_two_control_messages_arrive_and_none_leaks() {
    if !support::in_another_process("descriptors_in_two_control_messages_arrive_and_none_leaks") {
        return;
    }
    let (here, there) = Socket::pair().unwrap();
    let null = File::open("/dev/null").unwrap();
    let before = support::descriptors();
    send_in_two_parts(&here, null.as_fd());
    let arrival = receive(&there);
    assert_eq!(arrival.descriptors.len(), 4);
    drop(arrival);
    assert_eq!(support::descriptors(), before);
}

fn send_in_two_parts(socket: &Socket, fd: BorrowedFd<'_>) {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    let mut room = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2), ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut room);
    let two = [fd, fd];
    assert!(control.push(SendAncillaryMessage::ScmRights(&two)));
    assert!(control.push(SendAncillaryMessage::ScmRights(&two)));
    sendmsg(socket, &[IoSlice::new(b"x")], &mut control, SendFlags::empty()).unwrap();
}

#[test]
fn a_full_descriptor_table_is_told_and_leaks_nothing() {
    if !support::in_another_process("a_full_descriptor_table_is_told_and_leaks_nothing") {
        return;
    }
    let (here, there) = Socket::pair().unwrap();
    there.ask_for_pidfds(true).unwrap();
    let null = File::open("/dev/null").unwrap();
    let before = support::descriptors();
    for room in 0..4 {
        here.send(b"four", &[null.as_fd(); 4], Deadline::Now).unwrap();
        let highest = here.as_fd().try_clone_to_owned().unwrap().as_raw_fd();
        set_soft_limit(u64::try_from(highest + room).unwrap());
        let arrival = receive(&there);
        set_soft_limit(512);
        assert_eq!(arrival.bytes, 4);
        assert!(arrival.lost_control && !arrival.is_whole());
        assert_eq!(arrival.descriptors.len() + usize::from(arrival.sender_pidfd.is_some()), room as usize);
        drop(arrival);
        assert_eq!(support::descriptors(), before);
    }
}

fn set_soft_limit(soft: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(soft), ..limit }).unwrap();
}

#[test]
fn a_received_end_is_taken_and_stamps_at_once() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    let (one, other) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    let (one, other) = (Socket::admit(one).unwrap(), Socket::admit(other).unwrap());
    one.send(b"x", &[], Deadline::Now).unwrap();
    assert_eq!(receive(&other).sender.unwrap().pid, own_pid());
}

#[test]
fn an_unstamped_message_does_not_pass_for_a_stamped_one() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, send, socketpair};
    let (one, other) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    send(&one, b"too early", rustix::net::SendFlags::empty()).unwrap();
    let other = Socket::admit(other).unwrap();
    let sender = receive(&other).sender.unwrap();
    assert!(!sender.names_a_process(), "{sender:?}");
}

#[test]
fn what_is_no_link_end_is_not_taken() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    let root = tempfile::tempdir().unwrap();
    let (stream, _peer) = UnixStream::pair().unwrap();
    let lonely = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    let internet = std::net::UdpSocket::bind("127.0.0.1:0");
    let (reader, _writer): (PipeReader, _) = std::io::pipe().unwrap();
    let directory = Directory::open(root.path(), Rules::ours()).unwrap();
    let listener = Listener::bind(&directory, &name("l"), ListenOptions::new()).unwrap();
    let place = rustix::fs::OFlags::PATH;
    let cases: Vec<(OwnedFd, AdmitError)> = vec![
        (File::open("/dev/null").unwrap().into(), AdmitError::NotASocket),
        (File::open(root.path()).unwrap().into(), AdmitError::NotASocket),
        (reader.into(), AdmitError::NotASocket),
        (directory.open_file(&name("l"), place, 0).unwrap(), AdmitError::NotASocket),
        (stream.into(), AdmitError::NotMessages),
        (UnixDatagram::unbound().unwrap().into(), AdmitError::NotMessages),
        (listener.as_fd().try_clone_to_owned().unwrap(), AdmitError::Listening),
        (UnixListener::bind(root.path().join("s")).unwrap().into(), AdmitError::NotMessages),
        (lonely, AdmitError::NotConnected),
    ];
    let internet = internet.ok().map(|socket| (OwnedFd::from(socket), AdmitError::NotUnix));
    for (fd, expected) in cases.into_iter().chain(internet) {
        assert_eq!(Socket::admit(fd).unwrap_err(), expected);
    }
}

#[test]
fn a_client_and_a_server_know_each_other_before_accept() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("echo"), ListenOptions::new()).unwrap();
    let client = Socket::connect_in(&directory, &name("echo"), Deadline::Now).unwrap();
    client.send(b"early", &[], Deadline::Now).unwrap();
    let served = listener.accept(soon()).unwrap();
    assert_eq!(receive(&served).sender.unwrap().pid, own_pid());
    served.send(b"late", &[], Deadline::Now).unwrap();
    assert_eq!(receive(&client).sender.unwrap().pid, own_pid());
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
fn an_open_place_is_connected_to_after_its_name_is_gone() {
    let (_root, directory) = place();
    let listener = Listener::bind(&directory, &name("shy"), ListenOptions::new()).unwrap();
    let place = directory.open_file(&name("shy"), rustix::fs::OFlags::PATH, 0).unwrap();
    assert!(directory.remove_if_same(&name("shy"), listener.inode()).unwrap());
    Socket::connect_to(&place, Deadline::Now).unwrap();
    listener.accept(Deadline::Now).unwrap();
}

#[test]
fn a_send_that_is_interrupted_is_sent_once() {
    let (here, there) = Socket::pair().unwrap();
    {
        let _plan = cabotage_os::seam::fail_nth(0, Errno::INTR);
        here.send(b"x", &[], Deadline::Now).unwrap();
    }
    receive(&there);
    assert_eq!(there.receive(&mut [0; 8], Deadline::Now).unwrap_err(), ReceiveError::Nothing);
}
