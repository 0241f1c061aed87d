// SPDX-License-Identifier: MIT OR Apache-2.0
// What MIG makes of a subsystem `calc 500`, in the form in which its generator writes: the client's header.
#ifndef _calc_user_
#define _calc_user_

/* Module calc */

#include <string.h>
#include <mach/ndr.h>
#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/notify.h>
#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/port.h>

#ifndef KERNEL
#if defined(__has_include)
#if __has_include(<mach/mig_voucher_support.h>)
#error "there are no vouchers here"
#endif
#if __has_include(<mach/mig_strncpy_zerofill_support.h>)
#error "weak imports of it are no C of this compiler"
#endif
#endif
#endif

#ifdef AUTOTEST
#ifndef FUNCTION_PTR_T
#define FUNCTION_PTR_T
typedef void (*function_ptr_t)(mach_port_t, char *, mach_msg_type_number_t);
typedef struct {
        char            *name;
        function_ptr_t  function;
} function_table_entry;
typedef function_table_entry   *function_table_t;
#endif /* FUNCTION_PTR_T */
#endif /* AUTOTEST */

#ifndef calc_MSG_COUNT
#define calc_MSG_COUNT 5
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef char label_t[64];
typedef char *blob_t;

/* Routine add */
#ifdef	mig_external
mig_external
#else
extern
#endif	/* mig_external */
kern_return_t calc_add(mach_port_t server, int a, int b, int *sum);
/* Routine name */
#ifdef	mig_external
mig_external
#else
extern
#endif	/* mig_external */
kern_return_t calc_name(mach_port_t server, label_t name, int *length);
/* Routine blob */
#ifdef	mig_external
mig_external
#else
extern
#endif	/* mig_external */
kern_return_t calc_blob(mach_port_t server, blob_t data, mach_msg_type_number_t dataCnt, blob_t *twice,
                                     mach_msg_type_number_t *twiceCnt);
/* Routine port */
#ifdef	mig_external
mig_external
#else
extern
#endif	/* mig_external */
kern_return_t calc_port(mach_port_t server, mach_port_t *port);
/* SimpleRoutine note */
#ifdef	mig_external
mig_external
#else
extern
#endif	/* mig_external */
kern_return_t calc_note(mach_port_t server, int value);

#ifdef __cplusplus
}
#endif

/********************** Caution **************************/
/* The following data types should be used to calculate  */
/* maximum message sizes only. The actual message may be */
/* smaller, and the position of the arguments within the */
/* message layout may vary from what is presented here.  */
/********************** Caution **************************/

#pragma pack(push, 4)
typedef struct {
        mach_msg_header_t Head;
        NDR_record_t NDR;
        int a;
        int b;
} __Request__calc_add_t __attribute__((unused));
typedef struct {
        mach_msg_header_t Head;
        NDR_record_t NDR;
        mach_msg_type_number_t nameOffset; /* MiG doesn't use it */
        mach_msg_type_number_t nameCnt;
        char name[64];
} __Request__calc_name_t __attribute__((unused));
typedef struct {
        mach_msg_header_t Head;
        /* start of the kernel processed data */
        mach_msg_body_t msgh_body;
        mach_msg_ool_descriptor_t data;
        /* end of the kernel processed data */
        NDR_record_t NDR;
        mach_msg_type_number_t dataCnt;
} __Request__calc_blob_t __attribute__((unused));
typedef struct {
        mach_msg_header_t Head;
} __Request__calc_port_t __attribute__((unused));
typedef struct {
        mach_msg_header_t Head;
        NDR_record_t NDR;
        int value;
} __Request__calc_note_t __attribute__((unused));

typedef struct {
        mach_msg_header_t Head;
        NDR_record_t NDR;
        kern_return_t RetCode;
        int sum;
} __Reply__calc_add_t __attribute__((unused));
typedef struct {
        mach_msg_header_t Head;
        NDR_record_t NDR;
        kern_return_t RetCode;
        int length;
} __Reply__calc_name_t __attribute__((unused));
typedef struct {
        mach_msg_header_t Head;
        /* start of the kernel processed data */
        mach_msg_body_t msgh_body;
        mach_msg_ool_descriptor_t twice;
        /* end of the kernel processed data */
        NDR_record_t NDR;
        mach_msg_type_number_t twiceCnt;
} __Reply__calc_blob_t __attribute__((unused));
typedef struct {
        mach_msg_header_t Head;
        /* start of the kernel processed data */
        mach_msg_body_t msgh_body;
        mach_msg_port_descriptor_t port;
        /* end of the kernel processed data */
} __Reply__calc_port_t __attribute__((unused));
#pragma pack(pop)

union __RequestUnion__calc_subsystem {
        __Request__calc_add_t Request_calc_add;
        __Request__calc_name_t Request_calc_name;
        __Request__calc_blob_t Request_calc_blob;
        __Request__calc_port_t Request_calc_port;
        __Request__calc_note_t Request_calc_note;
};
union __ReplyUnion__calc_subsystem {
        __Reply__calc_add_t Reply_calc_add;
        __Reply__calc_name_t Reply_calc_name;
        __Reply__calc_blob_t Reply_calc_blob;
        __Reply__calc_port_t Reply_calc_port;
};

#ifndef subsystem_to_name_map_calc
#define subsystem_to_name_map_calc \
    { "calc_add", 500 },\
    { "calc_name", 501 },\
    { "calc_blob", 502 },\
    { "calc_port", 503 },\
    { "calc_note", 504 }
#endif

#endif /* _calc_user_ */
