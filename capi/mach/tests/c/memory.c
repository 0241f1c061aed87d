// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory: section 1g of Mach's semantics.
#include "mach_test.h"
#include <fcntl.h>
#include <mach/mach_vm.h>
#include <sys/fileport.h>
#include <sys/mman.h>

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_ool_descriptor_t memory;
    mach_msg_ool_ports_descriptor_t ports;
    mach_msg_max_trailer_t trailer;
} out_of_line;

#define SENT offsetof(out_of_line, trailer)

static out_of_line with_memory(mach_port_t to, void *address, mach_msg_size_t size, boolean_t deallocate) {
    out_of_line message;
    memset(&message, 0, sizeof message);
    message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_MAKE_SEND, 0, 0, MACH_MSGH_BITS_COMPLEX);
    message.header.msgh_remote_port = to;
    message.body.msgh_descriptor_count = 2;
    message.memory.address = address;
    message.memory.size = size;
    message.memory.deallocate = deallocate;
    message.memory.copy = MACH_MSG_VIRTUAL_COPY;
    message.memory.type = MACH_MSG_OOL_DESCRIPTOR;
    message.ports.copy = MACH_MSG_PHYSICAL_COPY;
    message.ports.disposition = MACH_MSG_TYPE_MAKE_SEND;
    message.ports.type = MACH_MSG_OOL_PORTS_DESCRIPTOR;
    return message;
}

static mach_msg_return_t send_it(out_of_line *message) {
    return mach_msg(&message->header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, SENT, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static mach_msg_return_t get(mach_port_t port, out_of_line *message) {
    memset(message, 0xee, sizeof *message);
    return mach_msg(&message->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *message, port, 0, MACH_PORT_NULL);
}

static int is_mapped(vm_address_t address) {
    unsigned char resident;
    return mincore((void *)(address - address % vm_page_size), 1, &resident) == 0;
}

static vm_address_t pages_with(vm_size_t bytes, int letter) {
    vm_address_t address = 0;
    DO(vm_allocate(SELF, &address, bytes, VM_FLAGS_ANYWHERE));
    for (vm_size_t at = 0; at < bytes; at++) CHECK_EQ(((char *)address)[at], 0);
    memset((void *)address, letter, bytes);
    return address;
}

static void messages(mach_port_t port) {
    static const vm_size_t sizes[] = {1, 100, 20000, 3 << 20};
    for (unsigned at = 0; at < sizeof sizes / sizeof *sizes; at++) {
        vm_size_t size = sizes[at];
        vm_address_t memory = pages_with(size, 'a');
        mach_port_t array[2] = {port, MACH_PORT_NULL};
        out_of_line message = with_memory(port, (void *)memory, (mach_msg_size_t)size, TRUE), came;
        message.ports.address = array;
        message.ports.count = 2;
        DO(send_it(&message));
        CHECK(!is_mapped(memory)); // it has moved
        DO(get(port, &came));
        CHECK(came.memory.size == size && came.memory.type == MACH_MSG_OOL_DESCRIPTOR);
        char *got = (char *)came.memory.address;
        CHECK(got[0] == 'a' && got[size - 1] == 'a');
        got[0] = 'b'; // it is the receiver's own
        CHECK(came.ports.count == 2 && came.ports.disposition == MACH_MSG_TYPE_PORT_SEND);
        const mach_port_t *names = (const mach_port_t *)came.ports.address;
        CHECK(names[0] == port && names[1] == MACH_PORT_NULL && names != array);
        CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 1);
        mach_msg_destroy(&came.header); // rights and memory
        CHECK(!is_mapped((vm_address_t)got) && refs(port, MACH_PORT_RIGHT_SEND) == 0);
    }
    // A copy leaves the sender's as it was; from the middle of anything; and nothing arrives at no address.
    char text[] = "somewhere on the stack";
    out_of_line message = with_memory(port, text + 3, 5, FALSE), came;
    DO(send_it(&message));
    DO(get(port, &came));
    CHECK(memcmp(came.memory.address, text + 3, 5) == 0 && came.memory.address != text + 3);
    CHECK(came.ports.count == 0 && came.ports.address == NULL);
    DO(vm_deallocate(SELF, (vm_address_t)came.memory.address, came.memory.size));
    message = with_memory(port, text, 0, FALSE);
    DO(send_it(&message));
    DO(get(port, &came));
    CHECK(came.memory.address == NULL && came.memory.size == 0);
}

static void what_is_wrong(mach_port_t port) {
    out_of_line message = with_memory(port, (void *)8, 100, FALSE);
    CHECK_EQ(send_it(&message), MACH_SEND_INVALID_MEMORY);
    message = with_memory(port, (void *)-1, 100, FALSE);
    CHECK_EQ(send_it(&message), MACH_SEND_INVALID_MEMORY);
    message = with_memory(port, NULL, 0, FALSE);
    message.memory.copy = 9;
    CHECK_EQ(send_it(&message), MACH_SEND_INVALID_TYPE);
    message = with_memory(port, NULL, 0, FALSE);
    message.ports.count = 16384;
    CHECK_EQ(send_it(&message), MACH_SEND_TOO_LARGE);
    message.ports.count = 10;
    CHECK_EQ(send_it(&message), MACH_SEND_INVALID_MEMORY);
    mach_port_t wrong = 0x70007;
    message.ports.count = 1;
    message.ports.address = &wrong;
    CHECK_EQ(send_it(&message), MACH_SEND_INVALID_RIGHT);
    CHECK_EMPTY(port);

    // What there is no room for comes back: other memory with the same bytes, which is the sender's again.
    mach_port_limits_t none = {0};
    DO(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&none, 1));
    vm_address_t memory = pages_with(30000, 'x');
    message = with_memory(port, (void *)memory, 30000, TRUE);
    message.ports.address = &port;
    message.ports.count = 1;
    CHECK_EQ(send_it(&message), MACH_SEND_TIMED_OUT);
    CHECK(message.memory.size == 30000 && ((char *)message.memory.address)[29999] == 'x');
    CHECK_EQ(MACH_MSGH_BITS_REMOTE(message.header.msgh_bits), MACH_MSG_TYPE_MOVE_SEND);
    CHECK_EQ(message.ports.disposition, MACH_MSG_TYPE_MOVE_SEND);
    CHECK_EQ(*(mach_port_t *)message.ports.address, port);
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 2);
    mach_msg_destroy(&message.header);
    CHECK_EQ(refs(port, MACH_PORT_RIGHT_SEND), 0);
    none.mpl_qlimit = 5;
    DO(mach_port_set_attributes(SELF, port, MACH_PORT_LIMITS_INFO, (mach_port_info_t)&none, 1));
}

