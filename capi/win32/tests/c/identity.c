// SPDX-License-Identifier: MIT OR Apache-2.0
// Section 2.7: who is at the other end, acting as a client, who may connect.
#include "pipes.h"

static DWORD id;

static void who_is_at_both_ends(void) {
    HANDLE server = make_server(PIPE_ACCESS_DUPLEX, 0);
    FAILS(ERROR_NOT_FOUND, GetNamedPipeClientProcessId(server, &id));
    pid_t child = check_fork();
    if (child == 0) {
        HANDLE client = make_client(0);
        OK(GetNamedPipeServerProcessId(client, &id));
        CHECK_EQ(id, getppid());
        OK(GetNamedPipeClientProcessId(client, &id));
        CHECK_EQ(id, getpid());
        OK(GetNamedPipeServerSessionId(client, &id));
        send_text(client, "x");
        _exit(0);
    }
    check_ended_well(child);
    expect_text(server, "x");
    OK(GetNamedPipeClientProcessId(server, &id)); // It was fixed when it came.
    CHECK_EQ(id, child);
    OK(GetNamedPipeServerProcessId(server, &id));
    CHECK_EQ(id, getpid());
    OK(GetNamedPipeClientSessionId(server, &id));
    OK(GetNamedPipeServerSessionId(server, &id));
    FAILS(ERROR_INSUFFICIENT_BUFFER, GetNamedPipeClientProcessId(server, NULL));
    char name[64];
    FAILS(ERROR_PIPE_LOCAL, GetNamedPipeClientComputerNameA(server, name, sizeof name));
    WCHAR wide[64];
    FAILS(ERROR_PIPE_LOCAL, GetNamedPipeClientComputerNameW(server, wide, sizeof wide));
    OK(DisconnectNamedPipe(server));
    FAILS(ERROR_NOT_FOUND, GetNamedPipeClientProcessId(server, &id));
    OK(CloseHandle(server));

    Pair pair = make_pair(0, 0);
    OK(DisconnectNamedPipe(pair.server));
    FAILS(ERROR_PIPE_NOT_CONNECTED, GetNamedPipeServerProcessId(pair.client, &id));
    FAILS(ERROR_PIPE_NOT_CONNECTED, GetNamedPipeClientProcessId(pair.client, &id));
    close_pair(pair);
}

static void a_client_is_impersonated_once_something_that_it_wrote_was_read(void) {
    Pair pair = make_pair(0, 0);
    char name[64];
    FAILS(ERROR_CANNOT_IMPERSONATE, ImpersonateNamedPipeClient(pair.server));
    FAILS(ERROR_CANNOT_IMPERSONATE, GetNamedPipeHandleStateA(pair.server, NULL, NULL, NULL, NULL, name, sizeof name));
    send_text(pair.client, "x");
    FAILS(ERROR_CANNOT_IMPERSONATE, ImpersonateNamedPipeClient(pair.server));
    expect_text(pair.server, "x");
    OK(ImpersonateNamedPipeClient(pair.server));
    OK(ImpersonateNamedPipeClient(pair.server)); // Again is no more than once.
    OK(RevertToSelf());
    OK(RevertToSelf());
    OK(GetNamedPipeHandleStateA(pair.server, NULL, NULL, NULL, NULL, name, sizeof name));
    CHECK(strlen(name) > 0);
    WCHAR wide[64];
    OK(GetNamedPipeHandleStateW(pair.server, NULL, NULL, NULL, NULL, wide, 64));
    for (size_t at = 0; at <= strlen(name); at++) CHECK_EQ(wide[at], (unsigned char)name[at]);
    FAILS(ERROR_INSUFFICIENT_BUFFER, GetNamedPipeHandleStateA(pair.server, NULL, NULL, NULL, NULL, name, 1));
    FAILS(ERROR_INVALID_PARAMETER, GetNamedPipeHandleStateA(pair.client, NULL, NULL, NULL, NULL, name, sizeof name));
    OK(CloseHandle(pair.client));
    OK(ImpersonateNamedPipeClient(pair.server)); // Also when it is gone.
    OK(RevertToSelf());
    OK(CloseHandle(pair.server));
}

static void another_user_is_acted_as_by_a_server_that_may(void) {
    if (geteuid() != 0) {
        fprintf(stderr, "skipped: only root can act as another user\n");
        return;
    }
    SECURITY_DESCRIPTOR descriptor;
    OK(InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION));
    OK(SetSecurityDescriptorDacl(&descriptor, TRUE, NULL, FALSE));
    SECURITY_ATTRIBUTES everyone = {sizeof everyone, &descriptor, FALSE};
    static char unique[64];
    snprintf(unique, sizeof unique, "%s-%d", NAME, (int)getpid());
    HANDLE server = CreateNamedPipeA(unique, PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, &everyone);
    OK(server != INVALID_HANDLE_VALUE);
    pid_t child = check_fork();
    if (child == 0) {
        CHECK(setgid(12345) == 0 && setuid(12345) == 0 && unsetenv("XDG_RUNTIME_DIR") == 0);
        HANDLE client = CreateFileA(unique, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        OK(client != INVALID_HANDLE_VALUE);
        // Whom the server lets in makes no instance of its own.
        NO_HANDLE(ERROR_ACCESS_DENIED, CreateNamedPipeA(unique, PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, &everyone));
        send_text(client, "x");
        _exit(0);
    }
    check_ended_well(child);
    expect_text(server, "x");
    OK(ImpersonateNamedPipeClient(server));
    CHECK_EQ(geteuid(), 12345);
    OK(RevertToSelf());
    CHECK_EQ(geteuid(), 0);
    OK(CloseHandle(server));
}

static void a_descriptor_is_null_or_lets_everyone_in(void) {
    SECURITY_DESCRIPTOR descriptor;
    FAILS(ERROR_INVALID_PARAMETER, InitializeSecurityDescriptor(&descriptor, 2));
    FAILS(ERROR_INVALID_PARAMETER, InitializeSecurityDescriptor(NULL, 1));
    OK(InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION));
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, &descriptor, FALSE};
    HANDLE server = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, &attributes);
    OK(server != INVALID_HANDLE_VALUE);
    OK(CloseHandle(server));
    OK(SetSecurityDescriptorDacl(&descriptor, TRUE, (PACL)&attributes, FALSE));
    NO_HANDLE(ERROR_NOT_SUPPORTED, CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, &attributes));
}

int main(void) {
    who_is_at_both_ends();
    a_client_is_impersonated_once_something_that_it_wrote_was_read();
    another_user_is_acted_as_by_a_server_that_may();
    a_descriptor_is_null_or_lets_everyone_in();
    return 0;
}
