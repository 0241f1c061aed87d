// SPDX-License-Identifier: MIT OR Apache-2.0
// What every task has from its start. A forked child is a new task; these are its own there.
#ifndef _MACH_MACH_INIT_H_
#define _MACH_MACH_INIT_H_

#include <mach/mach_types.h>
#include <mach/vm_page_size.h>

#ifdef __cplusplus
extern "C" {
#endif

extern mach_port_t mach_task_self_;
// A task's right to its own self port, without a reference more.
mach_port_t mach_task_self(void);
#define mach_task_self() mach_task_self_
#define current_task() mach_task_self()

// By which services are registered and found (servers/bootstrap.h).
extern mach_port_t bootstrap_port;

mach_port_t mach_host_self(void);
mach_port_t mach_thread_self(void);
kern_return_t host_page_size(host_t host, vm_size_t *size);

#ifdef __cplusplus
}
#endif

#endif
