// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.6: transactions, calls, flushing, operations under way and their cancelling.
#include "pipes.h"

#define MESSAGES (PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE)

static char buffer[64];
static DWORD count;

static void *answer_once(void *server) {
    char question[64];
    DWORD got;
    OK(ReadFile((HANDLE)server, question, sizeof question, &got, NULL));
    for (DWORD at = 0; at < got; at++) question[at] = (char)(question[at] - 32);
    OK(WriteFile((HANDLE)server, question, got, &got, NULL));
    return NULL;
}

static void a_transaction_asks_and_takes_the_answer(void) {
    Pair pair = make_pair(0, MESSAGES);
    pthread_t thread = start_thread(answer_once, pair.server);
    char question[] = "ahoy";
    OK(TransactNamedPipe(pair.client, question, 4, buffer, sizeof buffer, &count, NULL));
    CHECK_EQ(count, 4);
    CHECK(memcmp(buffer, "AHOY", 4) == 0);
    join_thread(thread);

    thread = start_thread(answer_once, pair.server);
    FAILS(ERROR_MORE_DATA, TransactNamedPipe(pair.client, question, 4, buffer, 2, &count, NULL));
    CHECK_EQ(count, 2);
    expect_text(pair.client, "OY");
    join_thread(thread);
    close_pair(pair);
}

static void a_transaction_needs_messages_and_an_empty_pipe(void) {
    char question[] = "?";
    Pair pair = make_pair(0, PIPE_TYPE_BYTE);
    FAILS(ERROR_BAD_PIPE, TransactNamedPipe(pair.client, question, 1, buffer, 1, &count, NULL));
    close_pair(pair);
    pair = make_pair(0, MESSAGES);
    DWORD mode = PIPE_READMODE_BYTE;
    OK(SetNamedPipeHandleState(pair.client, &mode, NULL, NULL));
    FAILS(ERROR_BAD_PIPE, TransactNamedPipe(pair.client, question, 1, buffer, 1, &count, NULL));
    mode = PIPE_READMODE_MESSAGE;
    OK(SetNamedPipeHandleState(pair.client, &mode, NULL, NULL));
    send_text(pair.server, "unread");
    FAILS(ERROR_PIPE_BUSY, TransactNamedPipe(pair.client, question, 1, buffer, 1, &count, NULL));
    close_pair(pair);
}

static void an_overlapped_transaction_is_not_held_up_by_the_quota_and_its_cancelling_leaves_the_question(void) {
    static char much[20000];
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, MESSAGES);
    OVERLAPPED both = with_event(), other = with_event();
    PENDS(TransactNamedPipe(pair.client, much, sizeof much, buffer, sizeof buffer, &count, &both));
    OK(CancelIoEx(pair.client, &both));
    expect_result(pair.client, &both, ERROR_OPERATION_ABORTED, 0);
    static char seen[sizeof much];
    OK(ReadFile(pair.server, seen, sizeof seen, &count, NULL));
    CHECK_EQ(count, sizeof much);

    // Each end asks the other at the same time.
    char one[] = "from client", two[] = "from server";
    PENDS(TransactNamedPipe(pair.client, one, 11, much, sizeof much, NULL, &both));
    FAILS(ERROR_PIPE_BUSY, TransactNamedPipe(pair.server, two, 11, seen, sizeof seen, NULL, &other));
    expect_text(pair.server, "from client");
    PENDS(TransactNamedPipe(pair.server, two, 11, seen, sizeof seen, NULL, &other));
    expect_result(pair.client, &both, 0, 11);
    CHECK(memcmp(much, "from server", 11) == 0);
    send_text(pair.client, "answer");
    expect_result(pair.server, &other, 0, 6);
    CHECK(memcmp(seen, "answer", 6) == 0);
    OK(CloseHandle(both.hEvent));
    OK(CloseHandle(other.hEvent));
    close_pair(pair);
}

static void a_call_finds_an_instance_or_says_why_not(void) {
    FAILS(ERROR_FILE_NOT_FOUND, CallNamedPipeA(NAME, "x", 1, buffer, sizeof buffer, &count, NMPWAIT_WAIT_FOREVER));
    HANDLE server = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, MESSAGES, 1, 64, 64, 0, NULL);
    OK(server != INVALID_HANDLE_VALUE);
    HANDLE client = make_client(0);
    FAILS(ERROR_PIPE_BUSY, CallNamedPipeA(NAME, "x", 1, buffer, sizeof buffer, &count, NMPWAIT_NOWAIT));
    FAILS(ERROR_SEM_TIMEOUT, CallNamedPipeA(NAME, "x", 1, buffer, sizeof buffer, &count, 10));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void *serve_a_call(void *server) {
    OK(ConnectNamedPipe((HANDLE)server, NULL) || GetLastError() == ERROR_PIPE_CONNECTED);
    answer_once(server);
    return NULL;
}

