/* batch.h - the settings of a batch in words, the same for the command line and for windows. */
#ifndef IBX_DESCRIBE_BATCH_H
#define IBX_DESCRIBE_BATCH_H

/* Words of choices, NULL at the end; their places are those of the enumeration. */
extern const char *const ibx_exists_words[]; /* ibx_exists */
extern const char *const ibx_keep_words[];   /* ibx_keep */

/* One sentence about each setting. */
#define IBX_SAYS_FORMAT                                                                            \
    "Format of the files where the recipe has no save step; default that of the input."
#define IBX_SAYS_QUALITY "Quality of formats that have one, 1 to 100."
#define IBX_SAYS_NAME                                                                              \
    "Names of the files, made of {dir} {stem} {ext} {w} {h} {n} {save}; default "                  \
    "\"{dir}{stem}{ext}\"."
#define IBX_SAYS_EXISTS                                                                            \
    "What happens where a file of that name exists; newer overwrites if the input is newer."
#define IBX_SAYS_KEEP "Which of EXIF, XMP and IPTC the files get."
#define IBX_SAYS_KEEP_TIME "Give the files the modification time of the input."
#define IBX_SAYS_THREADS "Threads; default as many as the process may use."

#define IBX_SAYS_MEMORY(unit) "Memory to use at most, " unit "; default half of what there is."

#define IBX_MOST_QUALITY 100
#define IBX_MOST_THREADS 1024
#define IBX_LEAST_MEMORY 16 /* megabytes of 1024 kilobytes */
#define IBX_MOST_MEMORY (1024 * 1024)

#endif
