/* cube.h - tools for filters that grade colours: look-up tables from .cube files.
 *
 * The format is Adobe's ("Cube LUT Specification", 1.0): curves of 2 to 65536 points, or a cube of
 * 2 to 129 nodes along an axis; and curves in front of a cube, with LUT_1D_INPUT_RANGE and
 * LUT_3D_INPUT_RANGE, as DaVinci Resolve writes them. */
#ifndef IBX_CUBE_H
#define IBX_CUBE_H

#include "lattice.h"

#define ibx_cube_apply IBX_OWN(ibx_cube_apply, IBX_VARIANT)

typedef struct {
    ibx_lattice lattice;
    float low[3], high[3]; /* the inputs at the first and last node; what lies outside is clipped */
} ibx_cube_table;

typedef struct {
    ibx_cube_table curve; /* one axis: the curves of red, green and blue; or nothing */
    ibx_cube_table cube;  /* three axes, or nothing */
} ibx_cube;

/* Reads a file. False with IBX_USAGE and a sentence that names the filter `who`, the file and the
 * line. Free with ibx_cube_free in any case. */
bool ibx_cube_read(ibx_cube *cube, const char *path, const char *who, ibx_error *err);
void ibx_cube_free(ibx_cube *cube);

/* Replaces n colours by those of the table; between the nodes of the cube by tetrahedra or, if
 * told, from all eight corners. */
void ibx_cube_apply(const ibx_cube *cube, bool trilinear, ibx_block v, int n);

#endif
