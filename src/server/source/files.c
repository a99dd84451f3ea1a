/* files.c - files beneath the root folder; the kernel sees to it that nothing else is reached. */
#include "server/source/opened.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bytes of one part of a path. */
enum { NAME_BYTES = NAME_MAX };

static int open_beneath(int root, const char *path, int flags) {
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int ibx_files_root(const char *folder, ibx_error *err) {
    const int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        ibx_fail(err, IBX_IO, "the root folder %s: %s; name one that can be read", folder,
                 strerror(errno));
        return -1;
    }
    const int probe = open_beneath(root, ".", O_RDONLY | O_DIRECTORY);
    if (probe >= 0) {
        close(probe);
        return root;
    }
    ibx_fail(err, IBX_IO, "the root folder %s: %s%s", folder, strerror(errno),
             errno == ENOSYS ? "; openat2 is needed: Linux 5.6 or later" : "");
    close(root);
    return -1;
}

/* Is this one part of a path that a file can have? Hidden ones are missing, as if not there. */
static ibx_source_status check_part(const char *part, size_t length) {
    if (length == 0) return IBX_SOURCE_BAD;
    if (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'))) return IBX_SOURCE_BAD;
    return part[0] == '.' || length > NAME_BYTES ? IBX_SOURCE_MISSING : IBX_SOURCE_OK;
}

/* The words alone; what they lead to is the kernel's to judge. The worst of all parts counts. */
static ibx_source_status check_path(const char *path) {
    ibx_source_status status = IBX_SOURCE_OK;
    if (strnlen(path, PATH_MAX) == PATH_MAX || !g_utf8_validate(path, -1, NULL)) {
        return IBX_SOURCE_BAD;
    }
    if (strchr(path, '\\')) return IBX_SOURCE_BAD;
    for (const char *part = path;; part++) {
        const size_t length = strcspn(part, "/");
        const ibx_source_status found = check_part(part, length);
        if (found == IBX_SOURCE_BAD) return found;
        if (found == IBX_SOURCE_MISSING) status = found;
        part += length;
        if (*part == 0) return status;
    }
}

/* Changes when the bytes may have: a file that is replaced has another inode, one that is written
 * to another time of change, which no program can set back. */
static void identify(ibx_opened *opened, const struct stat *st) {
    char text[160];
    snprintf(text, sizeof text,
             "%" PRIuMAX " %" PRIuMAX " %" PRIdMAX " %" PRIdMAX ".%09ld %" PRIdMAX ".%09ld",
             (uintmax_t)st->st_dev, (uintmax_t)st->st_ino, (intmax_t)st->st_size,
             (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec,
             st->st_ctim.tv_nsec);
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_strlcpy(opened->identity, sum, sizeof opened->identity);
    g_free(sum);
}

/* EAGAIN: something was renamed while the kernel walked, and it cannot vouch for the way. */
static int open_patiently(int root, const char *path) {
    int fd = -1;
    for (int tries = 0; tries < 8 && fd < 0; tries++) {
        fd = open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 && errno != EAGAIN && errno != EINTR) break;
    }
    return fd;
}

static bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
}

/* One sentence for all that is not there, may not be read, or is no file. */
static void miss(ibx_opened *opened) {
    ibx_opened_refuse(opened, IBX_SOURCE_MISSING, "there is no such file; check its path");
}

static void take(int fd, const char *path, ibx_opened *opened) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        miss(opened);
        return;
    }
    *opened = (ibx_opened){.fd = fd, .size = st.st_size, .modified = st.st_mtim.tv_sec};
    ibx_opened_name(opened, path);
    identify(opened, &st);
}

void ibx_files_open(int root, const char *path, ibx_opened *opened) {
    const ibx_source_status status = check_path(path);
    if (status == IBX_SOURCE_BAD) {
        ibx_opened_refuse(opened, status,
                          "the file's path must be relative, UTF-8, without empty parts, \".\", "
                          "\"..\" and backslashes");
        return;
    }
    const int fd = status == IBX_SOURCE_OK ? open_patiently(root, path) : -1;
    if (fd >= 0)
        take(fd, path, opened);
    else if (status == IBX_SOURCE_OK && is_shortage(errno))
        ibx_opened_refuse(opened, IBX_SOURCE_BUSY, "too much is open; come back in a moment");
    else
        miss(opened);
}
