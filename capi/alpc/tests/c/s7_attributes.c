// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.7: contexts and tokens come with every message, handles are copied, reserves go when nothing else does.
#include "port.h"

static MESSAGE message, reply;
static unsigned char room[256] __attribute__((aligned(8)));
#define ROOM ((ALPC_MESSAGE_ATTRIBUTES *)room)

static void make_room(ULONG attributes) {
    SIZE_T required;
    OK(AlpcInitializeMessageAttribute(attributes, ROOM, sizeof room, &required));
}

static HANDLE handle_of(int descriptor) {
    HANDLE handle = NULL;
    OK(AlpcCabotageHandleOfDescriptor(descriptor, &handle));
    return handle;
}

static void be_client(void) {
    HANDLE port = connect_port(u"\\attributes", NULL);
    LARGE_INTEGER soon = within_ms(30000);
    SIZE_T length = sizeof reply;
    // A context of one's own comes back with the reply.
    make_room(ALPC_MESSAGE_CONTEXT_ATTRIBUTE);
    ALPC_CONTEXT_ATTR *context = (ALPC_CONTEXT_ATTR *)AlpcGetMessageAttribute(ROOM, ALPC_MESSAGE_CONTEXT_ATTRIBUTE);
    memset(context, 0, sizeof *context);
    context->MessageContext = &message;
    ROOM->ValidAttributes = ALPC_MESSAGE_CONTEXT_ATTRIBUTE;
    say(&message, "context");
    static unsigned char received[128] __attribute__((aligned(8)));
    SIZE_T required;
    OK(AlpcInitializeMessageAttribute(ALPC_MESSAGE_CONTEXT_ATTRIBUTE, (ALPC_MESSAGE_ATTRIBUTES *)received,
                                      sizeof received, &required));
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, ROOM, &reply.header, &length,
                                 (ALPC_MESSAGE_ATTRIBUTES *)received, &soon));
    context = (ALPC_CONTEXT_ATTR *)AlpcGetMessageAttribute((ALPC_MESSAGE_ATTRIBUTES *)received,
                                                           ALPC_MESSAGE_CONTEXT_ATTRIBUTE);
    CHECK(context->MessageContext == &message);
    CHECK_EQ(context->MessageId, reply.header.MessageId);

    // A handle is a copy: the receiver reads what goes into the pipe.
    int ends[2];
    CHECK(pipe(ends) == 0);
    HANDLE handle = handle_of(ends[0]);
    make_room(ALPC_MESSAGE_HANDLE_ATTRIBUTE);
    ALPC_HANDLE_ATTR *handles = (ALPC_HANDLE_ATTR *)AlpcGetMessageAttribute(ROOM, ALPC_MESSAGE_HANDLE_ATTRIBUTE);
    memset(handles, 0, sizeof *handles);
    handles->Flags = ALPC_HANDLEFLG_DUPLICATE_SAME_ACCESS;
    handles->Handle = handle;
    ROOM->ValidAttributes = ALPC_MESSAGE_HANDLE_ATTRIBUTE;
    say(&message, "handle");
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, ROOM, &reply.header, &length, NULL,
                                 &soon));
    CHECK(write(ends[1], "through the pipe", 16) == 16);
    OK(NtClose(handle));

    // Several go as an array.
    ALPC_HANDLE_ATTR32 many[3];
    memset(many, 0, sizeof many);
    HANDLE whole[3];
    for (int i = 0; i < 3; i++) {
        whole[i] = handle_of(ends[i % 2]);
        many[i].Handle = (ULONG)(uintptr_t)whole[i];
    }
    handles->Flags = ALPC_HANDLEFLG_INDIRECT;
    handles->HandleAttrArray = many;
    handles->HandleCount = 3;
    say(&message, "handles");
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, ROOM, &reply.header, &length, NULL,
                                 &soon));
    handles->HandleCount = 513;
    say(&message, "too many");
    IS(NtAlpcSendWaitReceivePort(port, 0, &message.header, ROOM, NULL, NULL, NULL, &soon),
       STATUS_LPC_HANDLE_COUNT_EXCEEDED);
    for (int i = 0; i < 3; i++) OK(NtClose(whole[i]));
    handles->Flags = 0;
    handles->Handle = whole[0];
    IS(NtAlpcSendWaitReceivePort(port, 0, &message.header, ROOM, NULL, NULL, NULL, &soon), STATUS_INVALID_HANDLE);

    // There are no events to be signalled.
    make_room(ALPC_MESSAGE_DIRECT_ATTRIBUTE);
    ROOM->ValidAttributes = ALPC_MESSAGE_DIRECT_ATTRIBUTE;
    IS(NtAlpcSendWaitReceivePort(port, 0, &message.header, ROOM, NULL, NULL, NULL, &soon), STATUS_NOT_SUPPORTED);

    // A reserve: one message that goes for sure, and until it is answered no other.
    ULONG reserve = 0;
    OK(NtAlpcCreateResourceReserve(port, 0, sizeof(PORT_MESSAGE) + 64, &reserve));
    CHECK(reserve & 0x80000000u);
    say(&message, "reserved");
    message.header.MessageId = reserve;
    message.header.u2.s2.Type = LPC_REQUEST;
    OK(send_to(port, &message, 0));
    say(&message, "reserved again");
    message.header.MessageId = reserve;
    message.header.u2.s2.Type = LPC_REQUEST;
    IS(send_to(port, &message, 0), STATUS_RESOURCE_IN_USE);
    say(&message, "not reserved");
    message.header.MessageId = 0x80000000u | 0x7777;
    IS(send_to(port, &message, 0), STATUS_OBJECTID_NOT_FOUND);
    say(&message, "go on");
    OK(send_to(port, &message, 0));
    CHECK_EQ(receive(port, &reply), LPC_REPLY);
    OK(NtAlpcDeleteResourceReserve(port, 0, reserve));
    IS(NtAlpcDeleteResourceReserve(port, 0, reserve), STATUS_OBJECTID_NOT_FOUND);
    OK(NtClose(port));
    _exit(0);
}

