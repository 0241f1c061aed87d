// SPDX-License-Identifier: MIT OR Apache-2.0
// Sections 1.2 and 1.3: sizes and places in structures, numbers of types and flags, and helpers.
#include <stddef.h>

#include "port.h"

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) _Static_assert(condition, #condition)
#endif

HOLDS(sizeof(PORT_MESSAGE) == 40);
HOLDS(offsetof(PORT_MESSAGE, u2) == 4);
HOLDS(offsetof(PORT_MESSAGE, ClientId) == 8);
HOLDS(offsetof(PORT_MESSAGE, MessageId) == 24);
HOLDS(offsetof(PORT_MESSAGE, u3) == 32);
HOLDS(sizeof(ALPC_PORT_ATTRIBUTES) == 72);
HOLDS(offsetof(ALPC_PORT_ATTRIBUTES, MaxMessageLength) == 16);
HOLDS(offsetof(ALPC_PORT_ATTRIBUTES, DupObjectTypes) == 64);
HOLDS(sizeof(ALPC_SECURITY_ATTR) == 0x18);
HOLDS(sizeof(ALPC_DATA_VIEW_ATTR) == 0x20);
HOLDS(sizeof(ALPC_CONTEXT_ATTR) == 0x20);
HOLDS(sizeof(ALPC_HANDLE_ATTR) == 0x18);
HOLDS(sizeof(ALPC_TOKEN_ATTR) == 0x18);
HOLDS(sizeof(ALPC_DIRECT_ATTR) == 8);
HOLDS(sizeof(ALPC_WORK_ON_BEHALF_ATTR) == 8);
HOLDS(sizeof(ALPC_HANDLE_ATTR32) == 16);
HOLDS(sizeof(UNICODE_STRING) == 16 && sizeof(OBJECT_ATTRIBUTES) == 48);
HOLDS(sizeof(PORT_DATA_ENTRY) == 16 && offsetof(PORT_DATA_INFORMATION, DataEntries) == 8);
HOLDS(sizeof(ALPC_BASIC_INFORMATION) == 16 && sizeof(ALPC_MESSAGE_HANDLE_INFORMATION) == 20);
HOLDS(sizeof(IO_STATUS_BLOCK) == 16 && sizeof(FILE_IO_COMPLETION_INFORMATION) == 32);
HOLDS(sizeof(ALPC_PORT_ASSOCIATE_COMPLETION_PORT) == 16 && sizeof(ALPC_PORT_COMPLETION_LIST_INFORMATION) == 24);
HOLDS(sizeof(PORT_VIEW) == 48 && sizeof(REMOTE_PORT_VIEW) == 24);

int main(void) {
    CHECK_EQ(AlpcMaxAllowedMessageLength(), 0xffef);
    // From the highest flag to the lowest, behind a header of eight bytes.
    CHECK_EQ(AlpcGetHeaderSize(0), 8);
    CHECK_EQ(AlpcGetHeaderSize(0xfe000000u), 8 + 0x18 + 0x20 + 0x20 + 0x18 + 0x18 + 8 + 8);
    unsigned char buffer[256] __attribute__((aligned(8)));
    ALPC_MESSAGE_ATTRIBUTES *attributes = (ALPC_MESSAGE_ATTRIBUTES *)buffer;
    SIZE_T required = 0;
    ULONG both = ALPC_MESSAGE_VIEW_ATTRIBUTE | ALPC_MESSAGE_TOKEN_ATTRIBUTE;
    IS(AlpcInitializeMessageAttribute(both, NULL, 0, &required), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(required, 8 + 0x20 + 0x18);
    IS(AlpcInitializeMessageAttribute(both, attributes, required - 1, &required), STATUS_BUFFER_TOO_SMALL);
    OK(AlpcInitializeMessageAttribute(both, attributes, sizeof buffer, &required));
    CHECK_EQ(attributes->AllocatedAttributes, both);
    CHECK_EQ(attributes->ValidAttributes, 0);
    CHECK(AlpcGetMessageAttribute(attributes, ALPC_MESSAGE_VIEW_ATTRIBUTE) == buffer + 8);
    CHECK(AlpcGetMessageAttribute(attributes, ALPC_MESSAGE_TOKEN_ATTRIBUTE) == buffer + 8 + 0x20);
    CHECK(AlpcGetMessageAttribute(attributes, ALPC_MESSAGE_HANDLE_ATTRIBUTE) == NULL);
    CHECK(AlpcGetMessageAttribute(attributes, both) == NULL);
    CHECK(AlpcGetMessageAttribute(NULL, both) == NULL);

    // What is not here says so.
    HANDLE port = create_port(u"\\surface");
    IS(NtAlpcImpersonateClientContainerOfPort(port, NULL, 0), STATUS_NOT_SUPPORTED);
    IS(NtRegisterThreadTerminatePort(port), STATUS_NOT_SUPPORTED);
    ALPC_DIRECT_ATTR *direct;
    OK(AlpcInitializeMessageAttribute(ALPC_MESSAGE_DIRECT_ATTRIBUTE, attributes, sizeof buffer, &required));
    direct = (ALPC_DIRECT_ATTR *)AlpcGetMessageAttribute(attributes, ALPC_MESSAGE_DIRECT_ATTRIBUTE);
    direct->Event = NULL;
    attributes->ValidAttributes = ALPC_MESSAGE_DIRECT_ATTRIBUTE;
    static MESSAGE message;
    say(&message, "");
    IS(NtAlpcSendWaitReceivePort(port, 0, &message.header, attributes, NULL, NULL, NULL, NULL), STATUS_NOT_SUPPORTED);

    // errno is nobody's business here.
    errno = 1234;
    IS(NtClose((HANDLE)(uintptr_t)0x12340), STATUS_INVALID_HANDLE);
    UNICODE_STRING nowhere;
    RtlInitUnicodeString(&nowhere, u"\\nobody has this name");
    HANDLE client = &nowhere;
    IS(NtAlpcConnectPort(&client, &nowhere, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST, NULL, NULL, NULL, NULL, NULL, NULL),
       STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(client == &nowhere && errno == 1234);
    OK(NtClose(port));
    return 0;
}
