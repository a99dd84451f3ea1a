/* main.c - finds the command and lets it run. */
#include "cli/command.h"
#include "cli/module.h"
#include "cli/say.h"
#include "core/param.h"
#include "describe/describe.h"
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static const ibx_command COMMANDS[] = {
    {"run", "RECIPE INPUT... -o DIR", "Apply a recipe to files and folders.",
     "RECIPE is a text such as those that \"imbrex filters NAME\" shows. INPUT is a file, a folder "
     "that is searched with all its sub-folders, or - for standard input. Files are written under "
     "another name and renamed when they are complete.\n"
     "\n"
     "Exit status: 0 all done; 1 some images failed; 2 wrong command line or recipe; 3 no input; "
     "4 the output cannot be written; 130 or 143 interrupted.",
     IBX_RUN},
    {"plan", "RECIPE INPUT...", "Show what run would do, without doing it.",
     "For every input: how it is decoded, the stages that its pixels go through, memory, and the "
     "files that would be written. The exit status is that of run.",
     IBX_PLAN},
    {"filters", "[NAME...]", "List filters and formats, or explain one.", NULL, IBX_FILTERS},
    {"info", "FILE...", "Say what is in image files.",
     "Reads headers only. Folders are searched with all their sub-folders.", IBX_INFO},
    {"serve", "[OPTION...]", "Serve recipes over HTTP.",
     "Every setting may also stand in a file (--config) or in the environment; \"imbrex serve "
     "--help\" lists them.",
     IBX_SERVE},
    {"sign", "[OPTION...] PATH", "Sign an address for the server.",
     "Prints PATH, that of a request as \"resize:512x/file/a.jpg\", behind its signature. The key "
     "comes from the settings of the server.",
     IBX_SIGN},
    {"gimp-install", "", "Put the plug-in into your GIMP.",
     "Links the plug-in for GIMP 2.10, and the operations for GEGL, to where they are looked for "
     "in "
     "your home folder. Not needed where imbrex is installed below the prefix of GIMP.",
     IBX_GIMP_INSTALL},
    {"completion", "SHELL", "Print completions for bash, zsh or fish.",
     "For bash: source <(imbrex completion bash)", IBX_COMPLETION},
    {"man", "", "Print the manual page.", "To read it: imbrex man | man -l -", IBX_MAN},
    {"help", "[NAME]", "Explain a command, a filter or a format.", NULL, IBX_HELP},
    {.name = NULL}};

/* What does the command; in the order of COMMANDS. */
static int (*const ACTIONS[])(const ibx_options *, const ibx_program *) = {
    ibx_do_run, ibx_do_plan,         ibx_do_filters,    ibx_do_info, NULL,
    NULL,       ibx_do_gimp_install, ibx_do_completion, ibx_do_man,  ibx_do_help};

/* The commands of the server read their own words. */
static int do_server_command(const ibx_command *command, int argc, char **argv) {
    return ibx_run_module("imbrex-server",
                          command->bit == IBX_SERVE ? "ibx_serve_main" : "ibx_sign_main", argc,
                          argv);
}

const ibx_command *ibx_command_of(const ibx_program *program, unsigned bit) {
    const ibx_command *c = program->commands;
    while (c->name && c->bit != bit) c++;
    return c;
}

int ibx_complain(const ibx_command *command, const ibx_error *err) {
    if (err->code == IBX_USAGE)
        ibx_say("%s: %s", command->name, err->text);
    else
        ibx_say("%s", err->text);
    return ibx_exit_status(err->code);
}

int ibx_end_output(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return IBX_EXIT_DONE;
    if (errno != EPIPE) ibx_say("standard output: %s", strerror(errno));
    return IBX_EXIT_NO_OUTPUT;
}

/* The OpenMP runtime reads OMP_WAIT_POLICY when it is loaded, before main: without "passive" its
 * idle threads spin. So the program starts itself once more with the variable set. */
static void start_passive(char **argv) {
    if (getenv("OMP_WAIT_POLICY")) return;
    if (setenv("OMP_WAIT_POLICY", "passive", 1) == 0) execv("/proc/self/exe", argv);
}

/* What libvips and its codecs free of an image goes back to the system. With a threshold that
 * grows, which is the default, glibc would keep a part of it for every thread, beyond --memory
 * (see ibx_limits). */
static void return_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

static const char *command_word(const void *list, int i) {
    return ((const ibx_command *)list)[i].name;
}

static int unknown_command(const char *word) {
    const int count = sizeof COMMANDS / sizeof *COMMANDS - 1;
    const char *near = ibx_nearest(word, command_word, COMMANDS, count);
    ibx_recipe *recipe = near ? NULL : ibx_recipe_parse(word, NULL);
    if (near)
        ibx_say("no command \"%s\"; did you mean %s?", word, near);
    else if (recipe)
        ibx_say("a command comes first: imbrex run '%s' INPUT... -o DIR", word);
    else
        ibx_say("no command \"%s\"; \"imbrex help\" lists all", word);
    ibx_recipe_free(recipe);
    return IBX_EXIT_USAGE;
}

static int do_command(int index, const ibx_program *program, int argc, char **argv) {
    ibx_options options;
    ibx_error err = {0};
    const ibx_command *command = &COMMANDS[index];
    int status;
    if (!ibx_options_parse(&options, command, argc, argv, &err)) {
        status = ibx_complain(command, &err);
    } else if (options.help) {
        ibx_describe_command(stdout, program, command);
        status = ibx_end_output();
    } else {
        status = ACTIONS[index](&options, program);
    }
    ibx_options_free(&options);
    return status;
}

int main(int argc, char **argv) {
    const ibx_program program = {ibx_version(), COMMANDS, ibx_option_rows};
    const char *word = argc > 1 ? argv[1] : NULL;
    prctl(PR_SET_NAME, "imbrex");              /* not "exe", after start_passive */
    if (word && strcmp(word, "worker") == 0) { /* not for users: the server starts it */
        return_memory();
        return ibx_run_module("imbrex-worker", "ibx_worker_main", argc - 2, argv + 2);
    }
    if (!word) {
        ibx_describe_program(stderr, &program);
        return IBX_EXIT_USAGE;
    }
    if (strcmp(word, "--version") == 0) {
        printf("imbrex %s\n", program.version);
        return ibx_end_output();
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        ibx_describe_program(stdout, &program);
        return ibx_end_output();
    }
    for (int i = 0; COMMANDS[i].name; i++)
        if (strcmp(word, COMMANDS[i].name) == 0) {
            if (COMMANDS[i].bit & IBX_RUN) start_passive(argv);
            return_memory();
            if (!ACTIONS[i]) return do_server_command(&COMMANDS[i], argc - 2, argv + 2);
            return do_command(i, &program, argc - 2, argv + 2);
        }
    return unknown_command(word);
}
