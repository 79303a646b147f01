// Runs a fuzz target without libFuzzer: on its seeds, then on mutations of them until the time is up. An
// input depends on --seed and its number alone.
#include "compiler/base/file.h"
#include "compiler/base/philox.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>

// Sanitizers end the process without a signal, but tell first. Null without one.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace quantide {

namespace {

constexpr const char *kCrashFile = "fuzz-crash.bin";
constexpr unsigned kMaxInputSeconds = 20;

/** The random choices of one mutation. */
class Choices {
public:
    Choices(uint64_t seed, uint32_t number) : random_{seed, 0, number} {}
    uint32_t word() { return random_(next_++); }
    /** One of 0 to n - 1. */
    size_t below(size_t n) { return uint64_t{word()} * n >> 32; }
    template<typename T, size_t N>
    const T &one_of(const T (&list)[N]) {
        return list[below(N)];
    }

private:
    RandomStream random_;
    uint64_t next_ = 0;
};

/** Where numbers break: at and beside the ends of their types. */
const uint64_t kNumbers[] = {0,          1,          2,          0x7F,       0x80,
                             0xFF,       0x100,      0x7FFF,     0xFFFF,     0x7FFFFFFF,
                             1U << 31,   0xFFFFFFFF, 1ULL << 32, 1ULL << 62, ~0ULL >> 1,
                             1ULL << 63, ~0ULL - 8,  ~0ULL - 1,  ~0ULL};

const char *const kTexts[] = {
    "-1",
    "0",
    "00",
    "1e9",
    "0.5",
    "-",
    "nan",
    "inf",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "",
    " ",
    ",",
    "\n",
    "\r\n",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "[[[[",
    "{{{{",
    "%",
    "\xff",
};

void flip_bit(std::string &input, Choices &choices) {
    input[choices.below(input.size())] ^= static_cast<char>(1 << choices.below(8));
}

void set_byte(std::string &input, Choices &choices) {
    input[choices.below(input.size())] = static_cast<char>(choices.word());
}

void set_number(std::string &input, Choices &choices) {
    uint64_t number = choices.one_of(kNumbers);
    const size_t width = std::min(input.size(), size_t{1} << choices.below(4));
    if (choices.below(2) == 0) {
        number = __builtin_bswap64(number) >> (64 - 8 * width);
    }
    std::memcpy(&input[choices.below(input.size() - width + 1)], &number, width);
}

void truncate(std::string &input, Choices &choices) { input.resize(choices.below(input.size())); }

void erase(std::string &input, Choices &choices) {
    const size_t at = choices.below(input.size());
    input.erase(at, 1 + choices.below(std::min(input.size() - at, size_t{64})));
}

void repeat(std::string &input, Choices &choices) {
    const size_t at = choices.below(input.size());
    const std::string part = input.substr(at, 1 + choices.below(200));
    input.insert(choices.below(input.size()), part);
}

void insert_text(std::string &input, Choices &choices) {
    input.insert(choices.below(input.size()), choices.one_of(kTexts));
}

/** Puts a text in place of a number in decimal digits. */
void replace_digits(std::string &input, Choices &choices) {
    constexpr const char *kDigits = "0123456789";
    const size_t at = input.find_first_of(kDigits, choices.below(input.size()));
    if (at != std::string::npos) {
        const size_t end = std::min(input.find_first_not_of(kDigits, at), input.size());
        input.replace(at, end - at, choices.one_of(kTexts));
    }
}

/** Takes a word or a punctuation mark from elsewhere in the input. */
void copy_over(std::string &input, Choices &choices) {
    const size_t length = 1 + choices.below(std::min(input.size(), size_t{16}));
    const size_t from = choices.below(input.size() - length + 1);
    const size_t to = choices.below(input.size() - length + 1);
    input.replace(to, length, input.substr(from, length));
}

using Mutation = void (*)(std::string &, Choices &);
const Mutation kMutations[] = {flip_bit, set_byte,    set_number,     truncate, erase,
                               repeat,   insert_text, replace_digits, copy_over};

std::string make_input(const std::vector<std::string> &seeds, uint64_t seed, uint32_t number) {
    if (number < seeds.size()) {
        return seeds[number];
    }
    Choices choices(seed, number);
    std::string input = seeds[choices.below(seeds.size())];
    for (size_t i = 1 + choices.below(4); i > 0 && !input.empty(); --i) {
        choices.one_of(kMutations)(input, choices);
    }
    return input;
}

std::string current_input;

/** Keeps the input that broke the target. Only calls that a signal handler may make. */
void save_current_input() {
    const int file = ::open(kCrashFile, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    const bool saved = file >= 0 && ::write(file, current_input.data(), current_input.size()) >= 0;
    const std::string_view message = saved ? "the input that broke the target is in fuzz-crash.bin\n" : "";
    static_cast<void>(!::write(STDERR_FILENO, message.data(), message.size()));
}

void on_signal(int number) {
    save_current_input();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

void run(const std::string &input) {
    current_input = input;
    alarm(kMaxInputSeconds);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()), input.size());
    alarm(0);
}

/** Runs for that long and returns the number of inputs. */
uint32_t fuzz(double seconds, uint64_t seed) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    const std::vector<std::string> seeds = fuzz_seeds();
    uint32_t number = 0;
    while (number < seeds.size() || std::chrono::steady_clock::now() < end) {
        run(make_input(seeds, seed, number++));
    }
    return number;
}

}  // namespace

}  // namespace quantide

int main(int argc, char **argv) {
    using namespace quantide;
    CLI::App app(
        "Gives mutated inputs to a reader of outside files. Keeps an input that breaks it in "
        "fuzz-crash.bin.");
    double seconds = 5;
    uint64_t seed = 1;
    std::string input;
    std::string folder;
    app.add_option("--seconds,seconds", seconds, "how long")->capture_default_str();
    app.add_option("--seed,seed", seed, "which inputs")->capture_default_str();
    app.add_option("--input", input, "run on this file only");
    app.add_option("--write-seeds", folder, "write the valid inputs to this folder, and stop");
    CLI11_PARSE(app, argc, argv);

    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) {
        std::signal(number, on_signal);
    }
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(save_current_input);
    }
    if (!folder.empty()) {
        int number = 0;
        for (const std::string &bytes : fuzz_seeds()) {
            write_file(folder + "/seed" + std::to_string(number++), bytes);
        }
    } else if (!input.empty()) {
        run(read_file(input));
    } else {
        std::cerr << "seed " << seed << ", " << seconds << " s\n";
        std::cerr << fuzz(seconds, seed) << " inputs\n";
    }
    return 0;
}
