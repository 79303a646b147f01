#include "compiler/driver/progress.h"

#include "compiler/driver/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace quantide {

namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kLineEvery = std::chrono::minutes(1);
constexpr int kBarWidth = 30;

std::string bar(const FitProgress &p) {
    const double share = static_cast<double>(p.step) / static_cast<double>(p.steps);
    const int full = static_cast<int>(share * kBarWidth);
    return fmt::format("epoch {}/{} [{}{}] {:3.0f} %  loss {:.4f}  {} left", p.epoch, p.epochs,
                       std::string(full, '='), std::string(kBarWidth - full, ' '), 100 * share, p.loss,
                       format_duration(p.seconds_left));
}

std::string step_line(const FitProgress &p) {
    return fmt::format("epoch {}/{}  step {} of {}  loss {:.4f}  {} left", p.epoch, p.epochs, p.step, p.steps,
                       p.loss, format_duration(p.seconds_left));
}

std::string epoch_line(const FitProgress &p) {
    const int digits = static_cast<int>(std::to_string(p.epochs).size());
    return fmt::format(
        "epoch {:{}}/{}  loss {:.4f}  validation error {:>7}  best {:>7} (epoch {})  {}  {} left", p.epoch,
        digits, p.epochs, p.loss, format_percent(p.validation_error), format_percent(p.best_error),
        p.best_epoch, format_duration(p.seconds), format_duration(p.seconds_left));
}

}  // namespace

void show_compiling(const std::string &what, int kernels) {
    fmt::print(stderr, "compiling {}: {} kernels\n", what, kernels);
}

TrainingProgress::TrainingProgress()
    : terminal_(::isatty(STDERR_FILENO) != 0), drawn_(std::chrono::steady_clock::now()) {}

void TrainingProgress::show(const FitProgress &progress) {
    const auto now = std::chrono::steady_clock::now();
    if (progress.epoch_done) {
        clear_bar();
        drawn_ = now;
        fmt::print(stderr, "{}\n", epoch_line(progress));
        return;
    }
    if (terminal_ && now - drawn_ > kRedraw) {
        drawn_ = now;
        clear_bar();
        fmt::print(stderr, "{}", bar(progress));
        std::fflush(stderr);
    } else if (!terminal_ && now - drawn_ > kLineEvery) {
        drawn_ = now;
        fmt::print(stderr, "{}\n", step_line(progress));
    }
}

void TrainingProgress::clear_bar() const {
    if (terminal_) {
        fmt::print(stderr, "\r\033[K");
    }
}

}  // namespace quantide
