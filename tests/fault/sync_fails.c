/* SPDX-License-Identifier: Apache-2.0 */
/* sync_fails.c - loaded before libc (LD_PRELOAD), makes fsync, fdatasync and msync fail with EIO while
 * the first byte of the file $ALM_SYNC_FAILS is 1, and writing at a place too while it is 2. While it is 3
 * whatever is written to a file finds no room (ENOSPC), but for standard output. How often that was stands
 * behind it, a byte. The file is mapped before any sandbox: looking at it is no system
 * call. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FAILS_NOT = 0, FAILS_SYNC = 1, FAILS_WRITE = 2, FAILS_FULL = 3 };

static volatile unsigned char *page;
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_msync)(void *, size_t, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);

static ssize_t (*real_write)(int, const void *, size_t);

/* POSIX says that a symbol's address may be kept in an object pointer; ISO C does not. */
static void find(void *function, const char *name)
{
    *(void **)function = dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ALM_SYNC_FAILS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped = fd >= 0 ? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (fd >= 0)
        (void)close(fd);
    page = mapped == MAP_FAILED ? NULL : mapped;
    find(&real_fsync, "fsync");
    find(&real_fdatasync, "fdatasync");
    find(&real_msync, "msync");
    find(&real_pwrite, "pwrite");
    find(&real_pwritev, "pwritev");
    find(&real_write, "write");
}

static int fails(unsigned char from)
{
    if (!page || page[0] < from)
        return 0;
    if (page[1] < 255)
        page[1]++;
    errno = page[0] == FAILS_FULL ? ENOSPC : EIO;
    return 1;
}

ssize_t write(int fd, const void *from, size_t len)
{
    struct stat st;

    if (page && page[0] == FAILS_FULL && fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        fails(FAILS_FULL))
        return -1;
    return real_write(fd, from, len);
}

int fsync(int fd)
{
    return fails(FAILS_SYNC) ? -1 : real_fsync(fd);
}

int fdatasync(int fd)
{
    return fails(FAILS_SYNC) ? -1 : real_fdatasync(fd);
}

int msync(void *at, size_t len, int flags)
{
    return fails(FAILS_SYNC) ? -1 : real_msync(at, len, flags);
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t at)
{
    return fails(FAILS_WRITE) ? -1 : real_pwrite(fd, from, len, at);
}

ssize_t pwrite64(int fd, const void *from, size_t len, off_t at)
{
    return fails(FAILS_WRITE) ? -1 : real_pwrite(fd, from, len, at);
}

ssize_t pwritev(int fd, const struct iovec *from, int n, off_t at)
{
    return fails(FAILS_WRITE) ? -1 : real_pwritev(fd, from, n, at);
}
