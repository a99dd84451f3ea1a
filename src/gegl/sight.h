/* sight.h - a recipe on the image that lies in front of an operation.
 *
 * An operation is asked many things about one image: which part of the input a part of the output
 * needs, what a change of the input changes, and pixels, from several threads. A sight has all that
 * was found out once: recipe, formats, plan. It is never changed, but counted, so that it can be
 * replaced while a thread still uses it. */
#ifndef IBX_GEGL_SIGHT_H
#define IBX_GEGL_SIGHT_H

#include "gegl/format.h"

typedef struct {
    char *text;         /* of the recipe */
    const Babl *source; /* format of the image */
    GeglRectangle box;  /* where it lies */
    ibx_gegl_format from;
    const Babl *to; /* format of the result */
    ibx_recipe *recipe;
    ibx_view *view;  /* NULL: the image goes through as it is, and error says why */
    ibx_error error; /* code IBX_OK where there is no image */
} ibx_gegl_sight;

/* Sees the image in `box` of the format `source` through a recipe. A recipe that is wrong, or that
 * changes the image's size, is an error in the sight. */
ibx_gegl_sight *ibx_gegl_sight_new(const char *text, const Babl *source, const GeglRectangle *box);

/* Is it what ibx_gegl_sight_new would make? */
bool ibx_gegl_sight_is(const ibx_gegl_sight *sight, const char *text, const Babl *source,
                       const GeglRectangle *box);

ibx_gegl_sight *ibx_gegl_sight_ref(ibx_gegl_sight *sight);
void ibx_gegl_sight_unref(ibx_gegl_sight *sight); /* NULL is allowed */

/* Must the recipe see the whole image first? */
bool ibx_gegl_sight_looks(const ibx_gegl_sight *sight);

/* The part of the image that a region of the result needs. */
GeglRectangle ibx_gegl_sight_source(const ibx_gegl_sight *sight, const GeglRectangle *out);

/* The part of the result that pixels of the image have a say in; perhaps some pixels more. */
GeglRectangle ibx_gegl_sight_changed(const ibx_gegl_sight *sight, const GeglRectangle *in);

/* Renders a region, after a look at the whole image if there must be one. Writes a warning and
 * copies the input if it fails. `threads` as in ibx_view_render. */
void ibx_gegl_sight_render(const ibx_gegl_sight *sight, GeglBuffer *input, GeglBuffer *output,
                           const GeglRectangle *region, int threads);

#endif
