/* iiif.c - requests of the IIIF Image API 3.0 as recipes: chapter 4 of the specification. */
#include "server/api/iiif.h"
#include "core/text.h"
#include "server/api/segment.h"

/* How the specification's words are said in a recipe: one place for each of its parameters. */
#define REGION "crop:%dx%d,%d,%d,gravity=north-west/"
#define SIZE "resize:%dx%d,fit=fill/"
#define MIRROR "flip:horizontal/"
#define ROTATION "rotate:%s/"
#define ROTATION_OPAQUE "rotate:%s,white/" /* for formats that cannot keep transparent corners */
#define FORMAT "save:%s"

static const struct {
    const char *word, *canonical, *recipe;
} QUALITIES[] = {{"default", "default", ""},
                 {"color", "default", ""},
                 {"gray", "gray", "grayscale/"},
                 {"bitonal", "bitonal", "grayscale/levels:0.5,0.500001/"}};
enum { QUALITY_COUNT = sizeof QUALITIES / sizeof *QUALITIES };

/* A request, understood for one image. */
typedef struct {
    int w, h;             /* of the image */
    int64_t side, area;   /* limits */
    ibx_rect region;      /* of the image, not empty */
    int to_w, to_h;       /* what it is scaled to */
    bool mirror;          /* from left to right, before the rotation */
    char degrees[16];     /* "0" to "359.9999" */
    int quality;          /* index of QUALITIES */
    const ibx_format *as; /* file format */
} view;

/* ---- the parts of a request ------------------------------------------------------------------ */

static bool take(const char *from, const char *end, char *text, size_t room, const char *what,
                 ibx_error *err) {
    if (ibx_segment_decode(from, (size_t)(end - from), text, room) && *text) return true;
    return ibx_fail(err, IBX_USAGE, "iiif: the %s %s", what,
                    end == from ? "is empty"
                                : "is too long, or not percent-encoded as it should be");
}

/* The last part, "default.jpg". */
static bool take_file(const char *from, ibx_iiif_request *r, ibx_error *err) {
    char file[64];
    if (!take(from, from + strlen(from), file, sizeof file, "last part", err)) return false;
    const char *dot = strrchr(file, '.');
    if (!dot)
        return ibx_fail(
            err, IBX_USAGE,
            "iiif: the last part is %s, but must be a quality, a point and a format, as "
            "default.jpg is",
            ibx_show(file, strlen(file)).text);
    return take(file, dot, r->quality, sizeof r->quality, "quality", err) &&
           take(dot + 1, dot + strlen(dot), r->format, sizeof r->format, "format", err);
}

bool ibx_iiif_parse(const char *path, ibx_iiif_request *r, ibx_error *err) {
    const char *part[5] = {path};
    int parts = 1;
    for (const char *c = path; *c; c++) {
        if (*c != '/') continue;
        if (parts == 5)
            return ibx_fail(
                err, IBX_IO,
                "iiif: there is nothing of that name; in an identifier \"/\" is written "
                "as %%2F");
        part[parts++] = c + 1;
    }
    if (parts < 5)
        return ibx_fail(err, IBX_USAGE,
                        "iiif: %d parts, but an image is asked for as "
                        "identifier/region/size/rotation/quality.format",
                        parts);
    return take(part[0], part[1] - 1, r->identifier, sizeof r->identifier, "identifier", err) &&
           take(part[1], part[2] - 1, r->region, sizeof r->region, "region", err) &&
           take(part[2], part[3] - 1, r->size, sizeof r->size, "size", err) &&
           take(part[3], part[4] - 1, r->rotation, sizeof r->rotation, "rotation", err) &&
           take_file(part[4], r, err);
}

/* ---- region -----------------------------------------------------------------------------------
 */

/* "a,b,c,d" up to the end. */
static bool four_numbers(const char *text, bool fraction, double v[4]) {
    for (int i = 0; i < 4; i++) {
        if (i && *text++ != ',') return false;
        if (!ibx_segment_number(&text, fraction, &v[i])) return false;
    }
    return *text == 0;
}

/* The part of x..x+w within 0..whole, to whole pixels. Bounds are rounded, so that neighbouring
 * percentages share them; something that was asked for keeps a pixel. */
static bool clip(double x, double w, int whole, int *from, int *length) {
    if (w <= 0 || x >= whole) return false;
    const int left = ibx_min((int)floor(x + 0.5), whole - 1);
    const double right = floor(x + w + 0.5);
    *from = left;
    *length = ibx_max((right < whole ? (int)right : whole) - left, 1);
    return true;
}

