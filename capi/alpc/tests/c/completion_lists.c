// SPDX-License-Identifier: MIT OR Apache-2.0
// Completion lists: messages of a port are taken into memory of the program, by any thread, and stay at the port if
// they are not.
#include <sys/select.h>

#include "port.h"

enum { ROUNDS = 200, THREADS = 3, CLIENTS = 2, LIST_BYTES = 256 * 1024 };

static const ULONG ALWAYS = ALPC_MESSAGE_CONTEXT_ATTRIBUTE | ALPC_MESSAGE_TOKEN_ATTRIBUTE;
static MESSAGE message, reply;
static int word_of_list;
static unsigned char memory[LIST_BYTES] __attribute__((aligned(64)));
static unsigned char other[LIST_BYTES] __attribute__((aligned(64)));

static int has_text(PORT_MESSAGE *taken, const char *text) {
    size_t bytes = (USHORT)taken->u1.s1.DataLength;
    return bytes == strlen(text) && memcmp(taken + 1, text, bytes) == 0;
}

// The next message of the list of a port, which must come.
static PORT_MESSAGE *take(HANDLE port, void *list, PALPC_MESSAGE_ATTRIBUTES *attributes) {
    for (;;) {
        PORT_MESSAGE *taken = AlpcGetMessageFromCompletionList(list, attributes);
        if (taken != NULL) return taken;
        int descriptor = -1;
        if (AlpcCabotagePrepareWait(port, &descriptor) == STATUS_PENDING) {
            fd_set set;
            struct timeval patience = {30, 0};
            FD_ZERO(&set);
            FD_SET(descriptor, &set);
            CHECK(select(descriptor + 1, &set, NULL, NULL, &patience) == 1);
        }
    }
}

// Until so many messages wait at the port.
static void wait_for(void *list, ULONG count) {
    for (int tries = 0; AlpcGetOutstandingCompletionListMessageCount(list) < count; tries++) {
        CHECK(tries < 30000);
        usleep(1000);
    }
    CHECK_EQ(AlpcGetOutstandingCompletionListMessageCount(list), count);
}

static NTSTATUS reply_to(HANDLE port, PORT_MESSAGE *taken) {
    return NtAlpcSendWaitReceivePort(port, 0, taken, NULL, NULL, NULL, NULL, NULL);
}

// Lets the client in whose request is next in the list.
static HANDLE accept_from(HANDLE port, void *list, void *context) {
    HANDLE channel = NULL;
    PORT_MESSAGE *taken = take(port, list, NULL);
    CHECK_EQ(LPC_TYPE(taken), LPC_CONNECTION_REQUEST);
    OK(NtAlpcAcceptConnectPort(&channel, port, 0, NULL, NULL, context, taken, NULL, TRUE));
    AlpcFreeCompletionListMessage(list, taken);
    return channel;
}

static pid_t start(void (*act)(void)) {
    pid_t child = check_fork();
    if (child == 0) act();
    return child;
}

