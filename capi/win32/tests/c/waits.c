// SPDX-License-Identifier: MIT OR Apache-2.0
// Events, waits, APCs and completion ports: what programs put around the calls of the pipes.
#include "pipes.h"

static DWORD count;
static char buffer[64];

static HANDLE event(BOOL manual, BOOL set) {
    HANDLE made = CreateEventA(NULL, manual, set, NULL);
    OK(made != NULL);
    return made;
}

static void events(void) {
    HANDLE manual = event(TRUE, TRUE), automatic = event(FALSE, TRUE);
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT);
    OK(ResetEvent(manual));
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    OK(SetEvent(automatic));
    OK(SetEvent(automatic));
    CHECK_EQ(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0);
    CHECK_EQ(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT);
    OK(PulseEvent(manual));
    CHECK_EQ(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    FAILS(ERROR_NOT_SUPPORTED, CreateEventA(NULL, TRUE, FALSE, "name"));
    FAILS(ERROR_NOT_SUPPORTED, CreateEventW(NULL, TRUE, FALSE, u"name"));
    HANDLE extended = CreateEventExW(NULL, NULL, CREATE_EVENT_INITIAL_SET, EVENT_ALL_ACCESS);
    CHECK_EQ(WaitForSingleObject(extended, 0), WAIT_OBJECT_0);
    OK(CloseHandle(extended));
    OK(CloseHandle(manual));
    OK(CloseHandle(automatic));
}

static void *set_soon(void *to_set) {
    Sleep(5);
    OK(SetEvent((HANDLE)to_set));
    return NULL;
}

static void waits_for_several(void) {
    HANDLE all[3] = {event(FALSE, FALSE), event(FALSE, TRUE), event(TRUE, TRUE)};
    CHECK_EQ(WaitForMultipleObjects(3, all, FALSE, 0), WAIT_OBJECT_0 + 1);
    CHECK_EQ(WaitForMultipleObjects(3, all, FALSE, 0), WAIT_OBJECT_0 + 2);
    OK(SetEvent(all[1]));
    CHECK_EQ(WaitForMultipleObjects(3, all, TRUE, 0), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(all[1], 0), WAIT_OBJECT_0); // The wait has taken nothing.
    OK(SetEvent(all[1]));
    pthread_t thread = start_thread(set_soon, all[0]);
    CHECK_EQ(WaitForMultipleObjects(3, all, TRUE, LONG_MS), WAIT_OBJECT_0);
    join_thread(thread);
    CHECK_EQ(WaitForMultipleObjects(2, all, FALSE, 0), WAIT_TIMEOUT);
    HANDLE twice[2] = {all[0], all[0]};
    CHECK_EQ(WaitForMultipleObjects(2, twice, TRUE, 0), WAIT_FAILED);
    CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
    CHECK_EQ(WaitForMultipleObjects(0, all, FALSE, 0), WAIT_FAILED);
    CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
    CHECK_EQ(WaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS + 1, all, FALSE, 0), WAIT_FAILED);
    for (int at = 0; at < 3; at++) OK(CloseHandle(all[at]));
}

static DWORD called_code, called_bytes;
static LPOVERLAPPED called_with;
static int calls;

static void CALLBACK routine(DWORD code, DWORD bytes, LPOVERLAPPED overlapped) {
    called_code = code;
    called_bytes = bytes;
    called_with = overlapped;
    calls++;
}

static void a_routine_is_called_in_alertable_waits_only(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE);
    OVERLAPPED read, write;
    memset(&read, 0, sizeof read);
    memset(&write, 0, sizeof write);
    read.hEvent = (HANDLE)&read; // The caller's own here.
    OK(ReadFileEx(pair.server, buffer, 4, &read, routine));
    send_text(pair.client, "long message");
    while (!HasOverlappedIoCompleted(&read)) Sleep(0);
    CHECK_EQ(SleepEx(1, FALSE), 0);
    CHECK_EQ(calls, 0);
    CHECK_EQ(SleepEx(LONG_MS, TRUE), WAIT_IO_COMPLETION);
    CHECK(calls == 1 && called_with == &read);
    CHECK_EQ(called_code, ERROR_MORE_DATA);
    CHECK_EQ(called_bytes, 4);

    HANDLE never = event(TRUE, FALSE);
    OK(WriteFileEx(pair.server, "answer", 6, &write, routine)); // Over at once, and told all the same.
    CHECK_EQ(WaitForSingleObjectEx(never, LONG_MS, TRUE), WAIT_IO_COMPLETION);
    CHECK(calls == 2 && called_with == &write && called_code == 0 && called_bytes == 6);
    OK(ReadFileEx(pair.client, buffer, sizeof buffer, &read, routine));
    CHECK_EQ(WaitForMultipleObjectsEx(1, &never, FALSE, LONG_MS, TRUE), WAIT_IO_COMPLETION);
    CHECK(calls == 3 && called_bytes == 6);
    OK(ReadFileEx(pair.client, buffer, sizeof buffer, &read, routine));
    OK(CancelIoEx(pair.client, &read));
    CHECK_EQ(SleepEx(LONG_MS, TRUE), WAIT_IO_COMPLETION);
    CHECK(calls == 4 && called_code == ERROR_OPERATION_ABORTED);
    CHECK_EQ(SleepEx(0, TRUE), 0);
    OK(CloseHandle(never));
    close_pair(pair);

    pair = make_pair(0, 0);
    FAILS(ERROR_INVALID_PARAMETER, ReadFileEx(pair.server, buffer, 4, &read, routine));
    close_pair(pair);
}

