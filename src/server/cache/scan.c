/* scan.c - all entries of the folder. */
#include "server/cache/entry.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STALE = 3600 }; /* seconds after which nobody is writing a draft any more */

typedef struct {
    ibx_on_entry *each;
    void *user;
    char prefix[5]; /* "abcd": the two folders that one is in */
} scan;

static DIR *open_folder(int at, const char *name) {
    const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder && fd >= 0) close(fd);
    return folder;
}

/* "KEY.tmp-..." */
static bool is_draft(const char *name) {
    return strspn(name, "0123456789abcdef") == IBX_KEY_DIGITS &&
           strncmp(name + IBX_KEY_DIGITS, IBX_ENTRY_DRAFT, strlen(IBX_ENTRY_DRAFT)) == 0;
}

static void look_at(const scan *s, int folder, const char *name) {
    struct stat st;
    const bool entry = ibx_entry_is_key(name) && strncmp(name, s->prefix, 4) == 0;
    if (!entry && !is_draft(name)) return;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) return;
    if (entry)
        s->each(s->user, name, st.st_size, st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
    else if (st.st_mtime < time(NULL) - STALE)
        unlinkat(folder, name, 0);
}

static bool is_part(const char *name) {
    return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

/* depth 0: the root with "ab"; 1: with "cd"; 2: with entries. */
static void walk(scan *s, DIR *folder, int depth) {
    for (const struct dirent *e; (e = readdir(folder));) {
        if (depth == 2) {
            look_at(s, dirfd(folder), e->d_name);
            continue;
        }
        if (!is_part(e->d_name)) continue;
        memcpy(s->prefix + 2 * (size_t)depth, e->d_name, 2);
        DIR *inner = open_folder(dirfd(folder), e->d_name);
        if (!inner) continue;
        walk(s, inner, depth + 1);
        closedir(inner);
    }
}

bool ibx_entry_scan(int root, ibx_on_entry *each, void *user) {
    scan s = {.each = each, .user = user};
    DIR *folder = open_folder(root, ".");
    if (!folder) return false;
    walk(&s, folder, 0);
    closedir(folder);
    return true;
}
