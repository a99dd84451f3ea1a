/* lut3d.c - colours through a look-up table from a .cube file. */
#include "filter.h"
#include <stdio.h>
#include <stdlib.h>

enum { TETRAHEDRAL, TRILINEAR };
static const char *const INTERP[] = {"tetrahedral", "trilinear", NULL};

typedef float rgbx __attribute__((vector_size(16))); /* a node: red, green, blue, nothing */

/* The three curves, or the cube with red running fastest. */
typedef struct {
    int size; /* nodes along an axis; 0: there is none */
    float low[3], high[3];
    rgbx *node;
    size_t count;
} table;

typedef struct {
    const char *file;
    float strength;
    int interp;
    table curve, cube; /* filled by open */
} params;

static const ibx_param PARAMS[] = {
    IBX_FILE(params, file, "The .cube file."),
    IBX_FLOAT(params, strength, 0, 1, 1, "", "How much of the change: 0 leaves the image alone."),
    IBX_CHOICE(params, interp, INTERP, TETRAHEDRAL, "How to go between the nodes of the cube."),
    IBX_END};

/* The next number of a line, in any locale and much faster than strtof. */
static bool number(const char **text, float *value) {
    const char *s = *text + strspn(*text, " \t");
    const bool negative = *s == '-';
    s += *s == '-' || *s == '+';
    double v = 0, scale = 1;
    int digits = 0, exponent = 0;
    for (; *s >= '0' && *s <= '9'; s++, digits++) v = v * 10 + (*s - '0');
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9'; s++, digits++, scale *= 10) v = v * 10 + (*s - '0');
    if (digits && (*s == 'e' || *s == 'E')) {
        const int sign = *++s == '-' ? -1 : 1;
        for (s += *s == '-' || *s == '+'; *s >= '0' && *s <= '9'; s++)
            exponent = ibx_min(exponent * 10 + (*s - '0'), 60);
        v *= pow(10, sign * exponent);
    }
    *text = s;
    *value = (float)(negative ? -v / scale : v / scale);
    return digits > 0 && isfinite(*value);
}

static bool triple(const char **s, float v[3]) {
    return number(s, v) && number(s, v + 1) && number(s, v + 2);
}

/* The size of a table, which must be new, and memory for it. */
static bool sized(const char **s, table *t, int dimensions, int limit) {
    float n;
    if (t->size || !number(s, &n) || !(n >= 2 && n <= (float)limit)) return false;
    t->size = (int)n;
    t->count = dimensions == 3 ? (size_t)n * (size_t)n * (size_t)n : (size_t)n;
    t->node = aligned_alloc(sizeof(rgbx), t->count * sizeof(rgbx));
    return t->node != NULL;
}

/* The range of inputs: DOMAIN of red, green and blue, or Resolve's INPUT_RANGE of all three. */
static bool ranged(const char **s, table *t) {
    if (!number(s, t->low) || !number(s, t->high)) return false;
    for (int i = 1; i < 3; i++) t->low[i] = t->low[0], t->high[i] = t->high[0];
    return true;
}

static bool word(const char **s, const char *name) {
    const size_t n = strlen(name);
    if (strncmp(*s, name, n) != 0 || !strchr(" \t", (*s)[n])) return false;
    *s += n;
    return true;
}

static bool keyword(const char **s, params *p) {
    float v[3];
    if (word(s, "TITLE")) return *s += strlen(*s), true;
    if (word(s, "LUT_1D_SIZE")) return sized(s, &p->curve, 1, 65536);
    if (word(s, "LUT_3D_SIZE")) return sized(s, &p->cube, 3, 129);
    if (word(s, "LUT_1D_INPUT_RANGE")) return ranged(s, &p->curve);
    if (word(s, "LUT_3D_INPUT_RANGE")) return ranged(s, &p->cube);
    const bool low = word(s, "DOMAIN_MIN");
    if (!(low || word(s, "DOMAIN_MAX")) || !triple(s, v)) return false;
    memcpy(low ? p->curve.low : p->curve.high, v, sizeof v);
    memcpy(low ? p->cube.low : p->cube.high, v, sizeof v);
    return true;
}

