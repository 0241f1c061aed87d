// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a case's outcome is told: a row for machines, a line for people, a warning when it is worth nothing.

use std::fmt;

use serde::Serialize;

use super::case::{Case, Holdings};
use super::rounds::Outcome;
use super::session::Figures;
use super::statistics::Latency;
use super::units::{Bytes, Nanoseconds, Rate};

/// A row of `bench --json`. A bare limit has no limit of its own: its last columns are null.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    case: &'static str,
    bytes: usize,
    #[serde(flatten)]
    figures: Columns,
    ratio: Option<f64>,
    ratio_q1: Option<f64>,
    ratio_q3: Option<f64>,
    rounds: u32,
    #[serde(flatten)]
    holdings: Option<Holdings>,
    #[serde(skip)]
    spread: f64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Columns {
    /// Each operation was timed.
    Latency { p50_ns: u32, p99_ns: u32, p999_ns: u32, max_ns: u32, limit_p50_ns: Option<u32> },
    /// Many at once were timed together and each by itself: answers a second, and how long one waits.
    Served { mps: f64, limit_mps: Option<f64>, p50_ns: u32, p99_ns: u32, limit_p99_ns: Option<u32> },
    /// A stream of operations was timed: messages and 10⁹ bytes a second.
    Stream { mps: f64, gb_per_s: f64, limit_mps: Option<f64> },
}

impl Row {
    /// What `outcome` says of `case`.
    pub(crate) fn of(case: &Case, outcome: &Outcome) -> Self {
        let ratio = outcome.ratio;
        Self {
            case: case.name,
            bytes: case.bytes,
            figures: columns(case, outcome),
            ratio: ratio.map(|ratio| ratio.median),
            ratio_q1: ratio.map(|ratio| ratio.q1),
            ratio_q3: ratio.map(|ratio| ratio.q3),
            rounds: outcome.rounds,
            holdings: outcome.subject.holdings,
            spread: ratio.unwrap_or(outcome.subject.middle_ns).spread(),
        }
    }

    /// Why nobody should quote this row, if nobody should.
    pub(crate) fn warning(&self) -> Option<String> {
        let worthless = if self.ratio.is_some() { RATIO_SPREAD_MAX } else { FIGURE_SPREAD_MAX };
        (self.spread > worthless).then(|| {
            format!(
                "{}: the middle half of the rounds differs by {:.0} %: this machine is too busy for the figure to \
                 mean anything; stop other work and run again, or longer with --seconds",
                self.case,
                self.spread * 100.0
            )
        })
    }
}

fn columns(case: &Case, outcome: &Outcome) -> Columns {
    let limit = outcome.limit.as_ref();
    match outcome.subject.latency {
        Some(Latency { p50_ns, p99_ns, .. }) if outcome.subject.is_served => Columns::Served {
            mps: per_second(&outcome.subject),
            limit_mps: limit.map(per_second),
            p50_ns,
            p99_ns,
            limit_p99_ns: limit.and_then(|limit| limit.latency).map(|limit| limit.p99_ns),
        },
        Some(Latency { p50_ns, p99_ns, p999_ns, max_ns }) => {
            let limit_p50_ns = limit.and_then(|limit| limit.latency).map(|limit| limit.p50_ns);
            Columns::Latency { p50_ns, p99_ns, p999_ns, max_ns, limit_p50_ns }
        }
        None => {
            let mps = per_second(&outcome.subject);
            let gb_per_s = mps * case.bytes as f64 / 1e9;
            Columns::Stream { mps, gb_per_s, limit_mps: limit.map(per_second) }
        }
    }
}

