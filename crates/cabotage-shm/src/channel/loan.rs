// SPDX-License-Identifier: MIT OR Apache-2.0
//! A record that is written in place, in either form.

use super::error::SendError;
use super::{guarded, trusting};

/// Room for one record. Dropped without [`Loan::send`], nothing has happened.
#[derive(Debug)]
pub struct Loan<'producer> {
    form: Form<'producer>,
}

#[derive(Debug)]
enum Form<'producer> {
    Trusting(trusting::Loan<'producer>),
    Guarded(guarded::Loan<'producer>),
}

impl<'producer> Loan<'producer> {
    pub(super) fn trusting(loan: trusting::Loan<'producer>) -> Self {
        Self { form: Form::Trusting(loan) }
    }

    pub(super) fn guarded(loan: guarded::Loan<'producer>) -> Self {
        Self { form: Form::Guarded(loan) }
    }

    /// How many bytes the record has.
    pub fn bytes(&self) -> usize {
        match &self.form {
            Form::Trusting(loan) => loan.bytes(),
            Form::Guarded(loan) => loan.bytes(),
        }
    }

    /// Writes bytes of the record from `offset` on; answers how many fitted. What is never written holds old bytes of
    /// this channel.
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        match &mut self.form {
            Form::Trusting(loan) => loan.write_at(offset, bytes),
            Form::Guarded(loan) => loan.write_at(offset, bytes),
        }
    }

    /// Sends the record.
    ///
    /// # Errors
    /// [`SendError::Truncated`], or the system's refusal to wake the consumer.
    #[inline]
    pub fn send(self) -> Result<(), SendError> {
        match self.form {
            Form::Trusting(loan) => loan.send(),
            Form::Guarded(loan) => loan.send(),
        }
    }
}
