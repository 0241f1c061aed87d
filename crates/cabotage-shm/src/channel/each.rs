// SPDX-License-Identifier: MIT OR Apache-2.0
//! Receiving what is there, many records in one call, for every end that receives: what goes wrong behind the first of
//! them is told by the next call, so that the caller learns how many it got.

use super::ReceiveError;

/// Calls `next` until it has received `max` records or finds none; answers how many. An error behind the first is given
/// to `keep`.
pub(crate) fn receive_each<E>(
    end: &mut E,
    max: usize,
    mut next: impl FnMut(&mut E) -> Result<bool, ReceiveError>,
    keep: impl FnOnce(&mut E, ReceiveError),
) -> Result<usize, ReceiveError> {
    for received in 0..max {
        match next(end) {
            Ok(true) => {}
            Ok(false) => return Ok(received),
            Err(error) if received == 0 => return Err(error),
            Err(error) => {
                keep(end, error);
                return Ok(received);
            }
        }
    }
    Ok(max)
}
