// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.6: the three techniques: copied through the queue, by a section's view, and direct access to what a
// request declares.
#include <stddef.h>

#include "port.h"

static MESSAGE message, reply;
static char memory[300000];

typedef struct {
    PORT_MESSAGE header;
    char text[8];
    PORT_DATA_INFORMATION info;
    PORT_DATA_ENTRY second;
} LENDING;

static void send_bytes(HANDLE port, size_t bytes, NTSTATUS expected) {
    memset(&message.header, 0, sizeof message.header);
    memset(message.data, 'b', bytes);
    message.header.u1.s1.DataLength = (CSHORT)bytes;
    message.header.u1.s1.TotalLength = (CSHORT)(sizeof(PORT_MESSAGE) + bytes);
    IS(send_to(port, &message, 0), expected);
}

static ALPC_DATA_VIEW_ATTR *view_of(void *attributes) {
    return (ALPC_DATA_VIEW_ATTR *)AlpcGetMessageAttribute((ALPC_MESSAGE_ATTRIBUTES *)attributes,
                                                          ALPC_MESSAGE_VIEW_ATTRIBUTE);
}

static void send_view(HANDLE port) {
    ALPC_HANDLE section = NULL;
    SIZE_T actual = 0, length = sizeof reply, required;
    static const SIZE_T wanted[] = {1, 0x1000, 0x1001, 0x1234};
    for (int i = 0; i < 4; i++) {
        OK(NtAlpcCreatePortSection(port, 0, NULL, wanted[i], &section, &actual));
        CHECK_EQ(actual, 0x10000);
        OK(NtAlpcDeletePortSection(port, 0, section));
    }
    OK(NtAlpcCreatePortSection(port, 0, NULL, sizeof memory, &section, &actual));
    unsigned char buffer[64] __attribute__((aligned(8)));
    OK(AlpcInitializeMessageAttribute(ALPC_MESSAGE_VIEW_ATTRIBUTE, (ALPC_MESSAGE_ATTRIBUTES *)buffer, sizeof buffer,
                                      &required));
    ALPC_DATA_VIEW_ATTR *view = view_of(buffer);
    memset(view, 0, sizeof *view);
    view->SectionHandle = section;
    OK(NtAlpcCreateSectionView(port, 0, view));
    CHECK_EQ(view->ViewSize, actual);
    OK(NtAlpcDeletePortSection(port, 0, section)); // it goes with its view
    memset(view->ViewBase, 'v', sizeof memory);
    view->ViewSize = sizeof memory;
    ((ALPC_MESSAGE_ATTRIBUTES *)buffer)->ValidAttributes = ALPC_MESSAGE_VIEW_ATTRIBUTE;
    say(&message, "see the view");
    LARGE_INTEGER soon = within_ms(30000);
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, (ALPC_MESSAGE_ATTRIBUTES *)buffer,
                                 &reply.header, &length, NULL, &soon));
    CHECK(is_text(&reply, "300000 v"));
    OK(NtAlpcDeleteSectionView(port, 0, view->ViewBase));
    IS(NtAlpcDeleteSectionView(port, 0, view->ViewBase), STATUS_NOT_FOUND);
    // Its address is no view any more.
    IS(NtAlpcSendWaitReceivePort(port, 0, &message.header, (ALPC_MESSAGE_ATTRIBUTES *)buffer, NULL, NULL, NULL, &soon),
       STATUS_NOT_FOUND);
}

static void lend(HANDLE port) {
    static LENDING request;
    char small[16] = "0123456789abcde";
    memset(memory, 'r', sizeof memory);
    memcpy(request.text, "lending", 8);
    request.header.u1.s1.DataLength = (CSHORT)(sizeof request - sizeof(PORT_MESSAGE));
    request.header.u1.s1.TotalLength = (CSHORT)sizeof request;
    request.header.u2.s2.DataInfoOffset = (CSHORT)offsetof(LENDING, info);
    request.info.CountDataEntries = 2;
    request.info.DataEntries[0].Base = memory;
    request.info.DataEntries[0].Size = sizeof memory;
    request.second.Base = small;
    request.second.Size = sizeof small;
    OK(NtRequestWaitReplyPort(port, &request.header, &reply.header));
    CHECK(is_text(&reply, "written"));
    CHECK(memcmp(memory, "rrrWRITTENrr", 12) == 0);
    CHECK(memcmp(small, "0123456789abcde", 16) == 0);
}

static void be_client(void) {
    HANDLE port = connect_port(u"\\sizes", NULL), large = NULL;
    send_bytes(port, 256, STATUS_SUCCESS);
    send_bytes(port, 257, STATUS_PORT_MESSAGE_TOO_LONG);
    large = connect_port(u"\\large", NULL);
    send_bytes(large, 0xffef - sizeof(PORT_MESSAGE), STATUS_SUCCESS);
    OK(NtClose(large));
    send_view(port);
    lend(port);
    OK(NtClose(port));
    _exit(0);
}