static void refusals(void) {
    HANDLE port = create_port(u"\\refusals");
    ALPC_PORT_COMPLETION_LIST_INFORMATION asked = {memory, LIST_BYTES, 1, ALWAYS};
    IS(NtAlpcSetInformation(port, AlpcRegisterCompletionListInformation, &asked, 8), STATUS_INFO_LENGTH_MISMATCH);
    IS(AlpcRegisterCompletionList(port, NULL, LIST_BYTES, 1, 0), STATUS_ACCESS_VIOLATION);
    IS(AlpcRegisterCompletionList(port, memory + 1, LIST_BYTES - 8, 1, 0), STATUS_ACCESS_VIOLATION);
    IS(AlpcRegisterCompletionList(port, memory, LIST_BYTES, 0, 0), STATUS_INVALID_PARAMETER);
    IS(AlpcRegisterCompletionList(port, memory, LIST_BYTES, 1, 1), STATUS_INVALID_PARAMETER);
    IS(AlpcRegisterCompletionList(port, memory, 40, 1, 0), STATUS_BUFFER_TOO_SMALL);
    IS(AlpcRegisterCompletionList(port, memory, 64, 1, ALWAYS), STATUS_BUFFER_TOO_SMALL);
    IS(AlpcUnregisterCompletionList(port), STATUS_INVALID_PARAMETER);
    IS(AlpcRundownCompletionList(port), STATUS_INVALID_PARAMETER);
    IS(AlpcAdjustCompletionListConcurrencyCount(port, 1), STATUS_INVALID_PARAMETER);
    IS(AlpcRegisterCompletionList((HANDLE)(uintptr_t)0x12340, memory, LIST_BYTES, 1, 0), STATUS_INVALID_HANDLE);

    OK(NtAlpcSetInformation(port, AlpcRegisterCompletionListInformation, &asked, sizeof asked));
    IS(AlpcRegisterCompletionList(port, other, LIST_BYTES, 1, 0), STATUS_PORT_ALREADY_HAS_COMPLETION_LIST);
    HANDLE second = create_port(u"\\refused");
    IS(AlpcRegisterCompletionList(second, memory, LIST_BYTES, 1, 0), STATUS_INVALID_PARAMETER);
    IS(AlpcRegisterCompletionList(second, memory + 4096, 4096, 1, 0), STATUS_INVALID_PARAMETER);
    OK(AlpcRegisterCompletionList(second, other, LIST_BYTES, 1, 0));

    ULONG count = 2, number = 7, callback = 7;
    CHECK(AlpcGetMessageFromCompletionList(memory, NULL) == NULL);
    CHECK_EQ(AlpcGetOutstandingCompletionListMessageCount(memory), 0);
    CHECK(!AlpcRegisterCompletionListWorkerThread(memory) && AlpcUnregisterCompletionListWorkerThread(memory));
    AlpcGetCompletionListLastMessageInformation(memory, &number, &callback);
    CHECK(number == 0 && callback == 0);
    OK(NtAlpcSetInformation(port, AlpcAdjustCompletionListConcurrencyCountInformation, &count, sizeof count));
    IS(AlpcAdjustCompletionListConcurrencyCount(port, 0), STATUS_INVALID_PARAMETER);
    OK(NtAlpcSetInformation(port, AlpcUnregisterCompletionListInformation, NULL, 0));
    // What is no list has nothing.
    CHECK(AlpcGetMessageFromCompletionList(memory, NULL) == NULL && AlpcGetMessageFromCompletionList(NULL, NULL) == NULL);
    CHECK(AlpcGetCompletionListMessageAttributes(memory, (PORT_MESSAGE *)memory) == NULL);
    CHECK(!AlpcRegisterCompletionListWorkerThread(NULL) && AlpcUnregisterCompletionListWorkerThread(NULL));
    AlpcFreeCompletionListMessage(memory, (PORT_MESSAGE *)memory);
    // The memory is free again, also of a port that was closed.
    OK(NtClose(second));
    OK(AlpcRegisterCompletionList(port, other, LIST_BYTES, 1, 0));
    OK(NtClose(port));
    CHECK(AlpcGetMessageFromCompletionList(other, NULL) == NULL);
}

static unsigned char room[256] __attribute__((aligned(8)));
#define ROOM ((ALPC_MESSAGE_ATTRIBUTES *)room)

