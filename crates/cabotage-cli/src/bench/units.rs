// SPDX-License-Identifier: MIT OR Apache-2.0
//! Figures for people: three digits and a unit.

use std::fmt;

/// A number of bytes, in binary units when it is a whole number of them.
pub(crate) struct Bytes(pub(crate) usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => write!(f, "{} MiB", bytes >> 20),
            bytes if bytes >= 1 << 10 && bytes % (1 << 10) == 0 => write!(f, "{} KiB", bytes >> 10),
            bytes => write!(f, "{bytes} B"),
        }
    }
}

/// A duration in nanoseconds.
pub(crate) struct Nanoseconds(pub(crate) u32);

impl fmt::Display for Nanoseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(f, f64::from(self.0), &["ns", "µs", "ms", "s"])
    }
}

/// Messages a second.
pub(crate) struct Rate(pub(crate) f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(f, self.0, &["msg/s", "k msg/s", "M msg/s", "G msg/s"])
    }
}

fn scaled(f: &mut fmt::Formatter<'_>, mut value: f64, units: &[&str]) -> fmt::Result {
    let (last, smaller) = units.split_last().ok_or(fmt::Error)?;
    for unit in smaller {
        if value < 999.5 {
            return write!(f, "{} {unit}", three_digits(value));
        }
        value /= 1000.0;
    }
    write!(f, "{} {last}", three_digits(value))
}

fn three_digits(value: f64) -> String {
    match value {
        whole if whole.fract() == 0.0 || whole >= 99.95 => format!("{value:.0}"),
        tens if tens >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_the_unit_that_fits() {
        let shown = [87, 999, 1_234, 45_678, 2_000_000, u32::MAX].map(|ns| Nanoseconds(ns).to_string());
        assert_eq!(shown, ["87 ns", "999 ns", "1.23 µs", "45.7 µs", "2 ms", "4.29 s"]);
    }

    #[test]
    fn bytes_keep_their_exact_number() {
        assert_eq!(
            [64, 65536, 1 << 20, 1500].map(|n| Bytes(n).to_string()),
            ["64 B", "64 KiB", "1 MiB", "1500 B"]
        );
    }

    #[test]
    fn rates_go_up_to_billions() {
        assert_eq!(Rate(29_345.0).to_string(), "29.3 k msg/s");
    }
}
