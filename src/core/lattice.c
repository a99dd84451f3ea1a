/* lattice.c - memory of colour tables. */
#include "lattice.h"
#include <stdlib.h>

enum { NODES_MAX = 1 << 24 };

bool ibx_lattice_make(ibx_lattice *t, int axes, const int size[], bool first_fastest) {
    int64_t count = 1;
    *t = (ibx_lattice){.axes = axes};
    for (int i = 0; i < axes; i++) {
        const int axis = first_fastest ? i : axes - 1 - i;
        t->size[axis] = size[axis];
        t->step[axis] = (int)count;
        count *= size[axis];
        if (size[axis] < 2 || count > NODES_MAX) return false;
    }
    t->count = (int)count;
    const size_t bytes = (size_t)count * sizeof(ibx_node);
    t->node = aligned_alloc(sizeof(ibx_node), bytes);
    if (t->node) memset(t->node, 0, bytes);
    return t->node != NULL;
}

void ibx_lattice_free(ibx_lattice *t) {
    free(t->node);
    *t = (ibx_lattice){0};
}
