/* delivery.c - what a worker delivers is not trusted: a stranger's image may have taken it over. */
#include "server/jobs/wire.h"
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Texts go into headers, logs and JSON. */
static void clean_text(char *text, size_t room) {
    const char *bad;
    char *from = text;
    text[room - 1] = 0;
    while (!g_utf8_validate(from, -1, &bad)) {
        from += bad - from;
        *from++ = '?';
    }
    for (char *c = text; *c; c++)
        if (g_ascii_iscntrl(*c)) *c = '?';
}

#define CLEAN(text) clean_text(text, sizeof(text))

static void clean_texts(ibx_delivery *d) {
    CLEAN(d->error.text);
    CLEAN(d->error.name);
    CLEAN(d->error.parameter);
    CLEAN(d->error.value);
    CLEAN(d->about.format);
    CLEAN(d->about.profile);
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++) {
        CLEAN(d->output[i].format);
        CLEAN(d->output[i].name);
    }
    d->about.head.profile = (ibx_bytes){NULL, 0}; /* a pointer means nothing here */
}

static void clean_time(double *ms) {
    if (!isfinite(*ms) || *ms < 0) *ms = 0;
}

static void clean_times(ibx_delivery *d) {
    double *const times[] = {&d->times.read,   &d->times.decode, &d->times.filter,
                             &d->times.encode, &d->times.write,  &d->cpu};
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) clean_time(times[i]);
    for (int i = 0; i < IBX_WIRE_FILTERS; i++) clean_time(&d->filter[i]);
}

/* A memory file of that size whose bytes can no longer change. */
static bool is_sealed(int fd, int64_t size) {
    const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    struct stat st;
    return (fcntl(fd, F_GET_SEALS) & seals) == seals && fstat(fd, &st) == 0 && st.st_size == size;
}

static bool keeps_rules(const ibx_delivery *d, const int *fds, int count) {
    if (d->outputs < 0 || d->outputs > IBX_WIRE_OUTPUTS) return false;
    if ((unsigned)d->error.code > IBX_BUG) return false;
    if (count != 0 && count != d->outputs) return false;
    for (int i = 0; i < d->outputs; i++) {
        const ibx_made *made = &d->output[i];
        if (made->w < 1 || made->h < 1 || !ibx_format_find(made->format)) return false;
        if (i < count && !is_sealed(fds[i], made->bytes)) return false;
    }
    return true;
}

bool ibx_wire_take_delivery(int socket, ibx_delivery *delivery, int fds[IBX_WIRE_OUTPUTS],
                            ibx_error *err) {
    const int count = ibx_wire_take(socket, delivery, sizeof *delivery, fds, err);
    if (count < 0) return false;
    clean_texts(delivery);
    clean_times(delivery);
    if (!keeps_rules(delivery, fds, count)) {
        for (int i = 0; i < count; i++) close(fds[i]);
        return ibx_fail(err, IBX_BUG, "a delivery that breaks the rules");
    }
    for (int i = count; i < IBX_WIRE_OUTPUTS; i++) fds[i] = -1;
    return true;
}
