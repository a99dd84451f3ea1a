/* lattice_kernels.c - between the nodes of colour tables; compiled per CPU variant. */
#include "lattice.h"

void ibx_lattice_scale(const ibx_lattice *t, int axis, float low, float high, float *restrict v,
                       int n) {
    const float top = (float)(t->size[axis] - 1), k = top / (high - low);
    for (int x = 0; x < n; x++) {
        float at = (v[x] - low) * k;
        at = at > 0 ? at : 0;
        v[x] = at < top ? at : top;
    }
}

/* Of each pixel's tetrahedron: where its four corners are, and how much of the ways between them
 * lies before the pixel. */
typedef struct {
    int node[IBX_BLOCK], second[IBX_BLOCK], third[IBX_BLOCK]; /* relative to the first */
    float most[IBX_BLOCK], middle[IBX_BLOCK], least[IBX_BLOCK];
} tetrahedra;

/* From the first node along the axes by falling position in the cell to the last node; the three
 * axes begin with `axis`. Plain arithmetic, which vectorises. */
static inline void locate(const ibx_lattice *t, int axis, const float (*v)[IBX_BLOCK], int n,
                          tetrahedra *at) {
    const int red = t->step[axis], green = t->step[axis + 1], blue = t->step[axis + 2];
    const int white = red + green + blue, end_r = t->size[axis] - 2;
    const int end_g = t->size[axis + 1] - 2, end_b = t->size[axis + 2] - 2;
    for (int x = 0; x < n; x++) {
        const int i = ibx_min((int)v[0][x], end_r), j = ibx_min((int)v[1][x], end_g);
        const int k = ibx_min((int)v[2][x], end_b);
        const float r = v[0][x] - (float)i, g = v[1][x] - (float)j, b = v[2][x] - (float)k;
        const float high = r > g ? r : g, low = r > g ? g : r;
        const float top = high > b ? high : b, bottom = low < b ? low : b;
        at->node[x] = i * red + j * green + k * blue;
        at->second[x] = r == top ? red : g == top ? green : blue;
        at->third[x] = white - (b == bottom ? blue : g == bottom ? green : red);
        at->most[x] = top;
        at->least[x] = bottom;
        at->middle[x] = high < b ? high : low > b ? low : b;
    }
}

static inline ibx_node mix(const ibx_node *node, const tetrahedra *at, int x, int last) {
    const float most = at->most[x], middle = at->middle[x], least = at->least[x];
    return node[0] * (1 - most) + node[at->second[x]] * (most - middle) +
           node[at->third[x]] * (middle - least) + node[last] * least;
}

static void from_three(const ibx_lattice *t, ibx_block v, int n) {
    const int last = t->step[0] + t->step[1] + t->step[2];
    tetrahedra at;
    locate(t, 0, v, n, &at);
    for (int x = 0; x < n; x++) {
        const ibx_node to = mix(t->node + at.node[x], &at, x, last);
        for (int i = 0; i < 3; i++) v[i][x] = to[i];
    }
}

static void from_four(const ibx_lattice *t, ibx_block v, int n) {
    const int last = t->step[1] + t->step[2] + t->step[3];
    tetrahedra at;
    locate(t, 1, v + 1, n, &at);
    for (int x = 0; x < n; x++) {
        const int cell = ibx_min((int)v[0][x], t->size[0] - 2);
        const ibx_node *node = t->node + cell * t->step[0] + at.node[x];
        const ibx_node low = mix(node, &at, x, last), high = mix(node + t->step[0], &at, x, last);
        const ibx_node to = low + (v[0][x] - (float)cell) * (high - low);
        for (int i = 0; i < 3; i++) v[i][x] = to[i];
    }
}

void ibx_lattice_look_up(const ibx_lattice *t, ibx_block v, int n) {
    (t->axes == 4 ? from_four : from_three)(t, v, n);
}

void ibx_lattice_trilinear(const ibx_lattice *t, ibx_block v, int n) {
    for (int x = 0; x < n; x++) {
        float f[3];
        const ibx_node *node = t->node;
        for (int i = 0; i < 3; i++) {
            const int cell = ibx_min((int)v[i][x], t->size[i] - 2);
            f[i] = v[i][x] - (float)cell;
            node += cell * t->step[i];
        }
        ibx_node plane[2];
        for (int i = 0; i < 2; i++, node += t->step[2]) {
            const ibx_node *up = node + t->step[1];
            const ibx_node low = node[0] + f[0] * (node[t->step[0]] - node[0]),
                           high = up[0] + f[0] * (up[t->step[0]] - up[0]);
            plane[i] = low + f[1] * (high - low);
        }
        const ibx_node to = plane[0] + f[2] * (plane[1] - plane[0]);
        for (int i = 0; i < 3; i++) v[i][x] = to[i];
    }
}

void ibx_curve_look_up(const float *restrict curve, float *restrict v, int n) {
    int cell[IBX_BLOCK];
    for (int x = 0; x < n; x++) {
        const float at = v[x] * IBX_CURVE, low = at > 0 ? at : 0;
        cell[x] = (int)(low < IBX_CURVE - 1 ? low : IBX_CURVE - 1);
        v[x] = at - (float)cell[x];
    }
    for (int x = 0; x < n; x++) {
        const float *at = curve + cell[x];
        v[x] = at[0] + v[x] * (at[1] - at[0]);
    }
}
