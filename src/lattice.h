/* lattice.h - tools for filters that look colours up in tables.
 *
 * A lattice holds a colour (up to four floats) at the nodes of a regular grid over the colours
 * that come in: three axes for RGB, four for CMYK. Between nodes it is interpolated.
 *
 * Colours travel as blocks: one row of at most IBX_BLOCK floats per channel, which stays in the
 * first-level cache and is replaced by the result. */
#ifndef IBX_LATTICE_H
#define IBX_LATTICE_H

#include "filter.h"

#define ibx_lattice_scale IBX_OWN(ibx_lattice_scale, IBX_VARIANT)
#define ibx_lattice_look_up IBX_OWN(ibx_lattice_look_up, IBX_VARIANT)
#define ibx_lattice_trilinear IBX_OWN(ibx_lattice_trilinear, IBX_VARIANT)
#define ibx_curve_look_up IBX_OWN(ibx_curve_look_up, IBX_VARIANT)

#define IBX_BLOCK 64
typedef float ibx_block[4][IBX_BLOCK];

typedef float ibx_node __attribute__((vector_size(16)));

typedef struct {
    int axes;       /* 1, 3 or 4; 0: there is no lattice */
    int size[4];    /* nodes along each axis, at least 2 */
    int step[4];    /* from a node to the next one along each axis */
    int count;      /* of all nodes */
    ibx_node *node; /* unused channels are 0 */
} ibx_lattice;

/* Memory for a lattice of size[0] x size[1] x ... nodes, all 0; the first axis runs fastest, or
 * slowest. False without memory, and for more than 16 million nodes. */
bool ibx_lattice_make(ibx_lattice *t, int axes, const int size[], bool first_fastest);

/* Also after a failure, and for a lattice of zeros. */
void ibx_lattice_free(ibx_lattice *t);

/* Makes positions along an axis, 0 to size - 1, of n inputs that lie between low and high, and
 * clips what does not. NaN becomes 0. */
void ibx_lattice_scale(const ibx_lattice *t, int axis, float low, float high, float *v, int n);

/* Replaces n positions by the colours there; three or four axes.
 *
 * Tetrahedral: each cell is cut into six tetrahedra around the diagonal from its first to its last
 * node, so that gray stays gray. Of four axes, the first is linear between two such lookups, as
 * most colour engines do it. */
void ibx_lattice_look_up(const ibx_lattice *t, ibx_block v, int n);

/* The same for three axes, from all eight corners of a cell. */
void ibx_lattice_trilinear(const ibx_lattice *t, ibx_block v, int n);

/* A curve for samples, at even distances from 0 to 1: values of 8 bits fall on every 16th of its
 * IBX_CURVE + 1 points exactly. */
enum { IBX_CURVE = 4080 };

/* Replaces at most IBX_BLOCK samples. Beyond 0..1 the line of the first or last cell goes on. */
void ibx_curve_look_up(const float *curve, float *v, int n);

#endif
