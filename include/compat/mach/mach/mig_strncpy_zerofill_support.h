// SPDX-License-Identifier: MIT OR Apache-2.0
// That this file is there tells code that MIG generated to use mig_strncpy_zerofill.