fn per_second(figures: &Figures) -> f64 {
    1e9 / figures.middle_ns.median
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:21} {:>7}  ", self.case, Bytes(self.bytes).to_string())?;
        match self.figures {
            Columns::Latency { p50_ns, p99_ns, p999_ns, max_ns, limit_p50_ns } => {
                for (name, value) in [("p50", p50_ns), ("p99", p99_ns), ("p99.9", p999_ns), ("max", max_ns)] {
                    write!(f, "{name} {:9} ", Nanoseconds(value).to_string())?;
                }
                limit_p50_ns
                    .map_or(Ok(()), |limit| write!(f, " limit {:9}", Nanoseconds(limit).to_string()))?;
            }
            Columns::Served { mps, limit_mps, p50_ns, p99_ns, limit_p99_ns } => {
                let [p50, p99] = [p50_ns, p99_ns].map(|ns| Nanoseconds(ns).to_string());
                write!(f, "{:14}p50 {p50:9} p99 {p99:9}{:12}", Rate(mps).to_string(), "")?;
                limit_mps.map_or(Ok(()), |limit| write!(f, " limit {:12}", Rate(limit).to_string()))?;
                limit_p99_ns
                    .map_or(Ok(()), |limit| write!(f, " p99 {:9}", Nanoseconds(limit).to_string()))?;
            }
            Columns::Stream { mps, gb_per_s, limit_mps } => {
                write!(f, "{:14}{gb_per_s:6.2} GB/s{:28}", Rate(mps).to_string(), "")?;
                limit_mps.map_or(Ok(()), |limit| write!(f, " limit {:12}", Rate(limit).to_string()))?;
            }
        }
        match (self.ratio, self.ratio_q1, self.ratio_q3) {
            (Some(ratio), Some(q1), Some(q3)) => write!(f, " ratio {ratio:.3} ({q1:.3} to {q3:.3})")?,
            _ => write!(f, " spread {:.0} %", self.spread * 100.0)?,
        }
        write!(f, " {} rounds", self.rounds)?;
        self.holdings.map_or(Ok(()), |holdings| write!(f, "; {holdings}"))
    }
}

impl fmt::Display for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { links, bytes_per_link, descriptors_per_link, slab_bytes_per_link } = self;
        write!(
            f,
            "{links} links: each {:.1} KiB, {descriptors_per_link:.2} descriptors",
            bytes_per_link / 1024.0
        )?;
        write!(f, ", {:.1} KiB of slab in the system", slab_bytes_per_link / 1024.0)
    }
}

/// A bar of 5 % cannot be judged by a ratio that moves by more than twice that.
const RATIO_SPREAD_MAX: f64 = 0.10;
const FIGURE_SPREAD_MAX: f64 = 0.25;

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::super::statistics::Quartiles;
    use super::*;

    fn outcome(ratio_q3: f64) -> Outcome {
        let middle_ns = Quartiles { q1: 9.0, median: 10.0, q3: 11.0 };
        let latency = Some(Latency { p50_ns: 10, p99_ns: 20, p999_ns: 30, max_ns: 40 });
        Outcome {
            subject: Figures { middle_ns, latency, is_served: false, holdings: None },
            limit: Some(Figures { middle_ns, latency, is_served: false, holdings: None }),
            ratio: Some(Quartiles { q1: 1.0, median: 1.0, q3: ratio_q3 }),
            rounds: 20,
        }
    }

    fn row(ratio_q3: f64) -> Row {
        let case = cases::find("pipe.rtt").unwrap();
        Row::of(case, &outcome(ratio_q3))
    }

    #[test]
    fn a_row_is_the_one_that_was_promised() {
        let promised = r#"{"case":"pipe.rtt","bytes":64,"p50_ns":10,"p99_ns":20,"p999_ns":30,"max_ns":40,"#
            .to_owned()
            + r#""limit_p50_ns":10,"ratio":1.0,"ratio_q1":1.0,"ratio_q3":1.05,"rounds":20}"#;
        assert_eq!(serde_json::to_string(&row(1.05)).unwrap(), promised);
    }

    #[test]
    fn what_many_links_cost_is_told_with_their_row() {
        let mut outcome = outcome(1.05);
        outcome.subject.holdings = Some(Holdings {
            links: 10_000,
            bytes_per_link: 16_896.0,
            descriptors_per_link: 1.004,
            slab_bytes_per_link: 4096.0,
        });
        let row = Row::of(cases::find("link.idle").unwrap(), &outcome);
        let told = "; 10000 links: each 16.5 KiB, 1.00 descriptors, 4.0 KiB of slab in the system";
        assert!(row.to_string().ends_with(told), "{row}");
        assert_eq!(serde_json::to_value(&row).unwrap()["bytes_per_link"], 16_896.0);
    }

    #[test]
    fn only_a_wide_spread_is_warned_of() {
        assert_eq!(row(1.05).warning(), None);
        assert!(row(1.5).warning().unwrap().contains("50 %"));
    }
}
