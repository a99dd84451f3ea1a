/* notify.c - a datagram for systemd. */
#include "server/admin/notify.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool ibx_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof to.sun_path || (*path != '/' && *path != '@')) return false;
    memcpy(to.sun_path, path, length);
    if (*path == '@') to.sun_path[0] = 0; /* an abstract name */
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    const ssize_t n = sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                             (const struct sockaddr *)&to, size);
    close(fd);
    return n == (ssize_t)strlen(state);
}

int64_t ibx_notify_beat(void) {
    const char *process = getenv("WATCHDOG_PID"), *patience = getenv("WATCHDOG_USEC");
    if (process && strtol(process, NULL, 10) != getpid()) return 0;
    const int64_t us = patience ? strtoll(patience, NULL, 10) : 0;
    return us > 0 ? us / 2 : 0;
}
