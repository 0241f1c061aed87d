// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.3, creation, names, instances.
#include "pipes.h"

#include <sys/resource.h>

#define CREATE(name, open, mode, max) CreateNamedPipeA(name, open, mode, max, 512, 512, 0, NULL)
#define OPEN(name, access) CreateFileA(name, access, 0, NULL, OPEN_EXISTING, 0, NULL)

static HANDLE must(HANDLE made) {
    OK(made != INVALID_HANDLE_VALUE);
    return made;
}

static void what_is_no_name_is_refused(void) {
    NO_HANDLE(ERROR_INVALID_NAME, CREATE("not a pipe", PIPE_ACCESS_DUPLEX, 0, 1));
    NO_HANDLE(ERROR_INVALID_NAME, CREATE("\\\\.\\pipe\\", PIPE_ACCESS_DUPLEX, 0, 1));
    NO_HANDLE(ERROR_INVALID_NAME, CREATE("\\\\.\\pipe\\..", PIPE_ACCESS_DUPLEX, 0, 1));
    NO_HANDLE(ERROR_PATH_NOT_FOUND, CREATE(NULL, PIPE_ACCESS_DUPLEX, 0, 1));
    NO_HANDLE(ERROR_INVALID_NAME, CREATE("\\\\.\\pipe\\\xff", PIPE_ACCESS_DUPLEX, 0, 1));
    NO_HANDLE(ERROR_PATH_NOT_FOUND, OPEN(NULL, GENERIC_READ));
    NO_HANDLE(ERROR_NOT_SUPPORTED, OPEN("C:\\file.txt", GENERIC_READ));
    NO_HANDLE(ERROR_NOT_SUPPORTED, CreateFileA("file", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
    NO_HANDLE(ERROR_BAD_NETPATH, OPEN("\\\\server\\pipe\\x", GENERIC_READ));
    FAILS(ERROR_BAD_NETPATH, WaitNamedPipeA("\\\\server\\pipe\\x", 10));
    NO_HANDLE(ERROR_INVALID_PARAMETER, CreateFileA(NAME, GENERIC_READ, 0, NULL, CREATE_NEW, 0, NULL));
}

static void a_name_has_no_case_and_both_slashes_and_nearly_every_letter(void) {
    HANDLE server = must(CREATE("\\\\.\\pipe\\Mixed/Case <*?|>", PIPE_ACCESS_DUPLEX, 0, 1));
    OK(CloseHandle(must(OPEN("\\\\.\\PIPE\\mIXED\\cASE <*?|>", GENERIC_READ))));
    OK(CloseHandle(server));
    server = must(CreateNamedPipeW(u"\\\\.\\pipe\\K\u00e4se", PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0, NULL));
    HANDLE client = must(CreateFileW(u"\\\\.\\pipe\\K\u00c4SE", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
    const WCHAR lone[] = {'\\', '\\', '.', '\\', 'p', 'i', 'p', 'e', '\\', 0xD800, 0};
    NO_HANDLE(ERROR_INVALID_NAME, CreateNamedPipeW(lone, PIPE_ACCESS_DUPLEX, 0, 1, 0, 0, 0, NULL));
}

static void what_numbers_may_be(void) {
    NO_HANDLE(ERROR_INVALID_PARAMETER, CREATE(NAME, PIPE_ACCESS_DUPLEX, PIPE_READMODE_MESSAGE, 1));
    NO_HANDLE(ERROR_INVALID_PARAMETER, CREATE(NAME, PIPE_ACCESS_DUPLEX, 0, 0));
    NO_HANDLE(ERROR_INVALID_PARAMETER, CREATE(NAME, PIPE_ACCESS_DUPLEX, 0, 256));
    NO_HANDLE(ERROR_INVALID_PARAMETER, CREATE(NAME, 0, 0, 1));
    NO_HANDLE(ERROR_INVALID_PARAMETER, CREATE(NAME, PIPE_ACCESS_DUPLEX | 0x10, 0, 1));
    NO_HANDLE(ERROR_INVALID_PARAMETER, CREATE(NAME, PIPE_ACCESS_DUPLEX, 0x10, 1));
    OK(CloseHandle(must(CREATE(NAME, PIPE_ACCESS_DUPLEX | WRITE_DAC, PIPE_REJECT_REMOTE_CLIENTS, 255))));
}

static void the_first_instance_binds_direction_and_number(void) {
    HANDLE first = must(CREATE(NAME, PIPE_ACCESS_INBOUND, 0, 2));
    NO_HANDLE(ERROR_ACCESS_DENIED, CREATE(NAME, PIPE_ACCESS_DUPLEX, 0, 2));
    NO_HANDLE(ERROR_ACCESS_DENIED, CREATE(NAME, PIPE_ACCESS_INBOUND | FILE_FLAG_FIRST_PIPE_INSTANCE, 0, 2));
    // Type, count, sizes and time need not match.
    HANDLE second = must(CreateNamedPipeA(NAME, PIPE_ACCESS_INBOUND, PIPE_TYPE_MESSAGE, 200, 9, 9, 9, NULL));
    NO_HANDLE(ERROR_PIPE_BUSY, CREATE(NAME, PIPE_ACCESS_INBOUND, 0, 2));
    DWORD flags, max;
    OK(GetNamedPipeInfo(second, &flags, NULL, NULL, &max));
    CHECK_EQ(flags, PIPE_SERVER_END | PIPE_TYPE_MESSAGE);
    CHECK_EQ(max, 2);
    OK(CloseHandle(second));
    OK(CloseHandle(first));
    OK(CloseHandle(must(CREATE(NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, 0, 1))));
}

static void a_client_gets_what_the_direction_leaves(void) {
    NO_HANDLE(ERROR_FILE_NOT_FOUND, OPEN(NAME, GENERIC_READ));
    HANDLE server = must(CREATE(NAME, PIPE_ACCESS_INBOUND, 0, 1));
    NO_HANDLE(ERROR_ACCESS_DENIED, OPEN(NAME, GENERIC_READ));
    NO_HANDLE(ERROR_ACCESS_DENIED, OPEN(NAME, GENERIC_READ | GENERIC_WRITE));
    HANDLE client = must(OPEN(NAME, GENERIC_WRITE));
    NO_HANDLE(ERROR_PIPE_BUSY, OPEN(NAME, GENERIC_WRITE));
    send_text(client, "in");
    expect_text(server, "in");
    DWORD count;
    char byte;
    FAILS(ERROR_ACCESS_DENIED, ReadFile(client, &byte, 1, &count, NULL));
    FAILS(ERROR_ACCESS_DENIED, WriteFile(server, "x", 1, &count, NULL));
    OK(CloseHandle(client));
    OK(CloseHandle(server));

    server = must(CREATE(NAME, PIPE_ACCESS_OUTBOUND, 0, 1));
    FAILS(ERROR_ACCESS_DENIED, GetNamedPipeInfo(server, NULL, NULL, NULL, NULL));
    OK(CloseHandle(must(OPEN(NAME, 0)))); // No access at all connects, too.
    FAILS(ERROR_NO_DATA, ConnectNamedPipe(server, NULL));
    OK(CloseHandle(server));
}

static void the_instance_that_has_listened_longest_is_taken(void) {
    HANDLE servers[3], clients[3];
    for (int at = 0; at < 3; at++) servers[at] = make_server(PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0);
    OVERLAPPED connect = with_event();
    PENDS(ConnectNamedPipe(servers[2], &connect)); // That gives it no priority.
    for (int at = 0; at < 3; at++) {
        clients[at] = make_client(0);
        char name = (char)('a' + at);
        DWORD count;
        OK(WriteFile(clients[at], &name, 1, &count, NULL));
    }
    expect_result(servers[2], &connect, 0, 0);
    for (int at = 0; at < 3; at++) {
        char name = 0;
        DWORD count;
        OK(ReadFile(servers[at], &name, 1, &count, NULL)); // Without an OVERLAPPED it waits here, too.
        CHECK_EQ(name, 'a' + at);
    }
    OK(CloseHandle(clients[0]));
    NO_HANDLE(ERROR_PIPE_BUSY, OPEN(NAME, GENERIC_READ)); // Gone is not free.
    for (int at = 1; at < 3; at++) OK(CloseHandle(clients[at]));
    for (int at = 0; at < 3; at++) OK(CloseHandle(servers[at]));
    OK(CloseHandle(connect.hEvent));
}

static void waiting_for_an_instance(void) {
    FAILS(ERROR_FILE_NOT_FOUND, WaitNamedPipeA(NAME, NMPWAIT_WAIT_FOREVER));
    FAILS(ERROR_PATH_NOT_FOUND, WaitNamedPipeA(NULL, 1));
    HANDLE server = must(CREATE(NAME, PIPE_ACCESS_DUPLEX, 0, 1));
    OK(WaitNamedPipeA(NAME, 1));
    OK(WaitNamedPipeW(u"\\\\.\\pipe\\conformance", NMPWAIT_USE_DEFAULT_WAIT)); // It reserves nothing.
    HANDLE client = make_client(0);
    FAILS(ERROR_SEM_TIMEOUT, WaitNamedPipeA(NAME, 10));
    FAILS(ERROR_SEM_TIMEOUT, WaitNamedPipeA(NAME, NMPWAIT_USE_DEFAULT_WAIT));
    OK(CloseHandle(client));
    OK(CloseHandle(server));
}

static void *wait_for_it(void *unused) {
    (void)unused;
    OK(WaitNamedPipeA(NAME, LONG_MS));
    return NULL;
}

static void a_wait_ends_when_an_instance_listens_anew(void) {
    HANDLE server = must(CREATE(NAME, PIPE_ACCESS_DUPLEX, 0, 1));
    HANDLE client = make_client(0);
    pthread_t thread = start_thread(wait_for_it, NULL);
    FAILS(ERROR_PIPE_CONNECTED, ConnectNamedPipe(server, NULL));
    OK(DisconnectNamedPipe(server));
    OK(CloseHandle(client));
    DWORD mode = PIPE_NOWAIT;
    OK(SetNamedPipeHandleState(server, &mode, NULL, NULL));
    OK(ConnectNamedPipe(server, NULL));
    join_thread(thread);
    OK(CloseHandle(server));
}

static void how_many_instances_there_are(void) {
    HANDLE one = make_server(PIPE_ACCESS_DUPLEX, 0), two = make_server(PIPE_ACCESS_DUPLEX, 0);
    HANDLE client = make_client(0);
    DWORD count;
    OK(GetNamedPipeHandleStateA(one, NULL, &count, NULL, NULL, NULL, 0));
    CHECK_EQ(count, 2);
    OK(CloseHandle(one));
    OK(CloseHandle(two));
    OK(GetNamedPipeHandleStateA(client, NULL, &count, NULL, NULL, NULL, 0));
    CHECK_EQ(count, 0);
    // The name can be created anew while the client lives.
    OK(CloseHandle(must(CREATE(NAME, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, 0, 1))));
    OK(CloseHandle(client));
}

static void a_process_without_room_for_more_says_so_and_goes_on(void) {
    struct rlimit limit, former;
    CHECK(getrlimit(RLIMIT_NOFILE, &former) == 0);
    limit = former;
    limit.rlim_cur = 48;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    HANDLE made[64];
    int count = 0;
    while (count < 64) {
        made[count] = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, 0, PIPE_UNLIMITED_INSTANCES, 64, 64, 0, NULL);
        if (made[count] == INVALID_HANDLE_VALUE) break;
        count++;
    }
    CHECK(count > 2 && count < 64);
    CHECK_EQ(GetLastError(), ERROR_TOO_MANY_OPEN_FILES);
    while (count > 0) OK(CloseHandle(made[--count]));
    CHECK(setrlimit(RLIMIT_NOFILE, &former) == 0);
    OK(CloseHandle(make_server(PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, 0)));
}

int main(void) {
    what_is_no_name_is_refused();
    a_name_has_no_case_and_both_slashes_and_nearly_every_letter();
    what_numbers_may_be();
    the_first_instance_binds_direction_and_number();
    a_client_gets_what_the_direction_leaves();
    the_instance_that_has_listened_longest_is_taken();
    waiting_for_an_instance();
    a_wait_ends_when_an_instance_listens_anew();
    how_many_instances_there_are();
    a_process_without_room_for_more_says_so_and_goes_on();
    return 0;
}
