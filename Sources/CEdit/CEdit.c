#include "CEdit.h"

#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EditLine *editor;
static History *past;
static cedit_completer complete;
static void *complete_client;
static char *prompt;
static int is_dropped;

static char *current_prompt(EditLine *ignored) {
    (void)ignored;
    return prompt != NULL ? prompt : "";
}

// Ctrl-C: the line ends and is thrown away.
static unsigned char drop_line(EditLine *line_editor, int key) {
    (void)line_editor;
    (void)key;
    is_dropped = 1;
    return CC_NEWLINE;
}

static unsigned char complete_word(EditLine *line_editor, int key) {
    (void)key;
    const LineInfo *info = el_line(line_editor);
    char *line = strndup(info->buffer, (size_t)(info->cursor - info->buffer));
    if (line == NULL) return CC_ERROR;
    char *insertion = NULL;
    int outcome = complete(complete_client, line, &insertion);
    free(line);
    unsigned char answer = CC_ERROR;
    if (outcome == CEDIT_LISTED) {
        answer = CC_REDISPLAY;
    } else if (outcome == CEDIT_INSERT && insertion != NULL &&
               el_insertstr(line_editor, insertion) == 0) {
        answer = CC_REFRESH;
    }
    free(insertion);
    return answer;
}

int cedit_open(const char *name, cedit_completer completer, void *client, int history_size) {
    if (editor != NULL) return -1;
    editor = el_init(name, stdin, stdout, stderr);
    past = history_init();
    if (editor == NULL || past == NULL) {
        cedit_close();
        return -1;
    }
    complete = completer;
    complete_client = client;
    HistEvent event;
    history(past, &event, H_SETSIZE, history_size);
    history(past, &event, H_SETUNIQUE, 1);
    el_set(editor, EL_HIST, history, past);
    el_set(editor, EL_PROMPT, current_prompt);
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_ADDFN, "proxyd-complete", "complete the word", complete_word);
    el_set(editor, EL_ADDFN, "proxyd-drop", "drop the line", drop_line);
    // What users have bound themselves goes before ours, editrc(5); these three do not.
    el_source(editor, NULL);
    el_set(editor, EL_BIND, "^I", "proxyd-complete", NULL);
    el_set(editor, EL_BIND, "^C", "proxyd-drop", NULL);
    el_set(editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    // While a line is edited Ctrl-C is a key and no signal.
    el_set(editor, EL_SETTY, "-d", "-isig", NULL);
    return 0;
}

void cedit_close(void) {
    if (editor != NULL) el_end(editor);
    if (past != NULL) history_end(past);
    free(prompt);
    editor = NULL;
    past = NULL;
    prompt = NULL;
}

void cedit_add_history(const char *line) {
    HistEvent event;
    if (past != NULL) history(past, &event, H_ENTER, line);
}

int cedit_read_line(const char *new_prompt, char **line) {
    *line = NULL;
    if (editor == NULL) return CEDIT_END;
    free(prompt);
    prompt = strdup(new_prompt);
    is_dropped = 0;
    int count = 0;
    const char *text = el_gets(editor, &count);
    if (is_dropped) return CEDIT_DROPPED;
    if (text == NULL || count <= 0) return CEDIT_END;
    // What comes without its end was cut off by the end of input.
    size_t length = (size_t)count;
    if (text[length - 1] == '\n') length -= 1;
    *line = strndup(text, length);
    return *line == NULL ? CEDIT_END : CEDIT_LINE;
}
