// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory that goes out of line with a message, and an open file as a right, from a child to its parent:
//   cc mach_out_of_line.c $(pkg-config --cflags --libs cabotage-mach) -o mach_out_of_line && ./mach_out_of_line
#include <fcntl.h>
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <servers/bootstrap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fileport.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    mach_msg_header_t header;
    mach_msg_body_t body;
    mach_msg_ool_descriptor_t picture;
    mach_msg_port_descriptor_t file;
} parcel;

enum { PICTURE_BYTES = 8 << 20 };

static void must(kern_return_t result, const char *what) {
    if (result != KERN_SUCCESS) {
        mach_error(what, result);
        exit(1);
    }
}

static void send_parcel(void) {
    mach_port_t to;
    must(bootstrap_look_up(bootstrap_port, "org.example.parcels", &to), "look up");
    vm_address_t picture = 0;
    must(vm_allocate(mach_task_self(), &picture, PICTURE_BYTES, VM_FLAGS_ANYWHERE), "allocate");
    memset((void *)picture, 0x5a, PICTURE_BYTES);

    parcel message;
    memset(&message, 0, sizeof message);
    message.header.msgh_bits = MACH_MSGH_BITS_SET(MACH_MSG_TYPE_COPY_SEND, 0, 0, MACH_MSGH_BITS_COMPLEX);
    message.header.msgh_remote_port = to;
    message.body.msgh_descriptor_count = 2;
    message.picture.address = (void *)picture;
    message.picture.size = PICTURE_BYTES;
    message.picture.deallocate = TRUE; // it moves: nothing is at that address when the call is over
    message.picture.copy = MACH_MSG_VIRTUAL_COPY;
    message.picture.type = MACH_MSG_OOL_DESCRIPTOR;
    int file = open("/proc/self/comm", O_RDONLY);
    if (file < 0 || fileport_makeport(file, &message.file.name) != 0) exit(1);
    message.file.disposition = MACH_MSG_TYPE_MOVE_SEND;
    message.file.type = MACH_MSG_PORT_DESCRIPTOR;
    must(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, MACH_MSG_TIMEOUT_NONE,
                  MACH_PORT_NULL), "send");
}

int main(void) {
    mach_port_t parcels;
    must(bootstrap_check_in(bootstrap_port, "org.example.parcels", &parcels), "check in");
    pid_t child = fork();
    if (child == 0) {
        send_parcel();
        return 0;
    }
    struct {
        parcel parcel;
        mach_msg_trailer_t trailer;
    } came;
    must(mach_msg(&came.parcel.header, MACH_RCV_MSG, 0, sizeof came, parcels, MACH_MSG_TIMEOUT_NONE, MACH_PORT_NULL),
         "receive");
    const unsigned char *picture = came.parcel.picture.address;
    printf("%u bytes out of line, the last one is %#x\n", came.parcel.picture.size,
           picture[came.parcel.picture.size - 1]);
    char name[32] = "";
    int file = fileport_makefd(came.parcel.file.name);
    ssize_t bytes = file < 0 ? -1 : read(file, name, sizeof name - 1);
    if (bytes < 0) return 1;
    printf("the file says: %s", name);
    mach_msg_destroy(&came.parcel.header); // the memory and the right, which are ours now
    int status;
    waitpid(child, &status, 0);
    return status == 0 ? 0 : 1;
}