static void results_with_a_time_out(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    OVERLAPPED read = with_event(), other;
    memset(&other, 0, sizeof other);
    PENDS(ReadFile(pair.server, buffer, 4, NULL, &read));
    FAILS(ERROR_IO_INCOMPLETE, GetOverlappedResultEx(pair.server, &read, &count, 0, FALSE));
    FAILS(WAIT_TIMEOUT, GetOverlappedResultEx(pair.server, &read, &count, 5, FALSE));
    OK(ReadFileEx(pair.client, buffer, 4, &other, routine));
    send_text(pair.server, "x");
    FAILS(WAIT_IO_COMPLETION, GetOverlappedResultEx(pair.server, &read, &count, LONG_MS, TRUE));
    send_text(pair.client, "y");
    OK(GetOverlappedResult(pair.server, &read, &count, TRUE));
    CHECK_EQ(count, 1);
    OK(CloseHandle(read.hEvent));

    // Without an event the handle itself is signalled.
    memset(&read, 0, sizeof read);
    PENDS(ReadFile(pair.server, buffer, 4, NULL, &read));
    CHECK_EQ(WaitForSingleObject(pair.server, 0), WAIT_TIMEOUT);
    send_text(pair.client, "z");
    CHECK_EQ(WaitForSingleObject(pair.server, LONG_MS), WAIT_OBJECT_0);
    OK(GetOverlappedResult(pair.server, &read, &count, FALSE));

    // Two operations have that signal: each wait is for its own.
    static OVERLAPPED one, two;
    PENDS(ReadFile(pair.server, buffer, 1, NULL, &one));
    PENDS(ReadFile(pair.server, buffer + 1, 1, NULL, &two));
    send_text(pair.client, "1");
    OK(GetOverlappedResult(pair.server, &one, &count, TRUE));
    FAILS(WAIT_TIMEOUT, GetOverlappedResultEx(pair.server, &two, &count, 5, FALSE));
    send_text(pair.client, "2");
    OK(GetOverlappedResult(pair.server, &two, &count, TRUE));
    CHECK(memcmp(buffer, "12", 2) == 0);
    close_pair(pair);
}

static void completion_ports(void) {
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    OK(port != NULL);
    OVERLAPPED mine, *told = &mine;
    ULONG_PTR key = 1;
    FAILS(WAIT_TIMEOUT, GetQueuedCompletionStatus(port, &count, &key, &told, 0));
    CHECK(told == NULL);
    OK(PostQueuedCompletionStatus(port, 11, 22, &mine));
    OK(GetQueuedCompletionStatus(port, &count, &key, &told, LONG_MS));
    CHECK(count == 11 && key == 22 && told == &mine);

    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    CHECK(CreateIoCompletionPort(pair.server, port, 33, 0) == port);
    FAILS(ERROR_INVALID_PARAMETER, CreateIoCompletionPort(pair.server, port, 34, 0)); // Once.
    memset(&mine, 0, sizeof mine);
    PENDS(ReadFile(pair.server, buffer, 8, NULL, &mine));
    send_text(pair.client, "data");
    OK(GetQueuedCompletionStatus(port, &count, &key, &told, LONG_MS));
    CHECK(count == 4 && key == 33 && told == &mine);
    FAILS(ERROR_INVALID_PARAMETER, ReadFileEx(pair.server, buffer, 8, &mine, routine));

    // A failure is taken with its code; a marked event keeps the packet away.
    PENDS(ReadFile(pair.server, buffer, 8, NULL, &mine));
    OVERLAPPED quiet = with_event();
    quiet.hEvent = (HANDLE)((uintptr_t)quiet.hEvent | 1);
    PENDS(ReadFile(pair.server, buffer, 8, NULL, &quiet));
    OK(CloseHandle(pair.client));
    FAILS(ERROR_BROKEN_PIPE, GetQueuedCompletionStatus(port, &count, &key, &told, LONG_MS));
    CHECK(told == &mine && key == 33 && count == 0);
    CHECK_EQ(WaitForSingleObject(quiet.hEvent, LONG_MS), WAIT_OBJECT_0);
    FAILS(WAIT_TIMEOUT, GetQueuedCompletionStatus(port, &count, &key, &told, 0));
    OK(CloseHandle((HANDLE)((uintptr_t)quiet.hEvent & ~(uintptr_t)1)));
    OK(CloseHandle(pair.server));

    OVERLAPPED_ENTRY entries[4];
    ULONG taken;
    for (ULONG_PTR at = 0; at < 3; at++) OK(PostQueuedCompletionStatus(port, 1, at, NULL));
    OK(GetQueuedCompletionStatusEx(port, entries, 4, &taken, LONG_MS, FALSE));
    CHECK_EQ(taken, 3);
    CHECK(entries[0].lpCompletionKey == 0 && entries[2].lpCompletionKey == 2);
    OK(CloseHandle(port));

    pair = make_pair(0, 0);
    FAILS(ERROR_INVALID_PARAMETER, CreateIoCompletionPort(pair.server, NULL, 0, 0)); // Not overlapped.
    close_pair(pair);
}

