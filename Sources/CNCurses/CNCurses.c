#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NCURSES_WIDECHAR 1
#include "CNCurses.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

enum { most_columns = 1024, most_pairs = 64 };
enum {
    paste_begins = KEY_MAX + 1,
    paste_ends,
    sync_known,
    sync_unknown,
};

static SCREEN *screen;
static FILE *terminal_out, *terminal_in;
static int signal_pipe[2] = {-1, -1};

static struct {
    attr_t attributes;
    short pair;
} styles_table[256];
static short pair_colours[most_pairs];
static int pair_count;
static short background = -1;

// What the crash handler needs: prepared at start, because nothing may be computed then.
static struct termios saved_modes;
static volatile sig_atomic_t has_modes, is_on_screen;
static char farewell[512];
static size_t farewell_length;
static int real_stderr = -1, held_stderr = -1;

static int has_sync, click_row, click_column, cursor_row = -1, cursor_column;

static const char paste_on[] = "\033[?2004h";
static const char paste_off[] = "\033[?2004l";

int cnc_set_locale(void) {
    setlocale(LC_ALL, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int cnc_force_utf8(void) { return setlocale(LC_CTYPE, "C.UTF-8") != NULL; }

int cnc_ambiguous_cells(void) { return wcwidth(0x25CF); }

// ---- Signals ----

static void note_signal(int number) {
    int error = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(signal_pipe[1], &byte, 1);
    (void)ignored;
    errno = error;
}

static void watch(int number) {
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    sigset_t one;
    sigaction(number, &action, NULL);
    // The parent may have blocked it, and a mask is inherited.
    sigemptyset(&one);
    sigaddset(&one, number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
}

int cnc_signal_pipe(void) {
    if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    return signal_pipe[0];
}

static void watch_signals(void) {
    static const int numbers[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGINT, SIGQUIT, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) watch(numbers[i]);
    signal(SIGPIPE, SIG_IGN);
}

// ---- Standard error is held back while the screen is up, and comes out behind it ----

static void hold_stderr(void) {
    if (held_stderr >= 0 || !isatty(2)) return;
    held_stderr = memfd_create("proxytop stderr", MFD_CLOEXEC);
    if (held_stderr < 0) return;
    real_stderr = fcntl(2, F_DUPFD_CLOEXEC, 3);
    if (real_stderr >= 0) dup2(held_stderr, 2);
}

// Only async-signal-safe calls: the crash handler comes here too.
static void release_stderr(void) {
    if (held_stderr < 0 || real_stderr < 0) return;
    char text[1024];
    ssize_t count;
    dup2(real_stderr, 2);
    lseek(held_stderr, 0, SEEK_SET);
    while ((count = read(held_stderr, text, sizeof text)) > 0)
        if (write(2, text, (size_t)count) < 0) break;
    close(held_stderr);
    close(real_stderr);
    held_stderr = real_stderr = -1;
}

// ---- Crashes ----

static void crash(int number) {
    if (is_on_screen) {
        is_on_screen = 0;
        ssize_t ignored = write(1, farewell, farewell_length);
        (void)ignored;
        if (has_modes) tcsetattr(0, TCSANOW, &saved_modes);
        release_stderr();
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_crashes(void) {
    static char stack_memory[64 * 1024];
    static const int numbers[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof stack_memory};
    sigaltstack(&stack, NULL);
    struct sigaction action = {
        .sa_handler = crash, .sa_flags = SA_ONSTACK | SA_NODEFER | (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

// Adds a capability without its padding marks (`$<5>`): the program ends and cannot wait.
static void add_farewell(const char *text) {
    if (text == NULL || text == (char *)-1) return;
    while (*text != '\0' && farewell_length + 1 < sizeof farewell) {
        if (text[0] == '$' && text[1] == '<') {
            const char *end = strchr(text, '>');
            if (end != NULL) {
                text = end + 1;
                continue;
            }
        }
        farewell[farewell_length++] = *text++;
    }
}

static void prepare_farewell(void) {
    farewell_length = 0;
    add_farewell(paste_off);
    // A crash may come in the middle of a frame, and with the mouse on.
    add_farewell("\033[?2026l\033[?1000l\033[?1006l");
    add_farewell(tigetstr("sgr0"));
    add_farewell(tigetstr("cnorm"));
    add_farewell(tigetstr("rmkx"));
    add_farewell(tigetstr("rmcup"));
    add_farewell("\r\n");
}

// ---- Start and stop ----

static SCREEN *open_screen(const char **used) {
    // initscr would end the process on a terminal it does not know; these descriptions are widespread
    // and near enough to what such a terminal understands.
    const char *names[] = {getenv("TERM"), "tmux-256color", "xterm-256color", "screen", "vt100"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i] == NULL || names[i][0] == '\0') continue;
        SCREEN *made = newterm(names[i], terminal_out, terminal_in);
        if (made == NULL) continue;
        *used = names[i];
        return made;
    }
    return NULL;
}

static void enter_modes(void) {
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    curs_set(cursor_row >= 0);
    putp(paste_on);
    fflush(terminal_out);
}

int cnc_start(const char **used) {
    if (screen != NULL) return 0;
    if (cnc_signal_pipe() < 0) return -1;
    has_modes = tcgetattr(0, &saved_modes) == 0;
    terminal_out = fdopen(dup(1), "w");
    terminal_in = fdopen(dup(0), "r");
    if (terminal_out == NULL || terminal_in == NULL) return -1;
    screen = open_screen(used);
    if (screen == NULL) return -1;
    set_term(screen);
    if (has_colors()) {
        start_color();
        // Where there is no default to fall back to, black is what there is.
        background = use_default_colors() == OK ? -1 : COLOR_BLACK;
    }
    define_key("\033[200~", paste_begins);
    define_key("\033[201~", paste_ends);
    prepare_farewell();
    watch_crashes();
    watch_signals();
    is_on_screen = 1;
    hold_stderr();
    enter_modes();
    return 0;
}

static void leave_screen(void) {
    putp(paste_off);
    fflush(terminal_out);
    endwin();
    is_on_screen = 0;
    if (has_modes) tcsetattr(0, TCSADRAIN, &saved_modes);
    release_stderr();
}

void cnc_stop(void) {
    if (screen == NULL) return;
    if (is_on_screen) leave_screen();
    delscreen(screen);
    screen = NULL;
}

void cnc_suspend(void) {
    if (screen == NULL || !is_on_screen) return;
    leave_screen();
    signal(SIGTSTP, SIG_DFL);
    // The whole job stops, as Ctrl-Z in cooked mode would have it.
    kill(0, SIGTSTP);
    // Stopped here until SIGCONT.
    watch(SIGTSTP);
    is_on_screen = 1;
    hold_stderr();
    enter_modes();
    cnc_resize();
    cnc_repaint();
}

// ---- Drawing ----

int cnc_colors(void) { return has_colors() ? COLORS : 0; }

static short pair_for(int foreground) {
    if (foreground < 0 || foreground >= COLORS || !has_colors()) return 0;
    for (int i = 0; i < pair_count; i++)
        if (pair_colours[i] == foreground) return (short)(i + 1);
    if (pair_count == most_pairs || pair_count + 1 >= COLOR_PAIRS) return 0;
    pair_colours[pair_count] = (short)foreground;
    pair_count++;
    init_pair((short)pair_count, (short)foreground, background);
    return (short)pair_count;
}

void cnc_define_style(uint8_t style, int foreground, int attributes) {
    attr_t mask = A_NORMAL;
    if (attributes & CNC_BOLD) mask |= A_BOLD;
    if (attributes & CNC_DIM) mask |= A_DIM;
    if (attributes & CNC_UNDERLINE) mask |= A_UNDERLINE;
    if (attributes & CNC_REVERSE) mask |= A_REVERSE;
    styles_table[style].attributes = mask;
    styles_table[style].pair = pair_for(foreground);
}

void cnc_size(int *height, int *width) {
    *height = screen == NULL ? 0 : getmaxy(stdscr);
    *width = screen == NULL ? 0 : getmaxx(stdscr);
}

void cnc_resize(void) {
    struct winsize size;
    if (screen == NULL) return;
    // After a stop that we were not asked about, the shell has left its own modes behind.
    if (is_on_screen) reset_prog_mode();
    if (ioctl(1, TIOCGWINSZ, &size) < 0) return;
    if (size.ws_row == 0 || size.ws_col == 0) return;
    if (is_term_resized(size.ws_row, size.ws_col)) resizeterm(size.ws_row, size.ws_col);
}

void cnc_repaint(void) {
    if (screen != NULL) clearok(curscr, TRUE);
}

void cnc_put_row(int row, const uint32_t *scalars, const uint8_t *styles, int count) {
    static cchar_t line[most_columns];
    int length = 0;
    if (screen == NULL) return;
    for (int i = 0; i < count && length + 1 < most_columns; i++) {
        if (scalars[i] == 0) continue;
        wchar_t text[2] = {(wchar_t)scalars[i], L'\0'};
        setcchar(
            &line[length++], text, styles_table[styles[i]].attributes,
            styles_table[styles[i]].pair, NULL);
    }
    // The call that does not move the cursor: the last cell of the last row is an error to the others.
    mvadd_wchnstr(row, 0, line, length);
}

void cnc_cursor(int row, int column) {
    if (screen == NULL) return;
    curs_set(row >= 0);
    cursor_row = row;
    cursor_column = column;
}

void cnc_flush(void) {
    if (screen == NULL) return;
    // Through ncurses' own buffer, so that the marks stand around the frame and not beside it.
    int is_marked = has_sync && is_wintouched(stdscr);
    if (is_marked) putp("\033[?2026h");
    if (cursor_row >= 0) move(cursor_row, cursor_column);
    refresh();
    if (is_marked) {
        putp("\033[?2026l");
        fflush(terminal_out);
    }
}

void cnc_ask_sync(void) {
    if (screen == NULL) return;
    define_key("\033[?2026;1$y", sync_known);
    define_key("\033[?2026;2$y", sync_known);
    define_key("\033[?2026;0$y", sync_unknown);
    define_key("\033[?2026;4$y", sync_unknown);
    putp("\033[?2026$p");
    fflush(terminal_out);
}

void cnc_use_sync(void) { has_sync = 1; }

void cnc_use_mouse(void) {
    if (screen == NULL) return;
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    // A press is told at once instead of waiting whether it becomes a click.
    mouseinterval(0);
}

void cnc_click(int *row, int *column) {
    *row = click_row;
    *column = click_column;
}

void cnc_copy(const char *base64) {
    if (screen == NULL) return;
    putp("\033]52;c;");
    putp(base64);
    putp("\a");
    fflush(terminal_out);
}

void cnc_bell(void) {
    if (screen != NULL) beep();
}

// ---- Keys ----

static int mouse_key(void) {
    MEVENT event;
    if (getmouse(&event) != OK) return CNC_KEY_OTHER;
    click_row = event.y;
    click_column = event.x;
    if (event.bstate & BUTTON4_PRESSED) return CNC_KEY_WHEEL_UP;
    if (event.bstate & BUTTON5_PRESSED) return CNC_KEY_WHEEL_DOWN;
    return event.bstate & BUTTON1_PRESSED ? CNC_KEY_CLICK : CNC_KEY_OTHER;
}

static int plain_key(int key) {
    switch (key) {
        case KEY_UP: return CNC_KEY_UP;
        case KEY_DOWN: return CNC_KEY_DOWN;
        case KEY_LEFT: return CNC_KEY_LEFT;
        case KEY_RIGHT: return CNC_KEY_RIGHT;
        case KEY_HOME: return CNC_KEY_HOME;
        case KEY_END: return CNC_KEY_END;
        case KEY_PPAGE: return CNC_KEY_PAGE_UP;
        case KEY_NPAGE: return CNC_KEY_PAGE_DOWN;
        case KEY_BTAB: return CNC_KEY_BACK_TAB;
        case KEY_ENTER: return CNC_KEY_ENTER;
        case KEY_BACKSPACE: return CNC_KEY_BACKSPACE;
        case paste_begins: return CNC_KEY_PASTE_BEGINS;
        case paste_ends: return CNC_KEY_PASTE_ENDS;
        case sync_known: return CNC_KEY_SYNC;
        case KEY_MOUSE: return mouse_key();
        default: break;
    }
    if (key >= KEY_F(1) && key <= KEY_F(12)) return CNC_KEY_FUNCTION_1 + key - KEY_F(1);
    return CNC_KEY_OTHER;
}

int cnc_key(int *code) {
    wint_t key;
    for (;;) {
        if (screen == NULL) return CNC_NOTHING;
        switch (get_wch(&key)) {
            case OK: *code = (int)key; return CNC_CHARACTER;
            case KEY_CODE_YES:
                // The new size comes through the signal pipe.
                if (key == KEY_RESIZE) continue;
                *code = plain_key((int)key);
                return CNC_SPECIAL;
            default: return CNC_NOTHING;
        }
    }
}

void cnc_drop_input(void) {
    if (screen != NULL) flushinp();
}
