#pragma once
#include "compiler/lower/program.h"
#include "dsl/network.h"
#include "training/fit.h"

#include <CLI/CLI.hpp>

namespace quantide {

// What several commands need.

/** Adds the argument NET. */
void add_network_argument(CLI::App &app, std::string &name);
/** Adds --threads. */
void add_threads_option(CLI::App &app, int &threads);

/** Adds --machine: the rates by which arithmetics are chosen, of a file that `bench machine` wrote. */
void add_machine_option(CLI::App &app);

/** What an option's text must be: a whole number in that range; a number above 0. */
CLI::Validator whole_number(uint64_t least, uint64_t most);
CLI::Validator positive_number();

/** Which parameters a command takes. */
struct ParameterChoice {
    std::string checkpoint;  ///< the file; empty: those that training starts from
    bool last = false;       ///< those of the last epoch rather than those of the best one
};

/** Adds --checkpoint, with this help, and --last; returns the former. */
CLI::Option *add_parameter_options(CLI::App &app, ParameterChoice &choice, const std::string &help);

/** The recipe of a network. Throws CompileError if it has none. */
Recipe recipe_of(const Network &network);

/** The data of a recipe, from `folder` if it is not empty. */
DataSplits load_data(const Recipe &recipe, const std::string &folder);

/** The parameters that were chosen. Says on stderr which copy that is where a checkpoint has two. */
Arrays parameters_of(const Graph &network, const ParameterChoice &choice);

/** What a library of a network computes. */
Program deployed_program(const Graph &network, const Arrays &parameters);

/** What a training step of a network computes. */
Graph training_graph(const Graph &network, const Recipe &recipe,
                     const std::function<bool(const std::string &pass, const Graph &)> &observe = nullptr);

/** Checks that a file can be made at `path`, before work that takes long. Throws CompileError. */
void check_can_write(const std::string &path);

/** A new folder for temporary files; it goes away with the object. */
class ScratchFolder {
public:
    ScratchFolder();
    ScratchFolder(const ScratchFolder &) = delete;
    ScratchFolder &operator=(const ScratchFolder &) = delete;
    ~ScratchFolder();
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }
    const std::string &path() const { return path_; }

private:
    std::string path_;
};

/** Text as one word of a shell command. */
std::string shell_quote(const std::string &text);

/** Runs a shell command, what it prints going to the file `log`. Throws CompileError that says `what` failed
 * and the first line of what it printed. */
void run_shell(const std::string &what, const std::string &command, const std::string &log);

}  // namespace quantide
