/* wire.c - orders and deliveries between front and worker. */
#include "server/jobs/wire.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* One message with the descriptors that travel with it. */
typedef struct {
    void *data;
    size_t size;
    int fd[IBX_WIRE_OUTPUTS];
    int fds;
} message;

typedef union {
    struct cmsghdr header; /* for its alignment */
    char room[CMSG_SPACE(IBX_WIRE_OUTPUTS * sizeof(int))];
} control;

static bool fail(ibx_error *err) {
    return ibx_fail(err, IBX_IO, "the socket between server and worker: %s", strerror(errno));
}

static bool send_message(int socket, const message *m, ibx_error *err) {
    control c = {0};
    struct iovec part = {m->data, m->size};
    struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};
    if (m->fds > 0) {
        h.msg_control = &c;
        h.msg_controllen = CMSG_SPACE((size_t)m->fds * sizeof(int));
        struct cmsghdr *first = CMSG_FIRSTHDR(&h);
        *first = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS,
                                  .cmsg_len = CMSG_LEN((size_t)m->fds * sizeof(int))};
        memcpy(CMSG_DATA(first), m->fd, (size_t)m->fds * sizeof(int));
    }
    ssize_t n;
    do {
        n = sendmsg(socket, &h, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)m->size || fail(err);
}

static void close_all(message *m) {
    for (int i = 0; i < m->fds; i++) close(m->fd[i]);
    m->fds = 0;
}

static void collect(message *m, struct msghdr *h) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const int count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + (size_t)i * sizeof fd, sizeof fd);
            if (m->fds < IBX_WIRE_OUTPUTS)
                m->fd[m->fds++] = fd;
            else
                close(fd);
        }
    }
}

/* Takes a message of exactly m->size bytes. */
static bool take_message(int socket, message *m, ibx_error *err) {
    control c = {0};
    struct iovec part = {m->data, m->size};
    struct msghdr h = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c};
    ssize_t n;
    do {
        n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return fail(err);
    collect(m, &h);
    if (n == (ssize_t)m->size && !(h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return true;
    close_all(m);
    if (n == 0) return ibx_fail(err, IBX_IO, "ended");
    return ibx_fail(err, IBX_BUG, "a message of %zd bytes where %zu were due", n, m->size);
}

bool ibx_wire_send_hello(int socket, const ibx_hello *hello, ibx_error *err) {
    ibx_hello copy = *hello;
    return send_message(socket, &(message){.data = &copy, .size = sizeof copy}, err);
}

bool ibx_wire_take_hello(int socket, ibx_hello *hello, ibx_error *err) {
    message m = {.data = hello, .size = sizeof *hello};
    if (!take_message(socket, &m, err)) return false;
    close_all(&m);
    return hello->magic == IBX_WIRE_MAGIC || ibx_fail(err, IBX_BUG, "not a worker's greeting");
}

bool ibx_wire_send_order(int socket, const ibx_order *order, int source, ibx_error *err) {
    ibx_order copy = *order;
    return send_message(
        socket, &(message){.data = &copy, .size = sizeof copy, .fd = {source}, .fds = 1}, err);
}

bool ibx_wire_take_order(int socket, ibx_order *order, int *source, ibx_error *err) {
    message m = {.data = order, .size = sizeof *order};
    if (!take_message(socket, &m, err)) return false;
    if (m.fds != 1) {
        close_all(&m);
        return ibx_fail(err, IBX_BUG, "an order without its source");
    }
    *source = m.fd[0];
    return true;
}

bool ibx_wire_send_delivery(int socket, const ibx_delivery *delivery, const int *fds,
                            ibx_error *err) {
    ibx_delivery copy = *delivery;
    message m = {.data = &copy, .size = sizeof copy};
    for (; fds && m.fds < delivery->outputs; m.fds++) m.fd[m.fds] = fds[m.fds];
    return send_message(socket, &m, err);
}

int ibx_wire_take(int socket, void *data, size_t size, int fds[IBX_WIRE_OUTPUTS], ibx_error *err) {
    message m = {.data = data, .size = size};
    if (!take_message(socket, &m, err)) return -1;
    for (int i = 0; i < m.fds; i++) fds[i] = m.fd[i];
    return m.fds;
}