static void pages(void) {
    vm_address_t address = 77;
    DO(vm_allocate(SELF, &address, 0, VM_FLAGS_ANYWHERE));
    CHECK_EQ(address, 0);
    address = pages_with(3 * vm_page_size, 'p');
    vm_address_t same = address;
    CHECK_EQ(vm_allocate(SELF, &same, vm_page_size, VM_FLAGS_FIXED), KERN_NO_SPACE);
    DO(vm_allocate(SELF, &same, vm_page_size, VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE));
    CHECK(same == address && *(char *)same == 0);
    DO(vm_deallocate(SELF, address + vm_page_size, vm_page_size)); // of the middle
    CHECK(is_mapped(address) && !is_mapped(address + vm_page_size) && is_mapped(address + 2 * vm_page_size));
    CHECK_EQ(vm_protect(SELF, address + vm_page_size, 1, FALSE, VM_PROT_READ), KERN_INVALID_ADDRESS);
    DO(vm_protect(SELF, address, vm_page_size, FALSE, VM_PROT_READ));
    CHECK_EQ(vm_write(SELF, address, (vm_offset_t) "no", 2), KERN_INVALID_ADDRESS);
    DO(vm_protect(SELF, address, vm_page_size, FALSE, VM_PROT_READ | VM_PROT_WRITE));
    DO(vm_write(SELF, address, (vm_offset_t) "yes", 4));
    DO(vm_copy(SELF, address, 4, address + 2));
    CHECK_EQ(memcmp((void *)address, "yeyes", 6), 0);
    vm_offset_t data;
    mach_msg_type_number_t count;
    DO(vm_read(SELF, address, 6, &data, &count));
    CHECK(count == 6 && memcmp((void *)data, "yeyes", 6) == 0 && data != address);
    DO(vm_deallocate(SELF, data, count));
    CHECK_EQ(vm_read(SELF, address + vm_page_size, 6, &data, &count), KERN_INVALID_ADDRESS);
    char here[6];
    vm_size_t got = 0;
    DO(vm_read_overwrite(SELF, address, 6, (vm_address_t)here, &got));
    CHECK(got == 6 && memcmp(here, "yeyes", 6) == 0);
    CHECK_EQ(vm_deallocate(MACH_PORT_NULL, address, vm_page_size), KERN_INVALID_TASK);
    CHECK_EQ(vm_inherit(SELF, address, vm_page_size, 9), KERN_INVALID_ARGUMENT);
    DO(vm_deallocate(SELF, address, 3 * vm_page_size));
    mach_vm_address_t wide = 0;
    DO(mach_vm_map(SELF, &wide, 5000, 0xffff, VM_FLAGS_ANYWHERE, MACH_PORT_NULL, 0, FALSE, VM_PROT_DEFAULT, VM_PROT_ALL,
                   VM_INHERIT_DEFAULT));
    CHECK_EQ(wide & 0xffff, 0);
    DO(mach_vm_deallocate(SELF, wide, 5000));
}

