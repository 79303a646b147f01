#pragma once
#include "compiler/driver/support.h"
#include "dsl/network.h"
#include "tests/base/temporary_folder.h"
#include "training/checkpoint.h"
#include "training/initialize.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace quantide {

/** What the command line returned and printed. */
struct DriverResult {
    int status = -1;
    std::string out, err;
};

/** The shell command that runs the command line in a process of its own. */
inline std::string driver_command(const std::string &arguments) {
    return shell_quote(std::filesystem::read_symlink("/proc/self/exe").string()) + " --driver " + arguments;
}

/** Runs it in `folder`, behind the shell commands `before`. */
inline DriverResult run_driver_in(const std::string &folder, const std::string &arguments,
                                  const std::string &before = ":") {
    const TemporaryFolder printed;
    const std::string command =
        fmt::format("{{ cd {}; {}; {}; }} >{} 2>{} </dev/null", shell_quote(folder), before,
                    driver_command(arguments), shell_quote(printed / "out"), shell_quote(printed / "err"));
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content_of(printed / "out"),
            content_of(printed / "err")};
}

/** Runs what must succeed; returns what it printed to stdout. */
inline std::string expect_driver(const std::string &folder, const std::string &arguments) {
    const DriverResult result = run_driver_in(folder, arguments);
    EXPECT_EQ(result.status, 0) << arguments << "\n" << result.err;
    return result.out;
}

/** Writes a checkpoint of a network's initial parameters. */
inline void write_initial_checkpoint(const std::string &path, const std::string &network) {
    Checkpoint checkpoint;
    checkpoint.network = network;
    checkpoint.parameters = initial_parameters(find_network(network).graph(), 7);
    save_checkpoint(path, checkpoint);
}

}  // namespace quantide