static bool read_region(view *v, const char *text, ibx_error *err) {
    double n[4] = {0, 0, v->w, v->h};
    const bool percent = strncmp(text, "pct:", 4) == 0;
    const int least = ibx_min(v->w, v->h);
    if (strcmp(text, "square") == 0) {
        v->region = (ibx_rect){(v->w - least) / 2, (v->h - least) / 2, least, least};
        return true;
    }
    if (strcmp(text, "full") != 0 && !four_numbers(percent ? text + 4 : text, percent, n))
        return ibx_fail(err, IBX_USAGE,
                        "iiif: the region is %s, but must be full, square, x,y,w,h or pct:x,y,w,h",
                        ibx_show(text, strlen(text)).text);
    const double across = percent ? v->w / 100.0 : 1, down = percent ? v->h / 100.0 : 1;
    if (clip(n[0] * across, n[2] * across, v->w, &v->region.x, &v->region.w) &&
        clip(n[1] * down, n[3] * down, v->h, &v->region.y, &v->region.h))
        return true;
    return ibx_fail(err, IBX_USAGE, "iiif: the region %s has no pixel of the image of %dx%d",
                    ibx_show(text, strlen(text)).text, v->w, v->h);
}

/* ---- size -------------------------------------------------------------------------------------
 */

/* A size that may come with a "^". */
typedef struct {
    bool up;              /* larger than the region is allowed */
    bool largest;         /* "max" */
    bool within;          /* "!" */
    double percent, w, h; /* 0: not given */
} wanted;

static bool read_size(const char *text, wanted *s) {
    *s = (wanted){.up = *text == '^'};
    text += s->up;
    if (strcmp(text, "max") == 0) return s->largest = true;
    if (strncmp(text, "pct:", 4) == 0) {
        text += 4;
        return ibx_segment_number(&text, true, &s->percent) && *text == 0;
    }
    s->within = *text == '!';
    text += s->within;
    const bool w = ibx_segment_number(&text, false, &s->w);
    if (*text++ != ',') return false;
    const bool h = ibx_segment_number(&text, false, &s->h);
    return *text == 0 && (s->within ? w && h : w || h) && (!w || s->w > 0) && (!h || s->h > 0);
}

static bool fits(const view *v, double w, double h) {
    return w <= (double)v->side && h <= (double)v->side && w * h <= (double)v->area;
}

/* Scales the region by `scale` or less, so that the limits are kept: both sides are rounded, or cut
 * if rounding up would break them. */
static void scale_to(const view *v, double scale, double *w, double *h) {
    const double rw = v->region.w, rh = v->region.h;
    scale = fmin(scale, fmin((double)v->side / rw, (double)v->side / rh));
    scale = fmin(scale, sqrt((double)v->area / rw / rh));
    *w = floor(rw * scale + 0.5);
    *h = floor(rh * scale + 0.5);
    if (fits(v, *w, *h)) return;
    *w = fmax(floor(rw * scale), 1);
    *h = fmax(floor(rh * scale), 1);
}

/* What "max" is for the region, or "^max". */
static void largest(const view *v, bool up, double *w, double *h) {
    scale_to(v, up ? INFINITY : 1, w, h);
    *w = fmax(*w, 1);
    *h = fmax(*h, 1);
}

static void apply_size(const view *v, const wanted *s, double *w, double *h) {
    const double rw = v->region.w, rh = v->region.h;
    if (s->largest) {
        largest(v, s->up, w, h);
    } else if (s->within) {
        const double scale = fmin(s->w / rw, s->h / rh);
        scale_to(v, s->up ? scale : fmin(scale, 1), w, h);
    } else {
        *w = s->w > 0 ? s->w : floor(rw * (s->percent > 0 ? s->percent / 100 : s->h / rh) + 0.5);
        *h = s->h > 0 ? s->h : floor(rh * (s->percent > 0 ? s->percent / 100 : s->w / rw) + 0.5);
    }
}

static bool size_fails(const char *text, ibx_error *err, const char *why) {
    return ibx_fail(err, IBX_USAGE, "iiif: the size %s %s", ibx_show(text, strlen(text)).text, why);
}

static bool scale(view *v, const char *text, ibx_error *err) {
    wanted s;
    double w, h;
    if (!read_size(text, &s))
        return size_fails(text, err,
                          "is none of max, w, ,h pct:n w,h !w,h, with or without ^ in front");
    apply_size(v, &s, &w, &h);
    if (w < 1 || h < 1) return size_fails(text, err, "leaves less than a pixel");
    if (!s.up && (w > v->region.w || h > v->region.h))
        return size_fails(text, err, "is larger than the region; put a ^ in front if you mean it");
    if (!fits(v, w, h)) return size_fails(text, err, "is larger than the server's limits");
    v->to_w = (int)w;
    v->to_h = (int)h;
    return true;
}

/* ---- rotation, quality, format ------------------------------------------------------------------
 */

/* Is what comes out of the rotation within the limits too? */
static bool turned_fits(const view *v, double degrees) {
    const double c = fabs(cos(degrees * M_PI / 180)), s = fabs(sin(degrees * M_PI / 180));
    return fits(v, ceil(v->to_w * c + v->to_h * s - 1e-6), ceil(v->to_w * s + v->to_h * c - 1e-6));
}

