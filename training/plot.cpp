#include "training/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace quantide {

namespace {

constexpr double kWidth = 480, kHeight = 300;  // of a panel's axes
constexpr double kLeft = 70, kTop = 70, kGap = 90, kRight = 30, kBottom = 60;
constexpr const char *kLine = "#1f6fb4", *kBest = "#d1495b", *kGrid = "#e3e3e3", *kInk = "#222";

std::string escape(const std::string &text) {
    std::string result;
    for (char c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

/** One pair of axes and what is drawn between them. */
struct Panel {
    std::string title, legend;
    double factor = 1;  ///< of what is shown: 100 for percent
    double EpochRecord::*value = nullptr;
    double line = std::nan("");  ///< a horizontal line
    std::string line_legend = {};
};

class Picture {
public:
    Picture(std::span<const EpochRecord> epochs, const PlotOptions &options)
        : epochs_(epochs), options_(options) {}

    std::string draw() {
        const double width = kLeft + kWidth + kGap + kWidth + kRight, height = kTop + kHeight + kBottom;
        svg_ = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
            "font-family=\"sans-serif\" font-size=\"13\" fill=\"{2}\">\n"
            "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
            width, height, kInk);
        text(width / 2, 26, "middle", options_.title, "font-size=\"17\"");
        panel({.title = "loss", .legend = "training", .value = &EpochRecord::loss}, kLeft);
        panel({.title = "error, %",
               .legend = "validation",
               .factor = 100,
               .value = &EpochRecord::validation_error,
               .line = options_.test_error,
               .line_legend = "test, best epoch"},
              kLeft + kWidth + kGap);
        return svg_ + "</svg>\n";
    }

private:
    void text(double x, double y, const char *anchor, const std::string &content, const char *more = "") {
        svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor,
                            more, escape(content));
    }
    void line(double x0, double y0, double x1, double y1, const char *color, const char *more = "") {
        svg_ +=
            fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" {}/>\n",
                        x0, y0, x1, y1, color, more);
    }
    void dot(double x, double y, const char *color, double radius) {
        svg_ +=
            fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"/>\n", x, y, radius, color);
    }

    void panel(const Panel &panel, double left) {
        // Losses that overflowed have no place.
        std::vector<std::pair<double, double>> points;
        double low = 0, high = 0;
        for (const EpochRecord &epoch : epochs_) {
            const double y = panel.factor * epoch.*panel.value;
            if (std::isfinite(y)) {
                points.emplace_back(static_cast<double>(epoch.epoch), y);
                high = std::max(high, y);
            }
        }
        const double mark = panel.factor * panel.line;
        high = std::max(std::isnan(mark) ? high : std::max(high, mark), 1e-9);
        const std::vector<double> rows = axis_ticks(low, high, 6);
        high = std::max(high, rows.back());
        const double first = epochs_.empty() ? 1 : static_cast<double>(epochs_.front().epoch),
                     last = epochs_.empty() ? 1 : static_cast<double>(epochs_.back().epoch);
        const auto x_of = [&](double epoch) {
            return left + (last > first ? (epoch - first) / (last - first) : 0.5) * kWidth;
        };
        const auto y_of = [&](double value) {
            return kTop + kHeight - (value - low) / (high - low) * kHeight;
        };

        for (double tick : rows) {
            line(left, y_of(tick), left + kWidth, y_of(tick), kGrid);
            text(left - 8, y_of(tick) + 4, "end", fmt::format("{:.6g}", tick));
        }
        for (double tick : axis_ticks(first, last, 8)) {
            if (tick >= first && tick <= last && tick == std::floor(tick)) {
                line(x_of(tick), kTop + kHeight, x_of(tick), kTop + kHeight + 5, kInk);
                text(x_of(tick), kTop + kHeight + 20, "middle", fmt::format("{}", tick));
            }
        }
        line(left, kTop, left, kTop + kHeight, kInk);
        line(left, kTop + kHeight, left + kWidth, kTop + kHeight, kInk);
        text(left + kWidth / 2, kTop + kHeight + 42, "middle", "epoch");
        text(left, kTop - 12, "start", panel.title, "font-weight=\"bold\"");

        if (!std::isnan(mark)) {
            line(left, y_of(mark), left + kWidth, y_of(mark), kBest, "stroke-dasharray=\"6 4\"");
        }
        std::string path;
        for (const auto &[x, y] : points) {
            path += fmt::format("{:.1f},{:.1f} ", x_of(x), y_of(y));
        }
        svg_ += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n",
                            path, kLine);
        for (const auto &[x, y] : points) {
            const bool best = static_cast<int64_t>(x) == options_.best_epoch;
            if (best || points.size() <= 60) {
                dot(x_of(x), y_of(y), best ? kBest : kLine, best ? 5 : 3);
            }
        }
        legend(panel, left);
    }

    /** Above the axes, from the right. */
    void legend(const Panel &panel, double left) {
        const double y = kTop - 16;
        double x = left + kWidth;
        const auto entry = [&](const std::string &name, const std::function<void(double)> &sample) {
            constexpr double kLetter = 7.2;
            x -= kLetter * static_cast<double>(name.size());
            text(x, y + 4, "start", name);
            x -= 8;
            sample(x);
            x -= 40;
        };
        if (!std::isnan(panel.line)) {
            entry(panel.line_legend,
                  [&](double end) { line(end - 24, y, end, y, kBest, "stroke-dasharray=\"6 4\""); });
        }
        if (options_.best_epoch > 0) {
            entry("best epoch", [&](double end) { dot(end - 5, y, kBest, 5); });
        }
        entry(panel.legend, [&](double end) { line(end - 24, y, end, y, kLine, "stroke-width=\"2\""); });
    }

    std::span<const EpochRecord> epochs_;
    const PlotOptions &options_;
    std::string svg_;
};

}  // namespace

std::vector<double> axis_ticks(double low, double high, int count) {
    if (high <= low) {
        return {low};
    }
    const double rough = (high - low) / count;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough * (1 - 1e-9)) {
            step = factor * power;
            break;
        }
    }
    std::vector<double> ticks;
    const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
    for (double i = first; i <= last; ++i) {
        ticks.push_back(i * step);
    }
    return ticks;
}

std::string plot_training(std::span<const EpochRecord> epochs, const PlotOptions &options) {
    return Picture(epochs, options).draw();
}

}  // namespace quantide
