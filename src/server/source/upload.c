/* upload.c - memory files that grow, paid for from a purse. */
#include "server/source/opened.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct ibx_upload {
    ibx_purse *purse;
    int64_t limit, size;
    int fd;
    GChecksum *hash;
};

/* ---- the purse: the main loop and the threads of the fetcher use it at the same time ------------
 */

bool ibx_purse_spend(ibx_purse *purse, int64_t bytes) {
    const int64_t most = __atomic_load_n(&purse->most, __ATOMIC_RELAXED);
    int64_t used = __atomic_load_n(&purse->used, __ATOMIC_RELAXED);
    do {
        if (bytes > most - used) return false;
    } while (!__atomic_compare_exchange_n(&purse->used, &used, used + bytes, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    if (purse->metrics) ibx_metric_add(purse->metrics, purse->gauge, 0, bytes);
    return true;
}

void ibx_purse_return(ibx_purse *purse, int64_t bytes) {
    if (bytes == 0) return;
    __atomic_fetch_sub(&purse->used, bytes, __ATOMIC_RELAXED);
    if (purse->metrics) ibx_metric_add(purse->metrics, purse->gauge, 0, -bytes);
}

void ibx_purse_limit(ibx_purse *purse, int64_t most) {
    __atomic_store_n(&purse->most, most, __ATOMIC_RELAXED);
}

/* ---- uploads ------------------------------------------------------------------------------------
 */

ibx_upload *ibx_upload_new(ibx_purse *purse, int64_t limit) {
    const int fd = memfd_create("imbrex-source", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ibx_upload *u = fd >= 0 ? malloc(sizeof *u) : NULL;
    if (!u) {
        if (fd >= 0) close(fd);
        return NULL;
    }
    *u = (ibx_upload){purse, limit, 0, fd, g_checksum_new(G_CHECKSUM_SHA256)};
    return u;
}

static bool write_all(int fd, const uint8_t *data, size_t size) {
    while (size > 0) {
        const ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

ibx_source_status ibx_upload_write(ibx_upload *u, const void *data, size_t size) {
    if (size > (uint64_t)(u->limit - u->size)) return IBX_SOURCE_TOO_LARGE;
    if (!ibx_purse_spend(u->purse, (int64_t)size)) return IBX_SOURCE_BUSY;
    u->size += (int64_t)size;
    if (!write_all(u->fd, data, size)) return IBX_SOURCE_BUSY;
    g_checksum_update(u->hash, data, (gssize)size);
    return IBX_SOURCE_OK;
}

static void free_upload(ibx_upload *u) {
    g_checksum_free(u->hash);
    free(u);
}

void ibx_upload_finish(ibx_upload *u, ibx_opened *opened) {
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (fcntl(u->fd, F_ADD_SEALS, seals) != 0) {
        ibx_opened_refuse(opened, IBX_SOURCE_BUSY, "no memory for the source's bytes");
        ibx_upload_drop(u);
        return;
    }
    *opened = (ibx_opened){.fd = u->fd, .size = u->size};
    g_strlcpy(opened->identity, g_checksum_get_string(u->hash), sizeof opened->identity);
    free_upload(u);
}

void ibx_upload_drop(ibx_upload *u) {
    if (!u) return;
    close(u->fd);
    ibx_purse_return(u->purse, u->size);
    free_upload(u);
}
