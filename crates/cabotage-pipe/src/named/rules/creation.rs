// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server may ask for when it creates an instance, and what comes of it.

use std::time::Duration;

use super::direction::{Access, Direction};
use super::mode::{HandleState, PipeMode};
use crate::named::error::{Denial, Mistake, PipeError};

/// What a server asks for, unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What the server's end is to do.
    pub access: Access,
    /// How writes are kept apart.
    pub pipe_mode: PipeMode,
    /// How the server's handle begins.
    pub handle: HandleState,
    /// The most instances of the name, all servers together: 1 to 254, or 255 for any number.
    pub instances_max: usize,
    /// The quota from client to server, in bytes. 0 is legal: each write waits for its read.
    pub in_quota_bytes: usize,
    /// The quota from server to client, in bytes.
    pub out_quota_bytes: usize,
    /// How long who waits for an instance waits, unless it says otherwise. 0 means 50 milliseconds.
    pub default_timeout: Duration,
    /// Whether there must be no other instance yet.
    pub first_instance: bool,
}

/// What a server asked for, checked: an instance can be made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Creation {
    /// Which way data flows.
    pub direction: Direction,
    /// How writes are kept apart.
    pub pipe_mode: PipeMode,
    /// How the server's handle begins.
    pub handle: HandleState,
    /// The most instances of the name. It binds when this is the first.
    pub instances_max: InstancesMax,
    /// The quota from client to server, in bytes.
    pub in_quota_bytes: u32,
    /// The quota from server to client, in bytes.
    pub out_quota_bytes: u32,
    /// How long who waits for an instance waits, unless it says otherwise, in milliseconds; never 0.
    pub default_timeout_ms: u32,
    /// Whether there must be no other instance yet.
    pub first_instance: bool,
}

/// The most instances of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstancesMax(u8);

/// Which number stands for any number of instances (`PIPE_UNLIMITED_INSTANCES`).
pub const UNLIMITED: usize = 255;

/// What a default time-out of 0 means, in milliseconds.
const DEFAULT_TIMEOUT_MS: u32 = 50;

impl InstancesMax {
    /// 1 to 254 instances, or 255 for any number.
    ///
    /// # Errors
    /// [`PipeError::InvalidParameter`].
    pub fn new(asked: usize) -> Result<Self, PipeError> {
        match u8::try_from(asked) {
            Ok(max @ 1..) => Ok(Self(max)),
            _ => Err(PipeError::InvalidParameter(Mistake::Instances { asked })),
        }
    }

    /// The number, 255 for any.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether one more instance may be made when there are so many.
    ///
    /// # Errors
    /// [`PipeError::TooManyInstances`].
    pub fn admits(self, instances: usize) -> Result<(), PipeError> {
        if usize::from(self.0) != UNLIMITED && instances >= self.0.into() {
            return Err(PipeError::TooManyInstances { max: self.0 });
        }
        Ok(())
    }
}

impl Asked {
    /// Checks it.
    ///
    /// # Errors
    /// [`PipeError::InvalidParameter`].
    pub fn check(self) -> Result<Creation, PipeError> {
        let direction =
            Direction::of(self.access).ok_or(PipeError::InvalidParameter(Mistake::NoDirection))?;
        Ok(Creation {
            direction,
            pipe_mode: self.pipe_mode,
            handle: self.handle.on(self.pipe_mode)?,
            instances_max: InstancesMax::new(self.instances_max)?,
            in_quota_bytes: quota(self.in_quota_bytes)?,
            out_quota_bytes: quota(self.out_quota_bytes)?,
            default_timeout_ms: milliseconds(self.default_timeout)?,
            first_instance: self.first_instance,
        })
    }
}

impl Creation {
    /// Whether this may be one more instance of a pipe that exists: with this direction, this maximum (that of its
    /// first instance), and so many instances. Nothing else has to match.
    ///
    /// # Errors
    /// [`PipeError::AccessDenied`], [`PipeError::TooManyInstances`].
    pub fn joins(
        &self,
        direction: Direction,
        instances_max: InstancesMax,
        instances: usize,
    ) -> Result<(), PipeError> {
        if self.first_instance {
            return Err(PipeError::AccessDenied(Denial::NotFirst));
        }
        if self.direction != direction {
            return Err(PipeError::AccessDenied(Denial::OtherDirection { direction }));
        }
        instances_max.admits(instances)
    }
}

fn quota(asked: usize) -> Result<u32, PipeError> {
    u32::try_from(asked).map_err(|_| PipeError::InvalidParameter(Mistake::Quota { asked }))
}

