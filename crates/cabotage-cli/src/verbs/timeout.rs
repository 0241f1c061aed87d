// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--timeout SECONDS`: how long a verb waits for the other side to come.

use std::time::Duration;

use cabotage::os::Deadline;

/// How long to wait for the other side.
#[derive(Debug, clap::Args)]
pub(crate) struct Timeout {
    /// Wait no longer than this for the other side to come; 0: not at all [default: for ever; but a name of a link
    /// that is connected to must be there]
    #[arg(long = "timeout", value_name = "SECONDS", value_parser = seconds)]
    patience: Option<Duration>,
}

impl Timeout {
    /// Whether anything was said.
    pub(crate) fn is_given(&self) -> bool {
        self.patience.is_some()
    }

    /// Until when to wait, from now.
    pub(crate) fn deadline(&self) -> Deadline {
        self.patience.map_or(Deadline::Never, Deadline::within)
    }
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or("write a number of seconds, such as 5 or 0.5")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_waits_for_ever_and_zero_not_at_all() {
        assert_eq!(Timeout { patience: None }.deadline(), Deadline::Never);
        assert_eq!(Timeout { patience: seconds("0").ok() }.deadline(), Deadline::Now);
    }

    #[test]
    fn what_is_no_duration_is_a_usage_error() {
        for text in ["-1", "soon", "", "inf", "NaN", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    }
}
