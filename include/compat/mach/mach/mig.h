// SPDX-License-Identifier: MIT OR Apache-2.0
// What code that MIG generates is made of: tables of routines, and messages' outlines.
#ifndef _MACH_MIG_H_
#define _MACH_MIG_H_

#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/port.h>
#include <mach/vm_types.h>
#include <stddef.h>
#include <sys/types.h>

typedef void (*mig_stub_routine_t)(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);
typedef mig_stub_routine_t mig_routine_t;
typedef mig_routine_t (*mig_server_routine_t)(mach_msg_header_t *InHeadP);
typedef kern_return_t (*mig_impl_routine_t)(void);

typedef mach_msg_type_descriptor_t routine_arg_descriptor;
typedef mach_msg_type_descriptor_t *routine_arg_descriptor_t;
typedef mach_msg_type_descriptor_t *mig_routine_arg_descriptor_t;
#define MIG_ROUTINE_ARG_DESCRIPTOR_NULL ((mig_routine_arg_descriptor_t)0)

struct routine_descriptor {
    mig_impl_routine_t impl_routine; // the server's work
    mig_stub_routine_t stub_routine; // takes the message apart
    unsigned int argc;
    unsigned int descr_count;
    routine_arg_descriptor_t arg_descr;
    unsigned int max_reply_msg;
};
typedef struct routine_descriptor *routine_descriptor_t;
typedef struct routine_descriptor mig_routine_descriptor;
typedef mig_routine_descriptor *mig_routine_descriptor_t;
#define MIG_ROUTINE_DESCRIPTOR_NULL ((mig_routine_descriptor_t)0)

typedef struct mig_subsystem {
    mig_server_routine_t server; // which stub a message is for
    mach_msg_id_t start; // the least identifier
    mach_msg_id_t end; // one more than the greatest
    mach_msg_size_t maxsize; // of an answer
    vm_address_t reserved;
    mig_routine_descriptor routine[1];
} *mig_subsystem_t;
#define MIG_SUBSYSTEM_NULL ((mig_subsystem_t)0)

typedef struct mig_symtab {
    char *ms_routine_name;
    int ms_routine_number;
    void (*ms_routine)(void);
} mig_symtab_t;

typedef struct {
    mach_msg_header_t Head;
    mach_msg_body_t msgh_body;
} mig_complex_message_t;

#ifdef __cplusplus
extern "C" {
#endif

// Where this thread is answered.
mach_port_t mig_get_reply_port(void);
// It may be used again.
void mig_put_reply_port(mach_port_t reply_port);
// A late answer may come to it: it goes, and the next call makes another.
void mig_dealloc_reply_port(mach_port_t reply_port);
mach_port_t mig_get_special_reply_port(void);
void mig_dealloc_special_reply_port(mach_port_t reply_port);

// Copies a string of at most len - 1 characters and ends it; answers its length with the end counted.
int mig_strncpy(char *dest, const char *src, int len);
// The same, and nothing of the rest of dest stays as it was.
int mig_strncpy_zerofill(char *dest, const char *src, int len);

void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);

#ifdef __cplusplus
}
#endif

#endif
