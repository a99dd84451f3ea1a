/* process.c - starts a worker process, hears it, and reaps it. */
#include "server/work/process.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOCKET = 3, PATIENCE_MS = 2000 };

struct ibx_process {
    pid_t pid;
    int socket, pidfd;
    guint hearing, watching, patience; /* sources; 0: none */
    bool killed;                       /* by us */
    double cpu;
    const ibx_process_events *events;
    void *user;
    GQueue *ending; /* NULL: it is wanted */
    GList link;
};

/* ---- its death ------------------------------------------------------------------------------ */

static void slay(ibx_process *p) {
    p->killed = true;
    kill(p->pid, SIGKILL); /* it is not reaped, so the number is still its own */
}

/* Blocks only where the process was killed just before. */
static void reap(ibx_process *p) {
    int status = 0;
    pid_t pid;
    do {
        pid = waitpid(p->pid, &status, 0);
    } while (pid < 0 && errno == EINTR);
    if (p->killed || pid < 0) return;
    if (WIFSIGNALED(status))
        g_warning("worker %d was ended by signal %d (%s)", (int)p->pid, WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        g_warning("worker %d ended with status %d", (int)p->pid, WEXITSTATUS(status));
}

/* ---- start --------------------------------------------------------------------------------- */

/* What the child finds: the socket, standard error, and nothing else that is open. */
static void set_descriptors(posix_spawn_file_actions_t *actions, int socket) {
    posix_spawn_file_actions_init(actions);
    posix_spawn_file_actions_adddup2(actions, socket, SOCKET);
    posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(actions, SOCKET + 1);
}

static void set_signals(posix_spawnattr_t *attributes) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setpgroup(attributes, 0);
}

static int spawn(pid_t *pid, int socket, char **environment) {
    char *argv[] = {"imbrex", "worker", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    set_descriptors(&actions, socket);
    set_signals(&attributes);
    const int error = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static gboolean on_message(int fd, GIOCondition condition, void *data) {
    (void)fd, (void)condition;
    ibx_process *p = data;
    p->events->heard(p->user);
    return G_SOURCE_CONTINUE; /* or removed meanwhile */
}

static gboolean on_death(int fd, GIOCondition condition, void *data);

static void watch(ibx_process *p) {
    g_unix_set_fd_nonblocking(p->socket, TRUE, NULL);
    p->hearing = g_unix_fd_add(p->socket, G_IO_IN | G_IO_HUP | G_IO_ERR, on_message, p);
    p->watching = g_unix_fd_add(p->pidfd, G_IO_IN, on_death, p);
}

static bool fail(ibx_error *err, const char *what, int error) {
    return ibx_fail(err, IBX_IO, "a worker process cannot be started: %s: %s", what,
                    strerror(error));
}

/* The pair of sockets, the child, its pidfd. */
static bool launch(ibx_process *p, char **environment, ibx_error *err) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return fail(err, "sockets", errno);
    const int error = spawn(&p->pid, pair[1], environment);
    close(pair[1]);
    p->socket = pair[0];
    if (error) {
        close(p->socket);
        return fail(err, "posix_spawn", error);
    }
    p->pidfd = pidfd_open(p->pid, 0); /* close-on-exec by itself */
    if (p->pidfd >= 0) return true;
    fail(err, "pidfd_open", errno);
    close(p->socket);
    slay(p);
    reap(p);
    return false;
}

ibx_process *ibx_process_start(char **environment, const ibx_process_events *events, void *user,
                               ibx_error *err) {
    ibx_process *p = g_new0(ibx_process, 1);
    p->events = events;
    p->user = user;
    p->link.data = p;
    if (launch(p, environment, err)) {
        watch(p);
        return p;
    }
    g_free(p);
    return NULL;
}

int ibx_process_socket(const ibx_process *process) {
    return process->socket;
}

double ibx_process_cpu(ibx_process *process) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(process->pid, &clock) == 0 && clock_gettime(clock, &t) == 0)
        process->cpu = (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
    return process->cpu;
}

/* ---- end ----------------------------------------------------------------------------------- */

static void drop_source(guint *source) {
    if (*source) g_source_remove(*source);
    *source = 0;
}

static void free_process(ibx_process *p) {
    drop_source(&p->hearing);
    drop_source(&p->watching);
    drop_source(&p->patience);
    if (p->socket >= 0) close(p->socket);
    if (p->pidfd >= 0) close(p->pidfd);
    if (p->ending) g_queue_unlink(p->ending, &p->link);
    g_free(p);
}

static gboolean on_death(int fd, GIOCondition condition, void *data) {
    (void)fd, (void)condition;
    ibx_process *p = data;
    reap(p);
    p->watching = 0;
    close(p->pidfd);
    p->pidfd = -1;
    if (p->ending)
        free_process(p);
    else
        p->events->gone(p->user);
    return G_SOURCE_REMOVE;
}

static gboolean on_patience(void *data) {
    ibx_process *p = data;
    p->patience = 0;
    slay(p);
    return G_SOURCE_REMOVE;
}

void ibx_process_end(ibx_process *process, bool now, GQueue *ending) {
    drop_source(&process->hearing);
    close(process->socket);
    process->socket = -1;
    process->ending = ending;
    g_queue_push_tail_link(ending, &process->link);
    if (process->pidfd < 0)
        free_process(process); /* was reaped already */
    else if (now)
        slay(process);
    else
        process->patience = g_timeout_add(PATIENCE_MS, on_patience, process);
}

void ibx_processes_kill(GQueue *ending) {
    for (GList *l = ending->head; l; l = l->next) slay(l->data);
    while (ending->head) {
        ibx_process *p = ending->head->data;
        reap(p);
        free_process(p);
    }
}
