// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cabotage bench`: what each mechanism costs, held against what the kernel and the memory can do at best.