static void a_success_at_once_may_be_kept_from_the_port(void) {
    Pair pair = make_pair(FILE_FLAG_OVERLAPPED, 0);
    HANDLE port = CreateIoCompletionPort(pair.server, NULL, 0, 0);
    OK(SetFileCompletionNotificationModes(pair.server, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    OVERLAPPED write, *told;
    ULONG_PTR key;
    memset(&write, 0, sizeof write);
    OK(WriteFile(pair.server, "x", 1, &count, &write));
    CHECK_EQ(count, 1);
    FAILS(WAIT_TIMEOUT, GetQueuedCompletionStatus(port, &count, &key, &told, 0));
    PENDS(ReadFile(pair.server, buffer, 8, NULL, &write));
    send_text(pair.client, "y");
    OK(GetQueuedCompletionStatus(port, &count, &key, &told, LONG_MS));
    FAILS(ERROR_INVALID_PARAMETER, SetFileCompletionNotificationModes(pair.server, 8));
    OK(CloseHandle(port));
    close_pair(pair);
}

static void *wait_at(void *port) {
    DWORD bytes;
    ULONG_PTR key;
    LPOVERLAPPED told;
    CHECK(!GetQueuedCompletionStatus((HANDLE)port, &bytes, &key, &told, INFINITE));
    // It waited already, or came too late.
    CHECK(GetLastError() == ERROR_ABANDONED_WAIT_0 || GetLastError() == ERROR_INVALID_HANDLE);
    return NULL;
}

static void whoever_waits_at_a_port_that_is_closed_is_told(void) {
    for (int round = 0; round < 20; round++) {
        HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
        HANDLE second;
        OK(DuplicateHandle(GetCurrentProcess(), port, GetCurrentProcess(), &second, 0, FALSE, DUPLICATE_SAME_ACCESS));
        pthread_t thread = start_thread(wait_at, port);
        Sleep((DWORD)round % 3);
        OK(CloseHandle(second));
        OK(CloseHandle(port));
        join_thread(thread);
    }
}

#define ROUNDS 2000
#define THREADS 4

static HANDLE shared_port;
static int taken_by_all;

static void *take_many(void *unused) {
    (void)unused;
    for (;;) {
        DWORD bytes;
        ULONG_PTR key;
        LPOVERLAPPED told;
        OK(GetQueuedCompletionStatus(shared_port, &bytes, &key, &told, LONG_MS));
        if (key == 99) return NULL;
        __atomic_fetch_add(&taken_by_all, 1, __ATOMIC_RELAXED);
    }
}

static void each_packet_is_for_one_thread(void) {
    shared_port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
    pthread_t threads[THREADS];
    for (int at = 0; at < THREADS; at++) threads[at] = start_thread(take_many, NULL);
    for (int at = 0; at < ROUNDS; at++) OK(PostQueuedCompletionStatus(shared_port, 0, 1, NULL));
    for (int at = 0; at < THREADS; at++) OK(PostQueuedCompletionStatus(shared_port, 0, 99, NULL));
    for (int at = 0; at < THREADS; at++) join_thread(threads[at]);
    CHECK_EQ(taken_by_all, ROUNDS);
    OK(CloseHandle(shared_port));
}

static void threads_are_found_by_their_number(void) {
    HANDLE own = OpenThread(THREAD_ALL_ACCESS, FALSE, GetCurrentThreadId());
    OK(own != NULL);
    CHECK_EQ(WaitForSingleObject(own, 0), WAIT_TIMEOUT);
    FAILS(ERROR_NOT_FOUND, CancelSynchronousIo(own));
    OK(CloseHandle(own));
    FAILS(ERROR_INVALID_PARAMETER, OpenThread(THREAD_ALL_ACCESS, FALSE, 1u << 30));
    CHECK_EQ(WaitForSingleObject(GetCurrentThread(), 0), WAIT_TIMEOUT);
    CHECK_EQ(WaitForSingleObject(GetCurrentProcess(), 0), WAIT_TIMEOUT);
    CHECK_EQ(GetCurrentProcessId(), getpid());
}

int main(void) {
    events();
    waits_for_several();
    a_routine_is_called_in_alertable_waits_only();
    results_with_a_time_out();
    completion_ports();
    a_success_at_once_may_be_kept_from_the_port();
    whoever_waits_at_a_port_that_is_closed_is_told();
    each_packet_is_for_one_thread();
    threads_are_found_by_their_number();
    return 0;
}
