#include "compiler/driver/driver.h"

#include "compiler/base/error.h"
#include "compiler/base/version.h"
#include "compiler/driver/command.h"
#include "dsl/network.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace quantide {

namespace {

constexpr int kFailed = 1, kIncomplete = 2;

const Command kCommands[] = {
    {"train", "Train a network by its recipe; goes on where a killed run stopped",
     R"(Examples:
  quantide train digits                              digits.safetensors, from the data that ships
  quantide train mnist_mlp_512 --data DIR            DIR holds the four idx files of MNIST, .gz or not
  quantide train cifar_small --data DIR              DIR holds the six .bin files of CIFAR-10, .xz or not
  quantide train digits --epochs 5 --restart --json  anew, shorter, the result as JSON
  quantide train digits --log run.csv --plot run.svg

Beside the checkpoint NAME.safetensors, NAME.csv gets a line an epoch and NAME.svg, at the end, a picture of them.)",
     add_train},
    {"eval", "Measure the error of a trained network",
     R"(Examples:
  quantide eval digits --checkpoint digits.safetensors
  quantide eval digits --checkpoint digits.safetensors --backend library --level baseline
  quantide eval digits --checkpoint digits.safetensors --backend library --target arm-64-linux

A checkpoint of training has two copies of the parameters: NAME of the last epoch and best.NAME of the epoch with
the least validation error. The best ones are taken, unless --last says otherwise; a file without best.NAME, such
as one from PyTorch, gives NAME. Whoever edits a checkpoint edits the copy that is taken.

Backends, which agree bit for bit:
  reference  naive loops: what a network means, slowly
  jit        the kernels of the library, compiled into this process
  library    the static library, linked by a C compiler into a program of its own)",
     add_eval},
    {"compile", "Compile a trained network ahead of time: NAME.h and libNAME.a",
     R"(Examples:
  quantide compile digits --checkpoint digits.safetensors -o out
  cc main.c -Iout out/libdigits.a                    main.c includes "digits.h", which explains itself
  quantide compile digits --checkpoint digits.safetensors --target host,arm-64-linux -o out

With one target the two files go into DIR; with several, those of each into DIR/TARGET. The parameters are those of
the best epoch, the tensors best.NAME of a training checkpoint, unless --last says otherwise.)",
     add_compile},
    {"inspect", "Show what the compiler makes of a network",
     R"(Examples:
  quantide inspect digits                            layers, encodings, arithmetic, estimated time, memory
  quantide inspect digits --target arm-64-linux
  quantide inspect digits --after fold_thresholds    the graph after a pass; 'list passes' names them
  quantide inspect digits --training --after fuse    of the training step)",
     add_inspect},
    {"bench", "Measure a network, the kernels or the machine beside the machine's limit",
     R"(Examples:
  quantide bench digits                              the network and its layers at batch 1 and 100
  quantide bench digits --train                      the steps of a training step
  quantide bench kernels --filter w1a1 --json k.json
  quantide bench kernels --filter conv2d             dense, conv2d, or chain5: five convolutions, packed in between
  quantide bench machine                             the limits alone

Each figure is the median of rounds in which the network, the loop that measures the machine's limit and the same
network in float32 take turns. 'fraction' is the share of the limit; 'float32' says how often faster than that.)",
     add_bench},
    {"list", "List what this program knows",
     R"(Examples:
  quantide list
  quantide list targets)",
     add_list},
};

std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

/** Prints the line that says why; returns `status`. */
int report(const std::string &program, const char *kind, const std::string &message, int status) {
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}: {}\n", program, kind, one_line(message));
    return status;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const Command &command : all_commands()) {
        names.emplace_back(command.name);
    }
    return names;
}

void check_command(const std::string &name) {
    const std::vector<std::string> names = command_names();
    user_check(name.starts_with("-") || std::find(names.begin(), names.end(), name) != names.end(),
               "unknown command '{}': expected one of {}", name, fmt::join(names, ", "));
}

/** What holds for every option: no text is empty, flags take none, and of one given twice the last counts. */
void set_common_rules(CLI::App &app) {
    const CLI::Validator not_empty(
        [](const std::string &text) { return text.empty() ? "expected a text, found ''" : ""; }, "");
    const CLI::Validator no_text(
        [](const std::string &text) {
            return text == "true" ? "" : fmt::format("expected no text after it, found '{}'", text);
        },
        "");
    for (CLI::Option *option : app.get_options()) {
        const int texts = option->get_items_expected_max();
        option->check(texts == 0 ? no_text : not_empty);
        if (texts == 1) {
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        }
    }
}

