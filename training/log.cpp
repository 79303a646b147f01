#include "training/log.h"

#include "compiler/base/error.h"
#include "compiler/base/file.h"

#include <charconv>
#include <filesystem>
#include <string_view>

namespace quantide {

namespace {

constexpr std::string_view kHeader = "epoch,steps,loss,validation_error,learning_rate,seconds\n";

/** A line of the log up to its seconds. */
std::string line_start(const EpochRecord &epoch) {
    return fmt::format("{},{},{},{},{},", epoch.epoch, epoch.steps, epoch.loss, epoch.validation_error,
                       epoch.learning_rate);
}

}  // namespace

std::string format_log(std::span<const EpochRecord> epochs) {
    std::string text(kHeader);
    for (const EpochRecord &epoch : epochs) {
        text += line_start(epoch);
        text += std::isnan(epoch.seconds) ? "\n" : fmt::format("{:.3f}\n", epoch.seconds);
    }
    return text;
}

std::map<int64_t, double> read_log_seconds(const std::string &path, std::span<const EpochRecord> epochs) {
    std::map<int64_t, double> result;
    if (!std::filesystem::is_regular_file(path)) {
        return result;
    }
    const std::string text = read_file(path);
    user_check(text.empty() || text.starts_with(kHeader),
               "{}: expected a training log to replace, found another file", path);
    for (const EpochRecord &epoch : epochs) {
        const std::string start = "\n" + line_start(epoch);
        const size_t at = text.find(start);
        if (at == std::string::npos) {
            continue;
        }
        const char *first = text.data() + at + start.size(), *last = text.data() + text.size();
        double seconds = 0;
        const auto [end, error] = std::from_chars(first, last, seconds);
        if (error == std::errc() && end != last && *end == '\n' && seconds >= 0 && std::isfinite(seconds)) {
            result[epoch.epoch] = seconds;
        }
    }
    return result;
}

}  // namespace quantide