static void inheritance(void) {
    vm_address_t shared = pages_with(vm_page_size, 's'), copied = pages_with(vm_page_size, 'c'),
                 none = pages_with(vm_page_size, 'n');
    DO(vm_inherit(SELF, shared, vm_page_size, VM_INHERIT_SHARE));
    DO(vm_inherit(SELF, none, vm_page_size, VM_INHERIT_NONE));
    pid_t child = check_fork();
    if (child == 0) {
        *(char *)shared = '1';
        *(char *)copied = '1';
        _exit(is_mapped(none) ? 2 : 0);
    }
    check_ended_well(child);
    CHECK(*(char *)shared == '1' && *(char *)copied == 'c' && *(char *)none == 'n');
    DO(vm_deallocate(SELF, shared, vm_page_size));
    DO(vm_deallocate(SELF, copied, vm_page_size));
    DO(vm_deallocate(SELF, none, vm_page_size));
}

static void second_addresses(void) {
    vm_address_t first = pages_with(2 * vm_page_size, 'f'), second = 0, third = 0;
    vm_prot_t current, maximum;
    DO(vm_remap(SELF, &second, 2 * vm_page_size, 0, VM_FLAGS_ANYWHERE, SELF, first, FALSE, &current, &maximum,
                VM_INHERIT_SHARE));
    CHECK(second != first && *(char *)second == 'f' && current == VM_PROT_DEFAULT);
    DO(vm_remap(SELF, &third, vm_page_size, 0, VM_FLAGS_ANYWHERE, SELF, first + vm_page_size, TRUE, &current, &maximum,
                VM_INHERIT_COPY));
    ((char *)second)[vm_page_size] = 'g';
    CHECK(((char *)first)[vm_page_size] == 'g' && *(char *)third == 'f');
    DO(vm_deallocate(SELF, third, vm_page_size));
    third = 0; // of a part of what is shared already
    DO(vm_remap(SELF, &third, vm_page_size, 0, VM_FLAGS_ANYWHERE, SELF, second + vm_page_size, FALSE, &current, &maximum,
                VM_INHERIT_SHARE));
    *(char *)third = 'h';
    CHECK_EQ(((char *)first)[vm_page_size], 'h');
    CHECK_EQ(vm_remap(SELF, &third, vm_page_size, 0, VM_FLAGS_ANYWHERE, SELF, vm_page_size, FALSE, &current, &maximum,
                      VM_INHERIT_SHARE), KERN_INVALID_ADDRESS);
    DO(vm_deallocate(SELF, first, 2 * vm_page_size));
    CHECK_EQ(*(char *)third, 'h');
    DO(vm_deallocate(SELF, second, 2 * vm_page_size));
    DO(vm_deallocate(SELF, third, vm_page_size));
}

