// SPDX-License-Identifier: MIT OR Apache-2.0
//! Owners and ages in the words of `ls -l`.

use std::fs;
use std::time::{Duration, SystemTime};

/// The user's name, or its number where /etc/passwd knows none.
pub(crate) fn owner(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&users, uid).unwrap_or_else(|| uid.to_string())
}

fn name_in(users: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.into_iter().find(|user| user.get(2) == Some(&&*uid)).map(|user| user[0].to_owned())
}

/// Permission bits as everybody writes them.
pub(crate) fn mode(bits: u32) -> String {
    format!("{bits:04o}")
}

/// How long ago this was; nothing for a time to come.
pub(crate) fn age(then: SystemTime) -> Duration {
    SystemTime::now().duration_since(then).unwrap_or_default()
}

/// `5 s`, `3 min`, `7 h`, `12 days`.
pub(crate) fn shown_age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:::/bin/sh\nbroken\nada:x:1000:1000:::/bin/sh\n";
        assert_eq!(name_in(users, 1000).as_deref(), Some("ada"));
        assert_eq!(name_in(users, 10), None);
    }

    #[test]
    fn ages_have_the_unit_that_fits() {
        let shown = [0, 119, 120, 7_200, 172_800].map(|seconds| shown_age(Duration::from_secs(seconds)));
        assert_eq!(shown, ["0 s", "119 s", "2 min", "2 h", "2 days"]);
    }
}
