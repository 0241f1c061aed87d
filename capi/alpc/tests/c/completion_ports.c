// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 1.4: a completion port is told of each message that no blocked thread receives, on either side of a channel.
#include "port.h"

enum { CLIENTS = 3, THREADS = 4, ROUNDS = 200, DATAGRAMS = 300 };

static MESSAGE message, reply;
static int keys[4];

static void *wait_there(void *completion) {
    void *key = NULL;
    NTSTATUS status = next_packet(completion, &key, 30000);
    if (status != STATUS_ABANDONED_WAIT_0) IS(status, STATUS_INVALID_HANDLE); // it came too late to wait
    return NULL;
}

// Without any port: packets that the program posts itself.
static void packets_go_through(void) {
    HANDLE completion = create_completion();
    void *key = NULL, *context = NULL;
    IO_STATUS_BLOCK status;
    LARGE_INTEGER now = within_ms(0);
    IS(NtRemoveIoCompletion(completion, &key, &context, &status, &now), STATUS_TIMEOUT);
    for (int i = 0; i < 4; i++) OK(NtSetIoCompletion(completion, &keys[i], &message, STATUS_PENDING, (ULONG_PTR)(100 + i)));
    OK(NtRemoveIoCompletion(completion, &key, &context, &status, &now));
    CHECK(key == &keys[0] && context == &message);
    CHECK(status.Status == STATUS_PENDING && status.Information == 100);
    IS(NtRemoveIoCompletion(completion, NULL, &context, &status, &now), STATUS_ACCESS_VIOLATION);

    FILE_IO_COMPLETION_INFORMATION entries[8];
    ULONG count = 0;
    OK(NtRemoveIoCompletionEx(completion, entries, 2, &count, NULL, FALSE));
    CHECK(count == 2 && entries[0].KeyContext == &keys[1] && entries[1].KeyContext == &keys[2]);
    OK(NtRemoveIoCompletionEx(completion, entries, 8, &count, NULL, TRUE));
    CHECK(count == 1 && entries[0].KeyContext == &keys[3] && entries[0].IoStatusBlock.Information == 103);
    IS(NtRemoveIoCompletionEx(completion, entries, 8, &count, &now, FALSE), STATUS_TIMEOUT);
    IS(NtRemoveIoCompletionEx(completion, entries, 0, &count, &now, FALSE), STATUS_INVALID_PARAMETER);

    // Closing it ends the wait of others.
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_there, completion) == 0);
    OK(NtClose(completion));
    CHECK(pthread_join(thread, NULL) == 0);
    IS(NtSetIoCompletion(completion, NULL, NULL, 0, 0), STATUS_INVALID_HANDLE);

    UNICODE_STRING name;
    OBJECT_ATTRIBUTES object;
    RtlInitUnicodeString(&name, u"\\named");
    InitializeObjectAttributes(&object, &name, 0, NULL, NULL);
    IS(NtCreateIoCompletion(&completion, 0, &object, 0), STATUS_NOT_SUPPORTED);
}

static void be_asker(void) {
    ask_and_end(u"\\completion", ROUNDS);
}

static void be_victim(void) {
    HANDLE port = connect_port(u"\\completion", NULL);
    for (int i = 0; i < DATAGRAMS; i++) {
        char text[32];
        snprintf(text, sizeof text, "word %d", i);
        say(&message, text);
        OK(send_to(port, &message, 0));
    }
    raise(SIGKILL);
}

static pid_t start(void (*act)(void)) {
    pid_t child = check_fork();
    if (child == 0) act();
    return child;
}