// Sends a view, a handle, and plain words.
static void be_giver(void) {
    ALPC_PORT_ATTRIBUTES attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.Flags = ALPC_PORFLG_ALLOW_DUP_OBJECT;
    HANDLE port = connect_port(u"\\listed", &attributes);
    ALPC_HANDLE section = NULL;
    SIZE_T required, whole;
    OK(NtAlpcCreatePortSection(port, 0, NULL, 100000, &section, &whole));
    OK(AlpcInitializeMessageAttribute(ALPC_MESSAGE_VIEW_ATTRIBUTE, ROOM, sizeof room, &required));
    ALPC_DATA_VIEW_ATTR *view = (ALPC_DATA_VIEW_ATTR *)AlpcGetMessageAttribute(ROOM, ALPC_MESSAGE_VIEW_ATTRIBUTE);
    memset(view, 0, sizeof *view);
    view->SectionHandle = section;
    OK(NtAlpcCreateSectionView(port, 0, view));
    memset(view->ViewBase, 'v', 100000);
    view->ViewSize = 100000;
    ROOM->ValidAttributes = ALPC_MESSAGE_VIEW_ATTRIBUTE;
    SIZE_T length = sizeof reply;
    say(&message, "with a view");
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, ROOM, &reply.header, &length, NULL, NULL));
    CHECK(is_text(&reply, "with a view"));

    int ends[2];
    CHECK(pipe(ends) == 0);
    OK(AlpcInitializeMessageAttribute(ALPC_MESSAGE_HANDLE_ATTRIBUTE, ROOM, sizeof room, &required));
    ALPC_HANDLE_ATTR *handle = (ALPC_HANDLE_ATTR *)AlpcGetMessageAttribute(ROOM, ALPC_MESSAGE_HANDLE_ATTRIBUTE);
    memset(handle, 0, sizeof *handle);
    OK(AlpcCabotageHandleOfDescriptor(ends[0], &handle->Handle));
    ROOM->ValidAttributes = ALPC_MESSAGE_HANDLE_ATTRIBUTE;
    say(&message, "with a handle");
    length = sizeof reply;
    OK(NtAlpcSendWaitReceivePort(port, ALPC_MSGFLG_SYNC_REQUEST, &message.header, ROOM, &reply.header, &length, NULL, NULL));
    CHECK(write(ends[1], "through the pipe", 16) == 16);

    for (int i = 0; i < 3; i++) {
        say(&message, i == 0 ? "one" : i == 1 ? "two" : "three");
        OK(send_to(port, &message, 0));
    }
    say(&message, "end");
    OK(ask(port, &message, &reply));
    OK(NtClose(port));
    _exit(0);
}

