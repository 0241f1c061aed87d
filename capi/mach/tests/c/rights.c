// SPDX-License-Identifier: MIT OR Apache-2.0
// Names, rights and references: section 1a of Mach's semantics.
#include "mach_test.h"

static void allocate(void) {
    mach_port_t port = new_port();
    mach_port_status_t status = status_of(port);
    CHECK_EQ(status.mps_qlimit, MACH_PORT_QLIMIT_DEFAULT);
    CHECK(status.mps_pset == 0 && status.mps_seqno == 0 && status.mps_mscount == 0 && status.mps_srights == FALSE);
    CHECK_EQ(type_of(port), MACH_PORT_TYPE_RECEIVE);
    mach_port_t dead = MACH_PORT_NULL;
    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_DEAD_NAME, &dead));
    CHECK_EQ(refs(dead, MACH_PORT_RIGHT_DEAD_NAME), 1);
    DO(mach_port_deallocate(SELF, dead));
    CHECK_EQ(mach_port_allocate(SELF, MACH_PORT_RIGHT_SEND, &dead), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_allocate(SELF, 6, &dead), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, NULL), KERN_INVALID_ARGUMENT);
    CHECK_EQ(mach_port_allocate(MACH_PORT_NULL, MACH_PORT_RIGHT_RECEIVE, &dead), MACH_SEND_INVALID_DEST);

    // Names that the caller chooses have their two lowest bits set.
    CHECK_EQ(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 122), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, MACH_PORT_DEAD), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x03), KERN_FAILURE);
    DO(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x20007));
    CHECK_EQ(mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x20007), KERN_NAME_EXISTS);
    DO(mach_port_destroy(SELF, 0x20007));
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    mach_port_type_t type;
    CHECK_EQ(mach_port_type(SELF, port, &type), KERN_INVALID_NAME);
    mach_port_t reply = mach_reply_port();
    CHECK_EQ(type_of(reply), MACH_PORT_TYPE_RECEIVE);
    DO(mach_port_destroy(SELF, reply));
}

static void construct(void) {
    mach_port_options_t options;
    memset(&options, 0, sizeof options);
    options.flags = MPO_QLIMIT | MPO_INSERT_SEND_RIGHT | MPO_CONTEXT_AS_GUARD | MPO_STRICT;
    options.mpl.mpl_qlimit = 7;
    mach_port_t port = MACH_PORT_NULL;
    DO(mach_port_construct(SELF, &options, 0x1234, &port));
    CHECK_EQ(type_of(port), MACH_PORT_TYPE_SEND_RECEIVE);
    mach_port_status_t status = status_of(port);
    CHECK_EQ(status.mps_qlimit, 7);
    CHECK_EQ(status.mps_flags, MACH_PORT_STATUS_FLAG_GUARDED | MACH_PORT_STATUS_FLAG_STRICT_GUARD);

    // A strict guard shows no context, and only who knows it destroys the port.
    mach_port_context_t context = 1;
    DO(mach_port_get_context(SELF, port, &context));
    CHECK_EQ(context, 0);
    CHECK_EQ(mach_port_set_context(SELF, port, 5), KERN_INVALID_ARGUMENT);
    CHECK_EQ(mach_port_destroy(SELF, port), KERN_INVALID_RIGHT);
    CHECK_EQ(mach_port_destruct(SELF, port, -1, 0x9999), KERN_INVALID_ARGUMENT);
    CHECK_EQ(mach_port_destruct(SELF, port, 1, 0x1234), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_destruct(SELF, port, -2, 0x1234), KERN_INVALID_VALUE);
    DO(mach_port_destruct(SELF, port, -1, 0x1234));
    CHECK_EQ(mach_port_destruct(SELF, MACH_PORT_NULL, 0, 0), KERN_INVALID_NAME);

    options.flags = MPO_QLIMIT;
    options.mpl.mpl_qlimit = MACH_PORT_QLIMIT_MAX + 1;
    CHECK_EQ(mach_port_construct(SELF, &options, 0, &port), KERN_INVALID_VALUE);
    options.flags = MPO_INSERT_SEND_RIGHT | MPO_REPLY_PORT;
    CHECK_EQ(mach_port_construct(SELF, &options, 0, &port), KERN_INVALID_ARGUMENT);
    options.flags = 0;
    DO(mach_port_construct(SELF, &options, 9, &port));
    DO(mach_port_get_context(SELF, port, &context));
    CHECK_EQ(context, 9);
    CHECK_EQ(mach_port_guard(SELF, port, 5, FALSE), KERN_INVALID_ARGUMENT);
    DO(mach_port_set_context(SELF, port, 0));
    DO(mach_port_guard(SELF, port, 5, FALSE));
    CHECK_EQ(mach_port_guard(SELF, port, 5, FALSE), KERN_INVALID_ARGUMENT);
    DO(mach_port_swap_guard(SELF, port, 5, 6));
    CHECK_EQ(mach_port_unguard(SELF, port, 5), KERN_INVALID_ARGUMENT);
    DO(mach_port_unguard(SELF, port, 6));
    CHECK_EQ(mach_port_guard_with_flags(SELF, port, 5, 0x80), KERN_INVALID_ARGUMENT);
    DO(mach_port_guard_with_flags(SELF, port, 5, MPG_STRICT | MPG_IMMOVABLE_RECEIVE));
    CHECK(status_of(port).mps_flags & MACH_PORT_STATUS_FLAG_GUARD_IMMOVABLE_RECEIVE);
    DO(mach_port_destruct(SELF, port, 0, 5));
}

