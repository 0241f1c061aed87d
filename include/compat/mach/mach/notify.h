// SPDX-License-Identifier: MIT OR Apache-2.0
// What the system itself tells: identifiers and layouts (XNU, osfmk/mach/notify.h). Whether a message is really the
// system's says its trailer: the audit token is all zero, and the security token {0, 1}.
#ifndef _MACH_NOTIFY_H_
#define _MACH_NOTIFY_H_

#include <mach/message.h>
#include <mach/ndr.h>
#include <mach/port.h>

#define MACH_NOTIFY_FIRST 0100
#define MACH_NOTIFY_PORT_DELETED (MACH_NOTIFY_FIRST + 001) // a name with a request is gone
#define MACH_NOTIFY_SEND_POSSIBLE (MACH_NOTIFY_FIRST + 002) // a message can be sent again
#define MACH_NOTIFY_PORT_DESTROYED (MACH_NOTIFY_FIRST + 005) // the receive right itself, instead of its end
#define MACH_NOTIFY_NO_SENDERS (MACH_NOTIFY_FIRST + 006) // no send right is left
#define MACH_NOTIFY_SEND_ONCE (MACH_NOTIFY_FIRST + 007) // a send-once right was destroyed unused
#define MACH_NOTIFY_DEAD_NAME (MACH_NOTIFY_FIRST + 010) // the port has died
#define MACH_NOTIFY_LAST (MACH_NOTIFY_FIRST + 015)

typedef mach_port_t notify_port_t;

#pragma pack(push, 4)

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_port_name_t not_port;
    mach_msg_format_0_trailer_t trailer;
} mach_port_deleted_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_port_name_t not_port;
    mach_msg_format_0_trailer_t trailer;
} mach_send_possible_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_body_t not_body;
    mach_msg_port_descriptor_t not_port;
    mach_msg_format_0_trailer_t trailer;
} mach_port_destroyed_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_msg_type_number_t not_count; // send rights made so far
    mach_msg_format_0_trailer_t trailer;
} mach_no_senders_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    mach_msg_format_0_trailer_t trailer;
} mach_send_once_notification_t;

typedef struct {
    mach_msg_header_t not_header;
    NDR_record_t NDR;
    mach_port_name_t not_port; // it has one reference more
    mach_msg_format_0_trailer_t trailer;
} mach_dead_name_notification_t;

#pragma pack(pop)

#endif
