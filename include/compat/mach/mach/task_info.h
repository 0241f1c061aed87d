// SPDX-License-Identifier: MIT OR Apache-2.0
// Who a task is: its tokens, as trailers of messages have them.
#ifndef _MACH_TASK_INFO_H_
#define _MACH_TASK_INFO_H_

#include <mach/message.h>
#include <mach/port.h>

typedef integer_t *task_info_t;
typedef natural_t task_flavor_number_t;

#define TASK_INFO_MAX 1024
#define TASK_SECURITY_TOKEN 13
#define TASK_SECURITY_TOKEN_COUNT ((mach_msg_type_number_t)(sizeof(security_token_t) / sizeof(natural_t)))
#define TASK_AUDIT_TOKEN 15
#define TASK_AUDIT_TOKEN_COUNT ((mach_msg_type_number_t)(sizeof(audit_token_t) / sizeof(natural_t)))

#endif