static void attributes_come_along(void) {
    ALPC_PORT_ATTRIBUTES attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.Flags = ALPC_PORFLG_ALLOW_DUP_OBJECT;
    HANDLE port = create_port_with(u"\\listed", &attributes);
    ULONG all = ALWAYS | ALPC_MESSAGE_VIEW_ATTRIBUTE | ALPC_MESSAGE_HANDLE_ATTRIBUTE;
    OK(AlpcRegisterCompletionList(port, memory, LIST_BYTES, 1, all));
    pid_t giver = start(be_giver);
    int word = 0;
    HANDLE channel = accept_from(port, memory, &word);

    PALPC_MESSAGE_ATTRIBUTES beside = NULL;
    PORT_MESSAGE *taken = take(port, memory, &beside);
    CHECK((unsigned char *)taken >= memory && (unsigned char *)beside + AlpcGetHeaderSize(all) <= memory + LIST_BYTES);
    CHECK(has_text(taken, "with a view") && (uintptr_t)beside % 8 == 0);
    CHECK(AlpcGetCompletionListMessageAttributes(memory, taken) == beside);
    CHECK(AlpcGetCompletionListMessageAttributes(memory, taken + 1) == NULL);
    CHECK_EQ(beside->AllocatedAttributes, all);
    CHECK_EQ(beside->ValidAttributes, ALWAYS | ALPC_MESSAGE_VIEW_ATTRIBUTE);
    ALPC_DATA_VIEW_ATTR *view = (ALPC_DATA_VIEW_ATTR *)AlpcGetMessageAttribute(beside, ALPC_MESSAGE_VIEW_ATTRIBUTE);
    ALPC_CONTEXT_ATTR *context = (ALPC_CONTEXT_ATTR *)AlpcGetMessageAttribute(beside, ALPC_MESSAGE_CONTEXT_ATTRIBUTE);
    CHECK(view->ViewSize == 100000 && ((char *)view->ViewBase)[99999] == 'v');
    CHECK(context->PortContext == &word && context->MessageId == taken->MessageId);
    ULONG number = 0, callback = 1;
    AlpcGetCompletionListLastMessageInformation(memory, &number, &callback);
    CHECK(number == taken->MessageId && callback == 0);
    OK(NtAlpcDeleteSectionView(port, 0, view->ViewBase));
    CHECK_EQ(AlpcGetOutstandingCompletionListMessageCount(memory), 1);
    // A message that was taken is answered where it lies.
    OK(reply_to(port, taken));
    AlpcFreeCompletionListMessage(memory, taken);

    taken = take(port, memory, &beside);
    CHECK(has_text(taken, "with a handle"));
    CHECK_EQ(beside->ValidAttributes, ALWAYS | ALPC_MESSAGE_HANDLE_ATTRIBUTE);
    ALPC_HANDLE_ATTR *handle = (ALPC_HANDLE_ATTR *)AlpcGetMessageAttribute(beside, ALPC_MESSAGE_HANDLE_ATTRIBUTE);
    int descriptor = -1;
    OK(AlpcCabotageDescriptorOfHandle(handle->Handle, &descriptor));
    OK(NtClose(handle->Handle));
    OK(reply_to(port, taken));
    char text[17] = "";
    CHECK(read(descriptor, text, 16) == 16 && strcmp(text, "through the pipe") == 0);
    CHECK(close(descriptor) == 0);

    // They may be held and freed in any order.
    PORT_MESSAGE *held[3];
    for (int i = 0; i < 3; i++) held[i] = take(port, memory, NULL);
    CHECK(has_text(held[0], "one") && has_text(held[1], "two") && has_text(held[2], "three"));
    AlpcFreeCompletionListMessage(memory, held[1]);
    AlpcFreeCompletionListMessage(memory, held[1]); // once is enough
    AlpcFreeCompletionListMessage(memory, taken);
    AlpcFreeCompletionListMessage(memory, held[2]);
    CHECK(has_text(held[0], "one"));
    taken = take(port, memory, NULL);
    CHECK(has_text(taken, "end"));
    CHECK_EQ(AlpcGetOutstandingCompletionListMessageCount(memory), 2);
    // Unregistered, its memory is the program's, and what was taken is still there.
    OK(AlpcUnregisterCompletionList(port));
    CHECK(has_text(held[0], "one"));
    OK(reply_to(port, taken));
    CHECK_EQ(receive(port, &message), LPC_PORT_CLOSED);
    check_ended_well(giver);
    OK(NtClose(channel));
    OK(NtClose(port));
}

static void be_talker(void) {
    HANDLE port = connect_port(u"\\talk", NULL);
    for (int i = 0; i < 20; i++) {
        char text[256] = "";
        snprintf(text, sizeof text, "%d", i);
        say(&message, text);
        // One of them is longer than the whole list.
        if (i == 10) message.header.u1.s1.DataLength = 200;
        if (i == 10) message.header.u1.s1.TotalLength = 240;
        OK(send_to(port, &message, 0));
    }
    say(&message, "end");
    OK(ask(port, &message, &reply));
    raise(SIGKILL);
}

