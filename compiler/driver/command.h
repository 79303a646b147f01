#pragma once
#include <CLI/CLI.hpp>

#include <functional>
#include <span>

namespace quantide {

/** One row of the table of commands. */
struct Command {
    const char *name;
    const char *summary;
    /** The end of its --help: what a line does, by example. */
    const char *examples;
    /** Adds its arguments to `app`; returns what to do once they are read. */
    std::function<void()> (*add)(CLI::App &app);
};

/** Every command, in the order of --help. */
std::span<const Command> all_commands();

#define COMMAND(name) std::function<void()> add_##name(CLI::App &app);
COMMAND(train)
COMMAND(eval)
COMMAND(compile)
COMMAND(inspect)
COMMAND(bench)
COMMAND(list)
#undef COMMAND

}  // namespace quantide
