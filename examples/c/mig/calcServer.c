// SPDX-License-Identifier: MIT OR Apache-2.0
// What MIG makes of a subsystem `calc 500`, in the form in which its generator writes: the server's side.
#include "calcServer.h"

#ifndef mig_internal
#define mig_internal static __inline__
#endif /* mig_internal */

#ifndef mig_external
#define mig_external
#endif /* mig_external */

#ifndef __MigTypeCheck
#define __MigTypeCheck 1
#endif
#ifndef __MigPackStructs
#define __MigPackStructs 1
#endif

#define novalue void

#ifndef __DeclareRcvRpc
#define __DeclareRcvRpc(_NUM_, _NAME_)
#endif /* __DeclareRcvRpc */
#ifndef __BeforeRcvRpc
#define __BeforeRcvRpc(_NUM_, _NAME_)
#endif /* __BeforeRcvRpc */
#ifndef __AfterRcvRpc
#define __AfterRcvRpc(_NUM_, _NAME_)
#endif /* __AfterRcvRpc */

#ifndef msgh_request_port
#define msgh_request_port	msgh_local_port
#endif
#define MACH_MSGH_BITS_REQUEST(bits)	MACH_MSGH_BITS_LOCAL(bits)
#ifndef msgh_reply_port
#define msgh_reply_port		msgh_remote_port
#endif
#define MACH_MSGH_BITS_REPLY(bits)	MACH_MSGH_BITS_REMOTE(bits)

/* Forward Declarations */

mig_internal novalue _Xcalc_add
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);

mig_internal novalue _Xcalc_name
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);

mig_internal novalue _Xcalc_blob
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);

mig_internal novalue _Xcalc_port
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);

mig_internal novalue _Xcalc_note
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP);

/* Routine calc_add */
mig_internal novalue _Xcalc_add
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)
{

#ifdef  __MigPackStructs
#pragma pack(push, 4)
#endif
	typedef struct {
		mach_msg_header_t Head;
		NDR_record_t NDR;
		int a;
		int b;
		mach_msg_max_trailer_t trailer;
	} Request __attribute__((unused));
	typedef struct {
		mach_msg_header_t Head;
		NDR_record_t NDR;
		int a;
		int b;
	} __Request __attribute__((unused));
#ifdef  __MigPackStructs
#pragma pack(pop)
#endif
	typedef __Reply__calc_add_t Reply __attribute__((unused));

	Request *In0P = (Request *)(void *) InHeadP;
	Reply *OutP = (Reply *)(void *) OutHeadP;

#if	__MigTypeCheck
	if ((In0P->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) ||
	    (In0P->Head.msgh_size != (mach_msg_size_t)sizeof(__Request)))
		{ MIG_RETURN_ERROR(OutP, MIG_BAD_ARGUMENTS); }
#endif	/* __MigTypeCheck */

	mach_msg_max_trailer_t *TrailerP = (mach_msg_max_trailer_t *)(void *)((char *)In0P +
		round_msg(In0P->Head.msgh_size));

	if (TrailerP->msgh_trailer_type != MACH_MSG_TRAILER_FORMAT_0)
		{ MIG_RETURN_ERROR(OutP, MIG_TRAILER_ERROR); }
	if (TrailerP->msgh_trailer_size < (mach_msg_trailer_size_t)sizeof(mach_msg_audit_trailer_t))
		{ MIG_RETURN_ERROR(OutP, MIG_TRAILER_ERROR); }

	OutP->RetCode = calc_do_add(In0P->Head.msgh_request_port, In0P->a, In0P->b, &OutP->sum, TrailerP->msgh_audit);
	if (OutP->RetCode != KERN_SUCCESS) {
		MIG_RETURN_ERROR(OutP, OutP->RetCode);
	}

	OutP->NDR = NDR_record;

	OutP->Head.msgh_size = (mach_msg_size_t)(sizeof(Reply));
}

