/* The first process of the emulated machine: runs each line of /commands, says how it ended and powers off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { kMaxWords = 32 };

static void run(char *line)
{
    char *words[kMaxWords + 1] = {NULL};
    int count = 0, status = 0;
    char *word;
    pid_t child;
    printf("== %s\n", line);
    for (word = strtok(line, " "); word != NULL && count < kMaxWords; word = strtok(NULL, " ")) {
        words[count++] = word;
    }
    child = fork();
    if (child == 0) {
        execv(words[0], words);
        perror(words[0]);
        _exit(127);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        printf("ended by signal %d\n", WTERMSIG(status));
    } else {
        printf("exit status %d\n", WEXITSTATUS(status));
    }
}

int main(void)
{
    static char line[4096];
    FILE *commands = fopen("/commands", "r");
    const char *off;
    setvbuf(stdout, NULL, _IONBF, 0);
    mount("proc", "/proc", "proc", 0, NULL);
    setenv("HOME", "/", 1);
    while (commands != NULL && fgets(line, sizeof line, commands) != NULL) {
        line[strcspn(line, "\n")] = 0;
        run(line);
    }
    printf("== end\n");
    tcdrain(1);
    /* Bochs ends when it reads this. */
    if (iopl(3) == 0) {
        for (off = "Shutdown"; *off != 0; off++) {
            outb((unsigned char)*off, 0x8900);
        }
    }
    for (;;) {
        pause();
    }
}
