// SPDX-License-Identifier: MIT OR Apache-2.0
// A server in callbacks with a completion list, for a client in Rust: it answers how many bytes came, whichever way.
#include "port.h"

static unsigned char memory[16 * 1024] __attribute__((aligned(64)));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_over;

static void reply_with_count(HANDLE port, PORT_MESSAGE *came, const unsigned char *data, size_t bytes) {
    static __thread MESSAGE message;
    char text[32];
    for (size_t i = 0; i < bytes; i++) CHECK(data[i] == 'b');
    message.header = *came;
    snprintf(text, sizeof text, "%zu", bytes);
    answer(&message, text);
    OK(send_to(port, &message, 0));
}

static void handle(HANDLE port, PORT_MESSAGE *came) {
    HANDLE channel = NULL;
    switch (LPC_TYPE(came)) {
    case LPC_CONNECTION_REQUEST:
        came->u1.s1.DataLength = 0;
        OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, came, NULL, TRUE));
        break;
    case LPC_REQUEST:
        reply_with_count(port, came, (unsigned char *)(came + 1), (USHORT)came->u1.s1.DataLength);
        break;
    default:
        CHECK_EQ(LPC_TYPE(came), LPC_PORT_CLOSED);
        CHECK(pthread_mutex_lock(&lock) == 0);
        is_over = 1;
        CHECK(pthread_cond_signal(&changed) == 0 && pthread_mutex_unlock(&lock) == 0);
    }
}

static void on_message(PTP_CALLBACK_INSTANCE instance, PVOID port, PTP_ALPC alpc) {
    (void)instance;
    (void)alpc;
    PORT_MESSAGE *taken = AlpcGetMessageFromCompletionList(memory, NULL);
    if (taken != NULL) {
        handle(port, taken);
        AlpcFreeCompletionListMessage(memory, taken);
        return;
    }
    // What is longer than the list is received at the port.
    static __thread MESSAGE message;
    NTSTATUS status = receive_now(port, &message, NULL);
    if (status == STATUS_SUCCESS) handle(port, &message.header);
    else IS(status, STATUS_TIMEOUT);
}

int main(void) {
    PTP_ALPC completion = NULL;
    HANDLE port = create_port(u"\\pool-server");
    OK(AlpcRegisterCompletionList(port, memory, sizeof memory, 2, 0));
    OK(TpAllocAlpcCompletion(&completion, port, on_message, port, NULL));
    TpAlpcRegisterCompletionList(completion);
    CHECK(pthread_mutex_lock(&lock) == 0);
    while (!is_over) CHECK(pthread_cond_wait(&changed, &lock) == 0);
    CHECK(pthread_mutex_unlock(&lock) == 0);
    TpAlpcUnregisterCompletionList(completion);
    TpReleaseAlpcCompletion(completion);
    OK(NtClose(port));
    return 0;
}
