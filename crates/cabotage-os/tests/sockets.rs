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
    AdmitError, Arrival, ListenOptions, Listener, MESSAGE_DESCRIPTORS_MAX, ReceiveError, SendError, Socket,
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
fn a_send_that_is_interrupted_is_sent_once() {
    let (here, there) = Socket::pair().unwrap();
    {
        let _plan = cabotage_os::seam::fail_nth(0, Errno::INTR);
        here.send(b"x", &[], Deadline::Now).unwrap();
    }
    receive(&there);
    assert_eq!(there.receive(&mut [0; 8], Deadline::Now).unwrap_err(), ReceiveError::Nothing);
}

/// The kernel looks for a message first and for the hang-up afterwards, and both may come in between.
#[test]
fn the_last_message_of_one_that_sends_and_closes_always_comes() {
    const ROUNDS: usize = 5_000;
    let (ends, taken) = std::sync::mpsc::sync_channel::<Socket>(0);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for end in taken {
                end.send(b"last", &[], Deadline::Now).unwrap();
            }
        });
        for round in 0..ROUNDS {
            let (here, there) = Socket::pair().unwrap();
            ends.send(there).unwrap();
            let mut buffer = [0; 8];
            let last = loop {
                match here.receive(&mut buffer, Deadline::Now) {
                    Err(ReceiveError::Nothing) => std::hint::spin_loop(),
                    answer => break answer,
                }
            };
            assert!(last.is_ok(), "round {round}: {last:?}");
            assert_eq!(here.receive(&mut buffer, soon()).unwrap_err(), ReceiveError::HungUp);
        }
        drop(ends);
    });
}
