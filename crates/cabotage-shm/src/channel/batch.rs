// SPDX-License-Identifier: MIT OR Apache-2.0
//! Records that are sent together: staged one after the other, and made visible at once.

use super::error::{BatchError, SendError};

/// Stages records by `stage` until one is refused, then makes visible by `publish` what was staged; answers how many.
pub(crate) fn send_all<E, R: AsRef<[u8]>>(
    end: &mut E,
    records: impl IntoIterator<Item = R>,
    stage: impl Fn(&mut E, &[u8]) -> Result<(), SendError>,
    publish: impl FnOnce(&mut E) -> Result<(), SendError>,
) -> Result<usize, BatchError> {
    let (mut sent, mut staged) = (0, Ok(()));
    for record in records {
        staged = stage(end, record.as_ref());
        if staged.is_err() {
            break;
        }
        sent += 1;
    }
    match staged.and(publish(end)) {
        Ok(()) => Ok(sent),
        Err(source) => Err(BatchError { sent, source }),
    }
}
