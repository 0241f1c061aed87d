// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.8: who sent a message, and acting as it with its consent. Both sides are the same user here: that a server
// becomes another user is tested where it is done, in the crate below.
#include <poll.h>

#include "port.h"

static MESSAGE message, reply;

static void be_client(void) {
    HANDLE port = connect_port(u"\\identity", NULL);
    say(&message, "datagram");
    OK(send_to(port, &message, 0));
    say(&message, "without consent");
    OK(ask(port, &message, &reply));

    // A context is consent for the messages that it goes with, until it is revoked.
    unsigned char room[64] __attribute__((aligned(8)));
    ALPC_MESSAGE_ATTRIBUTES *attributes = (ALPC_MESSAGE_ATTRIBUTES *)room;
    SIZE_T required, length = sizeof reply;
    OK(AlpcInitializeMessageAttribute(ALPC_MESSAGE_SECURITY_ATTRIBUTE, attributes, sizeof room, &required));
    ALPC_SECURITY_ATTR *security =
        (ALPC_SECURITY_ATTR *)AlpcGetMessageAttribute(attributes, ALPC_MESSAGE_SECURITY_ATTRIBUTE);
    memset(security, 0, sizeof *security);
    OK(NtAlpcCreateSecurityContext(port, 0, security));
    CHECK(security->ContextHandle != NULL);
    attributes->ValidAttributes = ALPC_MESSAGE_SECURITY_ATTRIBUTE;
    say(&message, "with consent");
    LARGE_INTEGER soon = within_ms(30000);
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, attributes, &reply.header, &length,
                                 NULL, &soon));
    OK(NtAlpcRevokeSecurityContext(port, 0, security->ContextHandle));
    IS(NtAlpcDeleteSecurityContext(port, 0, security->ContextHandle), STATUS_INVALID_HANDLE);
    say(&message, "revoked");
    IS(NtAlpcSendWaitReceivePort(port, 0, &message.header, attributes, NULL, NULL, NULL, &soon), STATUS_INVALID_HANDLE);

    // Who the server is.
    UCHAR sid[16];
    OK(NtAlpcQueryInformation(port, AlpcConnectedSIDInformation, sid, sizeof sid, NULL));
    CHECK_EQ(sid[7], 22);
    CHECK_EQ(sid[12] | sid[13] << 8, (int)getuid());
    ALPC_SERVER_SESSION_INFORMATION session;
    OK(NtAlpcQueryInformation(port, AlpcServerSessionInformation, &session, sizeof session, NULL));
    CHECK_EQ(session.ProcessId, getppid());
    OK(NtClose(port));
    _exit(0);
}

int main(void) {
    pid_t child = check_fork();
    if (child == 0) be_client();
    HANDLE port = create_port(u"\\identity");
    HANDLE channel = let_in(port, NULL), process = NULL, thread = NULL;
    int descriptor = -1;
    UCHAR sid[16];

    // Of a datagram the process is known, and no thread.
    CHECK_EQ(receive(port, &message), LPC_DATAGRAM);
    OK(NtAlpcQueryInformationMessage(port, &message.header, AlpcMessageSidInformation, sid, sizeof sid, NULL));
    CHECK_EQ(sid[12] | sid[13] << 8, (int)getuid());
    OK(NtAlpcOpenSenderProcess(&process, port, &message.header, 0, 0, NULL));
    OK(AlpcCabotageDescriptorOfHandle(process, &descriptor));
    struct pollfd watched = {descriptor, POLLIN, 0};
    CHECK(poll(&watched, 1, 0) == 0); // a pidfd of a process that runs
    IS(NtAlpcOpenSenderThread(&thread, port, &message.header, 0, 0, NULL), STATUS_ACCESS_DENIED);

    // Acting as a client needs a request that is pending, and consent.
    IS(NtAlpcImpersonateClientOfPort(port, &message.header, NULL), STATUS_ACCESS_DENIED);
    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    IS(NtAlpcImpersonateClientOfPort(port, &message.header, NULL), STATUS_ACCESS_DENIED);
    answer(&message, "");
    OK(send_to(port, &message, 0));
    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    CHECK(is_text(&message, "with consent"));
    NTSTATUS status = NtAlpcImpersonateClientOfPort(port, &message.header, NULL);
    if (getuid() == 0) OK(status);
    HANDLE nobody = NULL;
    OK(NtSetInformationThread(NtCurrentThread(), ThreadImpersonationToken, &nobody, sizeof nobody));
    OK(AlpcCabotageRevertToSelf());
    IS(NtSetInformationThread(NtCurrentThread(), 1, &nobody, sizeof nobody), STATUS_NOT_SUPPORTED);
    PORT_MESSAGE header = message.header;
    answer(&message, "");
    OK(send_to(port, &message, 0));
    IS(NtAlpcImpersonateClientOfPort(port, &header, NULL), STATUS_ACCESS_DENIED);
    CHECK_EQ(receive(port, &message), LPC_PORT_CLOSED);
    check_ended_well(child);
    CHECK(poll(&watched, 1, 30000) == 1);
    CHECK(close(descriptor) == 0);
    OK(NtClose(process));
    OK(NtClose(channel));
    OK(NtClose(port));
    return 0;
}