static void references(void) {
    mach_port_t port = new_port();
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 0);
    DO(mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND));
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 2));
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 3);
    CHECK_EQ(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -4), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, 1), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND_ONCE, -1), KERN_INVALID_RIGHT);
    CHECK_EQ(mach_port_mod_refs(SELF, port, 99, -1), KERN_INVALID_VALUE);
    // References peg at their maximum, and then only all of them at once go.
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 0x20000));
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), MACH_PORT_UREFS_MAX);
    DO(mach_port_deallocate(SELF, port));
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), MACH_PORT_UREFS_MAX);
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -65535));
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 0);
    CHECK_EQ(mach_port_deallocate(SELF, port), KERN_INVALID_RIGHT);
    DO(mach_port_deallocate(SELF, MACH_PORT_NULL));
    DO(mach_port_deallocate(SELF, MACH_PORT_DEAD));
    DO(mach_port_destroy(SELF, MACH_PORT_NULL));
    CHECK_EQ(refs(MACH_PORT_NULL, MACH_PORT_RIGHT_SEND), 1);
    mach_port_urefs_t count;
    CHECK_EQ(mach_port_get_refs(SELF, MACH_PORT_NULL, MACH_PORT_RIGHT_RECEIVE, &count), KERN_INVALID_NAME);
    CHECK_EQ(mach_port_get_refs(SELF, port, MACH_PORT_RIGHT_NUMBER, &count), KERN_INVALID_VALUE);
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_LABELH), 0);
    DO(mach_port_destroy(SELF, port));
}

static void moving(void) {
    mach_port_t port = new_port(), right = MACH_PORT_NULL;
    mach_msg_type_name_t kind = 0;
    DO(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND, &right, &kind));
    CHECK(right == port && kind == MACH_MSG_TYPE_PORT_SEND); // rights to one port have one name
    DO(mach_port_extract_right(SELF, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, &right, &kind));
    CHECK(right != port && kind == MACH_MSG_TYPE_PORT_SEND_ONCE); // but for those that send once
    CHECK_EQ(type_of(right), MACH_PORT_TYPE_SEND_ONCE);
    CHECK_EQ(mach_port_extract_right(SELF, port, 5, &right, &kind), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_extract_right(SELF, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND, &right, &kind), KERN_INVALID_RIGHT);
    CHECK_EQ(mach_port_insert_right(SELF, port, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND), KERN_INVALID_CAPABILITY);
    CHECK_EQ(mach_port_insert_right(SELF, port, port, 5), KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_insert_right(SELF, 0x30007, port, MACH_MSG_TYPE_MAKE_SEND), KERN_RIGHT_EXISTS);
    mach_port_t other = new_port();
    CHECK_EQ(mach_port_insert_right(SELF, other, port, MACH_MSG_TYPE_MAKE_SEND_ONCE), KERN_NAME_EXISTS);
    DO(mach_port_insert_right(SELF, 0x30007, port, MACH_MSG_TYPE_MAKE_SEND_ONCE));
    CHECK_EQ(type_of(0x30007), MACH_PORT_TYPE_SEND_ONCE);
    mach_port_rights_t rights = 9;
    DO(mach_port_get_srights(SELF, port, &rights));
    CHECK_EQ(rights, 1);
    CHECK_EQ(status_of(port).mps_sorights, 3); // the third is the message that the second, refused one has become
    any_message came;
    DO(try_receive(port, &came));
    CHECK_EQ(came.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    CHECK_EQ(status_of(port).mps_sorights, 2);

    // Looking at a right whose port has died makes it a dead name.
    DO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ(type_of(port), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(type_of(0x30007), MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, 1), KERN_INVALID_RIGHT);
    DO(mach_port_deallocate(SELF, port));
    DO(mach_port_deallocate(SELF, 0x30007));
    DO(mach_port_destroy(SELF, other));
}

