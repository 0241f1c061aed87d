// SPDX-License-Identifier: MIT OR Apache-2.0
// What MIG makes of a subsystem `calc 500`, in the form in which its generator writes: the server's header.
#ifndef	_calc_server_
#define	_calc_server_

/* Module calc */

#include "calc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Routine add */
kern_return_t calc_do_add(mach_port_t server, int a, int b, int *sum, audit_token_t who);
/* Routine name */
kern_return_t calc_do_name(mach_port_t server, label_t name, int *length);
/* Routine blob */
kern_return_t calc_do_blob(mach_port_t server, blob_t data, mach_msg_type_number_t dataCnt, blob_t *twice,
                           mach_msg_type_number_t *twiceCnt);
/* Routine port */
kern_return_t calc_do_port(mach_port_t server, mach_port_t *port);
/* SimpleRoutine note */
kern_return_t calc_do_note(mach_port_t server, int value);

boolean_t calc_server(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);
mig_routine_t calc_server_routine(mach_msg_header_t *InHeadP);

#ifdef __cplusplus
}
#endif

#endif	/* _calc_server_ */
