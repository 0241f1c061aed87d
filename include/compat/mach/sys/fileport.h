// SPDX-License-Identifier: MIT OR Apache-2.0
// Open files as rights that messages carry.
#ifndef _SYS_FILEPORT_H_
#define _SYS_FILEPORT_H_

#include <mach/port.h>

typedef mach_port_t fileport_t;
#define FILEPORT_NULL ((fileport_t)0)

#ifdef __cplusplus
extern "C" {
#endif

// A send right that stands for the open file; 0, or -1 and errno.
int fileport_makeport(int fd, fileport_t *port);
// A new descriptor of the file, closed on exec; or -1 and errno.
int fileport_makefd(fileport_t port);

#ifdef __cplusplus
}
#endif

#endif
