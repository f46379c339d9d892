// Everything proxytop asks of ncurses and of the terminal, in plain integers. The C file owns all state
// of ncurses, because Swift 6 cannot see stdscr, LINES, COLS and ESCDELAY; one thread may call this.
#ifndef CNCURSES_H
#define CNCURSES_H

#include <stdint.h>

// Attributes of a style, to be combined.
enum {
    CNC_BOLD = 1,
    CNC_DIM = 2,
    CNC_UNDERLINE = 4,
    CNC_REVERSE = 8,
};

// Keys that are no character.
enum {
    CNC_KEY_UP = 1,
    CNC_KEY_DOWN,
    CNC_KEY_LEFT,
    CNC_KEY_RIGHT,
    CNC_KEY_HOME,
    CNC_KEY_END,
    CNC_KEY_PAGE_UP,
    CNC_KEY_PAGE_DOWN,
    CNC_KEY_ENTER,
    CNC_KEY_BACKSPACE,
    CNC_KEY_PASTE_BEGINS,
    CNC_KEY_PASTE_ENDS,
    CNC_KEY_BACK_TAB,
    CNC_KEY_CLICK,
    CNC_KEY_WHEEL_UP,
    CNC_KEY_WHEEL_DOWN,
    CNC_KEY_SYNC,  // the terminal answers that it knows synchronised output
    CNC_KEY_FUNCTION_1,  // F1 to F12 follow each other
    CNC_KEY_OTHER = 100,
};

// What cnc_key found.
enum { CNC_NOTHING = 0, CNC_CHARACTER = 1, CNC_SPECIAL = 2 };

// setlocale(3) from the environment; 1 when the character set is UTF-8.
int cnc_set_locale(void);
// For a person who knows better than the locale; 1 when that can be had.
int cnc_force_utf8(void);
// Cells of a sign whose width Unicode leaves open, by the locale's own table.
int cnc_ambiguous_cells(void);

// Takes the terminal at descriptors 0 and 1 over. 0, or -1 when no terminal description could be used.
// *used gets the TERM that worked.
int cnc_start(const char **used);
// Gives the terminal back as it was. Harmless when not started.
void cnc_stop(void);
// Gives it back, stops the process like Ctrl-Z does, and takes it over again on SIGCONT.
void cnc_suspend(void);

int cnc_colors(void);
// Foreground: a colour number, or -1 for the terminal's own; the background is always the terminal's.
void cnc_define_style(uint8_t style, int foreground, int attributes);

void cnc_size(int *height, int *width);
// Asks the terminal for its size and tells ncurses.
void cnc_resize(void);
// The next cnc_flush paints everything anew.
void cnc_repaint(void);
// A row of cells from the left edge; scalar 0 is the right half of a wide character.
void cnc_put_row(int row, const uint32_t *scalars, const uint8_t *styles, int count);
// Where the cursor is left by the next flush, visible; a negative row hides it.
void cnc_cursor(int row, int column);
// Hands over what has changed, as one frame where the terminal can (mode 2026).
void cnc_flush(void);
// Asks the terminal whether it can; the answer comes as CNC_KEY_SYNC.
void cnc_ask_sync(void);
void cnc_use_sync(void);
// Clicks and the wheel come as keys.
void cnc_use_mouse(void);
// Where the last click was.
void cnc_click(int *row, int *column);
// A text, in base64, for the clipboard of the terminal (OSC 52).
void cnc_copy(const char *base64);
void cnc_bell(void);

// The next key, without waiting.
int cnc_key(int *code);
void cnc_drop_input(void);

// A descriptor that gets a byte, the signal's number, for WINCH, TSTP, CONT, TERM, INT, QUIT and HUP.
int cnc_signal_pipe(void);

#endif