/* Ten-thousandths of a degree, printed as the specification wants: "0", "22.5". */
static void print_degrees(view *v, double degrees) {
    char *text = v->degrees;
    const int units = (int)floor(degrees * 10000 + 0.5) % 3600000;
    snprintf(text, sizeof v->degrees, "%d.%04d", units / 10000, units % 10000);
    for (size_t end = strlen(text); text[end - 1] == '0'; end--) text[end - 1] = 0;
    if (text[strlen(text) - 1] == '.') text[strlen(text) - 1] = 0;
}

static bool rotate(view *v, const char *text, ibx_error *err) {
    const char *at = text;
    double degrees;
    v->mirror = *at == '!';
    at += v->mirror;
    if (!ibx_segment_number(&at, true, &degrees) || *at || degrees > 360)
        return ibx_fail(err, IBX_USAGE,
                        "iiif: the rotation is %s, but must be 0 to 360, with ! in front to mirror",
                        ibx_show(text, strlen(text)).text);
    if (!turned_fits(v, degrees))
        return ibx_fail(err, IBX_USAGE, "iiif: turned by %s it is larger than the server's limits",
                        ibx_show(text, strlen(text)).text);
    print_degrees(v, degrees);
    return true;
}

const char *ibx_iiif_quality(int i) {
    return i < QUALITY_COUNT ? QUALITIES[i].word : NULL;
}

static bool choose_quality(view *v, const char *word, ibx_error *err) {
    for (v->quality = 0; v->quality < QUALITY_COUNT; v->quality++)
        if (strcmp(word, QUALITIES[v->quality].word) == 0) return true;
    return ibx_fail(err, IBX_USAGE,
                    "iiif: the quality is %s, but must be default, color, gray or bitonal",
                    ibx_show(word, strlen(word)).text);
}

/* A format is asked for by the suffix that its new files get, so that one image has one address. */
static bool choose_format(view *v, const char *word, ibx_error *err) {
    v->as = ibx_format_find(word);
    if (v->as && strcmp(v->as->suffixes[0] + 1, word) == 0) return true;
    return ibx_fail(err, IBX_USAGE, "iiif: there is no format %s here; info.json lists them",
                    ibx_show(word, strlen(word)).text);
}

/* ---- recipe and canonical form
 * ------------------------------------------------------------------- */

static bool is_whole(const view *v) {
    return v->region.w == v->w && v->region.h == v->h;
}

static void print_recipe(const view *v, char *recipe, size_t room) {
    ibx_text t = {recipe, room, 0};
    const ibx_rect r = v->region;
    if (!is_whole(v)) ibx_text_add(&t, REGION, r.w, r.h, r.x, r.y);
    if (v->to_w != r.w || v->to_h != r.h) ibx_text_add(&t, SIZE, v->to_w, v->to_h);
    if (v->mirror) ibx_text_put(&t, MIRROR);
    if (strcmp(v->degrees, "0") != 0) {
        if (v->as->traits & IBX_KEEPS_ALPHA)
            ibx_text_add(&t, ROTATION, v->degrees);
        else
            ibx_text_add(&t, ROTATION_OPAQUE, v->degrees);
    }
    ibx_text_put(&t, QUALITIES[v->quality].recipe);
    ibx_text_add(&t, FORMAT, v->as->name);
    ibx_text_end(&t);
}

static void print_size(const view *v, ibx_text *t) {
    double w, h, up_w, up_h;
    const bool up = v->to_w > v->region.w || v->to_h > v->region.h;
    largest(v, false, &w, &h);
    largest(v, true, &up_w, &up_h);
    if (v->to_w == w && v->to_h == h)
        ibx_text_put(t, "max");
    else if (up && v->to_w == up_w && v->to_h == up_h)
        ibx_text_put(t, "^max");
    else
        ibx_text_add(t, "%s%d,%d", up ? "^" : "", v->to_w, v->to_h);
}

static void print_canonical(const view *v, char *canonical, size_t room) {
    ibx_text t = {canonical, room, 0};
    const ibx_rect r = v->region;
    if (is_whole(v))
        ibx_text_put(&t, "full");
    else
        ibx_text_add(&t, "%d,%d,%d,%d", r.x, r.y, r.w, r.h);
    ibx_text_char(&t, '/');
    print_size(v, &t);
    ibx_text_add(&t, "/%s%s/%s.%s", v->mirror ? "!" : "", v->degrees,
                 QUALITIES[v->quality].canonical, v->as->suffixes[0] + 1);
    ibx_text_end(&t);
}

bool ibx_iiif_recipe(const ibx_iiif_request *request, int w, int h, int64_t max_side,
                     int64_t max_area, char *recipe, char *canonical, size_t room, int *status,
                     ibx_error *err) {
    view v = {.w = w, .h = h, .side = max_side, .area = max_area};
    *status = 400;
    if (!read_region(&v, request->region, err) || !scale(&v, request->size, err) ||
        !rotate(&v, request->rotation, err) || !choose_quality(&v, request->quality, err) ||
        !choose_format(&v, request->format, err))
        return false;
    *status = 200;
    print_recipe(&v, recipe, room);
    print_canonical(&v, canonical, room);
    return true;
}
