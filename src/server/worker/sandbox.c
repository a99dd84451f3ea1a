/* sandbox.c - privileges, limits and Landlock; system calls are in syscalls.c. */
#include "server/worker/sandbox.h"
#include "server/worker/syscalls.h"
#include <dirent.h>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Landlock (landlock(7)) ---------------------------------------------------------------------
 * Written out here, as the headers of the C library may be older than the kernel. */

typedef struct {
    uint64_t files, network, scope; /* what is denied unless a rule allows it; there are none */
} ruleset;

enum { VERSION = 1 }; /* asks landlock_create_ruleset for the ABI */

/* Everything that an ABI can deny. Bits that a kernel does not know are an error to it. */
static ruleset everything(int abi) {
    static const int FILE_RIGHTS[] = {0, 13, 14, 15, 15}; /* and 16 from ABI 5 */
    const int rights = abi >= 5 ? 16 : FILE_RIGHTS[abi];
    return (ruleset){.files = ((uint64_t)1 << rights) - 1,
                     .network = abi >= 4 ? 3 : 0, /* bind and connect TCP */
                     .scope = abi >= 6 ? 3 : 0};  /* abstract sockets, signals */
}

/* Returns the ABI, 0 if there is no Landlock or it refuses. Holds for this thread and those that it
 * will make. */
static int deny_files(void) {
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
    if (abi < 1) return 0;
    const ruleset all = everything((int)abi);
    const size_t size = abi >= 6 ? sizeof all : (size_t)(abi >= 4 ? 2 : 1) * sizeof(uint64_t);
    const long fd = syscall(SYS_landlock_create_ruleset, &all, size, 0);
    if (fd < 0) return 0;
    const long failed = syscall(SYS_landlock_restrict_self, fd, 0);
    close((int)fd);
    return failed ? 0 : (int)abi;
}

/* Threads that were made before would not be in it. */
static bool is_alone(void) {
#ifdef IBX_SANITIZED
    return true; /* ThreadSanitizer has a thread of its own */
#else
    int threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (const struct dirent *d; tasks && (d = readdir(tasks));) threads += d->d_name[0] != '.';
    if (tasks) closedir(tasks);
    return threads == 1;
#endif
}

/* ---- limits (setrlimit(2)) ----------------------------------------------------------------------
 */

static bool limit(int what, rlim_t most) {
    const struct rlimit l = {most, most};
    struct rlimit now;
    if (getrlimit(what, &now) == 0 && now.rlim_max < most) return true; /* is stricter as it is */
    return setrlimit(what, &l) == 0;
}

/* A sanitizer reserves more addresses than any limit has. */
static bool limit_memory(int64_t address_space) {
    if (address_space <= 0) return true;
    if (!limit(RLIMIT_FSIZE, (rlim_t)address_space)) return false;
#ifdef IBX_SANITIZED
    return true;
#else
    return limit(RLIMIT_AS, (rlim_t)address_space);
#endif
}

static bool set_limits(int64_t address_space) {
    enum { DESCRIPTORS = 64 };
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, DESCRIPTORS) &&
           limit_memory(address_space);
}

/* ---- all of it ----------------------------------------------------------------------------------
 */

static bool refuse(const char *what, ibx_error *err) {
    return ibx_fail(err, IBX_IO,
                    "the sandbox is required, but %s: %s; a newer kernel has it, or set it to "
                    "\"prefer\"",
                    what, strerror(errno));
}

bool ibx_sandbox_enter(ibx_sandbox_mode mode, int64_t address_space, ibx_sandbox_state *state,
                       ibx_error *err) {
    const bool must = mode == IBX_SANDBOX_REQUIRE;
    *state = (ibx_sandbox_state){0};
    if (!set_limits(address_space))
        return ibx_fail(err, IBX_IO, "limits cannot be set: %s", strerror(errno));
    if (mode == IBX_SANDBOX_OFF) return true;
    if (must && !is_alone())
        return ibx_fail(err, IBX_BUG, "threads were made before the sandbox was entered");
    errno = 0;
    const bool meek = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (must && !meek) return refuse("privileges cannot be given up", err);
    if (meek) state->landlock_abi = deny_files();
    if (must && state->landlock_abi == 0) return refuse("there is no Landlock", err);
    if (meek) state->seccomp = ibx_syscalls_restrict();
    return !must || state->seccomp || refuse("system calls cannot be filtered", err);
}