static void a_call_takes_the_answer_or_what_fits_of_it(void) {
    for (DWORD room = 2; room <= 8; room += 6) {
        HANDLE server = make_server(PIPE_ACCESS_DUPLEX, MESSAGES);
        pthread_t thread = start_thread(serve_a_call, server);
        memset(buffer, 0, sizeof buffer);
        if (room == 8) {
            OK(CallNamedPipeW(u"\\\\.\\pipe\\conformance", "ahoy", 4, buffer, room, &count, LONG_MS));
        } else {
            FAILS(ERROR_MORE_DATA, CallNamedPipeA(NAME, "ahoy", 4, buffer, room, &count, LONG_MS));
        }
        CHECK_EQ(count, room == 8 ? 4 : 2);
        CHECK(memcmp(buffer, "AHOY", count) == 0);
        join_thread(thread);
        OK(CloseHandle(server));
    }
}

static void *flush(void *server) {
    OK(FlushFileBuffers((HANDLE)server));
    return NULL;
}

static void a_flush_waits_until_all_is_read_on_an_overlapped_handle_too(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    send_text(pair.server, "unread");
    pthread_t thread = start_thread(flush, pair.server);
    expect_text(pair.client, "unread");
    join_thread(thread);
    OK(FlushFileBuffers(pair.server));

    // Cancelling the write that is unread releases it.
    static char much[20000];
    OVERLAPPED write = with_event();
    PENDS(WriteFile(pair.server, much, sizeof much, NULL, &write));
    thread = start_thread(flush, pair.server);
    OK(CancelIoEx(pair.server, &write));
    expect_result(pair.server, &write, ERROR_OPERATION_ABORTED, 0);
    join_thread(thread);
    OK(CloseHandle(write.hEvent));
    close_pair(pair);
}

static void reads_under_way_are_served_in_their_order(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, MESSAGES);
    OVERLAPPED reads[3];
    char got[3][8];
    for (int at = 0; at < 3; at++) {
        reads[at] = with_event();
        PENDS(ReadFile(pair.server, got[at], 8, NULL, &reads[at]));
    }
    send_text(pair.client, "one");
    expect_result(pair.server, &reads[0], 0, 3);
    expect_pending(&reads[1]);
    OK(CancelIoEx(pair.server, &reads[1]));
    expect_result(pair.server, &reads[1], ERROR_OPERATION_ABORTED, 0);
    send_text(pair.client, "two");
    expect_result(pair.server, &reads[2], 0, 3);
    CHECK(memcmp(got[0], "one", 3) == 0 && memcmp(got[2], "two", 3) == 0);
    for (int at = 0; at < 3; at++) OK(CloseHandle(reads[at].hEvent));
    close_pair(pair);
}

static void an_error_at_once_leaves_no_packet_and_a_success_does(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    HANDLE port = CreateIoCompletionPort(pair.server, NULL, 7, 0);
    OK(port != NULL);
    OVERLAPPED one, *told;
    ULONG_PTR key;
    memset(&one, 0, sizeof one);
    OK(WriteFile(pair.server, "x", 1, NULL, &one));
    OK(GetQueuedCompletionStatus(port, &count, &key, &told, LONG_MS));
    CHECK(told == &one && key == 7 && count == 1);
    expect_text(pair.client, "x");
    OK(CloseHandle(pair.client));
    FAILS(ERROR_NO_DATA, WriteFile(pair.server, "x", 1, NULL, &one));
    CHECK_EQ(one.Internal, 0x103);
    FAILS(WAIT_TIMEOUT, GetQueuedCompletionStatus(port, &count, &key, &told, 0));
    CHECK(told == NULL);
    OK(CloseHandle(port));
    OK(CloseHandle(pair.server));
}

static void *cancel_io(void *server) {
    OK(CancelIo((HANDLE)server)); // This thread has begun nothing.
    return NULL;
}

static void one_thread_cancels_what_it_has_begun(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    OVERLAPPED read = with_event();
    PENDS(ReadFile(pair.server, buffer, 8, NULL, &read));
    join_thread(start_thread(cancel_io, pair.server));
    expect_pending(&read);
    OK(CancelIo(pair.server));
    expect_result(pair.server, &read, ERROR_OPERATION_ABORTED, 0);
    OK(CancelIo(pair.server));
    FAILS(ERROR_NOT_FOUND, CancelIoEx(pair.server, NULL));
    OK(CloseHandle(read.hEvent));
    close_pair(pair);
}

static HANDLE reader;

static void *read_until_cancelled(void *end) {
    char byte;
    DWORD got;
    OK(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &reader, 0, FALSE,
                       DUPLICATE_SAME_ACCESS));
    FAILS(ERROR_OPERATION_ABORTED, ReadFile((HANDLE)end, &byte, 1, &got, NULL));
    return NULL;
}

