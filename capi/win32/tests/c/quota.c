// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.5, quota and blocking.
#include "pipes.h"

static char much[40000], buffer[40000];
static DWORD count, available;

static HANDLE sized_server(DWORD flags, DWORD mode, DWORD bytes) {
    HANDLE made = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | flags, mode, 1, bytes, bytes, 0, NULL);
    OK(made != INVALID_HANDLE_VALUE);
    return made;
}

// Of a write that is longer than its way is wide, a read of bytes may come in pieces.
static void take(HANDLE from, DWORD bytes) {
    for (DWORD got = 0; got < bytes; got += count) OK(ReadFile(from, buffer + got, bytes - got, &count, NULL));
}

static void a_write_waits_until_what_is_unread_fits_and_can_be_read_before(void) {
    HANDLE server = sized_server(FILE_FLAG_OVERLAPPED, 0, 5000), client = make_client(0);
    OVERLAPPED write = with_event();
    OK(WriteFile(server, much, 3000, NULL, &write));
    PENDS(WriteFile(server, much, 5000, NULL, &write));
    OK(PeekNamedPipe(client, NULL, 0, NULL, &available, NULL));
    CHECK_EQ(available, 8000);
    expect_pending(&write);
    take(client, 3000);
    expect_result(server, &write, 0, 5000);
    PENDS(WriteFile(server, "x", 1, NULL, &write));
    expect_pending(&write);
    take(client, 1);
    expect_result(server, &write, 0, 1);
    OK(CloseHandle(write.hEvent));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void a_write_beyond_the_quota_ends_when_its_rest_fits(void) {
    HANDLE server = sized_server(FILE_FLAG_OVERLAPPED, 0, 1000), client = make_client(0);
    OVERLAPPED write = with_event();
    PENDS(WriteFile(server, much, 30000, NULL, &write));
    for (int at = 0; at < 28; at++) take(client, 1000);
    expect_pending(&write);
    take(client, 1000);
    expect_result(server, &write, 0, 30000);
    OK(CloseHandle(write.hEvent));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void a_cancelled_write_takes_back_what_is_unread_and_the_next_follows(void) {
    HANDLE server = sized_server(FILE_FLAG_OVERLAPPED, 0, 100), client = make_client(0);
    OVERLAPPED one = with_event(), two = with_event();
    PENDS(WriteFile(server, much, 300, NULL, &one));
    PENDS(WriteFile(server, "after", 5, NULL, &two));
    take(client, 50);
    OK(CancelIoEx(server, &one));
    expect_result(server, &one, ERROR_OPERATION_ABORTED, 0);
    FAILS(ERROR_NOT_FOUND, CancelIoEx(server, &one));
    expect_result(server, &two, 0, 5);
    expect_text(client, "after");
    OK(CloseHandle(one.hEvent));
    OK(CloseHandle(two.hEvent));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void without_a_quota_each_write_waits_for_its_read(void) {
    HANDLE server = sized_server(FILE_FLAG_OVERLAPPED, 0, 0), client = make_client(0);
    OVERLAPPED write = with_event();
    PENDS(WriteFile(server, "x", 1, NULL, &write));
    take(client, 1);
    expect_result(server, &write, 0, 1);
    OK(CloseHandle(write.hEvent));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void an_end_that_does_not_wait_reads_what_is_there_and_writes_what_fits(void) {
    HANDLE server = sized_server(0, PIPE_NOWAIT, 512), client = make_client(0);
    FAILS(ERROR_NO_DATA, ReadFile(server, buffer, 8, &count, NULL));
    OK(WriteFile(server, much, 513, &count, NULL));
    CHECK_EQ(count, 0);
    OK(WriteFile(server, much, 512, &count, NULL));
    CHECK_EQ(count, 512);
    OK(WriteFile(server, "x", 1, &count, NULL));
    CHECK_EQ(count, 0);
    take(client, 512);
    send_text(client, "there");
    expect_text(server, "there");
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void *write_much(void *client) {
    OK(WriteFile((HANDLE)client, much, 30000, &count, NULL));
    CHECK_EQ(count, 30000);
    return NULL;
}

static void a_call_that_writes_much_waits_for_its_reader(void) {
    HANDLE server = sized_server(0, 0, 64), client = make_client(0);
    for (size_t at = 0; at < sizeof much; at++) much[at] = (char)(at * 7 + at / 256);
    pthread_t thread = start_thread(write_much, client);
    for (DWORD got = 0; got < 30000; got += available) {
        OK(ReadFile(server, buffer + got, 30000 - got, &available, NULL));
    }
    CHECK(memcmp(buffer, much, 30000) == 0);
    join_thread(thread);
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void what_a_process_had_written_and_nobody_read_goes_with_it_unless_it_was_complete(void) {
    HANDLE server = sized_server(0, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 100);
    pid_t child = check_fork();
    if (child == 0) {
        HANDLE client = make_client(FILE_FLAG_OVERLAPPED);
        OVERLAPPED write = with_event();
        OK(WriteFile(client, "whole", 5, NULL, &write));
        PENDS(WriteFile(client, much, 300, NULL, &write));
        kill(getpid(), SIGKILL);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    expect_text(server, "whole");
    FAILS(ERROR_BROKEN_PIPE, ReadFile(server, buffer, sizeof buffer, &count, NULL));
    OK(CloseHandle(server));
}

int main(void) {
    a_write_waits_until_what_is_unread_fits_and_can_be_read_before();
    a_write_beyond_the_quota_ends_when_its_rest_fits();
    a_cancelled_write_takes_back_what_is_unread_and_the_next_follows();
    without_a_quota_each_write_waits_for_its_read();
    an_end_that_does_not_wait_reads_what_is_there_and_writes_what_fits();
    a_call_that_writes_much_waits_for_its_reader();
    what_a_process_had_written_and_nobody_read_goes_with_it_unless_it_was_complete();
    return 0;
}
