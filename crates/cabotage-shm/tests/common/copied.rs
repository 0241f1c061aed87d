// SPDX-License-Identifier: MIT OR Apache-2.0
//! A copy of the test program where another user may run it: what cargo builds lies where only its owner may look.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Copies this program into `folder`, and returns when it can be run: a child that another test started during the copy
/// holds it open for writing until its own exec.
pub(crate) fn copy_of_this_program(folder: &Path) -> PathBuf {
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    let copy = folder.join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    while is_busy(&copy) {
        std::thread::yield_now();
    }
    copy
}

fn is_busy(program: &Path) -> bool {
    let run = Command::new(program).arg("--list").stdout(Stdio::null()).status();
    run.is_err_and(|refused| refused.kind() == ErrorKind::ExecutableFileBusy)
}
