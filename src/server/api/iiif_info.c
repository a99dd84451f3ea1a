/* iiif_info.c - info.json of the IIIF Image API 3.0: chapter 5 of the specification. */
#include "describe/json.h"
#include "server/api/iiif.h"
#include <stdlib.h>

#define CONTEXT "http://iiif.io/api/image/3/context.json"
#define PROTOCOL "http://iiif.io/api/image"

enum { TILE = 512 };

/* What compliance level 2 demands, by chapter 5 of its document. */
static const char *const LEVEL2_FORMATS[] = {"jpg", "png", NULL};
/* What is offered beyond. */
static const char *const FEATURES[] = {"canonicalLinkHeader", "mirroring",     "profileLinkHeader",
                                       "rotationArbitrary",   "sizeUpscaling", NULL};

static void put_words(ibx_json *j, const char *key, const char *const *words) {
    ibx_json_open(j, key, '[');
    for (; *words; words++) ibx_json_text(j, NULL, *words);
    ibx_json_close(j, ']');
}

static bool is_among(const char *const *words, const char *word) {
    while (*words && strcmp(*words, word) != 0) words++;
    return *words != NULL;
}

static void put_formats(ibx_json *j) {
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    ibx_json_open(j, "extraFormats", '[');
    for (size_t i = 0; i < count; i++)
        if (!is_among(LEVEL2_FORMATS, format[i]->suffixes[0] + 1))
            ibx_json_text(j, NULL, format[i]->suffixes[0] + 1);
    ibx_json_close(j, ']');
}

/* All but the first, which is `default` and goes without saying. */
static void put_qualities(ibx_json *j) {
    ibx_json_open(j, "extraQualities", '[');
    for (int i = 1; ibx_iiif_quality(i); i++) ibx_json_text(j, NULL, ibx_iiif_quality(i));
    ibx_json_close(j, ']');
}

static int64_t part(int whole, int factor) {
    return ((int64_t)whole + factor - 1) / factor;
}

/* The image halved again and again, smallest first, up to the largest within the limits. */
static void put_sizes(ibx_json *j, int w, int h, int factor, int64_t side, int64_t area) {
    ibx_json_open(j, "sizes", '[');
    for (; factor >= 1; factor /= 2) {
        const int64_t x = part(w, factor), y = part(h, factor);
        if (x > side || y > side || x * y > area) break;
        ibx_json_open(j, NULL, '{');
        ibx_json_int(j, "width", x);
        ibx_json_int(j, "height", y);
        ibx_json_close(j, '}');
    }
    ibx_json_close(j, ']');
}

/* Tiles, unless the limits would not let a whole one through. */
static void put_tiles(ibx_json *j, int factor, int64_t side, int64_t area) {
    if (side < TILE || area < (int64_t)TILE * TILE) return;
    ibx_json_open(j, "tiles", '[');
    ibx_json_open(j, NULL, '{');
    ibx_json_int(j, "width", TILE);
    ibx_json_open(j, "scaleFactors", '[');
    for (int k = 1; k <= factor; k *= 2) ibx_json_int(j, NULL, k);
    ibx_json_close(j, ']');
    ibx_json_close(j, '}');
    ibx_json_close(j, ']');
}

/* The reduction by which the whole image is one tile. */
static int last_factor(int w, int h) {
    int factor = 1;
    while (part(w, factor) > TILE || part(h, factor) > TILE) factor *= 2;
    return factor;
}

char *ibx_iiif_info(const char *id, int w, int h, int64_t max_side, int64_t max_area) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    ibx_json j = {.out = out, .pretty = true};
    const int factor = last_factor(w, h);
    ibx_json_open(&j, NULL, '{');
    ibx_json_text(&j, "@context", CONTEXT);
    ibx_json_text(&j, "id", id);
    ibx_json_text(&j, "type", "ImageService3");
    ibx_json_text(&j, "protocol", PROTOCOL);
    ibx_json_text(&j, "profile", "level2");
    ibx_json_int(&j, "width", w);
    ibx_json_int(&j, "height", h);
    ibx_json_int(&j, "maxWidth", max_side);
    ibx_json_int(&j, "maxHeight", max_side);
    ibx_json_int(&j, "maxArea", max_area);
    put_sizes(&j, w, h, factor, max_side, max_area);
    put_tiles(&j, factor, max_side, max_area);
    put_words(&j, "preferredFormats", LEVEL2_FORMATS);
    put_qualities(&j);
    put_formats(&j);
    put_words(&j, "extraFeatures", FEATURES);
    ibx_json_close(&j, '}');
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}
