/* info.c - POST /v1/info: what is in an image. */
#include "describe/json.h"
#include "server/api/look.h"
#include "server/api/upload.h"
#include <stdlib.h>

typedef struct {
    ibx_exchange *x;
    ibx_opened source;
    int64_t purse;
} asking;

static void drop(void *user) {
    asking *a = user;
    ibx_purse_return(&a->x->house->purse, a->purse);
    ibx_opened_close(&a->source);
    g_free(a);
}

static void write_about(ibx_json *j, const ibx_about *about) {
    ibx_json_text(j, "format", about->format);
    ibx_json_int(j, "width", about->head.w);
    ibx_json_int(j, "height", about->head.h);
    ibx_json_int(j, "colours", about->head.model);
    ibx_json_bool(j, "alpha", about->head.alpha);
    ibx_json_int(j, "depth", about->head.depth);
    ibx_json_int(j, "orientation", about->head.orientation);
    ibx_json_int(j, "pages", about->pages);
    ibx_json_bool(j, "progressive", about->progressive);
    ibx_json_text(j, "profile", about->profile[0] ? about->profile : NULL);
    ibx_json_int(j, "exif_bytes", (int64_t)about->exif);
    ibx_json_int(j, "xmp_bytes", (int64_t)about->xmp);
    ibx_json_int(j, "iptc_bytes", (int64_t)about->iptc);
}

static void answer(void *user, const ibx_about *about) {
    asking *a = user;
    char *text = NULL;
    size_t size;
    ibx_json j = {.out = about ? open_memstream(&text, &size) : NULL};
    if (!j.out) return;
    ibx_json_open(&j, NULL, '{');
    write_about(&j, about);
    ibx_json_int(&j, "bytes", a->source.size);
    ibx_json_text(&j, "sha256", a->source.identity);
    ibx_json_close(&j, '}');
    fclose(j.out);
    ibx_answer_text(a->x, &(ibx_reply){.mime = "application/json"}, text);
    free(text);
}

void ibx_serve_info(ibx_exchange *x, ibx_opened *source, int64_t purse) {
    asking *a = g_new0(asking, 1);
    *a = (asking){x, *source, purse};
    *source = (ibx_opened){.fd = -1};
    ibx_exchange_owns(x, drop, a);
    ibx_look(x, &a->source, answer, a);
}
