// SPDX-License-Identifier: MIT OR Apache-2.0
// The types that all others are made of, and those that MIG knows by name.
#ifndef _MACH_STD_TYPES_H_
#define _MACH_STD_TYPES_H_

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/port.h>
#include <mach/vm_types.h>
#include <stdint.h>

typedef vm_offset_t pointer_t;
typedef uint64_t uint64_array_1[1];

#endif
