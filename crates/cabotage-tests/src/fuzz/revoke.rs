// SPDX-License-Identifier: MIT OR Apache-2.0
//! Revocable records whose other end writes any word.

use std::sync::Arc;

use cabotage_lane::MappedControls;
use cabotage_lane::revoke::{Admission, Answer, Mark, Reader, Writer};
use cabotage_os::map::MapMut;

use super::input::Input;
use super::ring::outbox;

/// Where the words of a withdrawal lie in an outbox.
const TAKING: usize = 512;
const WITHDRAWN: usize = 520;
const LAST: usize = 528;

fn ends() -> (MappedControls, Arc<MapMut>) {
    let ((own, _), (lies, seen)) = (outbox(), outbox());
    (MappedControls::new(own, seen).expect("control words"), lies)
}

/// A reader whose writer lies about what it has withdrawn.
pub(super) fn reader(data: &[u8]) {
    let (controls, lies) = ends();
    let mut input = Input(data);
    let mut reader = Reader::new(controls, input.number());
    while !input.is_empty() {
        match input.u8() % 6 {
            0 => drop(lies.store_u64(WITHDRAWN, input.number())),
            1 => drop(lies.store_u64(LAST, input.number())),
            2 if reader.left() == 0 => {
                let (bytes, rest) = (input.number(), input.number());
                let mark = if rest.is_multiple_of(3) { Mark::Firm } else { Mark::Revocable { rest } };
                let _ = reader.enter(bytes, mark);
            }
            3 => drop(reader.hang_up()),
            4 => reader.tell(),
            _ => {
                let (before, wanted) = (reader.position(), input.number());
                if let Ok(Answer::Take(bytes)) = reader.take(wanted) {
                    assert!(bytes <= wanted, "more was taken than was wanted");
                    assert_eq!(reader.position(), before + bytes);
                }
            }
        }
    }
}

/// A writer whose reader lies about what it has taken.
pub(super) fn writer(data: &[u8]) {
    let (controls, lies) = ends();
    let mut input = Input(data);
    let mut writer = Writer::new(controls, u64::from(input.u8()));
    let mut last = None;
    while !input.is_empty() {
        match input.u8() % 4 {
            0 => drop(lies.store_u64(TAKING, input.number())),
            1 => drop(writer.complete()),
            2 => {
                if let Some(write) = last.take() {
                    let _ = writer.withdraw(write);
                }
            }
            _ => {
                let bytes = u64::from(input.u8());
                match writer.admit(bytes) {
                    Ok(Admission::Firm) => drop(writer.append(bytes)),
                    Ok(Admission::Revocable) => last = Some(writer.append(bytes)),
                    Ok(Admission::Held) | Err(_) => {}
                }
            }
        }
    }
}
