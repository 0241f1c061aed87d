// SPDX-License-Identifier: MIT OR Apache-2.0
// Sizes, places and numbers of XNU's headers, as 64-bit programs have them.
#include <bsm/libbsm.h>
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <mach/mach_vm.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <servers/bootstrap.h>
#include <stddef.h>
#include <sys/fileport.h>

#ifdef __cplusplus
#define IS(condition) static_assert(condition, #condition)
#else
#define IS(condition) _Static_assert(condition, #condition)
#endif
#define SIZE(type, size) IS(sizeof(type) == (size))
#define AT(type, field, place) IS(offsetof(type, field) == (place))

SIZE(mach_msg_header_t, 24);
AT(mach_msg_header_t, msgh_size, 4);
AT(mach_msg_header_t, msgh_remote_port, 8);
AT(mach_msg_header_t, msgh_local_port, 12);
AT(mach_msg_header_t, msgh_voucher_port, 16);
AT(mach_msg_header_t, msgh_id, 20);
SIZE(mach_msg_body_t, 4);
SIZE(mach_msg_base_t, 28);
SIZE(mach_msg_type_descriptor_t, 12);
SIZE(mach_msg_port_descriptor_t, 12);
SIZE(mach_msg_ool_descriptor_t, 16);
AT(mach_msg_ool_descriptor_t, size, 12);
SIZE(mach_msg_ool_ports_descriptor_t, 16);
AT(mach_msg_ool_ports_descriptor_t, count, 12);
SIZE(mach_msg_guarded_port_descriptor_t, 16);
AT(mach_msg_guarded_port_descriptor_t, name, 12);
SIZE(mach_msg_descriptor_t, 16);
SIZE(security_token_t, 8);
SIZE(audit_token_t, 32);
SIZE(mach_msg_trailer_t, 8);
SIZE(mach_msg_seqno_trailer_t, 12);
SIZE(mach_msg_security_trailer_t, 20);
SIZE(mach_msg_format_0_trailer_t, 20);
SIZE(mach_msg_audit_trailer_t, 52);
SIZE(mach_msg_context_trailer_t, 60);
SIZE(mach_msg_mac_trailer_t, 68);
AT(mach_msg_mac_trailer_t, msgh_audit, 20);
AT(mach_msg_mac_trailer_t, msgh_context, 52);
AT(mach_msg_mac_trailer_t, msgh_labels, 64);
SIZE(mach_msg_empty_send_t, 24);
SIZE(mach_msg_empty_rcv_t, 32);
SIZE(NDR_record_t, 8);
SIZE(mig_reply_error_t, 36);
AT(mig_reply_error_t, RetCode, 32);
SIZE(mach_port_deleted_notification_t, 56);
SIZE(mach_port_destroyed_notification_t, 60);
SIZE(mach_no_senders_notification_t, 56);
SIZE(mach_send_once_notification_t, 44);
SIZE(mach_dead_name_notification_t, 56);
AT(mach_dead_name_notification_t, not_port, 32);
SIZE(mach_port_status_t, 40);
SIZE(mach_port_limits_t, 4);
SIZE(mach_port_info_ext_t, 68);
SIZE(mach_port_options_t, 24);
AT(mach_port_options_t, reserved, 8);
SIZE(mach_port_qos_t, 8);
SIZE(struct mig_subsystem, 72);
SIZE(struct routine_descriptor, 40);
SIZE(name_t, 128);
SIZE(au_tid_t, 16);
SIZE(vm_offset_t, 8);
SIZE(mach_port_context_t, 8);
SIZE(boolean_t, 4);

IS(MACH_PORT_RECEIVE_STATUS_COUNT == 10 && MACH_PORT_INFO_EXT_COUNT == 17 && MACH_PORT_LIMITS_INFO_COUNT == 1);
IS(MACH_PORT_TYPE_SEND == 0x10000 && MACH_PORT_TYPE_RECEIVE == 0x20000 && MACH_PORT_TYPE_SEND_ONCE == 0x40000);
IS(MACH_PORT_TYPE_PORT_SET == 0x80000 && MACH_PORT_TYPE_DEAD_NAME == 0x100000);
IS(MACH_NOTIFY_PORT_DELETED == 65 && MACH_NOTIFY_SEND_POSSIBLE == 66 && MACH_NOTIFY_PORT_DESTROYED == 69);
IS(MACH_NOTIFY_NO_SENDERS == 70 && MACH_NOTIFY_SEND_ONCE == 71 && MACH_NOTIFY_DEAD_NAME == 72);
IS(MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE) == 0x1513);
IS(MACH_MSGH_BITS_SET(19, 21, 0, MACH_MSGH_BITS_COMPLEX) == 0x80001513);
IS(MACH_MSGH_BITS_LOCAL(0x80001513) == 21 && MACH_MSGH_BITS_REMOTE(0x80001513) == 19);
IS(REQUESTED_TRAILER_SIZE(MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT)) == 52);
IS(MAX_TRAILER_SIZE == 68 && MACH_MSG_TRAILER_MINIMUM_SIZE == 8);
IS(MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AV) == 0x7000000 && MACH_RCV_TRAILER_MASK == 0xf000000);
IS(err_get_system(MACH_SEND_INVALID_DEST) == err_get_system(err_mach_ipc));
IS(TASK_AUDIT_TOKEN_COUNT == 8 && TASK_SECURITY_TOKEN_COUNT == 2);
IS(round_msg(25) == 28 && round_msg(28) == 28);

int main(void) {
    // The same names are the same port; the page's numbers fit each other.
    int is_right = mach_task_self() == (mach_task_self)() && vm_page_size == vm_page_mask + 1;
    is_right = is_right && vm_page_size == (vm_size_t)1 << vm_page_shift && NDR_record.int_rep == NDR_INT_LITTLE_ENDIAN;
    return is_right && MACH_PORT_VALID(bootstrap_port) ? 0 : 1;
}
