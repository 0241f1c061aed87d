// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the ends of a pipe and their halves can do, written once: their methods, and std's traits.
//!
//! Each has `data`, which gives the conduit when the other end may be there, and `conduit`.

/// The methods of what reads.
macro_rules! reading_methods {
    ($end:ty $(, $parameter:ident: $bound:ident)?) => {
        #[allow(private_bounds, reason = "the two ends, and no others")]
        impl<$($parameter: $bound)?> $end {
            /// Reads into `target`, and waits for something to read at most until `deadline`.
            ///
            /// In byte read mode this crosses the borders of messages; in message read mode it reads from one message.
            /// A message of no bytes is a read of none. An empty `target` waits for something to be there, and takes
            /// nothing.
            ///
            /// # Errors
            /// [`PipeError::MoreData`](super::PipeError::MoreData) when the message is longer than `target`, which is
            /// full then: the rest stays in the pipe. [`PipeError::TimedOut`](super::PipeError::TimedOut);
            /// [`PipeError::Broken`](super::PipeError::Broken) when the other end is closed and everything was read.
            ///
            /// # Source
            /// `ReadFile` of the Windows API.
            #[inline]
            pub fn read_within(
                &mut self,
                target: &mut [u8],
                deadline: impl Into<Deadline>,
            ) -> Result<usize, PipeError> {
                match self.data()?.read(target, deadline.into())? {
                    Read { bytes, is_rest_left: false, .. } => Ok(bytes),
                    Read { bytes, .. } => Err(PipeError::MoreData { got_bytes: bytes }),
                }
            }

            /// Reads what is there.
            ///
            /// # Errors
            /// [`PipeError::Empty`](super::PipeError::Empty), and as [`read_within`](Self::read_within).
            #[inline]
            pub fn try_read(&mut self, target: &mut [u8]) -> Result<usize, PipeError> {
                self.read_within(target, Deadline::Now)
            }

            /// Receives a message, whole, whatever its length: `message` grows to it. What it held is gone.
            ///
            /// # Errors
            /// [`PipeError::InvalidReadMode`](super::PipeError::InvalidReadMode) unless messages are read as messages;
            /// otherwise as [`read_within`](Self::read_within), but that no message is too long.
            pub fn receive(
                &mut self,
                message: &mut Vec<u8>,
                deadline: impl Into<Deadline>,
            ) -> Result<(), PipeError> {
                self.data()?.receive(message, deadline.into())
            }

            /// Copies what is to be read into `target`, and takes nothing: of the first message, in a pipe of
            /// messages. Never waits.
            ///
            /// # Errors
            /// [`PipeError::InvalidState`](super::PipeError::InvalidState) when there is no client;
            /// [`PipeError::Broken`](super::PipeError::Broken) when the other end is closed and everything was read.
            ///
            /// # Source
            /// `PeekNamedPipe` of the Windows API.
            pub fn peek(&mut self, target: &mut [u8]) -> Result<Peeked, PipeError> {
                self.data()?.peek(target)
            }
        }

        /// As std reads a pipe of Windows: the end of the other end is the end of the file, and of a message that is
        /// too long comes what fits, then the rest.
        #[allow(private_bounds, reason = "the two ends, and no others")]
        impl<$($parameter: $bound)?> io::Read for $end {
            fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
                match self.read_within(target, Deadline::Never) {
                    Err(PipeError::MoreData { got_bytes }) => Ok(got_bytes),
                    Err(PipeError::Broken) => Ok(0),
                    answer => Ok(answer?),
                }
            }
        }
    };
}

/// The methods of what writes.
macro_rules! writing_methods {
    ($end:ty $(, $parameter:ident: $bound:ident)?) => {
        #[allow(private_bounds, reason = "the two ends, and no others")]
        impl<$($parameter: $bound)?> $end {
            /// Writes `bytes`, and waits at most until `deadline` until the other end has read so much that what is
            /// unread, these bytes included, fits the quota. They can be read before. In a pipe of messages they are
            /// one message, also when there are none. Answers how many bytes: all of them, but where this end does not
            /// wait ([`WaitMode::NoWait`](super::WaitMode::NoWait)): then as [`try_write`](Self::try_write).
            ///
            /// # Errors
            /// [`WriteError`](super::WriteError). At the deadline what was not read is taken back.
            ///
            /// # Source
            /// `WriteFile` of the Windows API.
            #[inline]
            pub fn write_within(
                &mut self,
                bytes: &[u8],
                deadline: impl Into<Deadline>,
            ) -> Result<usize, WriteError> {
                let end = self.data().map_err(|error| WriteError::new(0, bytes, error))?;
                end.write(bytes, deadline.into())
            }

            /// Writes what fits the quota now: all of `bytes`, or nothing. Answers how many bytes; none are no error.
            ///
            /// # Errors
            /// The other end is closed, or was never there.
            pub fn try_write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
                self.data().map_err(|error| WriteError::new(0, bytes, error))?.write_now(bytes)
            }

            /// Sends `message`, whole: a write that is all or nothing.
            ///
            /// # Errors
            /// As [`write_within`](Self::write_within); [`PipeError::TimedOut`](super::PipeError::TimedOut) where this
            /// end does not wait, and would have to.
            #[inline]
            pub fn send(&mut self, message: &[u8], deadline: impl Into<Deadline>) -> Result<(), WriteError> {
                match self.write_within(message, deadline)? {
                    all if all == message.len() => Ok(()),
                    taken => Err(WriteError::new(taken, message, PipeError::TimedOut)),
                }
            }

            /// Waits at most until `deadline` until the other end has read everything.
            ///
            /// # Errors
            /// [`PipeError::TimedOut`](super::PipeError::TimedOut); the other end was closed, or disconnected, before.
            ///
            /// # Source
            /// `FlushFileBuffers` of the Windows API.
            pub fn flush_within(&mut self, deadline: impl Into<Deadline>) -> Result<(), PipeError> {
                self.data()?.flush(deadline.into())
            }
        }

        /// Each write is whole, but where this end does not wait. Flushing does nothing, as in std: [`flush_within`](Self::flush_within) waits for the
        /// other end.
        #[allow(private_bounds, reason = "the two ends, and no others")]
        impl<$($parameter: $bound)?> io::Write for $end {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(self.write_within(bytes, Deadline::Never)?)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    };
}

