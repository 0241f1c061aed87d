// SPDX-License-Identifier: MIT OR Apache-2.0
//! Jobs: processes that the server started for a service. One that dies again and again is started ever more seldom.
//!
//! A job is a process group of its own, which tells its processes from others of the same user. It lives on when the
//! server ends.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use cabotage_os::SystemError;
use cabotage_os::epoll::{Poller, Trigger};
use cabotage_os::poll::Readiness;

use super::rules::ServiceId;
use crate::rights::SendRight;
use crate::task::{ChildTask, Spawn};

/// Who lives so long has not died soon.
///
/// # Source
/// launchd, src/core.h: the minimum interval between two starts.
const LIFE_MIN: Duration = Duration::from_secs(10);
/// How much later one is started that died soon; twice as much each further time.
const DELAY_FIRST: Duration = Duration::from_millis(500);
const DELAY_MAX: Duration = Duration::from_secs(60);

/// When a job may be started again.
#[derive(Debug, Clone, Copy, Default)]
struct Throttle {
    started: Option<Instant>,
    failures: u32,
    not_before: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Jobs {
    jobs: HashMap<ServiceId, Job>,
    /// Of services that are gone.
    orphans: Vec<ChildTask>,
    /// Readable when a job has ended.
    ends: Poller,
}

#[derive(Debug, Default)]
struct Job {
    task: Option<ChildTask>,
    throttle: Throttle,
}

impl Throttle {
    fn starts(&mut self, now: Instant) {
        (self.started, self.not_before) = (Some(now), None);
    }

    fn ended(&mut self, now: Instant) {
        let lived = self.started.map_or(Duration::ZERO, |started| now.duration_since(started));
        if lived >= LIFE_MIN {
            *self = Self::default();
            return;
        }
        let delay = DELAY_FIRST.saturating_mul(1 << self.failures.min(16)).min(DELAY_MAX);
        self.failures += 1;
        self.not_before = Some(now + delay);
    }
}

impl Jobs {
    pub(super) fn new() -> Result<Self, SystemError> {
        Ok(Self { jobs: HashMap::new(), orphans: Vec::new(), ends: Poller::new()? })
    }

    /// The process group of a service's job that runs.
    pub(super) fn group(&self, service: ServiceId) -> Option<i32> {
        self.jobs.get(&service)?.task.as_ref().map(|task| task.pid().cast_signed())
    }

    /// From when on a job for this service can be started; `None` while one runs.
    pub(super) fn free_at(&self, service: ServiceId, now: Instant) -> Option<Instant> {
        match self.jobs.get(&service) {
            None => Some(now),
            Some(Job { task: Some(_), .. }) => None,
            Some(job) => Some(job.throttle.not_before.unwrap_or(now)),
        }
    }

    /// Starts a job.
    pub(super) fn start(&mut self, service: ServiceId, spawn: Spawn, bootstrap: Option<SendRight>) -> bool {
        let job = self.jobs.entry(service).or_default();
        job.throttle.starts(Instant::now());
        let started = spawn.bootstrap(bootstrap).spawn();
        let is_watched = |task: &ChildTask| {
            self.ends.add(task, u64::from(task.pid()), Readiness::IN, Trigger::Level).is_ok()
        };
        match started {
            Ok(task) if is_watched(&task) => job.task = Some(task),
            _ => job.throttle.ended(Instant::now()),
        }
        job.task.is_some()
    }

    /// One could not be started, as if it had died at once.
    pub(super) fn failed(&mut self, service: ServiceId) {
        let job = self.jobs.entry(service).or_default();
        job.throttle.ended(Instant::now());
    }

    /// Notes whose jobs have ended.
    pub(super) fn reap(&mut self) {
        let has_ended = |task: &mut ChildTask| !matches!(task.wait(Duration::ZERO), Ok(None));
        self.orphans.retain_mut(|task| !has_ended(task));
        for job in self.jobs.values_mut() {
            if job.task.as_mut().is_some_and(has_ended) {
                job.task = None;
                job.throttle.ended(Instant::now());
            }
        }
    }

    pub(super) fn forget(&mut self, service: ServiceId) {
        self.orphans.extend(self.jobs.remove(&service).and_then(|job| job.task));
    }
}

impl AsFd for Jobs {
    /// Readable when a job has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ends.as_fd()
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        for task in self.jobs.drain().filter_map(|(_, job)| job.task).chain(self.orphans.drain(..)) {
            drop(task.detach());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_dies_soon_again_and_again_waits_twice_as_long_each_time() {
        let (mut throttle, mut now) = (Throttle::default(), Instant::now());
        let mut delays = Vec::new();
        for _ in 0..12 {
            throttle.starts(now);
            now += Duration::from_secs(1);
            throttle.ended(now);
            delays.push(throttle.not_before.unwrap() - now);
        }
        let expected: Vec<_> = (0..12).map(|power| (DELAY_FIRST * (1 << power)).min(DELAY_MAX)).collect();
        assert_eq!(delays, expected);
        throttle.starts(now);
        throttle.ended(now + LIFE_MIN);
        assert_eq!((throttle.failures, throttle.not_before), (0, None), "one that lived is forgiven");
    }
}
