// SPDX-License-Identifier: MIT OR Apache-2.0
//! One subject under measurement: its two ends, how many operations make a round, what the rounds gave.

use std::time::Duration;

use super::case::{Case, Holdings, Measured, Near, Result, Role, Setting};
use super::peer::Peer;
use super::rounds::Plan;
use super::statistics::{Latency, Quartiles, quantile};
use crate::exit::Failure;

/// Both ends of a subject, ready for rounds.
pub(crate) struct Session {
    near: Box<dyn Near>,
    peer: Peer,
    operations: u32,
    middles_ns: Vec<f64>,
    samples: Vec<u32>,
    is_served: bool,
}

/// The middle of one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Middle {
    /// The median of timed operations, in nanoseconds.
    Latency(f64),
    /// The mean of a stream, in nanoseconds a message.
    Pace(f64),
}

/// What the rounds of one subject gave.
#[derive(Debug)]
pub(crate) struct Figures {
    /// The rounds' middles, in nanoseconds an operation.
    pub(crate) middle_ns: Quartiles,
    /// All operations together, where each was timed.
    pub(crate) latency: Option<Latency>,
    /// Whether these were many at once, so that the middle is a pace.
    pub(crate) is_served: bool,
    /// What its far end holds, where that is measured.
    pub(crate) holdings: Option<Holdings>,
}

impl Session {
    /// Makes both ends and starts the process of the far one.
    pub(crate) fn open(case: &'static Case, role: Role, plan: Plan) -> Result<Self> {
        let subject = case.subject(role)?;
        let (near, descriptors) = (subject.near)(Setting { case, role, plan })?;
        let peer = Peer::start(case, role, &plan.processors(subject.place), descriptors)?;
        Ok(Self { near, peer, operations: 1, middles_ns: Vec::new(), samples: Vec::new(), is_served: false })
    }

    /// Finds how many operations fill a round of about `length`; that also warms both ends up.
    pub(crate) fn calibrate(&mut self, length: Duration) -> Result<()> {
        while self.operations < OPERATIONS_MAX && self.round_ns()? < length.as_nanos() as f64 / 2.0 {
            self.operations *= 2;
            if self.is_served {
                // Such rounds last a time, whatever they are told.
                break;
            }
        }
        Ok(())
    }

    /// How long a round takes by its middle operation, and by the better of two, lest a stall looks like work.
    fn round_ns(&mut self) -> Result<f64> {
        let mut middle_ns = || Ok::<_, Failure>(Middle::of(&mut self.round()?).ns());
        Ok(middle_ns()?.min(middle_ns()?) * f64::from(self.operations))
    }

    /// Runs one round and keeps what it gave.
    pub(crate) fn record_round(&mut self) -> Result<Middle> {
        let mut measured = self.round()?;
        let middle = Middle::of(&mut measured);
        self.middles_ns.push(middle.ns());
        if let Measured::Latencies(samples) | Measured::Served { samples, .. } = measured {
            self.samples.extend(samples);
        }
        Ok(middle)
    }

    fn round(&mut self) -> Result<Measured> {
        self.peer.begin(self.operations)?;
        let measured = self.near.round(self.operations, &self.peer)?;
        self.is_served = matches!(measured, Measured::Served { .. });
        Ok(measured)
    }

    /// Ends the session: what all recorded rounds gave.
    pub(crate) fn finish(self) -> Figures {
        let latency = (!self.samples.is_empty()).then(|| Latency::of(self.samples));
        let (middle_ns, holdings) = (Quartiles::of(self.middles_ns), self.near.holdings());
        Figures { middle_ns, latency, is_served: self.is_served, holdings }
    }
}

impl Middle {
    /// Of what a round gave; its samples are sorted on the way.
    fn of(measured: &mut Measured) -> Self {
        match measured {
            Measured::Pace(ns) | Measured::Served { ns, .. } => Self::Pace(*ns),
            Measured::Latencies(samples) => {
                samples.sort_unstable();
                Self::Latency(quantile(samples, 0.5).max(1).into())
            }
        }
    }

    fn ns(self) -> f64 {
        match self {
            Self::Latency(ns) | Self::Pace(ns) => ns,
        }
    }

    /// The ratio to the middle of the limit's round: a multiple of its latency, a share of its pace.
    pub(crate) fn against(self, limit: Self) -> f64 {
        match self {
            Self::Latency(ns) => ns / limit.ns(),
            Self::Pace(ns) => limit.ns() / ns,
        }
    }
}

/// Enough for a quantile of a round, and few enough for all samples of a case to fit into memory.
const OPERATIONS_MAX: u32 = 1 << 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_subject_has_a_greater_latency_ratio_and_a_smaller_pace_ratio() {
        assert_eq!(Middle::Latency(30.0).against(Middle::Latency(20.0)), 1.5);
        assert_eq!(Middle::Pace(40.0).against(Middle::Pace(20.0)), 0.5);
    }
}
