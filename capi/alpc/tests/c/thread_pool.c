// SPDX-License-Identifier: MIT OR Apache-2.0
// Callbacks in threads of the library: for each message of a port, with and without a completion list, until they are
// waited for and released.
#include "port.h"

enum { CLIENTS = 3, ROUNDS = 200, LIST_BYTES = 64 * 1024 };

static MESSAGE message;
static unsigned char memory[LIST_BYTES] __attribute__((aligned(64)));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int gone, runs, is_open, waits;
static HANDLE served;
static PTP_ALPC own;

static void count(int *number) {
    CHECK(pthread_mutex_lock(&lock) == 0);
    ++*number;
    CHECK(pthread_cond_broadcast(&changed) == 0);
    CHECK(pthread_mutex_unlock(&lock) == 0);
}

static void wait_until(int *number, int wanted) {
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += 60;
    CHECK(pthread_mutex_lock(&lock) == 0);
    while (*number < wanted) CHECK(pthread_cond_timedwait(&changed, &lock, &until) == 0);
    CHECK(pthread_mutex_unlock(&lock) == 0);
}

static void handle(PTP_CALLBACK_INSTANCE instance, PORT_MESSAGE *came, int is_later) {
    HANDLE channel = NULL;
    switch (LPC_TYPE(came)) {
    case LPC_CONNECTION_REQUEST:
        came->u1.s1.DataLength = 0;
        OK(NtAlpcAcceptConnectPort(&channel, served, 0, NULL, NULL, NULL, came, NULL, TRUE));
        break;
    case LPC_REQUEST:
        if (is_later) {
            TpCallbackSendAlpcMessageOnCompletion(instance, served, ALPC_MSGFLG_REPLY_MESSAGE, came);
            if (came->MessageId % 2) TpCallbackSendPendingAlpcMessage(instance);
        } else {
            OK(NtAlpcSendWaitReceivePort(served, 0, came, NULL, NULL, NULL, NULL, NULL));
        }
        break;
    default: CHECK_EQ(LPC_TYPE(came), LPC_PORT_CLOSED); count(&gone);
    }
}

static void on_message(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_ALPC alpc) {
    // What is sent when the callback is over has to be there until then, in this thread.
    static __thread MESSAGE came;
    CHECK(context == &runs && alpc == own && instance != NULL);
    NTSTATUS status = receive_now(served, &came, NULL);
    if (status == STATUS_SUCCESS) handle(instance, &came.header, 1);
    else IS(status, STATUS_TIMEOUT); // another callback has taken it
}

static void on_listed(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_ALPC alpc, PVOID word) {
    CHECK(context == &runs && alpc == own && word == NULL);
    PORT_MESSAGE *taken = AlpcGetMessageFromCompletionList(memory, NULL);
    if (taken == NULL) return;
    handle(instance, taken, 0);
    AlpcFreeCompletionListMessage(memory, taken);
}

static void be_asker(void) {
    ask_and_end(u"\\pool", ROUNDS);
}

static void serve_askers(void) {
    pid_t children[CLIENTS];
    gone = 0;
    for (int i = 0; i < CLIENTS; i++)
        if ((children[i] = check_fork()) == 0) be_asker();
    for (int i = 0; i < CLIENTS; i++) check_ended_well(children[i]);
    wait_until(&gone, CLIENTS);
}

