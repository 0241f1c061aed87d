// SPDX-License-Identifier: MIT OR Apache-2.0
// Shared memory objects: whole when they appear, mapped, grown, removed once.
#include <fcntl.h>
#include <sys/mman.h>

#include "words.h"

int main(void) {
    char name[64];
    snprintf(name, sizeof name, "/cabotage-c-%d", (int)getpid());
    cabotage_shm *made = NULL, *opened = NULL, *read_only = NULL;
    IS(cabotage_shm_open(name, &opened, &error), CABOTAGE_MISSING);
    CHECK(opened == NULL);
    OK(cabotage_shm_create(name, 10000, &made, &error));
    IS(cabotage_shm_create(name, 10000, &opened, &error), CABOTAGE_EXISTS);
    IS(cabotage_shm_create("a/b", 1, &opened, &error), CABOTAGE_INVALID);
    size_t bytes = 0;
    OK(cabotage_shm_bytes(made, &bytes, &error));
    CHECK_EQ(bytes, 10000);
    OK(cabotage_shm_write(made, 9995, "ahoy!", 5, &error));
    IS(cabotage_shm_write(made, 9996, "ahoy!", 5, &error), CABOTAGE_INVALID);

    // C's own calls find the same object.
    int fd = shm_open(name, O_RDWR, 0);
    CHECK(fd >= 0 && close(fd) == 0);

    OK(cabotage_shm_open(name, &opened, &error));
    void *address = NULL;
    OK(cabotage_shm_map(opened, &address, &bytes, &error));
    CHECK_EQ(bytes, 10000);
    CHECK(memcmp((char *)address + 9995, "ahoy!", 5) == 0);
    memcpy(address, "by its address", 14);
    void *again = NULL;
    OK(cabotage_shm_map(opened, &again, NULL, &error));
    CHECK(again == address);
    char copy[14];
    OK(cabotage_shm_open_read_only(name, &read_only, &error));
    OK(cabotage_shm_read(read_only, 0, copy, sizeof copy, &error));
    CHECK(memcmp(copy, "by its address", 14) == 0);
    IS(cabotage_shm_write(read_only, 0, copy, 1, &error), CABOTAGE_INVALID);
    IS(cabotage_shm_read(read_only, 9990, copy, 14, &error), CABOTAGE_INVALID);
    OK(cabotage_shm_grow(made, 20000, &error));
    OK(cabotage_shm_bytes(read_only, &bytes, &error));
    CHECK_EQ(bytes, 20000);
    OK(cabotage_shm_descriptor(made, &fd, &error));
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    OK(cabotage_shm_unlink(made, &error));
    IS(cabotage_shm_remove(name, &error), CABOTAGE_MISSING);
    cabotage_shm_free(made);
    cabotage_shm_free(opened);
    cabotage_shm_free(read_only);
    cabotage_shm_free(NULL);
    return 0;
}
