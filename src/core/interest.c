/* interest.c - which part of an image is worth keeping.
 *
 * The image is seen through a grid of at most 32 x 32 cells, as coarse as a glance. A cell is
 * interesting for what stands out in it: its texture (deviation of luma), its contrast with its
 * neighbours (difference of mean luma), strong colour, and skin. All of it comes from integer sums,
 * so every order of tiles gives the same window. */
#include "geometry.h"
#include <stdlib.h>

/* ---- sums ---------------------------------------------------------------------------------- */

static int grid(int whole) {
    return ibx_min(whole, IBX_INTEREST_GRID);
}

/* The cell of coordinate i of `whole`, by the centre of its pixel: mirrored images get mirrored
 * cells. */
static int cell_of(int i, int whole) {
    return (int)((2 * (int64_t)i + 1) * grid(whole) / (2 * (int64_t)whole));
}

/* The first coordinate behind the cell of i. */
static int cell_end(int i, int whole) {
    const int64_t n = grid(whole), next = cell_of(i, whole) + 1;
    return (int)((2 * next * whole + n - 1) / (2 * n));
}

static uint32_t level(float v) {
    return (uint32_t)(ibx_clamp(v, 0, 1) * 255 + 0.5F);
}

/* The rule of Kovac, Peer and Solina, "Human skin colour clustering for face detection", 2003. */
static bool is_skin(int r, int g, int b) {
    const int low = ibx_min(g, b);
    return r > 95 && g > 40 && b > 20 && r - low > 15 && r - g > 15 && r > b;
}

/* n pixels that lie in one cell: few enough for 32 bits. */
static void add_run(ibx_interest_cell *cell, const ibx_head *head, float *const at[4], int n) {
    const int green = head->model == IBX_RGB ? 1 : 0, blue = 2 * green;
    uint32_t opaque = 0, luma = 0, square = 0, colour = 0, skin = 0;
    for (int i = 0; i < n; i++) {
        const uint32_t r = level(at[0][i]), g = level(at[green][i]), b = level(at[blue][i]);
        const uint32_t a = head->alpha ? level(at[head->model][i]) : 255;
        const uint32_t y = (54 * r + 183 * g + 19 * b) / 256 * a / 255;
        const int high = ibx_max((int)r, ibx_max((int)g, (int)b));
        const int low = ibx_min((int)r, ibx_min((int)g, (int)b));
        opaque += a;
        luma += y;
        square += y * y;
        colour += (uint32_t)(high - low) * a / 255;
        skin += is_skin((int)r, (int)g, (int)b) ? a : 0;
    }
    cell->opaque += opaque;
    cell->luma += luma;
    cell->square += square;
    cell->colour += colour;
    cell->skin += skin;
    cell->samples += (uint64_t)n;
}

void ibx_interest_add(ibx_interest *sums, const ibx_head *head, const ibx_tile *in) {
    const ibx_rect r = in->at;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w;) {
            const int end = ibx_min(cell_end(x, head->w), r.x + r.w);
            float *at[IBX_MAX_PLANES];
            for (int p = 0; p < IBX_MAX_PLANES; p++)
                at[p] = ibx_at(in, ibx_min(p, in->planes - 1), x, y);
            add_run(&sums->cell[cell_of(y, head->h)][cell_of(x, head->w)], head, at, end - x);
            x = end;
        }
}

void ibx_interest_merge(ibx_interest *into, const ibx_interest *from) {
    ibx_interest_cell *a = &into->cell[0][0];
    const ibx_interest_cell *b = &from->cell[0][0];
    for (int i = 0; i < IBX_INTEREST_GRID * IBX_INTEREST_GRID; i++) {
        a[i].opaque += b[i].opaque;
        a[i].luma += b[i].luma;
        a[i].square += b[i].square;
        a[i].colour += b[i].colour;
        a[i].skin += b[i].skin;
        a[i].samples += b[i].samples;
    }
}

/* ---- the best window ----------------------------------------------------------------------- */

static double mean(uint64_t sum, const ibx_interest_cell *c) {
    return (double)sum / (double)c->samples;
}

/* How far the cell's mean luma is from that of its four neighbours, on average. */
static double contrast(const ibx_interest *s, int x, int y, int columns, int rows) {
    static const int DX[] = {-1, 1, 0, 0}, DY[] = {0, 0, -1, 1};
    const ibx_interest_cell *c = &s->cell[y][x];
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        const int nx = ibx_min(ibx_max(x + DX[i], 0), columns - 1);
        const int ny = ibx_min(ibx_max(y + DY[i], 0), rows - 1);
        const ibx_interest_cell *n = &s->cell[ny][nx];
        sum += fabs(mean(c->luma, c) - mean(n->luma, n));
    }
    return sum / 4;
}

/* A whole number, so that sums over windows are exact and equal windows stay equal. Squared: one
 * striking thing counts for more than a lawn. */
static int64_t interest(const ibx_interest *s, int x, int y, int columns, int rows) {
    const ibx_interest_cell *c = &s->cell[y][x];
    const double luma = mean(c->luma, c);
    const double texture = sqrt(fmax(mean(c->square, c) - luma * luma, 0));
    const double v = texture + contrast(s, x, y, columns, rows) + 0.3 * mean(c->colour, c) +
                     0.2 * mean(c->skin, c);
    return (int64_t)(v * v * mean(c->opaque, c) / 255);
}

/* The start of the best window of `part` among `whole`, where a coordinate is worth what its cell
 * is. Slides from left to right; of equals the one nearest to the middle wins. */
static int best_start(const int64_t worth[], int whole, int part) {
    int64_t sum = 0, best = -1;
    const int middle = (whole - part) / 2;
    int start = 0;
    for (int i = 0; i < part; i++) sum += worth[cell_of(i, whole)];
    for (int i = 0;; i++) {
        if (sum > best || (sum == best && abs(i - middle) < abs(start - middle))) {
            best = sum;
            start = i;
        }
        if (i + part == whole) return start;
        sum += worth[cell_of(i + part, whole)] - worth[cell_of(i, whole)];
    }
}

ibx_rect ibx_interest_best(const ibx_interest *sums, const ibx_head *head, int w, int h) {
    const int columns = grid(head->w), rows = grid(head->h);
    int64_t across[IBX_INTEREST_GRID] = {0}, down[IBX_INTEREST_GRID] = {0};
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            const int64_t v = interest(sums, x, y, columns, rows);
            across[x] += v;
            down[y] += v;
        }
    return (ibx_rect){best_start(across, head->w, w), best_start(down, head->h, h), w, h};
}
