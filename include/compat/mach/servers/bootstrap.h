// SPDX-License-Identifier: MIT OR Apache-2.0
// Names of services. Numbers are launchd's; a name is any string shorter than a name_t.
#ifndef _BOOTSTRAP_H_
#define _BOOTSTRAP_H_

#include <mach/mach_types.h>
#include <mach/std_types.h>
#include <stdint.h>
#include <sys/types.h>

#define BOOTSTRAP_MAX_NAME_LEN 128 // the zero counted
#define BOOTSTRAP_MAX_CMD_LEN 512
#define BOOTSTRAP_MAX_LOOKUP_COUNT 20

typedef char name_t[BOOTSTRAP_MAX_NAME_LEN];
typedef char cmd_t[BOOTSTRAP_MAX_CMD_LEN];
typedef name_t *name_array_t;
typedef int bootstrap_status_t;
typedef bootstrap_status_t *bootstrap_status_array_t;
typedef unsigned int bootstrap_property_t;
typedef bootstrap_property_t *bootstrap_property_array_t;
typedef boolean_t *bool_array_t;

#define BOOTSTRAP_SUCCESS 0
#define BOOTSTRAP_NOT_PRIVILEGED 1100
#define BOOTSTRAP_NAME_IN_USE 1101
#define BOOTSTRAP_UNKNOWN_SERVICE 1102
#define BOOTSTRAP_SERVICE_ACTIVE 1103
#define BOOTSTRAP_BAD_COUNT 1104
#define BOOTSTRAP_NO_MEMORY 1105
#define BOOTSTRAP_NO_CHILDREN 1106

#define BOOTSTRAP_STATUS_INACTIVE 0
#define BOOTSTRAP_STATUS_ACTIVE 1
#define BOOTSTRAP_STATUS_ON_DEMAND 2

#ifdef __cplusplus
extern "C" {
#endif

// That of this task (mach/mach_init.h has it as well).
extern mach_port_t bootstrap_port;

// A name for a port that the caller has a right to.
kern_return_t bootstrap_register(mach_port_t bp, const char *service_name, mach_port_t sp);
// The same; MACH_PORT_NULL takes the name back.
kern_return_t bootstrap_register2(mach_port_t bp, const char *service_name, mach_port_t sp, uint64_t flags);
// A right to send to whoever has the name.
kern_return_t bootstrap_look_up(mach_port_t bp, const char *service_name, mach_port_t *sp);
// The right to receive what is sent to this name.
kern_return_t bootstrap_check_in(mach_port_t bp, const char *service_name, mach_port_t *sp);
// A name whose receiver is not there yet.
kern_return_t bootstrap_create_service(mach_port_t bp, const char *service_name, mach_port_t *sp);
kern_return_t bootstrap_status(mach_port_t bp, const char *service_name, bootstrap_status_t *service_active);
// Names of one's own, above those of `bp`, as long as the requestor's port lives.
kern_return_t bootstrap_subset(mach_port_t bp, mach_port_t requestor_port, mach_port_t *subset_port);
kern_return_t bootstrap_parent(mach_port_t bp, mach_port_t *parent_port);

const char *bootstrap_strerror(kern_return_t r);

#ifdef __cplusplus
}
#endif

#endif
