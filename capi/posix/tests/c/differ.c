// SPDX-License-Identifier: MIT OR Apache-2.0
// shm_open(3), shm_unlink(3): each call of a table is made through the C library and through ours, with the same things
// in /dev/shm before it, and everything that a caller can see afterwards is compared.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "check.h"

typedef int open_call(const char *, int, mode_t);
typedef int unlink_call(const char *);

static open_call *opens[2];
static unlink_call *unlinks[2];
static char base[64], file[128];
static unsigned compared, differing;

// What stands under the name before the call.
enum before { NOTHING, OBJECT, READ_ONLY, FOREIGN, DIRECTORY, LINK, DANGLING, FIFO, SOCKET, KINDS };

static void prepare(enum before before) {
    int fd = -1;
    switch (before) {
    case OBJECT:
    case READ_ONLY:
    case FOREIGN:
        fd = open(file, O_CREAT | O_EXCL | O_RDWR, before == READ_ONLY ? 0400 : 0600);
        CHECK(fd >= 0 && ftruncate(fd, 4096) == 0 && close(fd) == 0);
        break;
    case DIRECTORY: CHECK(mkdir(file, 0700) == 0); break;
    case LINK: CHECK(symlink("/dev/null", file) == 0); break;
    case DANGLING: CHECK(symlink("/dev/shm/nowhere-at-all", file) == 0); break;
    case FIFO: CHECK(mkfifo(file, 0600) == 0); break;
    case SOCKET: {
        struct sockaddr_un address;
        memset(&address, 0, sizeof address);
        address.sun_family = AF_UNIX;
        strncpy(address.sun_path, file, sizeof address.sun_path - 1);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && close(fd) == 0);
        break;
    }
    default: break;
    }
}

static void clean(void) {
    if (unlink(file) != 0) rmdir(file);
}

struct seen {
    int failed, number, type, mode, bytes, descriptor_flags, open_flags, is_left, is_lowest;
};

static struct seen look(int fd, int number) {
    struct seen seen;
    struct stat facts;
    memset(&seen, 0, sizeof seen);
    seen.failed = fd < 0;
    seen.number = number;
    if (fd >= 0) {
        CHECK(fstat(fd, &facts) == 0);
        seen.type = (int)(facts.st_mode & S_IFMT);
        seen.mode = (int)(facts.st_mode & 07777);
        seen.bytes = (int)facts.st_size;
        seen.descriptor_flags = fcntl(fd, F_GETFD);
        seen.open_flags = fcntl(fd, F_GETFL);
        CHECK(close(fd) == 0);
        int lowest = dup(0);
        seen.is_lowest = lowest == fd;
        close(lowest);
    }
    seen.is_left = lstat(file, &facts) == 0;
    return seen;
}

static void compare(const char *what, const char *name, int flags, int mode, int before, const struct seen *seen) {
    compared++;
    if (memcmp(&seen[0], &seen[1], sizeof seen[0]) == 0) return;
    differing++;
    for (int i = 0; i < 2; i++)
        fprintf(stderr, "%s %s(\"%.40s\", %#o, %#o) before %d: failed %d errno %d (%s) mode %o flags %#o left %d\n",
                i ? "ours:" : "libc:", what, name, flags, mode, before, seen[i].failed, seen[i].number,
                strerror(seen[i].number), seen[i].mode, seen[i].open_flags, seen[i].is_left);
}

static void try_open(const char *name, int flags, mode_t mode, enum before before) {
    struct seen seen[2];
    for (int i = 0; i < 2; i++) {
        prepare(before);
        errno = 1234; // success leaves it alone
        int fd = opens[i](name, flags, mode);
        seen[i] = look(fd, errno);
        clean();
    }
    compare("shm_open", name, flags, (int)mode, (int)before, seen);
}

static void try_unlink(const char *name, enum before before) {
    struct seen seen[2];
    for (int i = 0; i < 2; i++) {
        prepare(before);
        errno = 1234;
        int answer = unlinks[i](name);
        seen[i] = look(-1, errno);
        seen[i].failed = answer;
        clean();
    }
    compare("shm_unlink", name, 0, 0, (int)before, seen);
}

static void try_all_kinds(void) {
    static const int flags[] = {
        O_RDONLY, O_RDWR, O_WRONLY, O_RDWR | O_CREAT, O_RDWR | O_CREAT | O_EXCL, O_RDWR | O_TRUNC,
        O_RDWR | O_CREAT | O_TRUNC, O_RDONLY | O_TRUNC, O_RDONLY | O_CREAT, O_RDWR | O_EXCL,
        O_RDWR | O_APPEND, O_RDWR | O_SYNC, O_RDWR | O_DIRECTORY, O_RDONLY | O_DIRECTORY, O_PATH, O_ACCMODE,
    };
    for (int before = NOTHING; before < KINDS; before++) {
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
            int patient = before == FIFO ? O_NONBLOCK : 0; // opening a FIFO may wait for its other end
            try_open(base, flags[i] | patient, 0600, (enum before)before);
            try_open(base, flags[i] | O_NONBLOCK, 0600, (enum before)before);
        }
        try_unlink(base, (enum before)before);
    }
}