/* One line: blank, a comment, a keyword, or the next node of the curve and then of the cube. */
static bool line(const char *s, params *p, size_t *nodes) {
    float v[3];
    s += strspn(s, " \t");
    if (!*s || *s == '#') return true;
    const bool node = strchr("0123456789.+-", *s) != NULL;
    if (node) {
        table *t = *nodes < p->curve.count ? &p->curve : &p->cube;
        const size_t i = *nodes - (t == &p->cube ? p->curve.count : 0);
        if (i >= t->count || !triple(&s, v)) return false;
        t->node[i] = (rgbx){v[0], v[1], v[2], 0};
        ++*nodes;
    }
    return (node || keyword(&s, p)) && !s[strspn(s, " \t\r")];
}

static bool parse(char *text, params *p, ibx_error *err) {
    size_t nodes = 0;
    int number_of_line = 1;
    for (char *next, *s = text; s; s = next, number_of_line++) {
        next = strchr(s, '\n');
        if (next) *next++ = 0;
        if (!line(s, p, &nodes))
            return ibx_fail(err, IBX_USAGE,
                            "lut3d: %s, line %d: not a .cube line, or one too many: %.60s", p->file,
                            number_of_line, s);
    }
    for (int i = 0; i < 3; i++)
        if (!(p->curve.low[i] < p->curve.high[i] && p->cube.low[i] < p->cube.high[i]))
            return ibx_fail(err, IBX_USAGE, "lut3d: %s: its domain is empty", p->file);
    if (nodes && nodes == p->curve.count + p->cube.count) return true;
    return ibx_fail(err, IBX_USAGE, "lut3d: %s, line %d: ends after %zu of %zu nodes", p->file,
                    number_of_line - 1, nodes, p->curve.count + p->cube.count);
}

static bool opened(void *values, ibx_error *err) {
    params *p = values;
    if (!*p->file) return ibx_fail(err, IBX_USAGE, "lut3d: needs the name of a .cube file");
    for (int i = 0; i < 3; i++) p->curve.high[i] = p->cube.high[i] = 1;
    FILE *f = fopen(p->file, "rb");
    if (!f) return ibx_fail(err, IBX_USAGE, "lut3d: cannot open %s: %m", p->file);
    char *text = NULL;
    size_t room = 0;
    const ssize_t n = getdelim(&text, &room, 0, f); /* text ends where a zero byte is */
    const bool whole = n > 0 && fgetc(f) == EOF && !ferror(f);
    const bool ok = whole ? parse(text, p, err)
                          : ibx_fail(err, IBX_USAGE, "lut3d: %s is not a text file", p->file);
    free(text);
    fclose(f);
    return ok;
}

static void closed(void *values) {
    params *p = values;
    free(p->curve.node);
    free(p->cube.node);
}

#define BLOCK 64

/* Inputs of n pixels as positions 0..size-1 along an axis. NaN becomes 0. */
static void scale(const table *t, int channel, float *restrict v, int n) {
    const float top = (float)(t->size - 1), low = t->low[channel];
    const float k = top / (t->high[channel] - low);
    for (int x = 0; x < n; x++) {
        float at = (v[x] - low) * k;
        at = at > 0 ? at : 0;
        v[x] = at < top ? at : top;
    }
}

static void bend(const table *t, float v[3][BLOCK], int n) {
    for (int i = 0; i < 3; i++) {
        scale(t, i, v[i], n);
        for (int x = 0; x < n; x++) {
            const int cell = ibx_min((int)v[i][x], t->size - 2);
            const float a = t->node[cell][i], b = t->node[cell + 1][i];
            v[i][x] = a + (v[i][x] - (float)cell) * (b - a);
        }
    }
}

/* Four corners: from black along the axes by falling position in the cell, to white; gray stays on
 * the diagonal. Which corners and how much of each is plain arithmetic, which vectorises. */
