// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects whose words somebody has written by hand: runs of the target's bytes are laid over the files of a folder.

use std::fs;
use std::path::Path;

use super::input::Input;

/// A page of head, control words, a small ring, an index.
const BYTES_MAX: usize = 32 << 10;

/// Lays up to 15 runs over each regular file of the folder, each at its place. The order is that of the sizes, since
/// the names of some are drawn.
pub(super) fn lay_over(folder: &Path, input: &mut Input<'_>) {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut images: Vec<_> =
        files.filter_map(|entry| Some((fs::read(entry.path()).ok()?, entry.path()))).collect();
    images.sort_by_key(|(image, _)| std::cmp::Reverse(image.len()));
    for (mut image, path) in images.into_iter().filter(|(image, _)| image.len() <= BYTES_MAX) {
        for _ in 0..input.u8() % 16 {
            let at = usize::from(input.u8()) * 8 + usize::from(input.u8() % 64) * 256;
            let bytes = usize::from(input.u8() % 16 + 1);
            let run = input.take(bytes);
            if let Some(target) = image.get_mut(at..at + run.len()) {
                target.copy_from_slice(run);
            }
        }
        let _ = fs::write(&path, image);
    }
}