/* Routine calc_name */
mig_internal novalue _Xcalc_name
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)
{

#ifdef  __MigPackStructs
#pragma pack(push, 4)
#endif
	typedef struct {
		mach_msg_header_t Head;
		NDR_record_t NDR;
		mach_msg_type_number_t nameOffset; /* MiG doesn't use it */
		mach_msg_type_number_t nameCnt;
		char name[64];
		mach_msg_max_trailer_t trailer;
	} Request __attribute__((unused));
	typedef struct {
		mach_msg_header_t Head;
		NDR_record_t NDR;
		mach_msg_type_number_t nameOffset; /* MiG doesn't use it */
		mach_msg_type_number_t nameCnt;
		char name[64];
	} __Request __attribute__((unused));
#ifdef  __MigPackStructs
#pragma pack(pop)
#endif
	typedef __Reply__calc_name_t Reply __attribute__((unused));

	Request *In0P = (Request *)(void *) InHeadP;
	Reply *OutP = (Reply *)(void *) OutHeadP;

#if	__MigTypeCheck
	if ((In0P->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) ||
	    (In0P->Head.msgh_size < (mach_msg_size_t)(sizeof(__Request) - 64)) || In0P->nameCnt > 64 ||
	    memchr(In0P->name, '\0', In0P->nameCnt) == NULL)
		{ MIG_RETURN_ERROR(OutP, MIG_BAD_ARGUMENTS); }
#endif	/* __MigTypeCheck */

	OutP->RetCode = calc_do_name(In0P->Head.msgh_request_port, In0P->name, &OutP->length);
	if (OutP->RetCode != KERN_SUCCESS) {
		MIG_RETURN_ERROR(OutP, OutP->RetCode);
	}

	OutP->NDR = NDR_record;

	OutP->Head.msgh_size = (mach_msg_size_t)(sizeof(Reply));
}

/* Routine calc_blob */
mig_internal novalue _Xcalc_blob
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)
{

#ifdef  __MigPackStructs
#pragma pack(push, 4)
#endif
	typedef struct {
		mach_msg_header_t Head;
		/* start of the kernel processed data */
		mach_msg_body_t msgh_body;
		mach_msg_ool_descriptor_t data;
		/* end of the kernel processed data */
		NDR_record_t NDR;
		mach_msg_type_number_t dataCnt;
		mach_msg_max_trailer_t trailer;
	} Request __attribute__((unused));
	typedef struct {
		mach_msg_header_t Head;
		/* start of the kernel processed data */
		mach_msg_body_t msgh_body;
		mach_msg_ool_descriptor_t data;
		/* end of the kernel processed data */
		NDR_record_t NDR;
		mach_msg_type_number_t dataCnt;
	} __Request __attribute__((unused));
#ifdef  __MigPackStructs
#pragma pack(pop)
#endif
	typedef __Reply__calc_blob_t Reply __attribute__((unused));

	Request *In0P = (Request *)(void *) InHeadP;
	Reply *OutP = (Reply *)(void *) OutHeadP;

#if	__MigTypeCheck
	if (!(In0P->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) || In0P->msgh_body.msgh_descriptor_count != 1 ||
	    In0P->data.type != MACH_MSG_OOL_DESCRIPTOR || In0P->data.size != In0P->dataCnt)
		{ MIG_RETURN_ERROR(OutP, MIG_BAD_ARGUMENTS); }
#endif	/* __MigTypeCheck */

	kern_return_t RetCode;
	blob_t twice = NULL;

	RetCode = calc_do_blob(In0P->Head.msgh_request_port, (blob_t)(In0P->data.address), In0P->data.size, &twice,
		&OutP->twiceCnt);
	if (RetCode != KERN_SUCCESS) {
		MIG_RETURN_ERROR(OutP, RetCode);
	}

	OutP->twice.address = (void *)(twice);
	OutP->twice.size = OutP->twiceCnt;
	OutP->twice.deallocate =  TRUE;
	OutP->twice.copy = MACH_MSG_VIRTUAL_COPY;
	OutP->twice.type = MACH_MSG_OOL_DESCRIPTOR;

	OutP->NDR = NDR_record;

	OutP->Head.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
	OutP->Head.msgh_size = (mach_msg_size_t)(sizeof(Reply));
	OutP->msgh_body.msgh_descriptor_count = 1;
}

/* Routine calc_port */
mig_internal novalue _Xcalc_port
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)
{

#ifdef  __MigPackStructs
#pragma pack(push, 4)
#endif
	typedef struct {
		mach_msg_header_t Head;
		mach_msg_max_trailer_t trailer;
	} Request __attribute__((unused));
	typedef struct {
		mach_msg_header_t Head;
	} __Request __attribute__((unused));
#ifdef  __MigPackStructs
#pragma pack(pop)
#endif
	typedef __Reply__calc_port_t Reply __attribute__((unused));

	Request *In0P = (Request *)(void *) InHeadP;
	Reply *OutP = (Reply *)(void *) OutHeadP;

#if	__MigTypeCheck
	if ((In0P->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX) ||
	    (In0P->Head.msgh_size != (mach_msg_size_t)sizeof(__Request)))
		{ MIG_RETURN_ERROR(OutP, MIG_BAD_ARGUMENTS); }
#endif	/* __MigTypeCheck */

	kern_return_t RetCode;
	mach_port_t port = MACH_PORT_NULL;

	RetCode = calc_do_port(In0P->Head.msgh_request_port, &port);
	if (RetCode != KERN_SUCCESS) {
		MIG_RETURN_ERROR(OutP, RetCode);
	}

	OutP->port.name = port;
	OutP->port.disposition = MACH_MSG_TYPE_MAKE_SEND;
	OutP->port.pad1 = 0;
	OutP->port.pad2 = 0;
	OutP->port.type = MACH_MSG_PORT_DESCRIPTOR;

	OutP->Head.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
	OutP->Head.msgh_size = (mach_msg_size_t)(sizeof(Reply));
	OutP->msgh_body.msgh_descriptor_count = 1;
}