static void try_all_names(void) {
    static char long_name[4300], slashed[300];
    static const size_t lengths[] = {254, 255, 256, 257, 258, 259, 260, 261, 300, 4095, 4096, 4200};
    static const char *const odd[] = {"", "/", "//", ".", "/.", "..", "/..", "/../etc/passwd", "a/b", "/a/b", "/a/",
                                      "//a/", "/ /", "\xff\xfe", "/\n", "...", ".cabotage-making-0"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        snprintf(file, sizeof file, "/dev/shm/%s", odd[i][0] == '/' ? odd[i] + 1 : odd[i]);
        int is_plain = strchr(file + 9, '/') == NULL && strcmp(file + 9, ".") && strcmp(file + 9, "..") && file[9];
        if (!is_plain) snprintf(file, sizeof file, "/dev/shm/%s", base + 1);
        try_open(odd[i], O_RDWR | O_CREAT, 0600, NOTHING);
        try_open(odd[i], O_RDWR, 0600, NOTHING);
        try_open(odd[i], O_RDONLY, 0600, NOTHING);
        try_unlink(odd[i], is_plain ? OBJECT : NOTHING);
    }
    snprintf(file, sizeof file, "/dev/shm/%s", base + 1);
    try_open(base + 1, O_RDWR | O_CREAT, 0600, NOTHING); // without its slash
    snprintf(slashed, sizeof slashed, "////%s", base);
    try_open(slashed, O_RDWR | O_CREAT, 0600, NOTHING);
    try_unlink(slashed, OBJECT);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memset(long_name, 'n', lengths[i]);
        long_name[lengths[i]] = 0;
        unlinks[0](long_name); // left by an earlier run
        try_open(long_name, O_RDWR, 0600, NOTHING);
        try_unlink(long_name, NOTHING);
        long_name[0] = '/';
        try_open(long_name, O_RDWR, 0600, NOTHING);
        long_name[20] = '/';
        try_open(long_name, O_RDWR, 0600, NOTHING); // too long, and with a slash inside
        try_unlink(long_name, NOTHING);
    }
}

static void try_modes(void) {
    static const mode_t masks[] = {0, 022, 027, 077, 0777};
    static const mode_t modes[] = {0, 0600, 0666, 0777, 01777, 04755, 07777, 0400};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        umask(masks[i]);
        for (size_t j = 0; j < sizeof modes / sizeof *modes; j++) {
            try_open(base, O_RDWR | O_CREAT | O_EXCL, modes[j], NOTHING);
            try_open(base, O_RDONLY | O_CREAT, modes[j], NOTHING);
        }
    }
    umask(022);
}

// What another user's object answers: as root only, which can become another user.
static void try_as_another_user(void) {
    if (geteuid() != 0) {
        fprintf(stderr, "not tried: other users' objects, since this is not root\n");
        return;
    }
    static const int flags[] = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_CREAT | O_EXCL, O_RDWR | O_TRUNC};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        struct seen seen[2];
        for (int j = 0; j < 2; j++) {
            prepare(FOREIGN);
            CHECK(seteuid(65534) == 0);
            errno = 1234;
            int fd = opens[j](base, flags[i], 0600);
            int number = errno;
            CHECK(seteuid(0) == 0);
            seen[j] = look(fd, number);
            clean();
        }
        compare("shm_open as another", base, flags[i], 0600, FOREIGN, seen);
    }
    struct seen seen[2];
    for (int j = 0; j < 2; j++) {
        prepare(FOREIGN);
        CHECK(seteuid(65534) == 0);
        errno = 1234;
        int answer = unlinks[j](base);
        int number = errno;
        CHECK(seteuid(0) == 0);
        seen[j] = look(-1, number);
        seen[j].failed = answer;
        clean();
    }
    CHECK_EQ(seen[0].number, EACCES); // the kernel's EPERM, in POSIX's words
    compare("shm_unlink as another", base, 0, 0, FOREIGN, seen);
}

int main(void) {
    void *libc = dlopen("libc.so.6", RTLD_NOW), *realtime = dlopen("librt.so.1", RTLD_NOW);
    CHECK(libc != NULL);
    void *open_symbol = dlsym(libc, "shm_open"), *unlink_symbol = dlsym(libc, "shm_unlink");
    if (open_symbol == NULL) { // before glibc 2.34
        CHECK(realtime != NULL);
        open_symbol = dlsym(realtime, "shm_open");
        unlink_symbol = dlsym(realtime, "shm_unlink");
    }
    CHECK(open_symbol != NULL && unlink_symbol != NULL);
    memcpy(&opens[0], &open_symbol, sizeof open_symbol);
    memcpy(&unlinks[0], &unlink_symbol, sizeof unlink_symbol);
    opens[1] = shm_open; // ours: this program is linked with it
    unlinks[1] = shm_unlink;
    CHECK(opens[0] != opens[1] && unlinks[0] != unlinks[1]);

    snprintf(base, sizeof base, "/cabotage-differ-%d", (int)getpid());
    snprintf(file, sizeof file, "/dev/shm%s", base);
    umask(022);
    try_all_kinds();
    try_all_names();
    try_modes();
    try_as_another_user();
    printf("%u calls compared\n", compared);
    CHECK_EQ(differing, 0);
    return 0;
}