static void tetrahedral(const table *t, float v[3][BLOCK], int n) {
    const int red = 1, green = t->size, blue = t->size * t->size, white = red + green + blue;
    const int end = t->size - 2;
    int base[BLOCK], first[BLOCK], last[BLOCK];
    float most[BLOCK], middle[BLOCK], least[BLOCK];
    for (int x = 0; x < n; x++) {
        const int i = ibx_min((int)v[0][x], end), j = ibx_min((int)v[1][x], end);
        const int k = ibx_min((int)v[2][x], end);
        const float r = v[0][x] - (float)i, g = v[1][x] - (float)j, b = v[2][x] - (float)k;
        const float high = r > g ? r : g, low = r > g ? g : r;
        const float top = high > b ? high : b, bottom = low < b ? low : b;
        base[x] = i * red + j * green + k * blue;
        first[x] = r == top ? red : g == top ? green : blue;
        last[x] = b == bottom ? blue : g == bottom ? green : red;
        most[x] = top;
        least[x] = bottom;
        middle[x] = high < b ? high : low > b ? low : b;
    }
    for (int x = 0; x < n; x++) {
        const rgbx *node = t->node + base[x];
        const rgbx to = node[0] * (1 - most[x]) + node[first[x]] * (most[x] - middle[x]) +
                        node[white - last[x]] * (middle[x] - least[x]) + node[white] * least[x];
        for (int i = 0; i < 3; i++) v[i][x] = to[i];
    }
}

/* Eight corners. */
static void trilinear(const table *t, float v[3][BLOCK], int n) {
    const int step[3] = {1, t->size, t->size * t->size};
    for (int x = 0; x < n; x++) {
        float f[3];
        const rgbx *node = t->node;
        for (int i = 0; i < 3; i++) {
            const int cell = ibx_min((int)v[i][x], t->size - 2);
            f[i] = v[i][x] - (float)cell;
            node += cell * step[i];
        }
        rgbx plane[2];
        for (int i = 0; i < 2; i++, node += step[2]) {
            const rgbx *up = node + step[1];
            const rgbx low = node[0] + f[0] * (node[1] - node[0]),
                       high = up[0] + f[0] * (up[1] - up[0]);
            plane[i] = low + f[1] * (high - low);
        }
        const rgbx to = plane[0] + f[2] * (plane[1] - plane[0]);
        for (int i = 0; i < 3; i++) v[i][x] = to[i];
    }
}

static void interpolate(const params *p, float v[3][BLOCK], int n) {
    for (int i = 0; i < 3; i++) scale(&p->cube, i, v[i], n);
    (p->interp == TRILINEAR ? trilinear : tetrahedral)(&p->cube, v, n);
}

static void head(const ibx_call *c, ibx_head *out) {
    (void)c;
    out->model = IBX_RGB;
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const int colours = ibx_colours(c), right = out->at.x + out->at.w;
    float v[3][BLOCK];
    for (int y = out->at.y; y < out->at.y + out->at.h; y++)
        for (int x0 = out->at.x; x0 < right; x0 += BLOCK) {
            const int n = ibx_min(BLOCK, right - x0);
            const size_t bytes = (size_t)n * sizeof(float);
            for (int i = 0; i < 3; i++)
                memcpy(v[i], ibx_at(in, ibx_min(i, colours - 1), x0, y), bytes);
            if (p->curve.size) bend(&p->curve, v, n);
            if (p->cube.size) interpolate(p, v, n);
            for (int i = 0; i < 3; i++) {
                const float *restrict a = ibx_at(in, ibx_min(i, colours - 1), x0, y);
                float *restrict b = ibx_at(out, i, x0, y);
                for (int x = 0; x < n; x++) b[x] = a[x] + p->strength * (v[i][x] - a[x]);
            }
            if (c->in.alpha) memcpy(ibx_at(out, 3, x0, y), ibx_at(in, colours, x0, y), bytes);
        }
}

static const ibx_filter APPLY = {.head = head, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    return p->strength != 0;
}

IBX_FILTER(lut3d, .summary = "Grade colours through a .cube file.", .category = "colour",
           .details =
               "Looks every pixel up in a colour table, as video and photo programs do to give a "
               "film look. The file is in the .cube format (Adobe, \"Cube LUT Specification\", "
               "1.0): a cube of 2 to 129 nodes along an axis, curves of 2 to 65536 nodes, or "
               "curves in front of a cube, as Resolve writes them. Inputs are encoded (sRGB) "
               "values, clipped to the domain of the table. tetrahedral keeps grays free of "
               "casts and is the faster one. A gray image becomes a colour image.",
           .examples = {"lut3d:\"samples/warm.cube\"", "lut3d:\"samples/warm.cube\",strength=0.5"},
           .params = PARAMS, .params_size = sizeof(params), .traits = IBX_POINT, .open = opened,
           .close = closed, .passes = passes);