/// In whole milliseconds, rounded up, so that a short one is not the default.
fn milliseconds(timeout: Duration) -> Result<u32, PipeError> {
    match u32::try_from(timeout.as_nanos().div_ceil(1_000_000)) {
        Ok(0) => Ok(DEFAULT_TIMEOUT_MS),
        Ok(ms) if ms < u32::MAX => Ok(ms), // the last number stands for "for ever" in Windows
        _ => Err(PipeError::InvalidParameter(Mistake::Timeout)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::named::rules::WaitMode;

    const ASKED: Asked = Asked {
        access: Access::BOTH,
        pipe_mode: PipeMode::Message,
        handle: HandleState { read_mode: PipeMode::Message, wait_mode: WaitMode::Wait },
        instances_max: 3,
        in_quota_bytes: 0,
        out_quota_bytes: 100,
        default_timeout: Duration::ZERO,
        first_instance: false,
    };

    #[test]
    fn instances_are_1_to_254_or_255_for_unlimited_and_nothing_else() {
        for asked in [1, 254, 255] {
            assert_eq!(usize::from(InstancesMax::new(asked).unwrap().number()), asked);
        }
        for asked in [0, 256, 257, 511, 65_536, usize::MAX] {
            assert_eq!(Asked { instances_max: asked, ..ASKED }.check().unwrap_err().code(), 87, "{asked}");
        }
    }

    #[test]
    fn more_instances_than_the_maximum_are_busy() {
        let max = InstancesMax::new(3).unwrap();
        assert_eq!(max.admits(2), Ok(()));
        assert_eq!(max.admits(3).unwrap_err().code(), 231);
        assert_eq!(InstancesMax::new(UNLIMITED).unwrap().admits(100_000), Ok(()));
        assert_eq!(InstancesMax::new(254).unwrap().admits(254).unwrap_err().code(), 231);
    }

    #[test]
    fn only_the_direction_and_the_first_maximum_bind_later_instances() {
        let later = Asked {
            pipe_mode: PipeMode::Byte,
            handle: HandleState::default(),
            instances_max: 1,
            in_quota_bytes: 7,
            out_quota_bytes: 7,
            default_timeout: Duration::from_secs(9),
            ..ASKED
        };
        let first = InstancesMax::new(3).unwrap();
        assert_eq!(later.check().unwrap().joins(Direction::Duplex, first, 1), Ok(()));
        assert_eq!(later.check().unwrap().joins(Direction::Duplex, first, 3).unwrap_err().code(), 231);
    }

    #[test]
    fn another_direction_than_the_first_instance_has_is_denied() {
        let creation = Asked { access: Access::READ, ..ASKED }.check().unwrap();
        let first = InstancesMax::new(3).unwrap();
        assert_eq!(creation.joins(Direction::Inbound, first, 1), Ok(()));
        for other in [Direction::Duplex, Direction::Outbound] {
            assert_eq!(creation.joins(other, first, 1).unwrap_err().code(), 5);
        }
    }

    #[test]
    fn a_first_instance_of_a_pipe_that_exists_is_denied() {
        let creation = Asked { first_instance: true, ..ASKED }.check().unwrap();
        let denied = creation.joins(Direction::Duplex, InstancesMax::new(3).unwrap(), 1).unwrap_err();
        assert_eq!(denied, PipeError::AccessDenied(Denial::NotFirst));
        assert_eq!(denied.code(), 5);
    }

    #[test]
    fn a_default_timeout_of_0_means_50_milliseconds() {
        let ms = |timeout| Asked { default_timeout: timeout, ..ASKED }.check().map(|c| c.default_timeout_ms);
        assert_eq!(ms(Duration::ZERO), Ok(50));
        assert_eq!(ms(Duration::from_micros(1)), Ok(1));
        assert_eq!(ms(Duration::from_secs(2)), Ok(2_000));
        assert_eq!(ms(Duration::MAX).unwrap_err().code(), 87);
        assert_eq!(ms(Duration::from_millis(u32::MAX.into())).unwrap_err().code(), 87);
    }

    #[test]
    fn bytes_type_with_message_read_mode_is_an_invalid_parameter() {
        let asked = Asked { pipe_mode: PipeMode::Byte, ..ASKED };
        assert_eq!(asked.check().unwrap_err().code(), 87);
        let asked = Asked { handle: HandleState::default(), ..ASKED };
        assert!(asked.check().is_ok());
    }

    #[test]
    fn a_quota_of_0_is_legal_and_one_beyond_32_bits_is_not() {
        assert_eq!(ASKED.check().unwrap().in_quota_bytes, 0);
        let asked = Asked { out_quota_bytes: 1 << 32, ..ASKED };
        assert_eq!(asked.check().unwrap_err().code(), 87);
    }

    #[test]
    fn a_server_that_neither_reads_nor_writes_is_an_invalid_parameter() {
        assert_eq!(Asked { access: Access::NONE, ..ASKED }.check().unwrap_err().code(), 87);
    }
}