int main(void) {
    ALPC_PORT_ATTRIBUTES attributes;
    memset(&attributes, 0, sizeof attributes);
    HANDLE port = NULL, large = NULL;
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES object;
    RtlInitUnicodeString(&string, u"\\large");
    InitializeObjectAttributes(&object, &string, 0, NULL, NULL);
    attributes.MaxMessageLength = 0x10000;
    IS(NtAlpcCreatePort(&large, &object, &attributes), STATUS_INVALID_PARAMETER);
    pid_t child = check_fork();
    if (child == 0) be_client();
    attributes.MaxMessageLength = 0xffef;
    large = create_port_with(u"\\large", &attributes);
    port = create_port(u"\\sizes");
    HANDLE channel = let_in(port, NULL);
    CHECK_EQ(receive(port, &message), LPC_DATAGRAM);
    CHECK_EQ(message.header.u1.s1.DataLength, 256);
    HANDLE other = let_in(large, NULL);
    CHECK_EQ(receive(large, &message), LPC_DATAGRAM);
    CHECK_EQ((USHORT)message.header.u1.s1.TotalLength, 0xffef);
    CHECK_EQ(message.data[0xffef - 41], 'b');
    CHECK_EQ(receive(large, &message), LPC_PORT_CLOSED);

    // A view is mapped for the receiver, which lets go of it.
    unsigned char buffer[64] __attribute__((aligned(8)));
    SIZE_T required;
    OK(AlpcInitializeMessageAttribute(ALPC_MESSAGE_VIEW_ATTRIBUTE, (ALPC_MESSAGE_ATTRIBUTES *)buffer, sizeof buffer,
                                      &required));
    OK(receive_with(port, &message, (ALPC_MESSAGE_ATTRIBUTES *)buffer, 30000));
    CHECK(is_text(&message, "see the view"));
    CHECK_EQ(((ALPC_MESSAGE_ATTRIBUTES *)buffer)->ValidAttributes, ALPC_MESSAGE_VIEW_ATTRIBUTE);
    const char *seen = (const char *)view_of(buffer)->ViewBase;
    CHECK(view_of(buffer)->ViewSize >= sizeof memory);
    int count = 0;
    for (size_t i = 0; i < sizeof memory; i++) count += seen[i] == 'v';
    OK(NtAlpcDeleteSectionView(port, 0, view_of(buffer)->ViewBase));
    char text[32];
    snprintf(text, sizeof text, "%d v", count);
    answer(&message, text);
    OK(send_to(port, &message, 0));

    // What the request declares is read and written, and nothing else.
    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    CHECK_EQ(message.header.u2.s2.DataInfoOffset, offsetof(LENDING, info));
    SIZE_T copied = 0;
    char some[16];
    OK(NtReadRequestData(port, &message.header, 0, some, sizeof some, &copied));
    CHECK(copied == sizeof some && memcmp(some, "rrrrrrrrrrrrrrrr", 16) == 0);
    OK(NtReadRequestData(port, &message.header, 1, some, sizeof some, &copied));
    CHECK(memcmp(some, "0123456789abcde", 16) == 0);
    IS(NtReadRequestData(port, &message.header, 1, some, sizeof some + 1, &copied), STATUS_INVALID_PARAMETER);
    IS(NtReadRequestData(port, &message.header, 2, some, 1, &copied), STATUS_INVALID_PARAMETER);
    OK(NtWriteRequestData(port, &message.header, 0, (PVOID) "rrrWRITTEN", 10, &copied));
    OK(NtReadRequestData(port, &message.header, 0, some, 12, &copied));
    CHECK(memcmp(some, "rrrWRITTENrr", 12) == 0);
    PORT_MESSAGE wrong = message.header;
    wrong.u2.s2.DataInfoOffset = 0;
    IS(NtReadRequestData(port, &wrong, 0, some, 1, &copied), STATUS_INVALID_PARAMETER);
    wrong = message.header;
    wrong.MessageId += 1000;
    IS(NtReadRequestData(port, &wrong, 0, some, 1, &copied), STATUS_REPLY_MESSAGE_MISMATCH);
    PORT_MESSAGE header = message.header;
    message.header.u2.s2.DataInfoOffset = 0;
    answer(&message, "written");
    OK(send_to(port, &message, 0));
    IS(NtReadRequestData(port, &header, 0, some, 1, &copied), STATUS_REPLY_MESSAGE_MISMATCH);
    CHECK_EQ(receive(port, &message), LPC_PORT_CLOSED);
    check_ended_well(child);
    OK(NtClose(channel));
    OK(NtClose(other));
    OK(NtClose(port));
    OK(NtClose(large));
    return 0;
}
