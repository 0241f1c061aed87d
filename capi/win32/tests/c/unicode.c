// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs that are written for either width: with UNICODE, names without an ending are the wide ones.
#define UNICODE
#include "pipes.h"

int main(void) {
    const TCHAR *name = TEXT("\\\\.\\pipe\\either");
    CHECK_EQ(sizeof(TCHAR), 2);
    HANDLE server = CreateNamedPipe(name, PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, NULL);
    OK(server != INVALID_HANDLE_VALUE);
    OK(WaitNamedPipe(name, 1));
    HANDLE client = CreateFile(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    OK(client != INVALID_HANDLE_VALUE);
    send_text(client, "x");
    expect_text(server, "x");
    OK(CloseHandle(client));
    OK(CloseHandle(server));
    STARTUPINFO info;
    CHECK_EQ(sizeof info, 104);
    return 0;
}
