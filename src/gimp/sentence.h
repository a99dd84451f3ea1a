/* sentence.h - errors as GIMP says them. */
#ifndef IBX_GIMP_SENTENCE_H
#define IBX_GIMP_SENTENCE_H

/* Takes advice off the end of a sentence that names options or commands of a terminal, as in
 * "..; raise it with --max-pixels": windows have controls for it, or there is none. What is not
 * UTF-8, in names of files, becomes question marks, as toolkits take nothing else. In place. */
void ibx_gimp_sentence(char *text);

/* The same for each of several lines, in a copy for g_free. */
char *ibx_gimp_sentences(const char *lines);

#endif
