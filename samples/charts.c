/* charts.c - draws test charts that show what a filter does to detail, edges, colour and alpha.
 *
 *     charts FOLDER [WIDTH]
 *
 * writes one PNG per row of the table CHARTS into FOLDER, which is made if missing; every chart is
 * WIDTH pixels wide (2400 unless told) and two thirds as high. Charts are drawn row by row from
 * formulas of the position, so that any size fits into memory and gives the same picture. */
#include <errno.h>
#include <math.h>
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    float r, g, b, a; /* encoded sRGB, 0..1, alpha straight */
} colour;

/* A point of a chart: x and y run over 0..1.5 and 0..1; `pixel` is the size of a pixel. */
typedef struct {
    double x, y, pixel;
} point;

typedef struct {
    const char *name;
    colour (*draw)(point at);
    int grid;   /* drawn at grid x grid points in each pixel: edges need 4, smooth charts 1 */
    int depth;  /* bits per sample */
    bool alpha; /* transparent parts */
} chart;

static colour gray(double v) {
    return (colour){(float)v, (float)v, (float)v, 1};
}

static double clamp(double v) {
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static double mix(double a, double b, double t) {
    return a + (b - a) * t;
}

static double smooth(double from, double to, double v) {
    const double t = clamp((v - from) / (to - from));
    return t * t * (3 - 2 * t);
}

static colour blend(colour a, colour b, double t) {
    return (colour){(float)mix(a.r, b.r, t), (float)mix(a.g, b.g, t), (float)mix(a.b, b.b, t),
                    (float)mix(a.a, b.a, t)};
}

/* A saturated colour; hue in turns, 0 is red. Three raised cosines, so that no edge of the colour
 * wheel shows. */
static colour hue(double turn, double light) {
    colour c = {.a = 1};
    float *const v[] = {&c.r, &c.g, &c.b};
    for (int i = 0; i < 3; i++) {
        const double wave = 0.5 + 0.5 * cos(2 * M_PI * (turn - i / 3.0));
        *v[i] = (float)(light < 0.5 ? wave * 2 * light : mix(wave, 1, 2 * light - 1));
    }
    return c;
}

/* ---- detail ------------------------------------------------------------------------------- */

/* Rings that narrow outwards, to the finest that pixels can carry at left and right: aliasing
 * shows as false rings, softness as gray. */
static colour zone_plate(point at) {
    const double dx = at.x - 0.75, dy = at.y - 0.5;
    const double finest = 0.5 / at.pixel; /* cycles per unit at the radius 0.75 */
    return gray(0.5 + 0.5 * cos(M_PI * finest / 0.75 * (dx * dx + dy * dy)));
}

/* ---- smooth ------------------------------------------------------------------------------- */

/* Hue from left to right, lightness from top to bottom, ramps of gray and of the primaries below:
 * banding shows here first. */
static colour gradients(point at) {
    const double x = at.x / 1.5;
    if (at.y < 0.7) return hue(x, 1 - at.y / 0.7);
    const int ramp = (int)((at.y - 0.7) / 0.06);
    const colour ends[] = {gray(1), {1, 0, 0, 1}, {0, 1, 0, 1}, {0, 0, 1, 1}};
    return blend(gray(0), ends[ramp > 3 ? 0 : ramp], ramp > 3 ? floor(x * 16) / 15 : x);
}

/* ---- colour patches ----------------------------------------------------------------------- */

/* Six columns of four patches, the lowest row gray, with a middle-gray frame: one look tells a
 * shift of hue, of saturation or of the gray axis. */
static colour patches(point at) {
    const double cell = 0.235, left = 0.045, top = 0.03;
    const int column = (int)((at.x - left) / cell), row = (int)((at.y - top) / cell);
    const double u = (at.x - left) / cell - column, v = (at.y - top) / cell - row;
    const bool inside = at.x > left && at.y > top && column < 6 && row < 4;
    if (!inside || u < 0.05 || u > 0.95 || v < 0.05 || v > 0.95) return gray(0.2);
    if (row == 3) return gray(0.95 - 0.17 * column);
    const double strength[] = {0.9, 0.55, 0.3}, light[] = {0.5, 0.62, 0.4};
    return blend(gray(light[row]), hue(column / 6.0 + row / 18.0, light[row]), strength[row]);
}

/* ---- edges -------------------------------------------------------------------------------- */

/* Letters and digits as seven rows of five dots, the topmost row first. */
static bool dot(char letter, int column, int row) {
    static const struct {
        char letter;
        unsigned char rows[7];
    } FONT[] = {
        {'I', {0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}},
        {'M', {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}},
        {'B', {0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e}},
        {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}},
        {'E', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f}},
        {'X', {0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11}},
        {'2', {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f}},
        {'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    };
    for (size_t i = 0; i < sizeof FONT / sizeof *FONT; i++)
        if (FONT[i].letter == letter) return FONT[i].rows[row] >> (4 - column) & 1;
    return false;
}

/* Lines of writing, each line 0.72 times as high as the one above it. u and v from the corner. */
static bool writing(double u, double v) {
    static const char TEXT[] = "IMBREX 27 ";
    double height = 0.105;
    while (height > 0.002 && v > height * 1.3) {
        v -= height * 1.3;
        height *= 0.72;
    }
    const double cell = height / 7;
    const int row = (int)(v / cell), column = (int)(u / cell);
    if (row > 6 || column < 0 || column % 6 == 5) return false;
    return dot(TEXT[column / 6 % (int)(sizeof TEXT - 1)], column % 6, row);
}

/* Bars of 1, 2, 3 ... pixels: five black ones each, side by side. */
static bool bars(double u, double pixel) {
    for (int width = 1; width < 16; width++) {
        const double group = 12 * width * pixel;
        if (u < group) return u < 9 * width * pixel && (int)(u / (width * pixel)) % 2 == 0;
        u -= group;
    }
    return false;
}

/* A star of 36 rays, a slanted edge, writing down to the unreadable, and bars: what resampling
 * and sharpening leave of edges. */
static colour edges(point at) {
    const double dx = at.x - 0.4, dy = at.y - 0.4, r = hypot(dx, dy);
    bool ink = false;
    if (r < 0.34)
        ink = sin(36 * atan2(dy, dx)) > 0;
    else if (at.x > 0.86 && at.y > 0.06 && at.x < 1.44 && at.y < 0.6)
        ink = writing(at.x - 0.86, at.y - 0.06);
    else if (at.x > 0.86 && at.y > 0.66 && at.x < 1.44 && at.y < 0.94)
        ink = at.x - 0.86 < 0.25 + 0.0875 * (at.y - 0.66); /* 5 degrees */
    else if (at.x > 0.06 && at.x < 0.78 && at.y > 0.8 && at.y < 0.94)
        ink = bars(at.x - 0.06, at.pixel);
    return ink ? gray(0.08) : gray(0.96);
}

/* ---- alpha -------------------------------------------------------------------------------- */

/* Soft and hard discs of colour over nothing: a dark rim appears where colour is mixed without
 * regard to alpha. */
static colour discs(point at) {
    colour sum = {0, 0, 0, 0};
    for (int i = 0; i < 7; i++) {
        const double x = 0.2 + 0.18 * i, y = 0.5 + 0.22 * sin(1.9 * i);
        const double edge = i % 2 ? 0.002 : 0.09, r = hypot(at.x - x, at.y - y);
        const double cover = 0.85 * (1 - smooth(0.2 - edge, 0.2, r));
        const double a = cover + sum.a * (1 - cover);
        if (a <= 0) continue;
        sum = blend(sum, hue(i / 7.0, 0.5), cover / a);
        sum.a = (float)a;
    }
    return sum;
}

/* ---- a picture ---------------------------------------------------------------------------- */

/* A number in 0..1 that belongs to a point of the integer grid. */
static double grain(int x, int y) {
    uint32_t h = (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    return (h ^ h >> 15) / 4294967295.0;
}

/* Value noise, octave upon octave down to the size of a pixel; about 0..1. */
static double rough(double x, double y, double finest) {
    double sum = 0, weight = 0.375;
    for (double cell = 0.25; cell > finest && weight > 0.001; cell /= 2, weight /= 1.6) {
        const double u = x / cell, v = y / cell, fx = u - floor(u), fy = v - floor(v);
        const int i = (int)floor(u), j = (int)floor(v);
        const double s = smooth(0, 1, fx), t = smooth(0, 1, fy);
        sum += weight * mix(mix(grain(i, j), grain(i + 1, j), s),
                            mix(grain(i, j + 1), grain(i + 1, j + 1), s), t);
    }
    return sum;
}

/* Mountain ranges in the haze of a morning, the nearest first: large smooth parts next to fine
 * texture, as in a photograph. */
static colour mountains(point at) {
    for (int i = 4; i >= 0; i--) {
        const double near = i / 4.0, valley = 0.36 + 0.13 * i - 0.05 * sin(3 * at.x + 2 * i);
        const double crest = valley - 0.16 * rough(at.x * (1 + near), 7 * i, at.pixel);
        if (at.y < crest) continue;
        const double light = 0.75 + near * (rough(at.x * 1.5, at.y * 3 + i, at.pixel / 2) - 0.5);
        const colour haze = {0.86f, 0.78f, 0.72f, 1};
        const colour rock = {(float)(0.26 * light), (float)(0.36 * light), (float)(0.28 * light),
                             1};
        return blend(haze, rock, 0.35 + 0.6 * near + 0.05 * smooth(crest, crest + 0.3, at.y));
    }
    const double sun = hypot(at.x - 1.05, at.y - 0.34);
    const colour high = {0.30f, 0.48f, 0.72f, 1}, low = {0.98f, 0.80f, 0.62f, 1};
    const colour sky = blend(high, low, smooth(0, 0.6, at.y));
    return blend(sky, (colour){1, 0.97f, 0.86f, 1},
                 clamp(exp(-9 * sun) + 1 - smooth(0.045, 0.048, sun)));
}

/* The slowest first, as they are drawn in parallel. */
static const chart CHARTS[] = {
    {"mountains", mountains, 1, 8, false}, {"edges", edges, 4, 8, false},
    {"patches", patches, 2, 8, false},     {"zone_plate", zone_plate, 1, 8, false},
    {"discs", discs, 1, 8, true},          {"gradients", gradients, 1, 16, false},
};

/* ---- writing ------------------------------------------------------------------------------ */

/* Draws the mean of grid x grid points of the pixel in column x of row y. */
static colour draw_pixel(const chart *c, int x, int y, int height) {
    const double pixel = 1.0 / height, part = 1.0 / c->grid;
    double sum[4] = {0};
    for (int i = 0; i < c->grid * c->grid; i++) {
        const int column = i % c->grid, row = i / c->grid;
        const point at = {(x + (column + 0.5) * part) * pixel, (y + (row + 0.5) * part) * pixel,
                          pixel};
        const colour v = c->draw(at);
        sum[0] += (double)v.r * v.a, sum[1] += (double)v.g * v.a, sum[2] += (double)v.b * v.a;
        sum[3] += v.a;
    }
    const double a = sum[3] > 0 ? sum[3] : 1;
    return (colour){(float)(sum[0] / a), (float)(sum[1] / a), (float)(sum[2] / a),
                    (float)(sum[3] * part * part)};
}

/* Draws one row as PNG wants it: 16-bit samples with the high byte first. */
static void draw_row(const chart *c, int y, int width, int height, uint8_t *row) {
    const double top = c->depth == 16 ? 65535 : 255;
    for (int x = 0; x < width; x++) {
        const colour v = draw_pixel(c, x, y, height);
        const float samples[] = {v.r, v.g, v.b, v.a};
        for (int i = 0; i < (c->alpha ? 4 : 3); i++) {
            const unsigned sample = (unsigned)lrint(clamp((double)samples[i]) * top);
            if (c->depth == 16) *row++ = (uint8_t)(sample >> 8);
            *row++ = (uint8_t)sample;
        }
    }
}

/* False if libpng or the disk failed; libpng has printed why. */
static bool write_png(const chart *c, int width, int height, uint8_t *row, FILE *file) {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, c->depth,
                 c->alpha ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_set_compression_level(png, 1);
    png_write_info(png, info);
    for (int y = 0; y < height; y++) {
        draw_row(c, y, width, height, row);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return true;
}

static bool write_chart(const chart *c, int width, const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.png", folder, c->name);
    uint8_t *row = malloc((size_t)width * 8);
    FILE *file = row ? fopen(path, "wb") : NULL;
    bool written = file && write_png(c, width, (width * 2 + 1) / 3, row, file);
    if (file && fclose(file)) written = false;
    free(row);
    if (!written) fprintf(stderr, "charts: %s cannot be written: %s\n", path, strerror(errno));
    return written;
}

int main(int count, char **words) {
    const int width = count > 2 ? atoi(words[2]) : 2400;
    if (count < 2 || count > 3 || width < 1 || width > 100000) {
        fprintf(stderr, "usage: charts FOLDER [WIDTH]   with WIDTH from 1 to 100000\n");
        return 2;
    }
    if (mkdir(words[1], 0777) && errno != EEXIST) {
        fprintf(stderr, "charts: %s cannot be made: %s\n", words[1], strerror(errno));
        return 1;
    }
    int failed = 0;
#pragma omp parallel for schedule(dynamic) reduction(+ : failed)
    for (size_t i = 0; i < sizeof CHARTS / sizeof *CHARTS; i++)
        failed += !write_chart(&CHARTS[i], width, words[1]);
    return failed > 0;
}
