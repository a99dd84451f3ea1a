/* sandbox - what a process that is locked in can no longer do. Each attempt runs in a child, which
 * enters the sandbox, tries, and exits with what it found. */
#include "server/worker/sandbox.h"
#include "server/worker/worker.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DONE = 40, REFUSED, NO_SANDBOX }; /* exit statuses; refused: with an error number */

typedef int attempt(void);

static ibx_sandbox_mode mode = IBX_SANDBOX_PREFER;
static int64_t address_space = (int64_t)8 << 30;

static void enter_and_try(attempt *try) {
    ibx_sandbox_state state;
    ibx_error err;
    if (!ibx_sandbox_enter(mode, address_space, &state, &err)) _exit(NO_SANDBOX);
    _exit(try());
}

/* What became of a child: its exit status, or the signal that killed it as a negative number. */
static int outcome(attempt *try) {
    int status;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) enter_and_try(try);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Of a call that fails as it should. */
static int refused_if(bool failed) {
    return failed ? REFUSED : DONE;
}

#define TRY(name, ...)                                                                             \
    static int name(void) {                                                                        \
        __VA_ARGS__                                                                                \
    }

/* ---- files --------------------------------------------------------------------------------- */

TRY(read_passwords, return refused_if(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);)
TRY(read_relative, return refused_if(openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY) < 0);)
TRY(look_at_passwords, struct stat st; return refused_if(stat("/etc/passwd", &st) < 0);)
TRY(read_own_memory, return refused_if(open("/proc/self/mem", O_RDONLY) < 0);)
TRY(write_file, return refused_if(open("/tmp/imbrex-sandbox", O_WRONLY | O_CREAT, 0600) < 0);)
TRY(write_own_memory, return refused_if(open("/proc/self/mem", O_RDWR) < 0);)
TRY(make_unnamed_file, return refused_if(open("/tmp", O_TMPFILE | O_RDWR, 0600) < 0);)
TRY(remove_file, return refused_if(unlink("/tmp/imbrex-sandbox-none") < 0);)
TRY(make_folder, return refused_if(mkdir("/tmp/imbrex-sandbox-folder", 0700) < 0);)
TRY(rename_file, return refused_if(rename("/tmp/imbrex-none", "/tmp/imbrex-other") < 0);)
TRY(change_mode, return refused_if(chmod("/tmp", 0777) < 0);)

/* By the newest call for it, which libraries do not use. */
TRY(read_by_openat2, const uint64_t how[3] = {0};
    return refused_if(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof how) < 0);)

/* ---- the network -------------------------------------------------------------------------------
 */

TRY(make_socket, return refused_if(socket(AF_INET, SOCK_STREAM, 0) < 0);)
TRY(make_unix_socket, return refused_if(socket(AF_UNIX, SOCK_STREAM, 0) < 0);)

static int other_socket = -1;

/* Over a socket that is open, but not the one. */
TRY(use_other_socket, struct msghdr h = {0};
    return refused_if(sendmsg(other_socket, &h, MSG_NOSIGNAL) < 0);)
TRY(connect_other_socket, const struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/x"};
    return refused_if(connect(other_socket, (const struct sockaddr *)&a, sizeof a) < 0);)

/* ---- other processes ---------------------------------------------------------------------------
 */

static int execute(void) {
    char *words[] = {"true", NULL};
    execv("/bin/true", words);
    return REFUSED;
}

static int execute_memory(void) {
    char *words[] = {"true", NULL};
    const int fd = memfd_create("program", 0);
    syscall(SYS_execveat, fd, "", words, NULL, AT_EMPTY_PATH);
    return REFUSED;
}

static int fork_child(void) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    return refused_if(child < 0);
}

static int vfork_child(void) {
    const long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0) _exit(0);
    return refused_if(child < 0);
}

static pid_t parent;

TRY(trace_parent, return refused_if(ptrace(PTRACE_ATTACH, parent, NULL, NULL) < 0);)
TRY(kill_parent, return refused_if(kill(parent, SIGKILL) < 0);)
TRY(kill_parent_thread, return refused_if(syscall(SYS_tgkill, parent, parent, SIGKILL) < 0);)
TRY(read_parent, char byte; struct iovec to = {&byte, 1}; struct iovec from = {&parent, 1};
    return refused_if(process_vm_readv(parent, &to, 1, &from, 1, 0) < 0);)
