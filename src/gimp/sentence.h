/* sentence.h - errors as GIMP says them. */
#ifndef IBX_GIMP_SENTENCE_H
#define IBX_GIMP_SENTENCE_H

/* Takes advice off the end of a sentence that names options of the command line, as in
 * "..; raise it with --max-pixels": windows have controls for it, or there is none. In place. */
void ibx_gimp_sentence(char *text);

#endif
