// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers for people: two or three digits and a decimal unit.

const SIZES: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
const TIMES: [&str; 4] = ["ns", "µs", "ms", "s"];

/// `1 byte`, `4.2 MB`, `68 GB`.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".into(),
        _ => scaled(count as f64, &SIZES),
    }
}

/// `1.9 GB/s`, `0.04 GB/s`: always of one unit, so that rows compare at a glance.
pub(crate) fn gigabytes_per_second(rate: f64) -> String {
    match rate {
        high if high >= 9.95 => format!("{high:.0} GB/s"),
        low if low < 0.095 => format!("{low:.2} GB/s"),
        _ => format!("{rate:.1} GB/s"),
    }
}

/// `850 ns`, `31 µs`, `4.3 s`.
pub(crate) fn nanoseconds(count: u64) -> String {
    scaled(count as f64, &TIMES)
}

/// The value in the first unit that leaves fewer than four digits.
fn scaled(value: f64, units: &[&str]) -> String {
    let (mut value, mut at) = (value, 0);
    while value >= 999.5 && at + 1 < units.len() {
        value /= 1000.0;
        at += 1;
    }
    match at > 0 && value < 9.95 {
        true => format!("{value:.1} {}", units[at]),
        false => format!("{value:.0} {}", units[at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_or_three_digits_and_a_unit() {
        let shown = [0, 1, 999, 1000, 4_194_304, 68_000_000_000, u64::MAX].map(bytes);
        assert_eq!(shown, ["0 bytes", "1 byte", "999 bytes", "1.0 kB", "4.2 MB", "68 GB", "18446744 TB"]);
    }

    #[test]
    fn times_go_from_nanoseconds_to_seconds() {
        assert_eq!(
            [87, 999, 1_234, 31_400, 2_000_000_000].map(nanoseconds),
            ["87 ns", "999 ns", "1.2 µs", "31 µs", "2.0 s"]
        );
    }

    #[test]
    fn rates_keep_one_unit() {
        let shown = [0.0, 0.044, 0.5, 1.94, 12.3].map(gigabytes_per_second);
        assert_eq!(shown, ["0.00 GB/s", "0.04 GB/s", "0.5 GB/s", "1.9 GB/s", "12 GB/s"]);
    }
}
