// SPDX-License-Identifier: MIT OR Apache-2.0
// Flags of the calls that make memory appear at an address.
#ifndef _MACH_VM_STATISTICS_H_
#define _MACH_VM_STATISTICS_H_

#define VM_FLAGS_FIXED 0x00000000 // at the address that is given
#define VM_FLAGS_ANYWHERE 0x00000001 // wherever there is room
#define VM_FLAGS_PURGABLE 0x00000002
#define VM_FLAGS_4GB_CHUNK 0x00000004
#define VM_FLAGS_RANDOM_ADDR 0x00000008
#define VM_FLAGS_NO_CACHE 0x00000010
#define VM_FLAGS_RESILIENT_CODESIGN 0x00000020
#define VM_FLAGS_RESILIENT_MEDIA 0x00000040
#define VM_FLAGS_PERMANENT 0x00000080
#define VM_FLAGS_OVERWRITE 0x00004000 // what was at the address goes
#define VM_FLAGS_RETURN_DATA_ADDR 0x00100000
#define VM_FLAGS_ALIAS_MASK 0xff000000

// A number for whoever looks at memory maps: taken, and shown nowhere here.
#define VM_MAKE_TAG(tag) ((tag) << 24)
#define VM_MEMORY_MALLOC 1
#define VM_MEMORY_MACH_MSG 20
#define VM_MEMORY_APPLICATION_SPECIFIC_1 240
#define VM_MEMORY_APPLICATION_SPECIFIC_16 255

#endif