static void names(void) {
    mach_port_t port = new_port(), set = MACH_PORT_NULL;
    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    mach_port_name_array_t names;
    mach_port_type_array_t types;
    mach_msg_type_number_t count, type_count;
    DO(mach_port_names(SELF, &names, &count, &types, &type_count));
    CHECK_EQ(count, type_count);
    int seen = 0;
    for (mach_msg_type_number_t at = 0; at < count; at++) {
        seen += names[at] == port && types[at] == MACH_PORT_TYPE_RECEIVE;
        seen += names[at] == set && types[at] == MACH_PORT_TYPE_PORT_SET;
        seen += names[at] == SELF && types[at] == MACH_PORT_TYPE_SEND;
    }
    CHECK_EQ(seen, 3);
    DO(vm_deallocate(SELF, (vm_address_t)names, count * sizeof *names));
    DO(vm_deallocate(SELF, (vm_address_t)types, count * sizeof *types));

    // Sets.
    mach_port_t second = MACH_PORT_NULL;
    DO(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &second));
    CHECK_EQ(mach_port_move_member(SELF, port, MACH_PORT_NULL), KERN_NOT_IN_SET);
    DO(mach_port_insert_member(SELF, port, set));
    CHECK_EQ(mach_port_insert_member(SELF, port, set), KERN_ALREADY_IN_SET);
    DO(mach_port_insert_member(SELF, port, second));
    CHECK_EQ(status_of(port).mps_pset, 1);
    DO(mach_port_extract_member(SELF, port, set));
    CHECK_EQ(mach_port_extract_member(SELF, port, set), KERN_NOT_IN_SET);
    DO(mach_port_move_member(SELF, port, set));
    mach_port_name_array_t members;
    DO(mach_port_get_set_status(SELF, second, &members, &count));
    CHECK_EQ(count, 0);
    DO(mach_port_get_set_status(SELF, set, &members, &count));
    CHECK(count == 1 && members[0] == port);
    DO(vm_deallocate(SELF, (vm_address_t)members, count * sizeof *members));
    CHECK_EQ(mach_port_insert_member(SELF, set, port), KERN_INVALID_RIGHT);
    DO(mach_port_deallocate(SELF, set)); // a set goes like that, too
    DO(mach_port_mod_refs(SELF, second, MACH_PORT_RIGHT_PORT_SET, -1));
    DO(mach_port_destroy(SELF, port));
}

static void attributes(void) {
    mach_port_t port = new_port();
    mach_port_limits_t limits = {MACH_PORT_QLIMIT_LARGE};
    DO(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits,
                                MACH_PORT_LIMITS_INFO_COUNT));
    limits.mpl_qlimit = 0;
    mach_msg_type_number_t count = MACH_PORT_LIMITS_INFO_COUNT;
    DO(mach_port_get_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, &count));
    CHECK_EQ(limits.mpl_qlimit, 1024);
    limits.mpl_qlimit = 1025;
    CHECK_EQ(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, 1),
             KERN_INVALID_VALUE);
    CHECK_EQ(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&limits, 0), KERN_FAILURE);
    DO(mach_port_set_attributes(SELF, port, MACH_PORT_TEMPOWNER, NULL, 0));
    mach_port_info_ext_t all;
    count = MACH_PORT_RECEIVE_STATUS_COUNT;
    CHECK_EQ(mach_port_get_attributes(SELF, port, MACH_PORT_INFO_EXT, (mach_port_info_t)&all, &count), KERN_FAILURE);
    count = MACH_PORT_INFO_EXT_COUNT;
    DO(mach_port_get_attributes(SELF, port, MACH_PORT_INFO_EXT, (mach_port_info_t)&all, &count));
    CHECK(all.mpie_status.mps_qlimit == 1024 && all.mpie_boost_cnt == 0);
    CHECK_EQ(mach_port_get_attributes(SELF, port, 77, (mach_port_info_t)&all, &count), KERN_INVALID_ARGUMENT);
    natural_t size = 9;
    count = MACH_PORT_DNREQUESTS_SIZE_COUNT;
    DO(mach_port_get_attributes(SELF, port, MACH_PORT_DNREQUESTS_SIZE, (mach_port_info_t)&size, &count));
    CHECK_EQ(size, 0);
    DO(mach_port_set_mscount(SELF, port, 12));
    DO(mach_port_set_seqno(SELF, port, 34));
    CHECK(status_of(port).mps_mscount == 12 && status_of(port).mps_seqno == 34);

    // What is in the queue can be looked at.
    DO(try_send(port, MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0), 77));
    mach_port_seqno_t sequence = 0;
    mach_msg_size_t bytes;
    mach_msg_id_t id;
    mach_msg_audit_trailer_t trailer;
    mach_msg_type_number_t room = sizeof trailer;
    DO(mach_port_peek(SELF, port, MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT), &sequence, &bytes, &id,
                      (mach_msg_trailer_info_t)&trailer, &room));
    CHECK(sequence == 34 && bytes == 28 && id == 77 && room == sizeof trailer);
    CHECK_EQ(trailer.msgh_audit.val[5], getpid());
    CHECK_EQ(mach_port_peek(SELF, port, MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_CTX), &sequence, &bytes, &id,
                            (mach_msg_trailer_info_t)&trailer, &room), KERN_INVALID_VALUE);
    sequence = 35;
    CHECK_EQ(mach_port_peek(SELF, port, 0, &sequence, &bytes, &id, (mach_msg_trailer_info_t)&trailer, &room),
             KERN_FAILURE);
    DO(mach_port_destroy(SELF, port));
}

int main(void) {
    errno = 42;
    allocate();
    construct();
    references();
    moving();
    names();
    attributes();
    CHECK_EQ(errno, 42); // no call touches it
    return 0;
}
