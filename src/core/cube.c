/* cube.c - reads .cube files. */
#include "cube.h"
#include <stdio.h>
#include <stdlib.h>

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
static bool sized(const char **s, ibx_lattice *t, int axes, int limit) {
    float n;
    if (t->axes || !number(s, &n) || !(n >= 2 && n <= (float)limit)) return false;
    return ibx_lattice_make(t, axes, (int[]){(int)n, (int)n, (int)n}, true);
}

/* The range of inputs: DOMAIN of red, green and blue, or Resolve's INPUT_RANGE of all three. */
static bool ranged(const char **s, ibx_cube_table *t) {
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

static bool keyword(const char **s, ibx_cube *c) {
    float v[3];
    if (word(s, "TITLE")) return *s += strlen(*s), true;
    if (word(s, "LUT_1D_SIZE")) return sized(s, &c->curve.lattice, 1, 65536);
    if (word(s, "LUT_3D_SIZE")) return sized(s, &c->cube.lattice, 3, 129);
    if (word(s, "LUT_1D_INPUT_RANGE")) return ranged(s, &c->curve);
    if (word(s, "LUT_3D_INPUT_RANGE")) return ranged(s, &c->cube);
    const bool low = word(s, "DOMAIN_MIN");
    if (!(low || word(s, "DOMAIN_MAX")) || !triple(s, v)) return false;
    memcpy(low ? c->curve.low : c->curve.high, v, sizeof v);
    memcpy(low ? c->cube.low : c->cube.high, v, sizeof v);
    return true;
}

/* One line: blank, a comment, a keyword, or the next node of the curve and then of the cube. */
static bool line(const char *s, ibx_cube *c, int *nodes) {
    float v[3];
    s += strspn(s, " \t");
    if (!*s || *s == '#') return true;
    const bool node = strchr("0123456789.+-", *s) != NULL;
    if (node) {
        const int curve = c->curve.lattice.count;
        const ibx_lattice *t = *nodes < curve ? &c->curve.lattice : &c->cube.lattice;
        const int i = *nodes < curve ? *nodes : *nodes - curve;
        if (i >= t->count || !triple(&s, v)) return false;
        t->node[i] = (ibx_node){v[0], v[1], v[2], 0};
        ++*nodes;
    }
    return (node || keyword(&s, c)) && !s[strspn(s, " \t\r")];
}

static bool parse(char *text, ibx_cube *c, const char *path, const char *who, ibx_error *err) {
    int nodes = 0, number_of_line = 1;
    for (char *next, *s = text; s; s = next, number_of_line++) {
        next = strchr(s, '\n');
        if (next) *next++ = 0;
        if (!line(s, c, &nodes))
            return ibx_fail(err, IBX_USAGE,
                            "%s: %s, line %d: not a .cube line, or one too many: %.60s", who, path,
                            number_of_line, s);
    }
    for (int i = 0; i < 3; i++)
        if (!(c->curve.low[i] < c->curve.high[i] && c->cube.low[i] < c->cube.high[i]))
            return ibx_fail(err, IBX_USAGE, "%s: %s: its domain is empty", who, path);
    const int expected = c->curve.lattice.count + c->cube.lattice.count;
    if (nodes && nodes == expected) return true;
    return ibx_fail(err, IBX_USAGE, "%s: %s, line %d: ends after %d of %d nodes", who, path,
                    number_of_line - 1, nodes, expected);
}

bool ibx_cube_read(ibx_cube *cube, const char *path, const char *who, ibx_error *err) {
    *cube = (ibx_cube){.curve.high = {1, 1, 1}, .cube.high = {1, 1, 1}};
    FILE *f = fopen(path, "rb");
    if (!f) return ibx_fail(err, IBX_USAGE, "%s: cannot open %s: %m", who, path);
    char *text = NULL;
    size_t room = 0;
    const ssize_t n = getdelim(&text, &room, 0, f); /* text ends where a zero byte is */
    const bool whole = n > 0 && fgetc(f) == EOF && !ferror(f);
    const bool ok = whole ? parse(text, cube, path, who, err)
                          : ibx_fail(err, IBX_USAGE, "%s: %s is not a text file", who, path);
    free(text);
    fclose(f);
    return ok;
}

void ibx_cube_free(ibx_cube *cube) {
    ibx_lattice_free(&cube->curve.lattice);
    ibx_lattice_free(&cube->cube.lattice);
}
