/* child.c - starts a worker process, hears it, and reaps it. */
#include "server/jobs/child.h"
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

struct ibx_child {
    pid_t pid;
    int socket, pidfd;
    guint hearing, watching, patience; /* sources; 0: none */
    bool killed;                       /* by us */
    double cpu;
    const ibx_child_events *events;
    void *user;
    GQueue *ending; /* NULL: it is wanted */
    GList link;
};

/* ---- its death ------------------------------------------------------------------------------ */

static void slay(ibx_child *c) {
    c->killed = true;
    kill(c->pid, SIGKILL); /* it is not reaped, so the number is still its own */
}

/* Blocks only where the process was killed just before. */
static void reap(ibx_child *c) {
    int status = 0;
    pid_t pid;
    do {
        pid = waitpid(c->pid, &status, 0);
    } while (pid < 0 && errno == EINTR);
    if (c->killed || pid < 0) return;
    if (WIFSIGNALED(status))
        g_warning("worker %d was ended by signal %d (%s)", (int)c->pid, WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        g_warning("worker %d ended with status %d", (int)c->pid, WEXITSTATUS(status));
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
    ibx_child *c = data;
    c->events->heard(c->user);
    return G_SOURCE_CONTINUE; /* or removed meanwhile */
}

static gboolean on_death(int fd, GIOCondition condition, void *data);

static void watch(ibx_child *c) {
    g_unix_set_fd_nonblocking(c->socket, TRUE, NULL);
    c->hearing = g_unix_fd_add(c->socket, G_IO_IN | G_IO_HUP | G_IO_ERR, on_message, c);
    c->watching = g_unix_fd_add(c->pidfd, G_IO_IN, on_death, c);
}

static bool fail(ibx_error *err, const char *what, int error) {
    return ibx_fail(err, IBX_IO, "a worker process cannot be started: %s: %s", what,
                    strerror(error));
}

/* The pair of sockets, the child, its pidfd. */
static bool launch(ibx_child *c, char **environment, ibx_error *err) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return fail(err, "sockets", errno);
    const int error = spawn(&c->pid, pair[1], environment);
    close(pair[1]);
    c->socket = pair[0];
    if (error) {
        close(c->socket);
        return fail(err, "posix_spawn", error);
    }
    c->pidfd = pidfd_open(c->pid, 0); /* close-on-exec by itself */
    if (c->pidfd >= 0) return true;
    fail(err, "pidfd_open", errno);
    close(c->socket);
    slay(c);
    reap(c);
    return false;
}

ibx_child *ibx_child_start(char **environment, const ibx_child_events *events, void *user,
                           ibx_error *err) {
    ibx_child *c = g_new0(ibx_child, 1);
    c->events = events;
    c->user = user;
    c->link.data = c;
    if (launch(c, environment, err)) {
        watch(c);
        return c;
    }
    g_free(c);
    return NULL;
}

int ibx_child_socket(const ibx_child *child) {
    return child->socket;
}

double ibx_child_cpu(ibx_child *child) {
    clockid_t clock;
    struct timespec t;
    const bool is_there = child->pidfd >= 0; /* else its number may be another's */
    if (is_there && clock_getcpuclockid(child->pid, &clock) == 0 && clock_gettime(clock, &t) == 0)
        child->cpu = (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
    return child->cpu;
}

/* ---- end ----------------------------------------------------------------------------------- */

static void drop_source(guint *source) {
    if (*source) g_source_remove(*source);
    *source = 0;
}

static void free_child(ibx_child *c) {
    drop_source(&c->hearing);
    drop_source(&c->watching);
    drop_source(&c->patience);
    if (c->socket >= 0) close(c->socket);
    if (c->pidfd >= 0) close(c->pidfd);
    if (c->ending) g_queue_unlink(c->ending, &c->link);
    g_free(c);
}

static gboolean on_death(int fd, GIOCondition condition, void *data) {
    (void)fd, (void)condition;
    ibx_child *c = data;
    reap(c);
    c->watching = 0;
    close(c->pidfd);
    c->pidfd = -1;
    if (c->ending)
        free_child(c);
    else
        c->events->gone(c->user);
    return G_SOURCE_REMOVE;
}

static gboolean on_patience(void *data) {
    ibx_child *c = data;
    c->patience = 0;
    slay(c);
    return G_SOURCE_REMOVE;
}

void ibx_child_end(ibx_child *child, bool now, GQueue *ending) {
    drop_source(&child->hearing);
    close(child->socket);
    child->socket = -1;
    child->ending = ending;
    g_queue_push_tail_link(ending, &child->link);
    if (child->pidfd < 0)
        free_child(child); /* was reaped already */
    else if (now)
        slay(child);
    else
        child->patience = g_timeout_add(PATIENCE_MS, on_patience, child);
}

void ibx_children_kill(GQueue *ending) {
    for (GList *l = ending->head; l; l = l->next) slay(l->data);
    GList *link;
    while ((link = g_queue_pop_head_link(ending))) {
        ibx_child *c = link->data;
        c->ending = NULL;
        reap(c);
        free_child(c);
    }
}
