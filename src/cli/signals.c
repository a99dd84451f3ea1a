#include "cli/signals.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* A signal handler is given nothing but a number, so these cannot be anybody's locals. */
static atomic_bool stop, cancel;
static atomic_int first;

static void restore(int number) {
    const struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
}

static void on_signal(int number) {
    int none = 0;
    atomic_compare_exchange_strong(&first, &none, number);
    if (!atomic_exchange(&stop, true)) return;
    atomic_store(&cancel, true);
    restore(SIGINT);
    restore(SIGTERM);
}

ibx_interrupts ibx_signals_catch(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, old;
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    static const int NUMBERS[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++) /* what is ignored (nohup, background jobs) stays ignored */
        if (sigaction(NUMBERS[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(NUMBERS[i], &action, NULL);
    action.sa_handler = SIG_IGN; /* a closed pipe is an error of write(), with a sentence */
    sigaction(SIGPIPE, &action, NULL);
    return (ibx_interrupts){&stop, &cancel};
}

int ibx_signal(void) {
    return atomic_load(&first);
}
