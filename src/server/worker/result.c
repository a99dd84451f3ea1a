/* result.c - sealed memory files. */
#include "server/worker/result.h"
#include "codec/stream.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFER ((size_t)64 << 10)

static bool flush(ibx_result *result) {
    const size_t held = result->held;
    result->held = 0;
    return ibx_write_full(result->fd, result->buffer, held);
}

bool ibx_result_open(ibx_result *result, int64_t most, ibx_error *err) {
    *result = (ibx_result){.fd = -1, .most = most, .buffer = malloc(BUFFER)};
    if (result->buffer) result->fd = memfd_create("imbrex", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (result->fd >= 0) return true;
    ibx_result_close(result);
    return ibx_fail(err, IBX_MEMORY, "no memory for a result: %s", strerror(errno));
}

bool ibx_result_write(ibx_result *result, const void *data, size_t size) {
    result->size += (int64_t)size;
    result->over = result->most > 0 && result->size > result->most;
    if (result->over) return false;
    if (result->held + size > BUFFER && !flush(result)) return false;
    if (size >= BUFFER) return ibx_write_full(result->fd, data, size);
    memcpy(result->buffer + result->held, data, size);
    result->held += size;
    return true;
}

bool ibx_result_seal(ibx_result *result, ibx_error *err) {
    const int seals = F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    return (flush(result) && fcntl(result->fd, F_ADD_SEALS, seals) == 0) ||
           ibx_fail(err, IBX_MEMORY, "no memory for a result: %s", strerror(errno));
}

void ibx_result_close(ibx_result *result) {
    if (result->fd >= 0) close(result->fd);
    free(result->buffer);
    *result = (ibx_result){.fd = -1};
}