[[noreturn]] void fail_to_print(const std::error_code &error) {
    throw CompileError(fmt::format("stdout: cannot write: {}", error.message()));
}

/** Says that there was too little memory, and what for if one of the arguments names a network. */
std::string out_of_memory(const CLI::App &command) {
    const std::vector<Network> networks = all_networks();
    for (const CLI::Option *option : command.get_options()) {
        const auto network = std::find_if(networks.begin(), networks.end(), [&](const Network &candidate) {
            return option->get_positional() && option->count() != 0 && option->results()[0] == candidate.name;
        });
        if (network == networks.end()) {
            continue;
        }
        const Graph graph = network->graph();
        const auto largest =
            std::max_element(graph.values.begin(), graph.values.end(), [&](const Value &a, const Value &b) {
                return element_count(a.shape, 1, a.name) < element_count(b.shape, 1, b.name);
            });
        return fmt::format("network '{}': expected memory for values such as '{}' {}{}, found too little",
                           network->name, largest->name, to_string(largest->type), to_string(largest->shape));
    }
    return "out of memory";
}

/** Reads the arguments and does what they say. */
int run(const std::string &program, int argc, char **argv) {
    CLI::App app("Quantide: low-precision networks, trained and compiled ahead of time through Halide.",
                 program);
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("quantide ") + kVersion);
    app.footer("'" + program + " COMMAND --help' explains a command by example.\n" +
               "Results go to stdout, progress and messages to stderr.\n"
               "Exit status: 0 fine; 1 failed, or something that was given is unknown or wrong; 2 the "
               "command line is incomplete.");
    std::vector<std::pair<CLI::App *, std::function<void()>>> actions;
    for (const Command &command : all_commands()) {
        CLI::App *sub = app.add_subcommand(command.name, command.summary);
        sub->footer(command.examples);
        actions.emplace_back(sub, command.add(*sub));
        set_common_rules(*sub);
    }
    if (argc > 1) {
        check_command(argv[1]);
    }
    const auto help = [&] {
        const auto chosen = app.get_subcommands();
        return fmt::format("see '{}{} --help'", program, chosen.empty() ? "" : " " + chosen[0]->get_name());
    };
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &e) {
        return app.exit(e);
    } catch (const CLI::ExtrasError &) {
        return report(program, "error",
                      fmt::format("unknown argument '{}'; {}", app.remaining(true).at(0), help()), kFailed);
    } catch (const CLI::RequiredError &e) {
        const std::string missing =
            app.get_subcommands().empty()
                ? fmt::format("expected a COMMAND, one of {}, found none", fmt::join(command_names(), ", "))
                : e.what();
        return report(program, "error", fmt::format("{}; {}", missing, help()), kIncomplete);
    } catch (const CLI::ArgumentMismatch &e) {
        const std::string option = std::string(e.what()).substr(0, std::string_view(e.what()).find(':'));
        return report(program, "error",
                      fmt::format("{}: expected a value after it, found none; {}", option, help()),
                      kIncomplete);
    } catch (const CLI::ParseError &e) {
        return report(program, "error", fmt::format("{}; {}", e.what(), help()), kFailed);
    }
    check_networks();
    const auto chosen = std::find_if(actions.begin(), actions.end(),
                                     [](const auto &candidate) { return candidate.first->parsed(); });
    try {
        if (chosen != actions.end()) {
            chosen->second();
        }
    } catch (const std::bad_alloc &) {
        throw CompileError(out_of_memory(*chosen->first));
    } catch (const std::system_error &e) {
        if (std::ferror(stdout) == 0) {
            throw;
        }
        fail_to_print(e.code());
    }
    if (std::fflush(stdout) != 0) {
        fail_to_print({errno, std::generic_category()});
    }
    return 0;
}

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

int run_driver(int argc, char **argv) {
    const std::string program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "quantide";
    try {
        return run(program, argc, argv);
    } catch (const CompileError &e) {
        return report(program, "error", e.what(), kFailed);
    } catch (const InternalError &e) {
        return report(program, "internal error, please report it", e.what(), kFailed);
    } catch (const std::exception &e) {
        return report(program, "error", e.what(), kFailed);
    }
}

}  // namespace quantide
