// SPDX-License-Identifier: MIT OR Apache-2.0
// Mach as macOS's programs know it, on Linux: link with -lcabotage-mach. What is not here, and what is otherwise, stands
// in docs/porting-macos.md.
#ifndef _MACH_H_
#define _MACH_H_

#include <mach/kern_return.h>
#include <mach/mach_init.h>
#include <mach/mach_interface.h>
#include <mach/mach_traps.h>
#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/mig.h>
#include <mach/std_types.h>

#ifdef __cplusplus
extern "C" {
#endif

// What a message takes along, given back; for one that will not be looked at further.
void mach_msg_destroy(mach_msg_header_t *msg);

// mach_msg with the size, or the room and the port, from the message's own header.
mach_msg_return_t mach_msg_send(mach_msg_header_t *header);
mach_msg_return_t mach_msg_receive(mach_msg_header_t *header);

// Receives at `port` and lets `demux` make an answer, which is sent: until an error, or once.
mach_msg_return_t mach_msg_server(boolean_t (*demux)(mach_msg_header_t *, mach_msg_header_t *), mach_msg_size_t max_size,
                                  mach_port_t port, mach_msg_option_t options);
mach_msg_return_t mach_msg_server_once(boolean_t (*demux)(mach_msg_header_t *, mach_msg_header_t *),
                                       mach_msg_size_t max_size, mach_port_t port, mach_msg_option_t options);

#ifdef __cplusplus
}
#endif

#endif
