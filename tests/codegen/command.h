#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace quantide {

/** What a shell command returned and printed (stdout and stderr). */
struct CommandResult {
    int status = -1;
    std::string output;
};

inline CommandResult run_command(const std::string &command) {
    CommandResult result;
    FILE *pipe = popen(("{ " + command + "\n} 2>&1").c_str(), "r");
    char part[4096];
    for (size_t n = 0; (n = std::fread(part, 1, sizeof part, pipe)) > 0;) {
        result.output.append(part, n);
    }
    const int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

/** Runs a command that must succeed; returns what it printed. */
inline std::string expect_runs(const std::string &command) {
    const CommandResult result = run_command(command);
    EXPECT_EQ(result.status, 0) << command << "\n" << result.output;
    return result.output;
}

inline bool have_command(const std::string &name) { return run_command("command -v " + name).status == 0; }

}  // namespace quantide
