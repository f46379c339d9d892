// Everything “proxyd ctl” asks of libedit, in plain strings: el_set() and history() take arguments of any
// number and type, which Swift cannot call. One editor per process; one thread may call this.
#ifndef CEDIT_H
#define CEDIT_H

// What a completion came to.
enum {
    CEDIT_NOTHING = 0,   // nothing fits: a beep
    CEDIT_INSERT = 1,    // text was put into `insertion`, which the editor frees
    CEDIT_LISTED = 2,    // something was printed below the line, which is to be drawn again
};

// `line` is what stands before the cursor.
typedef int (*cedit_completer)(void *client, const char *line, char **insertion);

// How reading a line ended.
enum {
    CEDIT_LINE = 0,
    CEDIT_END = 1,       // Ctrl-D, or the terminal has gone
    CEDIT_DROPPED = 2,   // Ctrl-C
};

// Nonzero when there is no editor to be had.
int cedit_open(const char *name, cedit_completer completer, void *client, int history_size);
void cedit_close(void);

void cedit_add_history(const char *line);

// The line without its end, to be freed; null unless the answer is CEDIT_LINE.
int cedit_read_line(const char *prompt, char **line);

#endif