TRY(own_signals, return refused_if(fcntl(other_socket, F_SETOWN, parent) < 0);)

/* ---- itself ------------------------------------------------------------------------------------
 */

static int make_executable(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return DONE;
    return refused_if(mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0);
}

TRY(map_executable, return refused_if(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);)
TRY(become_dumpable, return refused_if(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0);)
TRY(raise_limit, const struct rlimit l = {1000, 1000};
    return refused_if(setrlimit(RLIMIT_NOFILE, &l) < 0);)
TRY(make_namespace, return refused_if(unshare(CLONE_NEWUSER) < 0);)
TRY(mount_something, return refused_if(syscall(SYS_mount, "a", "/tmp", "tmpfs", 0, 0) < 0);)
TRY(make_ring, return refused_if(syscall(SYS_io_uring_setup, 1, NULL) < 0);)
TRY(load_filter, return refused_if(syscall(SYS_bpf, 0, NULL, 0) < 0);)
TRY(type_for_user, char c = 'x'; return refused_if(ioctl(0, TIOCSTI, &c) < 0);)

static int too_many_descriptors(void) {
    for (int i = 0; i < 100; i++)
        if (memfd_create("many", 0) < 0) return refused_if(errno == EMFILE);
    return DONE;
}

static int too_much_memory(void) {
    return refused_if(mmap(NULL, (size_t)16 << 30, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED);
}

/* ---- what must still work
 * ------------------------------------------------------------------------ */

static void *in_thread(void *user) {
    *(int *)user = open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? REFUSED : DONE;
    return NULL;
}

/* Threads can be made, and are locked in too. */
static int make_thread(void) {
    pthread_t thread;
    int found = 0;
    if (pthread_create(&thread, NULL, in_thread, &found)) return NO_SANDBOX;
    pthread_join(thread, NULL);
    return found;
}

static int make_sealed_file(void) {
    const int fd = memfd_create("result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, "abc", 3) != 3) return REFUSED;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)) return REFUSED;
    return write(fd, "d", 1) < 0 && lseek(fd, 0, SEEK_END) == 3 ? DONE : REFUSED;
}

static int grow_and_shrink(void) {
    char *p = malloc((size_t)64 << 20);
    if (!p) return REFUSED;
    memset(p, 1, (size_t)64 << 20);
    p = realloc(p, (size_t)100 << 20);
    free(p);
    return p ? DONE : REFUSED;
}

TRY(abort_itself, signal(SIGABRT, SIG_DFL); abort();)

/* ---- the tests
 * ----------------------------------------------------------------------------------- */

typedef struct {
    const char *what;
    attempt *try;
    bool in_sanitized; /* a build with sanitizers forbids it too */
} row;

#define ROW(name, in_sanitized)                                                                    \
    { #name, name, in_sanitized }

static const row ROWS[] = {
    ROW(read_passwords, true),
    ROW(read_relative, true),
    ROW(look_at_passwords, false),
    ROW(read_own_memory, true),
    ROW(write_file, true),
    ROW(write_own_memory, true),
    ROW(make_unnamed_file, true),
    ROW(remove_file, true),
    ROW(make_folder, true),
    ROW(rename_file, true),
    ROW(change_mode, false),
    ROW(read_by_openat2, true),
    ROW(make_socket, true),
    ROW(make_unix_socket, true),
    ROW(use_other_socket, false),
    ROW(connect_other_socket, true),
    ROW(execute, true),
    ROW(execute_memory, true),
    ROW(fork_child, false),
    ROW(vfork_child, false),
    ROW(trace_parent, true),
    ROW(kill_parent, true),
    ROW(kill_parent_thread, true),
    ROW(read_parent, true),
    ROW(own_signals, false),
    ROW(make_executable, false),
    ROW(map_executable, false),
    ROW(become_dumpable, false),
    ROW(raise_limit, false),
    ROW(make_namespace, false),
    ROW(mount_something, true),
    ROW(make_ring, false),
    ROW(load_filter, false),
    ROW(type_for_user, false),
    ROW(too_many_descriptors, true),
    ROW(too_much_memory, false),
};

#ifdef IBX_SANITIZED
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* Without the sandbox most of it can be done: the attempts are real ones. */
static bool refused_or_killed(int outcome) {
    return outcome == REFUSED || outcome == -SIGSYS;
}

static void attempts(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (SANITIZED && !ROWS[i].in_sanitized) continue;
        const int found = outcome(ROWS[i].try);
        if (!refused_or_killed(found)) fail_msg("%s: outcome %d", ROWS[i].what, found);
    }
}

/* The attempts are real: without a sandbox these succeed. */
static void attempts_outside(void **state) {
    (void)state;
    static attempt *const CAN[] = {read_passwords, read_relative,  look_at_passwords,
                                   make_socket,    fork_child,     make_executable,
                                   map_executable, become_dumpable};
    mode = IBX_SANDBOX_OFF;
    for (size_t i = 0; i < sizeof CAN / sizeof *CAN; i++) assert_int_equal(outcome(CAN[i]), DONE);
    assert_int_equal(outcome(execute), 0);
    mode = IBX_SANDBOX_PREFER;
}

/* What no library tries is not answered. */
static void killed(void **state) {
    (void)state;
    static attempt *const KILLS[] = {execute,     execute_memory,   make_socket,
                                     fork_child,  vfork_child,      trace_parent,
                                     kill_parent, write_own_memory, read_parent};
    if (SANITIZED) skip();
    for (size_t i = 0; i < sizeof KILLS / sizeof *KILLS; i++)
        assert_int_equal(outcome(KILLS[i]), -SIGSYS);
}

static void what_works(void **state) {
    (void)state;
    assert_int_equal(outcome(make_thread), REFUSED); /* what the thread found */
    assert_int_equal(outcome(make_sealed_file), DONE);
    assert_int_equal(outcome(grow_and_shrink), DONE);
    assert_int_equal(outcome(abort_itself), -SIGABRT);
}

static int posture(void) {
    struct rlimit core, files;
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_NOFILE, &files);
    return core.rlim_max == 0 && files.rlim_max <= 64 ? DONE : REFUSED;
}

/* What it says of itself is so. In a child too, as there is no way back. */
static int report(void) {
    ibx_sandbox_state state;
    ibx_error err = {0};
    if (!ibx_sandbox_enter(IBX_SANDBOX_REQUIRE, address_space, &state, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return NO_SANDBOX;
    }
    return state.landlock_abi * 2 + state.seccomp;
}

static void says_what_it_is(void **state) {
    (void)state;
    mode = IBX_SANDBOX_OFF;
    assert_int_equal(outcome(posture), DONE);
    const int found = outcome(report);
    mode = IBX_SANDBOX_PREFER;
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    if (abi < 1) {
        assert_int_equal(found, NO_SANDBOX);
        return;
    }
    print_message("Landlock ABI %d, seccomp %d\n", found / 2, found % 2);
    assert_int_equal(found, abi * 2 + 1);
}

static void *sleep_long(void *user) {
    (void)user;
    pause();
    return NULL;
}

/* Threads that were there before could open files: so none may be. */
static int enter_with_a_thread(void) {
    pthread_t thread;
    ibx_sandbox_state state;
    ibx_error err = {0};
    if (pthread_create(&thread, NULL, sleep_long, NULL)) return DONE;
    return ibx_sandbox_enter(IBX_SANDBOX_REQUIRE, 0, &state, &err) ? DONE
           : err.code == IBX_BUG                                   ? REFUSED
                                                                   : NO_SANDBOX;
}

static void alone(void **state) {
    (void)state;
    if (SANITIZED) skip();
    mode = IBX_SANDBOX_OFF;
    assert_int_equal(outcome(enter_with_a_thread), REFUSED);
    mode = IBX_SANDBOX_PREFER;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_it_is), cmocka_unit_test(attempts_outside),
        cmocka_unit_test(attempts),        cmocka_unit_test(killed),
        cmocka_unit_test(what_works),      cmocka_unit_test(alone),
    };
    int ends[2];
    parent = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return 1;
    other_socket = fcntl(ends[0], F_DUPFD_CLOEXEC, IBX_WORKER_SOCKET + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
