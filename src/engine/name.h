/* name.h - the formats and names of outputs.
 *
 * A name is made from a template: the `name` of the save step, else that of the batch, else
 * "{dir}{stem}{ext}", or "{dir}{stem}-{w}x{h}{ext}" for recipes that save more than once.
 *
 *   {dir}   sub-folder of the input below its directory: "" or "a/b/"
 *   {stem}  the input's base name without its suffix
 *   {ext}   suffix of the output with its dot, ".jpg"
 *   {w} {h} size of the image that is written
 *   {n}     number of the input in its listing, from 1; {n:4} fills up to 4 digits with zeros
 *   {save}  number of the save step, from 1
 *
 * The result is a path below the output directory. It is refused if it is absolute or has an
 * empty, "." or ".." component. */
#ifndef IBX_ENGINE_NAME_H
#define IBX_ENGINE_NAME_H

#include "core/recipe.h"
#include "engine/listing.h"

/* One output of one input. */
typedef struct {
    const ibx_batch *batch;
    const ibx_entry *entry;
    size_t n;             /* index of the entry in its listing, from 0 */
    const ibx_step *step; /* the save step; NULL: the recipe has none and one is implied */
    int save;             /* index among the saves, from 0 */
    int saves;            /* how many outputs this recipe makes, at least 1 */
    int w, h;             /* of the image that is written; 0 while not known */
} ibx_output;

/* The output of the save step with this index for an input; its size is not set. */
ibx_output ibx_output_of(const ibx_batch *batch, const ibx_entry *entry, size_t n, int save);

/* The template of its name. */
const char *ibx_output_template(const ibx_output *output);

/* The format to write: that of the save step, else the batch's, else the one that the template's
 * own suffix names ("{stem}.webp"), else the one of the input's suffix. NULL with IBX_USAGE if the
 * batch names an unknown format or the template's suffix is that of another format; NULL with
 * IBX_FORMAT if the input's format cannot be written and none was named. Standard input to
 * standard output has no suffix: there the engine takes the format of the content and does not
 * ask here. */
const ibx_format *ibx_output_format(const ibx_output *output, ibx_error *err);

/* The first part of that, which needs no input: the format that the step says, else `wanted` (may
 * be NULL), else the suffix of the template. True with *format NULL where nothing says. */
bool ibx_format_of(const ibx_step *step, const char *template, const char *wanted,
                   const ibx_format **format, ibx_error *err);

/* The suffix that {ext} stands for: the input's own spelling where the format follows from it,
 * else the format's first. */
const char *ibx_output_suffix(const ibx_output *output, const ibx_format *format);

/* The path of an output below the output directory, malloc'd. While the size is not known {w} and
 * {h} stay in it as they are. NULL with IBX_USAGE for a bad template, and whatever
 * ibx_output_format says. */
char *ibx_output_name(const ibx_output *output, ibx_error *err);

/* Checks the templates of a batch (unknown fields, names that leave the output directory)
 * without an input. */
bool ibx_names_valid(const ibx_batch *batch, ibx_error *err);

/* Are there two outputs of a batch with the same name, or one with that of a log? Then *err
 * (IBX_USAGE) says which and what to do. Sizes are not known yet: {w} and {h} count as equal for
 * equal save steps and as different for different ones, so the outputs of one input are to be
 * compared once more when its size is known. Inputs whose format cannot be written have no output
 * and are passed over. all: gets a line for each of them, or NULL. */
bool ibx_names_collide(const ibx_batch *batch, const ibx_listing *listing, FILE *all,
                       ibx_error *err);

#endif
