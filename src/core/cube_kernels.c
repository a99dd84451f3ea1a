/* cube_kernels.c - colours through curves and a cube; compiled per CPU variant. */
#include "cube.h"

static void scale(const ibx_cube_table *t, int channel, float *v, int n) {
    const int axis = t->lattice.axes == 1 ? 0 : channel;
    ibx_lattice_scale(&t->lattice, axis, t->low[channel], t->high[channel], v, n);
}

static void bend(const ibx_cube_table *t, ibx_block v, int n) {
    for (int i = 0; i < 3; i++) {
        scale(t, i, v[i], n);
        for (int x = 0; x < n; x++) {
            const int cell = ibx_min((int)v[i][x], t->lattice.size[0] - 2);
            const float a = t->lattice.node[cell][i], b = t->lattice.node[cell + 1][i];
            v[i][x] = a + (v[i][x] - (float)cell) * (b - a);
        }
    }
}

void ibx_cube_apply(const ibx_cube *cube, bool trilinear, ibx_block v, int n) {
    if (cube->curve.lattice.axes) bend(&cube->curve, v, n);
    if (!cube->cube.lattice.axes) return;
    for (int i = 0; i < 3; i++) scale(&cube->cube, i, v[i], n);
    (trilinear ? ibx_lattice_trilinear : ibx_lattice_look_up)(&cube->cube.lattice, v, n);
}
