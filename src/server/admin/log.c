/* log.c - lines of JSON that nobody waits for. */
#include "server/admin/log.h"
#include "describe/json.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* PIPE_BUF of Linux: as much as is written whole or not at all (pipe(7)). Texts are cut to LONG
 * bytes and, where escapes make the line too long all the same, to SHORT. */
enum { MOST = 4096, LONG = 1000, SHORT = 48 };

struct ibx_log {
    pthread_mutex_t lock;
    char *file;
    int fd; /* -1: off */
    bool owned;
    bool torn;       /* the last line was written in part */
    int64_t dropped; /* lines since the last one that was written */
};

/* ---- a line -----------------------------------------------------------------------------------
 */

typedef struct {
    FILE *out;
    char *text;
    size_t size;
    ibx_json json;
    size_t longest; /* of a text */
} line;

/* "2026-11-26T09:05:00.123Z" */
static void put_time(line *l) {
    struct timespec now;
    struct tm utc;
    char text[64];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    const size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, sizeof text - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
    ibx_json_text(&l->json, "time", text);
}

static bool begin(line *l, const char *level, size_t longest) {
    *l = (line){.longest = longest};
    if (!(l->out = open_memstream(&l->text, &l->size))) return false;
    l->json.out = l->out;
    ibx_json_open(&l->json, NULL, '{');
    put_time(l);
    ibx_json_text(&l->json, "level", level);
    return true;
}

/* False without memory. */
static bool end(line *l) {
    ibx_json_close(&l->json, '}');
    return fclose(l->out) == 0 && l->text;
}

/* A text, cut in front of the character that would be too much. */
static void put_text(line *l, const char *key, const char *text) {
    char cut[LONG + 1];
    if (!text) return;
    size_t length = strnlen(text, l->longest + 1);
    if (length > l->longest) {
        length = l->longest;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
    }
    memcpy(cut, text, length);
    cut[length] = 0;
    ibx_json_text(&l->json, key, cut);
}

static void put_int(line *l, const char *key, int64_t value) {
    if (value) ibx_json_int(&l->json, key, value);
}

