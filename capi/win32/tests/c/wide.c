// SPDX-License-Identifier: MIT OR Apache-2.0
// Does not compile: a literal of wchar_t, which has 4 bytes here.
#include <cabotage/win32pipe.h>

HANDLE open_wide(void) {
    return CreateFileW(L"\\\\.\\pipe\\wide", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
}