/// The methods of all of them.
macro_rules! state_methods {
    ($end:ty $(, $parameter:ident: $bound:ident)?) => {
        #[allow(private_bounds, reason = "the two ends, and no others")]
        impl<$($parameter: $bound)?> $end {
            /// How this end reads, and whether its calls wait.
            ///
            /// # Errors
            /// [`PipeError::Disconnected`](super::PipeError::Disconnected) at a client's end.
            ///
            /// # Source
            /// `GetNamedPipeHandleState` of the Windows API.
            pub fn handle_state(&mut self) -> Result<HandleState, PipeError> {
                self.data()?.handle()
            }

            /// How writes are kept apart in this instance: its type, which no handle changes.
            pub fn pipe_mode(&mut self) -> PipeMode {
                self.conduit().shape().pipe_mode
            }

            /// From now on this end reads and waits like this. Calls that are under way are not affected.
            ///
            /// # Errors
            /// [`PipeError::InvalidParameter`](super::PipeError::InvalidParameter): no messages are read from a pipe
            /// of bytes.
            ///
            /// # Source
            /// `SetNamedPipeHandleState` of the Windows API.
            pub fn set_handle_state(&mut self, state: HandleState) -> Result<(), PipeError> {
                self.data()?.set_handle(state)
            }

            /// The state of this end.
            ///
            /// # Errors
            /// The system's refusal.
            pub fn state(&mut self) -> Result<State, PipeError> {
                let end = self.data()?;
                end.observe()?;
                Ok(end.state.state())
            }

            /// From now on calls wait like this for the other end.
            pub fn set_wait(&mut self, wait: Wait) {
                self.conduit().set_wait(wait);
            }
        }
    };
}

/// The methods of what has both directions, and the steps of its overlapped operations.
macro_rules! pipe_methods {
    ($end:ty) => {
        reading_methods!($end);
        writing_methods!($end);
        state_methods!($end);

        impl $end {
            /// Writes `question` and reads the next message into `answer`, in one operation; answers its length. The
            /// quota does not hold the question up.
            ///
            /// # Errors
            /// [`PipeError::InvalidReadMode`](super::PipeError::InvalidReadMode) unless messages are read as messages;
            /// [`PipeError::UnreadData`](super::PipeError::UnreadData) when something is to be read already;
            /// [`PipeError::MoreData`](super::PipeError::MoreData) when the answer is longer than `answer`. After
            /// [`PipeError::TimedOut`](super::PipeError::TimedOut) the question stays written.
            ///
            /// # Source
            /// `TransactNamedPipe` of the Windows API.
            pub fn transact(
                &mut self,
                question: &[u8],
                answer: &mut [u8],
                deadline: impl Into<Deadline>,
            ) -> Result<usize, PipeError> {
                self.data()?.transact(question, answer, deadline.into())
            }
        }

        impl Steps for $end {
            fn connect_now(&mut self) -> Result<(), PipeError> {
                self.connect_once()
            }

            fn read_now(&mut self, target: &mut [u8]) -> Result<Read, PipeError> {
                self.data()?.read(target, Deadline::Now)
            }

            fn receive_now(&mut self, message: &mut Vec<u8>) -> Result<(), PipeError> {
                self.data()?.receive(message, Deadline::Now)
            }

            fn ask(&mut self, question: &[u8]) -> Result<Begun, PipeError> {
                self.data()?.ask(question)
            }

            fn flush_now(&mut self) -> Result<(), PipeError> {
                self.data()?.flush(Deadline::Now)
            }

            fn flush_on(&mut self) -> Result<(), PipeError> {
                self.conduit().flush_on(Deadline::Now)
            }

            fn begin_write(&mut self, bytes: &[u8]) -> Result<Begun, WriteError> {
                self.data().map_err(|error| WriteError::new(0, bytes, error))?.begin_write(bytes)
            }

            fn is_written(&mut self, id: WriteId) -> Result<bool, WriteError> {
                self.conduit().is_written(id)
            }

            fn cancel_write(&mut self, id: WriteId) -> Result<Option<usize>, PipeError> {
                self.conduit().cancel_write(id)
            }

            fn news(&mut self) -> (State, u64) {
                self.conduit().news()
            }

            fn is_told_of_data(&mut self) -> bool {
                self.conduit().is_told_of_data()
            }

            fn ready(&mut self, interest: Interest) -> Result<Ready, PipeError> {
                Self::ready(self, interest)
            }

            fn descriptor(&self) -> Result<BorrowedFd<'_>, PipeError> {
                self.waitable()
            }
        }
    };
}

pub(super) use {pipe_methods, reading_methods, state_methods, writing_methods};