/* To the microsecond. */
static void put_ms(line *l, const char *key, double ms) {
    if (ms != 0) ibx_json_number(&l->json, key, round(ms * 1000) / 1000);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* Room for MOST bytes: of a pipe a page is free, of a socket a good part (pipe(7), unix(7)); files
 * always say so. */
static bool has_room(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && p.revents & POLLOUT;
}

static bool put(ibx_log *log, const char *text, size_t size) {
    ssize_t n;
    if (!has_room(log->fd)) return false;
    if (log->torn && write(log->fd, "\n", 1) != 1) return false;
    log->torn = false;
    do {
        n = write(log->fd, text, size);
    } while (n < 0 && errno == EINTR);
    log->torn = n > 0 && (size_t)n < size;
    return n == (ssize_t)size;
}

/* Says how many lines are missing in front of the next one. */
static bool put_dropped(ibx_log *log) {
    line l;
    if (log->dropped == 0) return true;
    if (!begin(&l, "warning", LONG)) return false;
    ibx_json_text(&l.json, "message", "lines were lost, since nothing took them");
    ibx_json_int(&l.json, "dropped", log->dropped);
    const bool good = end(&l) && put(log, l.text, l.size);
    free(l.text);
    if (good) log->dropped = 0;
    return good;
}

static void write_line(ibx_log *log, const line *l, bool complete) {
    pthread_mutex_lock(&log->lock);
    if (!complete || !put_dropped(log) || !put(log, l->text, l->size)) log->dropped++;
    pthread_mutex_unlock(&log->lock);
}

typedef void filler(line *l, const void *what);

/* Makes a line of what `fill` puts into it, with shorter texts where it would be too long. False
 * without memory; l->text is to be freed in any case. */
static bool make(line *l, const char *level, filler *fill, const void *what) {
    for (size_t longest = LONG;; longest = SHORT) {
        bool complete = begin(l, level, longest);
        if (complete) {
            fill(l, what);
            complete = end(l);
        }
        if (!complete || l->size <= MOST || longest == SHORT) return complete;
        free(l->text);
    }
}

static void write_filled(ibx_log *log, const char *level, filler *fill, const void *what) {
    line l;
    if (log->fd < 0) return;
    const bool complete = make(&l, level, fill, what);
    write_line(log, &l, complete);
    free(l.text);
}

static void put_message(line *l, const void *message) {
    put_text(l, "message", message);
}

void ibx_log_event(ibx_log *log, const char *level, const char *format, ...) {
    char message[LONG + 8]; /* more than is put, so that it is cut between characters */
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    write_filled(log, level, put_message, message);
}

static void put_request(line *l, const void *what) {
    const ibx_log_request *r = what;
    put_text(l, "id", r->id);
    put_text(l, "trace_id", r->trace_id);
    put_text(l, "parent_id", r->parent_id);
    put_text(l, "span_id", r->span_id);
    put_text(l, "client", r->client);
    put_text(l, "method", r->method);
    put_text(l, "path", r->path);
    put_text(l, "route", r->route);
    put_int(l, "status", r->status);
    put_text(l, "problem", r->problem);
    put_text(l, "why", r->why);
    put_text(l, "recipe", r->recipe);
    put_text(l, "cache", r->cache);
    put_int(l, "bytes_in", r->bytes_in);
    put_int(l, "bytes_out", r->bytes_out);
    put_int(l, "pixels", r->pixels);
    put_ms(l, "total_ms", r->total_ms);
    put_ms(l, "answer_ms", r->answer_ms);
    put_ms(l, "queue_ms", r->queue_ms);
    put_ms(l, "fetch_ms", r->fetch_ms);
    put_ms(l, "decode_ms", r->decode_ms);
    put_ms(l, "filter_ms", r->filter_ms);
    put_ms(l, "encode_ms", r->encode_ms);
    put_ms(l, "cpu_ms", r->cpu_ms);
    put_int(l, "rss", r->rss);
}

static const char *level_of(const ibx_log_request *request) {
    return request->status >= 500 ? "error" : "info";
}

void ibx_log_write(ibx_log *log, const ibx_log_request *request) {
    write_filled(log, level_of(request), put_request, request);
}

char *ibx_log_line(const ibx_log_request *request) {
    line l;
    const bool complete = make(&l, level_of(request), put_request, request);
    if (complete && l.size > 0 && l.text[l.size - 1] == '\n') l.text[l.size - 1] = 0;
    if (complete) return l.text;
    free(l.text);
    return NULL;
}

/* ---- made and ended ---------------------------------------------------------------------------
 */

/* A descriptor, or -1. */
static int open_named(const char *file, ibx_error *err) {
    const int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0) ibx_fail(err, IBX_IO, "the log %s cannot be opened: %s", file, strerror(errno));
    return fd;
}

static bool open_file(ibx_log *log, const char *file, ibx_error *err) {
    log->fd = STDERR_FILENO;
    if (strcmp(file, "-") == 0) return true;
    log->fd = -1;
    if (strcmp(file, "off") == 0) return true;
    log->owned = true;
    log->file = strdup(file);
    log->fd = open_named(file, err);
    return log->fd >= 0;
}

bool ibx_log_reopen(ibx_log *log, ibx_error *err) {
    if (!log->file) return true;
    const int fd = open_named(log->file, err);
    if (fd < 0) return false;
    pthread_mutex_lock(&log->lock);
    const int old = log->fd;
    log->fd = fd;
    log->torn = false;
    pthread_mutex_unlock(&log->lock);
    close(old);
    return true;
}

ibx_log *ibx_log_open(const char *file, ibx_error *err) {
    ibx_log *log = calloc(1, sizeof *log);
    if (!log) {
        ibx_fail(err, IBX_MEMORY, "no memory for the log");
        return NULL;
    }
    pthread_mutex_init(&log->lock, NULL);
    if (open_file(log, file, err)) return log;
    ibx_log_close(log);
    return NULL;
}

void ibx_log_close(ibx_log *log) {
    if (!log) return;
    if (log->fd >= 0) put_dropped(log);
    if (log->owned && log->fd >= 0) close(log->fd);
    pthread_mutex_destroy(&log->lock);
    free(log->file);
    free(log);
}