static void entries(mach_port_t port) {
    vm_address_t memory = pages_with(2 * vm_page_size, 'm'), mapped = 0;
    vm_size_t size = vm_page_size;
    mem_entry_name_port_t entry = MACH_PORT_NULL, read_only = MACH_PORT_NULL, fresh = MACH_PORT_NULL;
    DO(mach_make_memory_entry(SELF, &size, memory + vm_page_size, VM_PROT_DEFAULT, &entry, MACH_PORT_NULL));
    CHECK_EQ(size, vm_page_size);
    CHECK_EQ(type_of(entry), MACH_PORT_TYPE_SEND);
    DO(vm_map(SELF, &mapped, size, 0, VM_FLAGS_ANYWHERE, entry, 0, FALSE, VM_PROT_DEFAULT, VM_PROT_DEFAULT,
              VM_INHERIT_SHARE));
    *(char *)mapped = 'n';
    CHECK_EQ(((char *)memory)[vm_page_size], 'n');
    vm_address_t copy = 0;
    DO(vm_map(SELF, &copy, size, 0, VM_FLAGS_ANYWHERE, entry, 0, TRUE, VM_PROT_DEFAULT, VM_PROT_DEFAULT,
              VM_INHERIT_COPY));
    *(char *)mapped = 'o';
    CHECK_EQ(*(char *)copy, 'n');
    memory_object_size_t wide = vm_page_size;
    DO(mach_make_memory_entry_64(SELF, &wide, memory, VM_PROT_READ, &read_only, MACH_PORT_NULL));
    CHECK_EQ(vm_map(SELF, &copy, size, 0, VM_FLAGS_ANYWHERE, read_only, 0, FALSE, VM_PROT_DEFAULT, VM_PROT_DEFAULT,
                    VM_INHERIT_SHARE), KERN_INVALID_RIGHT);
    CHECK_EQ(vm_map(SELF, &copy, size, 0, VM_FLAGS_ANYWHERE, port, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                    VM_INHERIT_SHARE), KERN_INVALID_CAPABILITY);
    CHECK_EQ(vm_map(SELF, &copy, 100 * vm_page_size, 0, VM_FLAGS_ANYWHERE, entry, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
                    VM_INHERIT_SHARE), KERN_INVALID_ARGUMENT);
    wide = 5 * vm_page_size;
    DO(mach_make_memory_entry_64(SELF, &wide, 0, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT, &fresh, MACH_PORT_NULL));

    // To another process by a message.
    mach_port_t here = new_port();
    pid_t child = check_fork();
    if (child == 0) {
        mach_port_t to = MACH_PORT_NULL, back = new_port();
        (void)back;
        mach_msg_return_t found;
        do {
            found = bootstrap_look_up(bootstrap_port, "org.example.memory", &to);
        } while (found == BOOTSTRAP_UNKNOWN_SERVICE);
        DO(found);
        memory_object_size_t all = vm_page_size;
        mem_entry_name_port_t own;
        DO(mach_make_memory_entry_64(SELF, &all, 0, MAP_MEM_NAMED_CREATE | VM_PROT_DEFAULT, &own, MACH_PORT_NULL));
        vm_address_t page = 0;
        DO(vm_map(SELF, &page, vm_page_size, 0, VM_FLAGS_ANYWHERE, own, 0, FALSE, VM_PROT_DEFAULT, VM_PROT_DEFAULT,
                  VM_INHERIT_SHARE));
        strcpy((char *)page, "from the child");
        struct {
            mach_msg_header_t header;
            mach_msg_body_t body;
            mach_msg_port_descriptor_t memory, file;
        } message;
        memset(&message, 0, sizeof message);
        message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, 0, MACH_MSGH_BITS_COMPLEX);
        message.header.msgh_remote_port = to;
        message.body.msgh_descriptor_count = 2;
        message.memory.name = own;
        message.memory.disposition = MACH_MSG_TYPE_MOVE_SEND;
        int ends[2];
        CHECK_EQ(pipe(ends), 0);
        CHECK_EQ(fileport_makeport(ends[0], &message.file.name), 0);
        message.file.disposition = MACH_MSG_TYPE_COPY_SEND;
        DO(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
        CHECK_EQ(write(ends[1], "pipe", 4), 4);
        mach_port_type_t type;
        CHECK_EQ(mach_port_type(SELF, own, &type), KERN_INVALID_NAME); // it was moved
        _exit(0);
    }
    DO(bootstrap_register(bootstrap_port, "org.example.memory", here));
    any_message came;
    receive(here, &came);
    mach_msg_port_descriptor_t *got = (mach_msg_port_descriptor_t *)(void *)(came.bytes + sizeof(mach_msg_base_t));
    vm_address_t theirs = 0;
    DO(vm_map(SELF, &theirs, vm_page_size, 0, VM_FLAGS_ANYWHERE, got[0].name, 0, FALSE, VM_PROT_READ, VM_PROT_READ,
              VM_INHERIT_SHARE));
    CHECK_EQ(strcmp((char *)theirs, "from the child"), 0);
    int fd = fileport_makefd(got[1].name);
    CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
    char word[5] = "";
    CHECK(read(fd, word, 4) == 4 && strcmp(word, "pipe") == 0);
    close(fd);
    CHECK(fileport_makefd(here) == -1 && errno == EINVAL);
    CHECK(fileport_makeport(-1, &port) == -1 && errno == EBADF);
    mach_msg_destroy(&came.header);
    check_ended_well(child);
    DO(bootstrap_register(bootstrap_port, "org.example.memory", MACH_PORT_NULL));
    DO(vm_deallocate(SELF, theirs, vm_page_size));
    DO(vm_deallocate(SELF, memory, 2 * vm_page_size));
    DO(mach_port_deallocate(SELF, entry));
    DO(mach_port_deallocate(SELF, fresh));
    DO(mach_port_deallocate(SELF, read_only));
    CHECK_EQ(*(char *)mapped, 'o'); // what is mapped stays
}

int main(void) {
    mach_port_t port = new_port();
    messages(port);
    what_is_wrong(port);
    pages();
    inheritance();
    second_addresses();
    entries(port);
    return 0;
}
