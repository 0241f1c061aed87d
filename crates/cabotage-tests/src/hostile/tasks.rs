// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a victim does for its clients: little jobs that make it use everything a link has.

/// One job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Answer with the same bytes.
    Echo,
    /// Answer with so many bytes.
    Bytes(u16),
    /// Answer with a block.
    Block,
    /// Answer with a descriptor.
    Descriptor,
    /// Answer nothing.
    Nothing,
}

/// The request: three words of a ring, its header included.
pub fn ask(task: Task) -> Vec<u8> {
    let mut request = vec![0; 12];
    request[0] = match task {
        Task::Echo => b'e',
        Task::Bytes(_) => b'b',
        Task::Block => b'k',
        Task::Descriptor => b'd',
        Task::Nothing => b'n',
    };
    if let Task::Bytes(bytes) = task {
        request[1..3].copy_from_slice(&bytes.to_le_bytes());
    }
    request
}

/// What a request asks for. Whatever is none is echoed.
pub fn asked(request: &[u8]) -> Task {
    match request {
        [b'b', low, high, ..] => Task::Bytes(u16::from_le_bytes([*low, *high])),
        [b'k', ..] => Task::Block,
        [b'd', ..] => Task::Descriptor,
        [b'n', ..] => Task::Nothing,
        _ => Task::Echo,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_understood() {
        for task in [Task::Echo, Task::Bytes(1_200), Task::Block, Task::Descriptor, Task::Nothing] {
            assert_eq!(asked(&ask(task)), task);
        }
        assert_eq!(asked(b""), Task::Echo);
    }
}
