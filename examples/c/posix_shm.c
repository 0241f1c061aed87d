// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The textbook's producer and consumer of POSIX shared memory, which know nothing of Cabotage:
//     cc posix_shm.c -o posix_shm && LD_PRELOAD=libcabotage-posix.so.0 ./posix_shm
// With the library preloaded, or linked by -lcabotage-posix, shm_open and shm_unlink are Cabotage's.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 4096 };

int main(void) {
    char name[64];
    snprintf(name, sizeof name, "/cabotage-posix-%d", (int)getpid());
    pid_t producer = fork();
    if (producer == 0) {
        int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
        if (fd < 0 || ftruncate(fd, BYTES) != 0) return 1;
        char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED) return 1;
        strcpy(memory, "Hello World!");
        return 0;
    }
    int status = 0;
    if (waitpid(producer, &status, 0) != producer || status != 0) return 1;
    int fd = shm_open(name, O_RDONLY, 0);
    if (fd < 0) return 1;
    const char *memory = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return 1;
    printf("%s\n", memory);
    return shm_unlink(name) == 0 ? 0 : 1;
}
