/* syscalls.c - the list of system calls, as a filter of seccomp(2). */
#include "server/worker/syscalls.h"
#include "server/worker/worker.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static bool add(scmp_filter_ctx filter, uint32_t action, const char *name) {
    const int call = seccomp_syscall_resolve_name(name);
    return call == __NR_SCMP_ERROR || seccomp_rule_add(filter, action, call, 0) == 0;
}

#ifdef IBX_SANITIZED
#define OTHERWISE SCMP_ACT_ALLOW

/* What a sanitizer's build forbids, of all that leads out. */
static const char *const OUTWARD[] = {"execve", "execveat", "socket", "connect", "bind",
                                      "listen", "accept4",  "sendto", "creat"};

static bool add_rules(scmp_filter_ctx filter) {
    bool ok = true;
    for (size_t i = 0; i < COUNT(OUTWARD); i++)
        ok = ok && add(filter, SCMP_ACT_KILL_PROCESS, OUTWARD[i]);
    return ok;
}
#else
#define OTHERWISE SCMP_ACT_KILL_PROCESS

/* Calls that do no harm whatever their arguments: they need what the process has already. Those
 * that an architecture does not have are skipped. */
static const char *const ALLOWED[] = {
    /* bytes of open files; descriptors */
    "read", "write", "pread64", "pwrite64", "readv", "writev", "lseek", "close", "dup", "fstat",
    "ftruncate", "fallocate", "fadvise64", "memfd_create",
    /* memory */
    "brk", "munmap", "mremap", "madvise",
    /* threads and their signals */
    "futex", "set_robust_list", "rseq", "set_tid_address", "exit", "exit_group", "sched_yield",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "getcpu", "membarrier", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sigaltstack", "restart_syscall",
    /* time and what the process is */
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "poll",
    "ppoll", "getrandom", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrusage",
    "times", "sysinfo", "uname"};

/* What libraries try, and do without. */
static const struct {
    const char *name;
    int error;
} REFUSED[] = {
    {"open", EACCES},
    {"newfstatat", EACCES},
    {"stat", EACCES},
    {"lstat", EACCES},
    {"statx", EACCES},
    {"access", EACCES},
    {"faccessat", EACCES},
    {"faccessat2", EACCES},
    {"readlink", EACCES},
    {"readlinkat", EACCES},
    {"getcwd", EACCES},
    {"statfs", EACCES},
    {"ioctl", ENOTTY},
    {"getpeername", ENOTSOCK}, /* GLib, before a warning: is that the journal? */
    {"clone3", ENOSYS},
    {"get_mempolicy", EPERM},
    {"mbind", EPERM},
    {"sched_setaffinity", EPERM},
    {"sched_setscheduler", EPERM},
    {"setpriority", EPERM},
    {"mlock", EPERM},
    {"setrlimit", EPERM},
    {"getrlimit", EPERM},
};

/* A rule for a call with this argument. A call may have several; where none holds it kills. */
typedef struct {
    const char *name;
    unsigned argument;
    enum scmp_compare compare;
    uint64_t value, masked; /* MASKED_EQ: (argument & value) == masked */
    int error;              /* 0: allowed */
} bound;

/* An int, of which the kernel does not look at the upper half, has this value; has another. */
#define IS(v) SCMP_CMP_MASKED_EQ, UINT32_MAX, (v)
#define IS_NOT(v) SCMP_CMP_NE, (v), 0
/* Has none of these bits; has all of them. */
#define WITHOUT(bits) SCMP_CMP_MASKED_EQ, (bits), 0
#define WITH(bits) SCMP_CMP_MASKED_EQ, (bits), (bits)

static const bound BOUND[] = {
    {"mmap", 2, WITHOUT(PROT_EXEC), 0},
    {"mmap", 2, WITH(PROT_EXEC), EACCES},
    {"mprotect", 2, WITHOUT(PROT_EXEC), 0},
    {"mprotect", 2, WITH(PROT_EXEC), EACCES},
    {"clone", 0, WITH(CLONE_THREAD), 0},
    {"sendmsg", 0, IS(IBX_WORKER_SOCKET), 0},
    {"recvmsg", 0, IS(IBX_WORKER_SOCKET), 0},
    {"prctl", 0, IS(PR_SET_NAME), 0},
    {"prctl", 0, IS_NOT(PR_SET_NAME), EPERM},
    {"prlimit64", 2, SCMP_CMP_EQ, 0, 0, 0}, /* asks, sets nothing */
    {"prlimit64", 2, IS_NOT(0), EPERM},
    {"fcntl", 1, IS(F_GETFD), 0},
    {"fcntl", 1, IS(F_SETFD), 0},
    {"fcntl", 1, IS(F_GETFL), 0},
    {"fcntl", 1, IS(F_DUPFD_CLOEXEC), 0},
    {"fcntl", 1, IS(F_ADD_SEALS), 0},
    {"fcntl", 1, IS(F_GET_SEALS), 0},
    {"openat", 2, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY, EACCES}, /* to write: kills */
};

static uint32_t action_of(int error) {
    return error ? SCMP_ACT_ERRNO((uint32_t)error) : SCMP_ACT_ALLOW;
}

static bool add_bound(scmp_filter_ctx filter, const bound *b) {
    const int call = seccomp_syscall_resolve_name(b->name);
    const struct scmp_arg_cmp compare = {b->argument, b->compare, b->value, b->masked};
    return seccomp_rule_add_array(filter, action_of(b->error), call, 1, &compare) == 0;
}

/* abort(3) sends a signal to its own process. */
static bool allow_abort(scmp_filter_ctx filter) {
    const bound self = {"tgkill", 0, IS((uint64_t)getpid()), 0};
    return add_bound(filter, &self);
}

static bool add_rules(scmp_filter_ctx filter) {
    bool ok = allow_abort(filter);
    for (size_t i = 0; i < COUNT(ALLOWED); i++) ok = ok && add(filter, SCMP_ACT_ALLOW, ALLOWED[i]);
    for (size_t i = 0; i < COUNT(REFUSED); i++)
        ok = ok && add(filter, action_of(REFUSED[i].error), REFUSED[i].name);
    for (size_t i = 0; i < COUNT(BOUND); i++) ok = ok && add_bound(filter, &BOUND[i]);
    return ok;
}
#endif

/* What there is besides the rules: other architectures' calls kill, all threads get the filter, and
 * it finds a call by halving. */
static bool set_up(scmp_filter_ctx filter) {
    return seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
           seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
           seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
}

bool ibx_syscalls_restrict(void) {
    scmp_filter_ctx filter = seccomp_init(OTHERWISE);
    if (!filter) return false;
    const bool ok = set_up(filter) && add_rules(filter) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}