static void refusals(HANDLE port, HANDLE completion) {
    ALPC_PORT_ASSOCIATE_COMPLETION_PORT association = {&keys[0], completion};
    IS(NtAlpcSetInformation(port, AlpcAssociateCompletionPortInformation, &association, 1), STATUS_INFO_LENGTH_MISMATCH);
    IS(NtAlpcSetInformation(port, AlpcAssociateCompletionPortInformation, NULL, sizeof association),
       STATUS_ACCESS_VIOLATION);
    IS(associate(port, NULL, NULL), STATUS_INVALID_HANDLE);
    IS(associate(port, port, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    IS(associate(completion, completion, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    IS(NtAlpcSetInformation(port, AlpcMessageZoneInformation, NULL, 0), STATUS_NOT_SUPPORTED);
    IS(NtAlpcSetInformation(port, 14, NULL, 0), STATUS_INVALID_INFO_CLASS);
    IS(receive_now(completion, &message, NULL), STATUS_OBJECT_TYPE_MISMATCH);
}

// One thread: a client that says much and dies is heard to the last word, and then that it died.
static void one_thread_hears_all(HANDLE port, HANDLE completion) {
    pid_t victim = start(be_victim);
    // What came before anybody was to be told is told, too.
    int heard = 0, connected = 0;
    HANDLE channel = NULL;
    for (int type = 0; type != LPC_CLIENT_DIED;) {
        type = told_of(completion, port, &message);
        if (type == LPC_CONNECTION_REQUEST) {
            CHECK(!connected++);
            answer(&message, "");
            OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, NULL, &message.header, NULL, TRUE));
            IS(associate(channel, completion, NULL), STATUS_INVALID_PARAMETER);
        } else if (type == LPC_DATAGRAM) {
            char text[32];
            snprintf(text, sizeof text, "word %d", heard++);
            CHECK(is_text(&message, text));
        } else {
            CHECK_EQ(type, LPC_CLIENT_DIED);
        }
    }
    CHECK_EQ(heard, DATAGRAMS);
    CHECK(waitpid(victim, NULL, 0) == victim);
    OK(NtClose(channel));
}

static HANDLE served, told;
static int gone;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void handle(MESSAGE *own) {
    HANDLE channel = NULL;
    switch (LPC_TYPE(&own->header)) {
    case LPC_CONNECTION_REQUEST:
        answer(own, "");
        OK(NtAlpcAcceptConnectPort(&channel, served, 0, NULL, NULL, NULL, &own->header, NULL, TRUE));
        break;
    case LPC_REQUEST: OK(send_to(served, own, 0)); break;
    case LPC_PORT_CLOSED:
        CHECK(pthread_mutex_lock(&lock) == 0);
        // The last client's end is the end of all workers.
        if (++gone == CLIENTS)
            for (int i = 0; i < THREADS; i++) OK(NtSetIoCompletion(told, &gone, NULL, 0, 0));
        CHECK(pthread_mutex_unlock(&lock) == 0);
        break;
    default: CHECK(!"a message of these types");
    }
}

static void *work(void *unused) {
    MESSAGE *own = (MESSAGE *)malloc(sizeof *own);
    (void)unused;
    for (;;) {
        void *key = NULL;
        OK(next_packet(told, &key, 60000));
        if (key == &gone) break;
        CHECK(key == &keys[1]);
        NTSTATUS status = receive_now(served, own, NULL);
        if (status == STATUS_SUCCESS) handle(own);
        else IS(status, STATUS_TIMEOUT);
    }
    free(own);
    return NULL;
}

static void threads_share_it(HANDLE port, HANDLE completion) {
    pthread_t threads[THREADS];
    pid_t children[CLIENTS];
    served = port;
    told = completion;
    for (int i = 0; i < CLIENTS; i++) children[i] = start(be_asker);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < CLIENTS; i++) check_ended_well(children[i]);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void be_server(void) {
    HANDLE port = create_port(u"\\server of the told"), channel = let_in(port, NULL);
    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    say(&reply, "by the way");
    OK(send_to(channel, &reply, 0));
    answer(&message, "late answer");
    OK(send_to(port, &message, 0));
    CHECK_EQ(receive(port, &message), LPC_DATAGRAM);
    raise(SIGKILL);
}

// The client's side: answers that nobody waits for, words of the server, its death.
static void a_client_is_told(void) {
    pid_t server = start(be_server);
    HANDLE port = connect_port(u"\\server of the told", NULL), completion = create_completion();
    OK(associate(port, completion, &keys[2]));
    say(&message, "whenever you like");
    message.header.u2.s2.Type = LPC_REQUEST;
    OK(send_to(port, &message, 0));
    int said = 0, answered = 0;
    while (!said || !answered) {
        int type = told_of(completion, port, &reply);
        if (type == LPC_DATAGRAM) CHECK(is_text(&reply, "by the way") && !said++);
        else CHECK(type == LPC_REPLY && is_text(&reply, "late answer") && !answered++);
    }
    say(&message, "die");
    OK(send_to(port, &message, 0));
    NTSTATUS status;
    do {
        void *key = NULL;
        OK(next_packet(completion, &key, 30000));
        CHECK(key == &keys[2]);
        status = receive_now(port, &message, NULL);
    } while (status == STATUS_TIMEOUT);
    IS(status, STATUS_PORT_DISCONNECTED);
    CHECK(waitpid(server, NULL, 0) == server);
    // A closed port tells nobody, and its completion port goes on.
    OK(NtClose(port));
    OK(NtSetIoCompletion(completion, &keys[3], NULL, 0, 0));
    void *key = NULL;
    do OK(next_packet(completion, &key, 0));
    while (key == &keys[2]);
    CHECK(key == &keys[3]);
    OK(NtClose(completion));
}

static void be_slow_server(void) {
    static MESSAGE request;
    HANDLE port = create_port(u"\\slow server"), channel = let_in(port, NULL);
    CHECK_EQ(receive(port, &request), LPC_REQUEST);
    say(&message, "who else is there?");
    OK(send_to(channel, &message, 0));
    // It answers only when somebody else has heard that.
    CHECK(receive(port, &message) == LPC_DATAGRAM && is_text(&message, "me"));
    answer(&request, "at last");
    OK(send_to(port, &request, 0));
    CHECK_EQ(receive(port, &message), LPC_PORT_CLOSED);
    OK(NtClose(channel));
    OK(NtClose(port));
    _exit(0);
}

static void *hear(void *port) {
    static MESSAGE heard;
    CHECK_EQ(told_of(told, port, &heard), LPC_DATAGRAM);
    CHECK(is_text(&heard, "who else is there?"));
    say(&heard, "me");
    OK(send_to(port, &heard, 0));
    return NULL;
}

// A thread that is blocked until its own answer comes does not keep the rest from whom it concerns.
static void others_are_told_while_one_waits_for_its_answer(void) {
    pid_t server = start(be_slow_server);
    HANDLE port = connect_port(u"\\slow server", NULL);
    pthread_t thread;
    told = create_completion();
    OK(associate(port, told, NULL));
    CHECK(pthread_create(&thread, NULL, hear, port) == 0);
    say(&message, "are you done?");
    OK(ask(port, &message, &reply));
    CHECK(is_text(&reply, "at last"));
    CHECK(pthread_join(thread, NULL) == 0);
    OK(NtClose(port));
    OK(NtClose(told));
    check_ended_well(server);
}

static void be_stranger(void) {
    HANDLE port = NULL;
    IS(connect_with(&port, u"\\completion", NULL, NULL, NULL, ALPC_MSGFLG_SYNC_REQUEST), STATUS_PORT_CONNECTION_REFUSED);
    _exit(0);
}

int main(void) {
    packets_go_through();
    HANDLE port = create_port(u"\\completion"), completion = create_completion();
    refusals(port, completion);
    // It asks before there is anybody to be told.
    pid_t stranger = start(be_stranger);
    int descriptor = -1;
    while (AlpcCabotagePrepareWait(port, &descriptor) != STATUS_SUCCESS) usleep(1000);
    OK(associate(port, completion, &keys[1]));
    CHECK_EQ(told_of(completion, port, &message), LPC_CONNECTION_REQUEST);
    answer(&message, "");
    OK(NtAlpcAcceptConnectPort(NULL, port, 0, NULL, NULL, NULL, &message.header, NULL, FALSE));
    check_ended_well(stranger);
    IS(associate(port, completion, &keys[1]), STATUS_PORT_ALREADY_SET);
    IS(AlpcCabotagePrepareWait(port, &descriptor), STATUS_PORT_ALREADY_SET);

    one_thread_hears_all(port, completion);
    threads_share_it(port, completion);
    a_client_is_told();
    others_are_told_while_one_waits_for_its_answer();

    // A forked child has neither the port nor the completion port, and may make its own.
    pid_t child = check_fork();
    if (child == 0) {
        void *key = NULL;
        IS(next_packet(completion, &key, 0), STATUS_INVALID_HANDLE);
        HANDLE own = create_port(u"\\completion of the child"), its = create_completion();
        OK(associate(own, its, NULL));
        OK(NtClose(own));
        OK(NtClose(its));
        _exit(0);
    }
    check_ended_well(child);
    OK(NtClose(port));
    OK(NtClose(completion));
    return 0;
}