static void refusals(void) {
    PTP_ALPC none = NULL;
    HANDLE completion = create_completion();
    IS(TpAllocAlpcCompletion(&none, served, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    IS(TpAllocAlpcCompletionEx(&none, served, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    IS(TpAllocAlpcCompletion(NULL, served, on_message, NULL, NULL), STATUS_ACCESS_VIOLATION);
    IS(TpAllocAlpcCompletion(&none, NULL, on_message, NULL, NULL), STATUS_INVALID_HANDLE);
    IS(TpAllocAlpcCompletion(&none, completion, on_message, NULL, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    IS(TpAllocAlpcCompletion(&none, served, on_message, NULL, (PTP_CALLBACK_ENVIRON)&message), STATUS_NOT_SUPPORTED);
    CHECK(none == NULL);
    // One that is none does nothing.
    TpWaitForAlpcCompletion(NULL);
    TpReleaseAlpcCompletion((PTP_ALPC)&message);
    TpAlpcRegisterCompletionList(NULL);
    TpAlpcUnregisterCompletionList(NULL);
    TpCallbackSendAlpcMessageOnCompletion(NULL, served, 0, &message.header);
    TpCallbackSendPendingAlpcMessage(NULL);
    OK(NtClose(completion));
}

static void each_message_is_a_callback(void) {
    OK(TpAllocAlpcCompletion(&own, served, on_message, &runs, NULL));
    PTP_ALPC second = own;
    IS(TpAllocAlpcCompletion(&second, served, on_message, &runs, NULL), STATUS_PORT_ALREADY_SET);
    CHECK(second == NULL);
    serve_askers();
    TpWaitForAlpcCompletion(own);
    TpReleaseAlpcCompletion(own);
    TpWaitForAlpcCompletion(own); // it is gone
    TpReleaseAlpcCompletion(own);
}

static void callbacks_work_on_a_list(void) {
    OK(AlpcRegisterCompletionList(served, memory, LIST_BYTES, 2, 0));
    OK(TpAllocAlpcCompletionEx(&own, served, on_listed, &runs, NULL));
    TpAlpcRegisterCompletionList(own);
    serve_askers();
    TpAlpcUnregisterCompletionList(own);
    OK(AlpcUnregisterCompletionList(served));
    TpReleaseAlpcCompletion(own);
}

static void on_blocking(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_ALPC alpc) {
    static __thread MESSAGE came;
    (void)instance;
    (void)context;
    if (receive_now(served, &came, NULL) != STATUS_SUCCESS) return;
    if (LPC_TYPE(&came.header) == LPC_CONNECTION_REQUEST) {
        handle(instance, &came.header, 0);
    } else if (is_text(&came, "block")) {
        count(&runs);
        wait_until(&is_open, 1);
        TpReleaseAlpcCompletion(alpc); // in its own callback, while another waits for it
        TpWaitForAlpcCompletion(alpc);
        count(&runs);
    } else {
        // It came behind one that blocks, and is heard all the same.
        CHECK(is_text(&came, "go on"));
        count(&runs);
    }
}

static void *wait_for_callbacks(void *completion) {
    count(&waits);
    TpWaitForAlpcCompletion((PTP_ALPC)completion);
    CHECK_EQ(runs, 3);
    return NULL;
}

static void be_blocker(void) {
    HANDLE port = connect_port(u"\\pool", NULL);
    say(&message, "block");
    OK(send_to(port, &message, 0));
    say(&message, "go on");
    OK(send_to(port, &message, 0));
    wait_until(&is_open, 1); // for ever: it is killed
    _exit(0);
}

static void a_callback_that_waits_holds_up_no_other(void) {
    pthread_t waiter;
    runs = 0;
    OK(TpAllocAlpcCompletion(&own, served, on_blocking, NULL, NULL));
    pid_t child = check_fork();
    if (child == 0) be_blocker();
    wait_until(&runs, 2);
    CHECK(pthread_create(&waiter, NULL, wait_for_callbacks, own) == 0);
    wait_until(&waits, 1);
    count(&is_open);
    CHECK(pthread_join(waiter, NULL) == 0);
    wait_until(&runs, 3);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    // Nobody is called back any more: the port's messages are received there.
    CHECK_EQ(receive(served, &message), LPC_CLIENT_DIED);
}

int main(void) {
    served = create_port(u"\\pool");
    refusals();
    each_message_is_a_callback();
    callbacks_work_on_a_list();
    a_callback_that_waits_holds_up_no_other();
    // A forked child has no threads of the pool, and starts its own.
    pid_t child = check_fork();
    if (child == 0) {
        served = create_port(u"\\pool of the child");
        OK(TpAllocAlpcCompletion(&own, served, on_message, &runs, NULL));
        TpWaitForAlpcCompletion(own);
        TpReleaseAlpcCompletion(own);
        OK(NtClose(served));
        _exit(0);
    }
    check_ended_well(child);
    OK(NtClose(served));
    return 0;
}
