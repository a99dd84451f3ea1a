/* origin.c - a thread that accepts, and one per connection. */
#include "origin.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 512, HEAD_BYTES = 16384 };

typedef struct {
    origin *origin;
    int socket;
    pthread_t thread;
} visit;

struct origin {
    int listener, port;
    origin_answer *answer;
    void *user;
    pthread_t thread;
    visit visit[MOST];
    atomic_int visits;
};

int origin_say(int socket, const void *data, size_t size) {
    const char *from = data;
    while (size > 0) {
        const ssize_t n = send(socket, from, size, MSG_NOSIGNAL);
        if (n <= 0) return 0;
        from += n;
        size -= (size_t)n;
    }
    return 1;
}

void origin_reply(int socket, const char *status, const char *headers, const void *body,
                  size_t size) {
    char head[4096];
    const int n = snprintf(head, sizeof head,
                           "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
                           status, size, headers);
    if (origin_say(socket, head, (size_t)n)) origin_say(socket, body, size);
}

static int read_head(int socket, char *head) {
    size_t size = 0;
    while (size < HEAD_BYTES - 1) {
        const ssize_t n = recv(socket, head + size, HEAD_BYTES - 1 - size, 0);
        if (n <= 0) return 0;
        size += (size_t)n;
        head[size] = 0;
        if (strstr(head, "\r\n\r\n")) return 1;
    }
    return 0;
}

static void *serve(void *user) {
    visit *v = user;
    origin *o = v->origin;
    char *head = malloc(HEAD_BYTES);
    if (head && read_head(v->socket, head)) o->answer(v->socket, head, o->user);
    shutdown(v->socket, SHUT_RDWR); /* closed by origin_free, so that the number stays ours */
    free(head);
    return NULL;
}

static void *accept_all(void *user) {
    origin *o = user;
    for (;;) {
        const int socket = accept4(o->listener, NULL, NULL, SOCK_CLOEXEC);
        const int i = atomic_load(&o->visits);
        if (socket < 0 || i == MOST) {
            if (socket >= 0) close(socket);
            return NULL;
        }
        o->visit[i] = (visit){.origin = o, .socket = socket};
        atomic_store(&o->visits, i + 1); /* before an answer: who has one finds it counted */
        if (pthread_create(&o->visit[i].thread, NULL, serve, &o->visit[i]) != 0) abort();
    }
}

static int listen_on(origin *o, const char *address, int port) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof where;
    const int one = 1;
    inet_pton(AF_INET, address, &where.sin_addr);
    o->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (o->listener < 0) return 0;
    setsockopt(o->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(o->listener, (struct sockaddr *)&where, sizeof where) != 0 ||
        listen(o->listener, 64) != 0 ||
        getsockname(o->listener, (struct sockaddr *)&where, &size) != 0) {
        close(o->listener);
        return 0;
    }
    o->port = ntohs(where.sin_port);
    return 1;
}

origin *origin_new(const char *address, int port, origin_answer *answer, void *user) {
    origin *o = calloc(1, sizeof *o);
    if (!o) return NULL;
    o->answer = answer;
    o->user = user;
    if (!listen_on(o, address, port)) {
        free(o);
        return NULL;
    }
    if (pthread_create(&o->thread, NULL, accept_all, o) != 0) abort();
    return o;
}

void origin_free(origin *o) {
    if (!o) return;
    shutdown(o->listener, SHUT_RDWR);
    pthread_join(o->thread, NULL);
    const int visits = atomic_load(&o->visits);
    for (int i = 0; i < visits; i++) shutdown(o->visit[i].socket, SHUT_RDWR);
    for (int i = 0; i < visits; i++) {
        pthread_join(o->visit[i].thread, NULL);
        close(o->visit[i].socket);
    }
    close(o->listener);
    free(o);
}

int origin_port(const origin *o) {
    return o->port;
}

int origin_connections(const origin *o) {
    return atomic_load(&o->visits);
}