// A list of three places: what does not fit waits, what can never fit is received at the port, nothing is lost.
static void a_full_list_holds_back(void) {
    HANDLE port = create_port(u"\\talk"), completion = create_completion();
    pid_t talker = start(be_talker);
    HANDLE channel = let_in(port, NULL);
    OK(AlpcRegisterCompletionList(port, memory, 3 * 64, 1, 0));
    wait_for(memory, 21);
    PORT_MESSAGE *held[3];
    for (int i = 0; i < 3; i++) CHECK((held[i] = AlpcGetMessageFromCompletionList(memory, NULL)) != NULL);
    CHECK(AlpcGetMessageFromCompletionList(memory, NULL) == NULL);
    CHECK_EQ(AlpcGetOutstandingCompletionListMessageCount(memory), 21);
    CHECK(!AlpcRegisterCompletionListWorkerThread(memory)); // there is no place, so nothing to do

    // A worker is called for when there is place again.
    void *key = NULL;
    OK(associate(port, completion, &word_of_list));
    while (next_packet(completion, &key, 0) == STATUS_SUCCESS) CHECK(key == &word_of_list);
    AlpcFreeCompletionListMessage(memory, held[1]);
    OK(next_packet(completion, &key, 0));
    CHECK(key == &word_of_list && AlpcRegisterCompletionListWorkerThread(memory));
    CHECK(!AlpcRegisterCompletionListWorkerThread(memory)); // one at a time
    CHECK(!AlpcUnregisterCompletionListWorkerThread(memory)); // there is more to do
    held[1] = AlpcGetMessageFromCompletionList(memory, NULL);
    CHECK(held[1] != NULL && has_text(held[1], "3"));
    CHECK(AlpcUnregisterCompletionListWorkerThread(memory)); // it is full
    for (int i = 0; i < 3; i++) AlpcFreeCompletionListMessage(memory, held[i]);
    for (int i = 4; i < 10; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        PORT_MESSAGE *taken = AlpcGetMessageFromCompletionList(memory, NULL);
        CHECK(taken != NULL && has_text(taken, text));
        AlpcFreeCompletionListMessage(memory, taken);
    }
    // The one that is too long stays at the port, and what comes behind it waits.
    CHECK(AlpcGetMessageFromCompletionList(memory, NULL) == NULL);
    CHECK(!AlpcRegisterCompletionListWorkerThread(memory));
    OK(receive_now(port, &message, NULL));
    CHECK_EQ(message.header.u1.s1.DataLength, 200);
    PORT_MESSAGE *taken = AlpcGetMessageFromCompletionList(memory, NULL);
    CHECK(taken != NULL && has_text(taken, "11"));

    // What is not taken when the list goes is received at the port, in order, and told anew.
    while (next_packet(completion, &key, 0) == STATUS_SUCCESS) {}
    OK(AlpcUnregisterCompletionList(port));
    CHECK(AlpcGetMessageFromCompletionList(memory, NULL) == NULL);
    for (int i = 12; i < 20; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        CHECK_EQ(told_of(completion, port, &message), LPC_DATAGRAM);
        CHECK(is_text(&message, text));
    }
    // Run down, it has what was there, and nothing more.
    OK(AlpcRegisterCompletionList(port, memory, LIST_BYTES, 1, 0));
    wait_for(memory, 1);
    OK(NtAlpcSetInformation(port, AlpcCompletionListRundownInformation, NULL, 0));
    taken = AlpcGetMessageFromCompletionList(memory, NULL);
    CHECK(taken != NULL && has_text(taken, "end"));
    OK(reply_to(port, taken));
    AlpcFreeCompletionListMessage(memory, taken);
    CHECK_EQ(told_of(completion, port, &message), LPC_CLIENT_DIED);
    CHECK(AlpcGetMessageFromCompletionList(memory, NULL) == NULL);
    CHECK(waitpid(talker, NULL, 0) == talker);
    OK(AlpcUnregisterCompletionList(port));
    OK(NtClose(channel));
    OK(NtClose(port));
    OK(NtClose(completion));
}

static void be_server(void) {
    HANDLE port = create_port(u"\\server of a list"), channel = let_in(port, NULL);
    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    say(&reply, "by the way");
    OK(send_to(channel, &reply, 0));
    answer(&message, "late answer");
    OK(send_to(port, &message, 0));
    CHECK_EQ(receive(port, &message), LPC_REQUEST);
    raise(SIGKILL);
}

