// SPDX-License-Identifier: MIT OR Apache-2.0
// While clients ask and are killed, threads register and unregister lists, begin and release callbacks, and take from
// everywhere: each living client gets each of its answers, and each end is told once.
#include "port.h"

enum { ASKERS = 2, ROUNDS = 150, VICTIMS = 12, THREADS = 3, LIST_BYTES = 2048 };

static MESSAGE message, reply;
static unsigned char memory[LIST_BYTES] __attribute__((aligned(64)));
static HANDLE served, told;
static int connected, ends, registrations, releases, callbacks;
// The memory is the list's as long as somebody reads what was taken.
static pthread_rwlock_t reading = PTHREAD_RWLOCK_INITIALIZER;

static int is_over(void) {
    return __atomic_load_n(&ends, __ATOMIC_RELAXED) == ASKERS + VICTIMS;
}

static void be_asker(void) {
    ask_and_end(u"\\races", ROUNDS);
}

static void be_victim(void) {
    HANDLE port = connect_port(u"\\races", NULL);
    for (int i = 0;; i++) {
        char text[32];
        snprintf(text, sizeof text, "%d", i);
        say(&message, text);
        if (i % 2) OK(send_to(port, &message, 0));
        else OK(ask(port, &message, &reply));
    }
}

static void handle(PORT_MESSAGE *came) {
    HANDLE channel = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    switch (LPC_TYPE(came)) {
    case LPC_CONNECTION_REQUEST:
        came->u1.s1.DataLength = 0;
        OK(NtAlpcAcceptConnectPort(&channel, served, 0, NULL, NULL, NULL, came, NULL, TRUE));
        __atomic_add_fetch(&connected, 1, __ATOMIC_RELAXED);
        break;
    case LPC_REQUEST: status = NtAlpcSendWaitReceivePort(served, 0, came, NULL, NULL, NULL, NULL, NULL); break;
    case LPC_DATAGRAM: break;
    case LPC_CANCELED: break;
    default:
        CHECK(LPC_TYPE(came) == LPC_PORT_CLOSED || LPC_TYPE(came) == LPC_CLIENT_DIED);
        __atomic_add_fetch(&ends, 1, __ATOMIC_RELAXED);
    }
    // Who asked may be gone by now.
    if (status != STATUS_SUCCESS && status != STATUS_PORT_DISCONNECTED && status != STATUS_REQUEST_CANCELED)
        IS(status, STATUS_REPLY_MESSAGE_MISMATCH);
}

// One message from wherever one is; whether there was one.
static int serve_one(void) {
    static __thread MESSAGE own;
    CHECK(pthread_rwlock_rdlock(&reading) == 0);
    PORT_MESSAGE *taken = AlpcGetMessageFromCompletionList(memory, NULL);
    if (taken != NULL) {
        memcpy(&own, taken, (USHORT)taken->u1.s1.TotalLength);
        AlpcFreeCompletionListMessage(memory, taken);
    }
    CHECK(pthread_rwlock_unlock(&reading) == 0);
    if (taken != NULL) {
        handle(&own.header);
        return 1;
    }
    NTSTATUS status = receive_now(served, &own, NULL);
    if (status == STATUS_SUCCESS) handle(&own.header);
    else IS(status, STATUS_TIMEOUT);
    return status == STATUS_SUCCESS;
}

static void on_message(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_ALPC alpc) {
    (void)instance;
    (void)context;
    (void)alpc;
    __atomic_add_fetch(&callbacks, 1, __ATOMIC_RELAXED);
    while (serve_one()) {}
}

// Callbacks begin and are released, by several threads: one at a time has them.
static void *call_back(void *unused) {
    (void)unused;
    while (!is_over()) {
        PTP_ALPC completion = NULL;
        NTSTATUS status = TpAllocAlpcCompletion(&completion, served, on_message, NULL, NULL);
        if (status != STATUS_SUCCESS) {
            IS(status, STATUS_PORT_ALREADY_SET);
            usleep(500);
            continue;
        }
        __atomic_add_fetch(&releases, 1, __ATOMIC_RELAXED);
        if (releases % 2) TpAlpcRegisterCompletionList(completion);
        usleep(3000);
        if (releases % 3) TpWaitForAlpcCompletion(completion);
        TpReleaseAlpcCompletion(completion);
        TpWaitForAlpcCompletion(completion);
    }
    return NULL;
}

// Lists come and go.
static void *register_lists(void *unused) {
    (void)unused;
    while (!is_over()) {
        NTSTATUS status = AlpcRegisterCompletionList(served, memory, LIST_BYTES, 2, 0);
        if (status != STATUS_SUCCESS) IS(status, STATUS_PORT_ALREADY_HAS_COMPLETION_LIST);
        usleep(2000);
        if (registrations % 2) AlpcRundownCompletionList(served);
        CHECK(pthread_rwlock_wrlock(&reading) == 0);
        status = AlpcUnregisterCompletionList(served);
        CHECK(pthread_rwlock_unlock(&reading) == 0);
        if (status == STATUS_SUCCESS) __atomic_add_fetch(&registrations, 1, __ATOMIC_RELAXED);
        else IS(status, STATUS_INVALID_PARAMETER);
    }
    return NULL;
}

// Until the number has grown so far.
static void wait_until(int *number, int wanted) {
    for (int tries = 0; __atomic_load_n(number, __ATOMIC_RELAXED) < wanted; tries++) {
        CHECK(tries < 60000);
        usleep(1000);
    }
}

static pid_t start(void (*act)(void)) {
    pid_t child = check_fork();
    if (child == 0) act();
    return child;
}

static void start_thread(pthread_t *thread, void *(*act)(void *)) {
    CHECK(pthread_create(thread, NULL, act, NULL) == 0);
}

int main(void) {
    pthread_t callers[THREADS], registrar;
    pid_t askers[ASKERS], victims[VICTIMS];
    served = create_port(u"\\races");
    told = create_completion();
    for (int i = 0; i < ASKERS; i++) askers[i] = start(be_asker);
    for (int i = 0; i < VICTIMS; i++) victims[i] = start(be_victim);
    for (int i = 0; i < THREADS; i++) start_thread(&callers[i], call_back);
    start_thread(&registrar, register_lists);
    wait_until(&connected, ASKERS + VICTIMS);
    for (int i = 0; i < VICTIMS; i++) {
        wait_until(&callbacks, __atomic_load_n(&callbacks, __ATOMIC_RELAXED) + 20);
        CHECK(kill(victims[i], SIGKILL) == 0 && waitpid(victims[i], NULL, 0) == victims[i]);
    }
    for (int i = 0; i < ASKERS; i++) check_ended_well(askers[i]);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(callers[i], NULL) == 0);
    CHECK(pthread_join(registrar, NULL) == 0);
    CHECK_EQ(ends, ASKERS + VICTIMS);
    CHECK(registrations > 0 && releases > 0);
    IS(receive_now(served, &message, NULL), STATUS_TIMEOUT);
    // Closed in the middle of everything: callbacks find nothing any more.
    PTP_ALPC completion = NULL;
    OK(TpAllocAlpcCompletion(&completion, served, on_message, NULL, NULL));
    HANDLE port = served;
    TpReleaseAlpcCompletion(completion);
    TpWaitForAlpcCompletion(completion);
    OK(NtClose(port));
    OK(NtClose(told));
    return 0;
}
