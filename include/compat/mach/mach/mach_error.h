// SPDX-License-Identifier: MIT OR Apache-2.0
// What a result means, in words.
#ifndef _MACH_ERROR_
#define _MACH_ERROR_ 1

#include <mach/error.h>

#ifdef __cplusplus
extern "C" {
#endif

// A sentence; never NULL, and never to be freed.
char *mach_error_string(mach_error_t error_value);
// Writes `str`, that sentence and the number to standard error.
void mach_error(const char *str, mach_error_t error_value);
// Which part of the system gives this result.
char *mach_error_type(mach_error_t error_value);

#ifdef __cplusplus
}
#endif

#endif
