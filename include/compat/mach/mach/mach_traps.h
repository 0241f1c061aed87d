// SPDX-License-Identifier: MIT OR Apache-2.0
// Calls that need no task's port to be called with.
#ifndef _MACH_MACH_TRAPS_H_
#define _MACH_MACH_TRAPS_H_

#include <mach/kern_return.h>
#include <mach/mach_types.h>
#include <mach/port.h>

#ifdef __cplusplus
extern "C" {
#endif

// A new receive right, to be answered at; MACH_PORT_NULL if there is no name left.
mach_port_name_t mach_reply_port(void);
// That of this thread, which keeps it as long as it lives.
mach_port_name_t thread_get_special_reply_port(void);
// The task's self port, with one reference more.
mach_port_name_t task_self_trap(void);

// The process of a task: this one, or that of a right to a task's self port.
kern_return_t pid_for_task(mach_port_name_t t, int *x);
// Nobody gets another process's task by its number here: KERN_FAILURE for all but the caller's own.
kern_return_t task_for_pid(mach_port_name_t target_tport, int pid, mach_port_name_t *t);
kern_return_t task_name_for_pid(mach_port_name_t target_tport, int pid, mach_port_name_t *tn);

#ifdef __cplusplus
}
#endif

#endif
