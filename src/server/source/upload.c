/* upload.c - memory files that grow, paid for from a purse. */
#include "codec/stream.h"
#include "server/source/opened.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct ibx_upload {
    ibx_purse *purse;
    int64_t limit, size;
    int fd;
    EVP_MD_CTX *hash;
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

/* libcrypto's hash, as it uses the processor's instructions for it: GLib's takes six times as long,
 * which the main loop would pay. */
static EVP_MD_CTX *new_hash(void) {
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) return hash;
    EVP_MD_CTX_free(hash);
    return NULL;
}

static void free_upload(ibx_upload *u) {
    EVP_MD_CTX_free(u->hash);
    free(u);
}

ibx_upload *ibx_upload_new(ibx_purse *purse, int64_t limit) {
    ibx_upload *u = malloc(sizeof *u);
    if (!u) return NULL;
    *u = (ibx_upload){purse, limit, 0, -1, new_hash()};
    if (u->hash) u->fd = memfd_create("imbrex-source", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (u->fd >= 0) return u;
    free_upload(u);
    return NULL;
}

ibx_source_status ibx_upload_write(ibx_upload *u, const void *data, size_t size) {
    if (size > (uint64_t)(u->limit - u->size)) return IBX_SOURCE_TOO_LARGE;
    if (!ibx_purse_spend(u->purse, (int64_t)size)) return IBX_SOURCE_BUSY;
    u->size += (int64_t)size;
    const bool kept = ibx_write_full(u->fd, data, size) && EVP_DigestUpdate(u->hash, data, size);
    return kept ? IBX_SOURCE_OK : IBX_SOURCE_BUSY;
}

/* In hexadecimal digits. */
static bool end_hash(const ibx_upload *u, char *text, size_t room) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!EVP_DigestFinal_ex(u->hash, sum, &size) || room <= 2 * (size_t)size) return false;
    for (unsigned i = 0; i < size; i++) snprintf(text + 2 * i, 3, "%02x", sum[i]);
    return true;
}

void ibx_upload_finish(ibx_upload *u, ibx_opened *opened) {
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    *opened = (ibx_opened){.fd = u->fd, .size = u->size};
    if (fcntl(u->fd, F_ADD_SEALS, seals) != 0 ||
        !end_hash(u, opened->identity, sizeof opened->identity)) {
        ibx_opened_refuse(opened, IBX_SOURCE_BUSY, "no memory for the source's bytes");
        ibx_upload_drop(u);
        return;
    }
    free_upload(u);
}

void ibx_upload_drop(ibx_upload *u) {
    if (!u) return;
    close(u->fd);
    ibx_purse_return(u->purse, u->size);
    free_upload(u);
}
