// SPDX-License-Identifier: MIT OR Apache-2.0
//! What fuzz targets reach of this crate's decoders, which nobody else has to. Behind the feature `fuzzing`.

/// Decodes what stands in the folder of a named pipe: a record, and the name of a post. What is one comes back as it
/// was understood.
///
/// # Panics
/// If it does not.
pub fn pipe_folder(bytes: &[u8]) {
    crate::named::place::decode(bytes);
}