// A client's list has answers that nobody waits for, words of the server, and its end.
static void a_client_has_one_too(void) {
    pid_t server = start(be_server);
    HANDLE port = connect_port(u"\\server of a list", NULL);
    OK(AlpcRegisterCompletionList(port, memory, LIST_BYTES, 1, 0));
    say(&message, "whenever you like");
    message.header.u2.s2.Type = LPC_REQUEST;
    OK(send_to(port, &message, 0));
    ULONG number = message.header.MessageId;
    int said = 0, answered = 0;
    while (!said || !answered) {
        PORT_MESSAGE *taken = take(port, memory, NULL);
        if (LPC_TYPE(taken) == LPC_DATAGRAM) CHECK(has_text(taken, "by the way") && !said++);
        else CHECK(has_text(taken, "late answer") && taken->MessageId == number && !answered++);
        AlpcFreeCompletionListMessage(memory, taken);
    }
    say(&message, "die without an answer");
    message.header.u2.s2.Type = LPC_REQUEST;
    OK(send_to(port, &message, 0));
    PORT_MESSAGE *taken = take(port, memory, NULL);
    CHECK_EQ(LPC_TYPE(taken), LPC_LOST_REPLY);
    CHECK_EQ(taken->MessageId, message.header.MessageId);
    taken = take(port, memory, NULL);
    CHECK_EQ(LPC_TYPE(taken), LPC_PORT_CLOSED);
    CHECK(AlpcGetMessageFromCompletionList(memory, NULL) == NULL);
    IS(receive_now(port, &message, NULL), STATUS_PORT_DISCONNECTED);
    CHECK(waitpid(server, NULL, 0) == server);
    OK(NtClose(port));
}

static void be_asker(void) {
    ask_and_end(u"\\listed threads", ROUNDS);
}

static HANDLE served, told;
static int gone, active, most_active;

static void handle(PORT_MESSAGE *taken) {
    HANDLE channel = NULL;
    if (LPC_TYPE(taken) == LPC_CONNECTION_REQUEST) {
        taken->u1.s1.DataLength = 0;
        OK(NtAlpcAcceptConnectPort(&channel, served, 0, NULL, NULL, NULL, taken, NULL, TRUE));
    } else if (LPC_TYPE(taken) == LPC_REQUEST) {
        OK(reply_to(served, taken));
    } else {
        CHECK_EQ(LPC_TYPE(taken), LPC_PORT_CLOSED);
        if (__atomic_add_fetch(&gone, 1, __ATOMIC_RELAXED) == CLIENTS)
            for (int i = 0; i < THREADS; i++) OK(NtSetIoCompletion(told, &gone, NULL, 0, 0));
    }
}

static void *work(void *unused) {
    (void)unused;
    for (;;) {
        void *key = NULL;
        OK(next_packet(told, &key, 60000));
        if (key == &gone) return NULL;
        if (!AlpcRegisterCompletionListWorkerThread(memory)) continue;
        int now = __atomic_add_fetch(&active, 1, __ATOMIC_RELAXED), most = most_active;
        while (now > most && !__atomic_compare_exchange_n(&most_active, &most, now, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
        for (;;) {
            PORT_MESSAGE *taken = AlpcGetMessageFromCompletionList(memory, NULL);
            if (taken != NULL) {
                handle(taken);
                AlpcFreeCompletionListMessage(memory, taken);
                continue;
            }
            __atomic_sub_fetch(&active, 1, __ATOMIC_RELAXED);
            if (AlpcUnregisterCompletionListWorkerThread(memory)) break;
            __atomic_add_fetch(&active, 1, __ATOMIC_RELAXED);
        }
    }
}

// More threads than may be workers at once, in a list with few places.
static void workers_share_a_list(void) {
    pid_t children[CLIENTS];
    pthread_t threads[THREADS];
    served = create_port(u"\\listed threads");
    told = create_completion();
    OK(AlpcRegisterCompletionList(served, memory, 4 * 128, 2, 0));
    OK(associate(served, told, &told));
    for (int i = 0; i < CLIENTS; i++) children[i] = start(be_asker);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < CLIENTS; i++) check_ended_well(children[i]);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(most_active >= 1 && most_active <= 2);
    OK(NtClose(served));
    OK(NtClose(told));
}

int main(void) {
    refusals();
    attributes_come_along();
    a_full_list_holds_back();
    a_client_has_one_too();
    workers_share_a_list();
    return 0;
}
