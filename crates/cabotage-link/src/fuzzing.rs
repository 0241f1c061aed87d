// SPDX-License-Identifier: MIT OR Apache-2.0
//! What fuzz targets reach of this crate's decoders, which nobody else has to. Behind the feature `fuzzing`.

use crate::wire::Frame;

/// Decodes a message of a link's socket; what is one comes back as it went.
///
/// # Panics
/// If it does not.
pub fn frame(message: &[u8]) {
    if let Ok(frame) = Frame::parse(message) {
        assert!(frame.descriptors_expected() <= crate::DESCRIPTORS_MAX);
        assert_eq!(Frame::parse(&frame.encode()), Ok(frame), "{message:?}");
    }
}
