// SPDX-License-Identifier: MIT OR Apache-2.0
// What mach_make_memory_entry is asked for: flags beside the protection.
#ifndef _MACH_MEMORY_OBJECT_TYPES_H_
#define _MACH_MEMORY_OBJECT_TYPES_H_

#include <mach/port.h>
#include <mach/vm_types.h>

typedef uint64_t memory_object_offset_t;
typedef uint64_t memory_object_size_t;
typedef mach_port_t memory_object_t;

#define MEMORY_OBJECT_NULL ((memory_object_t)0)
#define MAP_MEM_ONLY 0x010000 // not here
#define MAP_MEM_NAMED_CREATE 0x020000 // new memory, of which there was none
#define MAP_MEM_PURGABLE 0x040000 // not here
#define MAP_MEM_NAMED_REUSE 0x080000 // not here
#define MAP_MEM_USE_DATA_ADDR 0x100000 // not here
#define MAP_MEM_VM_COPY 0x200000 // a copy as it is now
#define MAP_MEM_VM_SHARE 0x400000 // the memory itself

#endif
