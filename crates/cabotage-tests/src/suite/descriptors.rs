// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors: they come with the record that they were sent with, and none stays with anybody who did not ask.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use super::{Case, body};
use crate::suite::soon;
use crate::transport::{Ability, Parcel, Told};

const ROUNDS: u64 = 30;

/// A pipe's end from which this can be read.
fn letter(text: &str) -> OwnedFd {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(text.as_bytes()).expect("room for a word");
    reader.into()
}

fn parcel(number: u64) -> Parcel {
    let descriptors = (0..=number % 3).map(|at| letter(&format!("{number}.{at}"))).collect();
    Parcel { bytes: body(number), descriptors, ..Parcel::default() }
}

pub(super) const fn descriptors_come_with_their_record() -> Case {
    Case {
        needs: &[Ability::Descriptors],
        sender: |player| {
            for number in 0..ROUNDS {
                player.end().send_parcel(parcel(number), soon()).expect("room");
                player.send(b"none goes with this");
            }
        },
        receiver: |player| {
            for number in 0..ROUNDS {
                let parcel = player.end().receive_parcel(soon()).expect("a record");
                assert_eq!(parcel.bytes, body(number));
                assert_eq!(parcel.descriptors.len() as u64, 1 + number % 3);
                for (at, descriptor) in parcel.descriptors.into_iter().enumerate() {
                    let mut text = String::new();
                    File::from(descriptor).read_to_string(&mut text).expect("what was written before");
                    assert_eq!(text, format!("{number}.{at}"));
                }
                let bare = player.end().receive_parcel(soon()).expect("a record");
                assert_eq!((&bare.bytes[..], bare.descriptors.len()), (&b"none goes with this"[..], 0));
            }
            player.receive_news(Told::Closed);
        },
        ..Case::PLAIN
    }
}

pub(super) const fn descriptors_that_nobody_takes_are_closed() -> Case {
    Case {
        needs: &[Ability::Descriptors],
        sender: |player| {
            let (mut reader, writer) = std::io::pipe().expect("a pipe");
            let parcel = Parcel { descriptors: vec![writer.into()], ..Parcel::default() };
            player.end().send_parcel(parcel, soon()).expect("room");
            // The end of file comes when nobody holds the other end: neither we, nor the kernel, nor the peer.
            assert_eq!(reader.read(&mut [0]).expect("the end of file"), 0);
            player.tell("closed");
            let parcel = Parcel { descriptors: vec![letter("never received")], ..Parcel::default() };
            player.end().send_parcel(parcel, soon()).expect("room");
            player.tell("sent");
            player.hear("closing");
        },
        receiver: |player| {
            assert_eq!(player.receive(), b"");
            player.hear("closed");
            player.hear("sent");
            player.tell("closing");
        },
        ..Case::PLAIN
    }
}
