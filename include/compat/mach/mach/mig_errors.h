// SPDX-License-Identifier: MIT OR Apache-2.0
// What goes wrong between a client and a server that MIG generated, and the answer that says so.
#ifndef _MACH_MIG_ERRORS_H_
#define _MACH_MIG_ERRORS_H_

#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/mig.h>
#include <mach/ndr.h>

#define MIG_TYPE_ERROR (-300) // the client's arguments are not of the types
#define MIG_REPLY_MISMATCH (-301) // the answer is another routine's
#define MIG_REMOTE_ERROR (-302)
#define MIG_BAD_ID (-303) // no routine has this identifier
#define MIG_BAD_ARGUMENTS (-304)
#define MIG_NO_REPLY (-305) // the server answers later, or never
#define MIG_EXCEPTION (-306)
#define MIG_ARRAY_TOO_LARGE (-307)
#define MIG_SERVER_DIED (-308)
#define MIG_TRAILER_ERROR (-309)

#pragma pack(push, 4)
typedef struct {
    mach_msg_header_t Head;
    NDR_record_t NDR;
    kern_return_t RetCode;
} mig_reply_error_t;
#pragma pack(pop)

#define MIG_RETURN_ERROR(X, code) \
    { \
        ((mig_reply_error_t *)X)->RetCode = code; \
        ((mig_reply_error_t *)X)->NDR = NDR_record; \
        return; \
    }

#endif
