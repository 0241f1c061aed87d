// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long Windows waits: hundreds of nanoseconds, from now if negative, since 1601 if not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cabotage_alpc::Deadline;

/// Hundreds of nanoseconds between 1601 and 1970.
const EPOCH: u64 = 116_444_736_000_000_000;

/// `None` waits for ever.
pub(crate) fn deadline(timeout: Option<i64>) -> Deadline {
    match timeout {
        None => Deadline::Never,
        Some(time) if time < 0 => Deadline::within(ticks(time.unsigned_abs())),
        Some(time) => {
            let until = UNIX_EPOCH + ticks(time.unsigned_abs().saturating_sub(EPOCH));
            match until.duration_since(SystemTime::now()) {
                Ok(left) if !left.is_zero() => Deadline::within(left),
                _ => Deadline::Now,
            }
        }
    }
}

fn ticks(count: u64) -> Duration {
    Duration::from_nanos(count.saturating_mul(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_the_past_do_not_wait() {
        assert!(deadline(Some(0)).has_passed() && deadline(Some(1)).has_passed());
        assert!(deadline(Some(EPOCH.cast_signed())).has_passed());
    }

    #[test]
    fn negative_times_count_from_now_and_null_is_for_ever() {
        let left = deadline(Some(-10_000_000)).remaining().unwrap();
        assert!(left <= Duration::from_secs(1) && left > Duration::from_millis(500), "{left:?}");
        assert!(deadline(None).remaining().is_none());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() / 100;
        let in_a_minute = i64::try_from(now).unwrap() + EPOCH.cast_signed() + 600_000_000;
        assert!(deadline(Some(in_a_minute)).remaining().unwrap() > Duration::from_secs(30));
    }
}
