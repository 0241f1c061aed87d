// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records written in place.

use cabotage_lane::ring::StageError;

use super::lane::{Lane, PORT, TAG, header, lane, next, send};

#[test]
fn a_loan_written_in_pieces_arrives_as_one_record() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for round in 0..200 {
        let bytes = round * 7 % 300;
        let body: Vec<u8> = (0..bytes).map(|at| u8::try_from((round + at) % 256).unwrap()).collect();
        let mut loan = sender.loan(TAG, PORT, bytes).unwrap();
        assert_eq!(loan.bytes(), bytes);
        for (piece, offset) in body.chunks(11).zip((0..).step_by(11)).collect::<Vec<_>>().into_iter().rev() {
            assert_eq!(loan.write_at(offset, piece), piece.len());
        }
        loan.stage();
        assert_eq!(next(&mut receiver).unwrap(), None, "staged is not published");
        let _ = sender.publish();
        assert_eq!(next(&mut receiver).unwrap().unwrap(), body);
    }
}

#[test]
fn words_of_a_loan_lie_where_their_bytes_would() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for round in 0..200_u64 {
        let mut loan = sender.loan(TAG, PORT, 27).unwrap();
        assert_eq!(loan.write_at(24, b"end"), 3);
        assert_eq!(loan.write_words(8, [round, !round]), 16);
        assert_eq!(loan.write_words(0, [7]), 8);
        loan.stage();
        let _ = sender.publish();
        let body = [7_u64, round, !round].map(u64::to_ne_bytes).concat();
        assert_eq!(next(&mut receiver).unwrap().unwrap(), [&body[..], b"end"].concat());
    }
}

#[test]
fn words_that_do_not_fit_a_loan_are_left_out() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let mut loan = sender.loan(TAG, PORT, 20).unwrap();
    assert_eq!(loan.write_at(16, b"rest"), 4);
    assert_eq!(loan.write_words(0, [1, 2, 3]), 16);
    for offset in [16, 24, 4096, usize::MAX - 7] {
        assert_eq!(loan.write_words(offset, [9]), 0);
    }
    loan.stage();
    send(&mut sender, b"next");
    let body = [1_u64, 2].map(u64::to_ne_bytes).concat();
    assert_eq!(next(&mut receiver).unwrap().unwrap(), [&body[..], b"rest"].concat());
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"next");
}

#[test]
fn what_does_not_fit_a_loan_is_cut() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let mut loan = sender.loan(TAG, PORT, 10).unwrap();
    assert_eq!(loan.write_at(0, b"0123456789ABCDEF"), 10);
    assert_eq!(loan.write_at(8, b"xyz"), 2);
    for offset in [10, 11, 4096, usize::MAX] {
        assert_eq!(loan.write_at(offset, b"beyond"), 0);
    }
    loan.stage();
    send(&mut sender, b"next");
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"01234567xy");
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"next");
}

#[test]
fn a_loan_dropped_unstaged_has_never_been() {
    let Lane { mut sender, mut receiver, .. } = lane();
    let forged = header(TAG.into(), 8).to_le_bytes().repeat(8);
    for round in 0..100_u8 {
        sender.loan(TAG, PORT, 64).unwrap().write_at(0, &forged);
        assert!(!sender.publish());
        assert_eq!(next(&mut receiver).unwrap(), None);
        send(&mut sender, &[round; 24]);
        assert_eq!(next(&mut receiver).unwrap().unwrap(), [round; 24]);
        assert_eq!(next(&mut receiver).unwrap(), None);
    }
}

/// The filler before the end of the ring stays staged, and the first word of the ring is an old header.
#[test]
fn a_loan_dropped_unstaged_behind_a_filler_shows_no_old_record() {
    let Lane { mut sender, mut receiver, .. } = lane();
    for number in 0..51_u8 {
        send(&mut sender, &[number; 72]); // 10 words
        assert_eq!(next(&mut receiver).unwrap().unwrap(), [number; 72]);
    }
    assert_eq!(next(&mut receiver).unwrap(), None);
    assert_eq!(sender.loan(TAG, PORT, 72).unwrap().bytes(), 72);
    let _ = sender.publish();
    assert_eq!(next(&mut receiver).unwrap(), None);
    send(&mut sender, b"new");
    assert_eq!(next(&mut receiver).unwrap().unwrap(), b"new");
}

#[test]
fn a_loan_that_is_too_long_or_finds_no_room_is_refused() {
    let Lane { mut sender, .. } = lane();
    let longest = sender.bytes_max() as usize;
    assert!(matches!(sender.loan(TAG, PORT, longest + 1), Err(StageError::TooLong(_))));
    assert!(matches!(sender.loan(TAG, PORT, usize::MAX), Err(StageError::TooLong(_))));
    while let Ok(loan) = sender.loan(TAG, PORT, longest) {
        loan.stage();
    }
    assert!(matches!(sender.loan(TAG, PORT, longest), Err(StageError::Full(_))));
}

#[test]
fn what_a_loan_leaves_unwritten_is_old_bytes_of_this_lane() {
    let Lane { mut sender, mut receiver, .. } = lane();
    sender.loan(TAG, PORT, 16).unwrap().stage();
    let _ = sender.publish();
    assert_eq!(next(&mut receiver).unwrap().unwrap(), [0; 16]);
}