/* SimpleRoutine calc_note */
mig_internal novalue _Xcalc_note
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)
{
	__Request__calc_note_t *In0P = (__Request__calc_note_t *)(void *) InHeadP;
	mig_reply_error_t *OutP = (mig_reply_error_t *)(void *) OutHeadP;

	OutP->RetCode = calc_do_note(In0P->Head.msgh_request_port, In0P->value);
	OutP->RetCode = MIG_NO_REPLY;
}

/* Description of this subsystem, for use in direct RPC */
const struct calc_do_calc_subsystem {
	mig_server_routine_t 	server;	/* Server routine */
	mach_msg_id_t	start;	/* Min routine number */
	mach_msg_id_t	end;	/* Max routine number + 1 */
	unsigned int	maxsize;	/* Max msg size */
	vm_address_t	reserved;	/* Reserved */
	struct routine_descriptor	/*Array of routine descriptors */
		routine[5];
} calc_do_calc_subsystem = {
	calc_server_routine,
	500,
	505,
	(mach_msg_size_t)sizeof(union __ReplyUnion__calc_subsystem),
	(vm_address_t)0,
	{
          { (mig_impl_routine_t) 0, (mig_stub_routine_t) _Xcalc_add, 4, 0, (routine_arg_descriptor_t)0, (mach_msg_size_t)sizeof(__Reply__calc_add_t)},
          { (mig_impl_routine_t) 0, (mig_stub_routine_t) _Xcalc_name, 3, 0, (routine_arg_descriptor_t)0, (mach_msg_size_t)sizeof(__Reply__calc_name_t)},
          { (mig_impl_routine_t) 0, (mig_stub_routine_t) _Xcalc_blob, 5, 0, (routine_arg_descriptor_t)0, (mach_msg_size_t)sizeof(__Reply__calc_blob_t)},
          { (mig_impl_routine_t) 0, (mig_stub_routine_t) _Xcalc_port, 2, 0, (routine_arg_descriptor_t)0, (mach_msg_size_t)sizeof(__Reply__calc_port_t)},
          { (mig_impl_routine_t) 0, (mig_stub_routine_t) _Xcalc_note, 2, 0, (routine_arg_descriptor_t)0, 0},
	}
};

mig_external boolean_t calc_server
	(mach_msg_header_t *InHeadP, mach_msg_header_t *OutHeadP)
{
	/*
	 * typedef struct {
	 * 	mach_msg_header_t Head;
	 * 	NDR_record_t NDR;
	 * 	kern_return_t RetCode;
	 * } mig_reply_error_t;
	 */

	mig_routine_t routine;

	OutHeadP->msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REPLY(InHeadP->msgh_bits), 0);
	OutHeadP->msgh_remote_port = InHeadP->msgh_remote_port;
	/* Minimal size: routine() will update it if different */
	OutHeadP->msgh_size = (mach_msg_size_t)sizeof(mig_reply_error_t);
	OutHeadP->msgh_local_port = MACH_PORT_NULL;
	OutHeadP->msgh_id = InHeadP->msgh_id + 100;
	OutHeadP->msgh_reserved = 0;

	if ((InHeadP->msgh_id > 504) || (InHeadP->msgh_id < 500) ||
	    ((routine = calc_do_calc_subsystem.routine[InHeadP->msgh_id - 500].stub_routine) == 0)) {
		((mig_reply_error_t *)(void *)OutHeadP)->NDR = NDR_record;
		((mig_reply_error_t *)(void *)OutHeadP)->RetCode = MIG_BAD_ID;
		return FALSE;
	}
	(*routine) (InHeadP, OutHeadP);
	return TRUE;
}

mig_external mig_routine_t calc_server_routine
	(mach_msg_header_t *InHeadP)
{
	int msgh_id;

	msgh_id = InHeadP->msgh_id - 500;

	if ((msgh_id > 4) || (msgh_id < 0))
		return 0;

	return calc_do_calc_subsystem.routine[msgh_id].stub_routine;
}
