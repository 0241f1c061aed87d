// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hostile peer that runs as another user: it is known by its number, and can do no more than the others.

use std::os::unix::process::CommandExt;
use std::time::{Duration, Instant};

use cabotage_link::{Link, LinkError};
use cabotage_os::socket::Socket;

use super::memory::{boundary_values, use_up};
use super::options;
use crate::support::hostile::{CONTROL_END, PLAIN, RING, RawPeer};
use crate::support::{END, Random, alone, command, holdings, role, soon, start};

const STRANGER: u32 = 12_345;
const TEST: &str = "another_user::a_stranger_may_write_and_send_what_it_likes";

/// What the stranger does: greets, sends a message, then writes anything anywhere until it is killed.
fn be_hostile() {
    let mut random = Random::of_today();
    let descriptor = cabotage_os::inherited::take(END).unwrap();
    let mut raw = RawPeer::over(Socket::admit(descriptor).unwrap());
    raw.greet();
    raw.send(PLAIN, b"good morning");
    // Until the victim has read that, and answered in its ring.
    while raw.theirs.as_ref().is_none_or(|theirs| theirs.load_u64(RING).unwrap() == 0) {
        raw.hear_all();
        std::thread::yield_now();
    }
    loop {
        let page = if random.below(2) == 0 { CONTROL_END as u64 / 8 } else { 512 };
        let at = usize::try_from(random.below(page)).unwrap() * 8 + if page == 512 { RING } else { 0 };
        let values = boundary_values(&mut random);
        raw.set(at, values[usize::try_from(random.below(values.len() as u64)).unwrap()]);
        if random.below(64) == 0 {
            raw.say(&[u8::try_from(random.below(2) * 7).unwrap()]);
            raw.hear_all();
        }
    }
}

#[test]
fn a_stranger_may_write_and_send_what_it_likes() {
    if role().is_some() {
        return be_hostile();
    }
    if cabotage_os::process::own_uid() != 0 {
        println!("skipped: only root can start a process of another user");
        return;
    }
    let _alone = alone();
    let before = holdings();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(1) {
        let (mut victim, end) = Link::pair(options()).unwrap();
        let mut stranger = command(TEST, "stranger");
        stranger.uid(STRANGER).gid(STRANGER);
        let stranger = start(stranger, end);
        assert_eq!(victim.receive(soon()).unwrap().to_vec(), b"good morning");
        victim.send(b"good morning", soon()).unwrap();
        assert_eq!(victim.with_peer(|peer| (peer.uid(), peer.gid())), Some((STRANGER, STRANGER)));
        for _ in 0..20 {
            match use_up(&mut victim, 200) {
                None => {}
                Some(LinkError::Fault(_)) => break,
                Some(other) => panic!("{other}"),
            }
        }
        drop(stranger);
    }
    assert_eq!(holdings(), before);
}