static void a_call_that_waits_is_cancelled_by_its_thread_or_by_its_handle(DWORD flags) {
    Pair pair = make_pair(flags, 0);
    FAILS(ERROR_NOT_FOUND, CancelIoEx(pair.server, NULL));
    for (int by_thread = 0; by_thread < 2; by_thread++) {
        reader = NULL;
        pthread_t thread = start_thread(read_until_cancelled, pair.server);
        for (;;) { // Until it waits.
            HANDLE known = __atomic_load_n(&reader, __ATOMIC_ACQUIRE);
            if (by_thread ? known && CancelSynchronousIo(known) : CancelIoEx(pair.server, NULL)) break;
            CHECK(!known || GetLastError() == ERROR_NOT_FOUND);
            Sleep(1);
        }
        join_thread(thread);
        CHECK_EQ(WaitForSingleObject(reader, LONG_MS), WAIT_OBJECT_0); // It has ended.
        FAILS(ERROR_NOT_FOUND, CancelSynchronousIo(reader));
        OK(CloseHandle(reader));
    }
    send_text(pair.client, "whole");
    expect_text(pair.server, "whole"); // Nothing was lost.
    close_pair(pair);
}

static void closing_one_of_two_handles_cancels_nothing_and_the_last_does(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    HANDLE second;
    OK(DuplicateHandle(GetCurrentProcess(), pair.server, GetCurrentProcess(), &second, 0, FALSE, DUPLICATE_SAME_ACCESS));
    OVERLAPPED read = with_event();
    PENDS(ReadFile(pair.server, buffer, 8, NULL, &read));
    OK(CloseHandle(pair.server));
    expect_pending(&read);
    send_text(pair.client, "x");
    expect_result(second, &read, 0, 1);
    PENDS(ReadFile(second, buffer, 8, NULL, &read));
    OK(CloseHandle(second));
    CHECK_EQ(WaitForSingleObject(read.hEvent, LONG_MS), WAIT_OBJECT_0);
    CHECK_EQ(read.Internal, 0xC0000120);
    FAILS(ERROR_NO_DATA, WriteFile(pair.client, "x", 1, &count, NULL));
    OK(CloseHandle(read.hEvent));
    OK(CloseHandle(pair.client));
}

static HANDLE join_in(DWORD flags) {
    for (;;) {
        HANDLE made = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
        if (made != INVALID_HANDLE_VALUE) return made;
        CHECK(GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PIPE_BUSY);
        Sleep(1);
    }
}

static void *read_until_broken(void *client) {
    char byte;
    DWORD got;
    FAILS(ERROR_BROKEN_PIPE, ReadFile((HANDLE)client, &byte, 1, &got, NULL));
    return NULL;
}

static void *wait_until_gone(void *unused) {
    FAILS(ERROR_FILE_NOT_FOUND, WaitNamedPipeA(NAME, NMPWAIT_WAIT_FOREVER));
    return unused;
}

static void whatever_waits_for_a_server_ends_when_it_is_killed(void) {
    pid_t server = check_fork();
    if (server == 0) {
        for (int at = 0; at < 3; at++) make_server(PIPE_ACCESS_DUPLEX, MESSAGES);
        for (;;) pause();
    }
    HANDLE plain = join_in(0), overlapped = join_in(FILE_FLAG_OVERLAPPED), asks = join_in(0);
    DWORD mode = PIPE_READMODE_MESSAGE;
    OK(SetNamedPipeHandleState(overlapped, &mode, NULL, NULL));
    static char much[20000];
    OVERLAPPED read = with_event(), write = with_event();
    PENDS(ReadFile(overlapped, buffer, 8, NULL, &read));
    PENDS(WriteFile(overlapped, much, sizeof much, NULL, &write));
    pthread_t reads = start_thread(read_until_broken, plain), waits = start_thread(wait_until_gone, NULL);
    send_text(asks, "never read");
    Sleep(10);
    CHECK(kill(server, SIGKILL) == 0);
    CHECK(waitpid(server, NULL, 0) == server);
    expect_result(overlapped, &read, ERROR_BROKEN_PIPE, 0);
    expect_result(overlapped, &write, ERROR_BROKEN_PIPE, 0);
    join_thread(reads);
    join_thread(waits);
    FAILS(ERROR_NO_DATA, WriteFile(asks, "x", 1, &count, NULL));
    OK(CloseHandle(read.hEvent));
    OK(CloseHandle(write.hEvent));
    OK(CloseHandle(plain));
    OK(CloseHandle(overlapped));
    OK(CloseHandle(asks));
}

int main(void) {
    a_transaction_asks_and_takes_the_answer();
    a_transaction_needs_messages_and_an_empty_pipe();
    an_overlapped_transaction_is_not_held_up_by_the_quota_and_its_cancelling_leaves_the_question();
    a_call_finds_an_instance_or_says_why_not();
    a_call_takes_the_answer_or_what_fits_of_it();
    a_flush_waits_until_all_is_read_on_an_overlapped_handle_too();
    reads_under_way_are_served_in_their_order();
    an_error_at_once_leaves_no_packet_and_a_success_does();
    one_thread_cancels_what_it_has_begun();
    a_call_that_waits_is_cancelled_by_its_thread_or_by_its_handle(0);
    a_call_that_waits_is_cancelled_by_its_thread_or_by_its_handle(FILE_FLAG_OVERLAPPED);
    closing_one_of_two_handles_cancels_nothing_and_the_last_does();
    whatever_waits_for_a_server_ends_when_it_is_killed();
    return 0;
}
