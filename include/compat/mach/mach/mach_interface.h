// SPDX-License-Identifier: MIT OR Apache-2.0
// All calls by which a task asks the system for something.
#ifndef _MACH_INTERFACE_H_
#define _MACH_INTERFACE_H_

#include <mach/mach_port.h>
#include <mach/task.h>
#include <mach/vm_map.h>

#endif