int main(void) {
    pid_t child = check_fork();
    if (child == 0) be_client();
    ALPC_PORT_ATTRIBUTES attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.Flags = ALPC_PORFLG_ALLOW_DUP_OBJECT;
    HANDLE port = create_port_with(u"\\attributes", &attributes);
    int word = 0;
    HANDLE channel = let_in(port, &word);
    ULONG always = ALPC_MESSAGE_CONTEXT_ATTRIBUTE | ALPC_MESSAGE_TOKEN_ATTRIBUTE;
    make_room(always | ALPC_MESSAGE_HANDLE_ATTRIBUTE);
    ALPC_CONTEXT_ATTR *context = (ALPC_CONTEXT_ATTR *)AlpcGetMessageAttribute(ROOM, ALPC_MESSAGE_CONTEXT_ATTRIBUTE);
    ALPC_TOKEN_ATTR *token = (ALPC_TOKEN_ATTR *)AlpcGetMessageAttribute(ROOM, ALPC_MESSAGE_TOKEN_ATTRIBUTE);
    ALPC_HANDLE_ATTR *handles = (ALPC_HANDLE_ATTR *)AlpcGetMessageAttribute(ROOM, ALPC_MESSAGE_HANDLE_ATTRIBUTE);

    OK(receive_with(port, &message, ROOM, 30000));
    CHECK_EQ(ROOM->ValidAttributes, always);
    CHECK(context->PortContext == &word);
    CHECK_EQ(context->MessageId, message.header.MessageId);
    CHECK_EQ(token->AuthenticationId, getuid());
    CHECK_EQ(token->ModifiedId, getgid());
    ULONG sequence = context->Sequence;
    answer(&message, "");
    OK(send_to(port, &message, 0));

    OK(receive_with(port, &message, ROOM, 30000));
    CHECK_EQ(ROOM->ValidAttributes, always | ALPC_MESSAGE_HANDLE_ATTRIBUTE);
    CHECK_EQ(context->Sequence, sequence + 1);
    int descriptor = -1;
    OK(AlpcCabotageDescriptorOfHandle(handles->Handle, &descriptor));
    OK(NtClose(handles->Handle));
    answer(&message, "");
    OK(send_to(port, &message, 0));
    char text[17] = "";
    CHECK(read(descriptor, text, 16) == 16 && strcmp(text, "through the pipe") == 0);
    CHECK(close(descriptor) == 0);

    OK(receive_with(port, &message, ROOM, 30000));
    CHECK(handles->Flags & ALPC_HANDLEFLG_INDIRECT);
    CHECK_EQ(handles->HandleCount, 3);
    for (ULONG i = 0; i < 4; i++) {
        ALPC_MESSAGE_HANDLE_INFORMATION asked;
        memset(&asked, 0, sizeof asked);
        asked.Index = i;
        NTSTATUS status = NtAlpcQueryInformationMessage(port, &message.header, AlpcMessageHandleInformation, &asked,
                                                        sizeof asked, NULL);
        IS(status, i < 3 ? STATUS_SUCCESS : STATUS_NOT_FOUND);
        if (i < 3) OK(NtClose((HANDLE)(uintptr_t)asked.Handle));
    }
    answer(&message, "");
    OK(send_to(port, &message, 0));

    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    CHECK(is_text(&message, "reserved"));
    CHECK_EQ(receive(port, &reply), LPC_DATAGRAM);
    answer(&message, "");
    OK(send_to(port, &message, 0));
    CHECK_EQ(receive(port, &message), LPC_PORT_CLOSED);
    check_ended_well(child);
    OK(NtClose(channel));
    OK(NtClose(port));
    return 0;
}
