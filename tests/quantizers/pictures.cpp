#include "tests/quantizers/pictures.h"

#include "compiler/quantizers/quantizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace quantide {

namespace {

constexpr double kRange = 2;  // of x and of y, on either side of 0
constexpr double kSide = 300, kLeft = 50, kTop = 56, kGap = 60, kBottom = 40, kRight = 20;
constexpr int kPoints = 1200, kDraws = 512;
constexpr const char *kColors[] = {"#1f6fb4", "#d1495b", "#2a9d4a"};

struct Point {
    double x, y;
};
using Curve = std::vector<Point>;

/** The curve of f; points between two of one height are left out. */
Curve curve_of(const std::function<double(float)> &f) {
    Curve curve;
    for (int i = 0; i <= kPoints; ++i) {
        const double x = kRange * (2.0 * i / kPoints - 1);
        const Point point{x, f(static_cast<float>(x))};
        const size_t size = curve.size();
        if (size > 1 && curve[size - 1].y == point.y && curve[size - 2].y == point.y) {
            curve.back() = point;
        } else {
            curve.push_back(point);
        }
    }
    return curve;
}

double number_of(const Quantizer &quantizer, uint32_t code) { return number_of(quantizer.encoding(), code); }

/** Mean and standard deviation of what is drawn for x. */
struct Drawn {
    double mean, deviation;
};
Drawn drawn_at(const Quantizer &quantizer, float x) {
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
        const float u = (static_cast<float>(i) + 0.5F) / kDraws;
        const double number = number_of(quantizer, quantizer.def->drawn_code(x, u, quantizer.bits));
        sum += number / kDraws;
        squares += number * number / kDraws;
    }
    return {sum, std::sqrt(std::max(0.0, squares - sum * sum))};
}

/** Up to three widths of a row: the least, one in between, the most that a picture shows. */
std::vector<Quantizer> shown_widths(const QuantizerDef &row) {
    const int most = std::min(row.most_bits, row.least_bits + 2);
    std::vector<Quantizer> result;
    for (int bits = row.least_bits; bits <= most; ++bits) {
        result.push_back({&row, bits});
    }
    return result;
}

class Picture {
public:
    explicit Picture(const QuantizerDef &row) : row_(row) {}

    std::string draw() {
        const double width = kLeft + 2 * kSide + kGap + kRight, height = kTop + kSide + kBottom;
        svg_ = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
            "font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
            "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
            width, height);
        row_.drawn_code == nullptr ? steps() : draws();
        axes(kLeft + kSide + kGap, "surrogate gradient");
        line(kLeft + kSide + kGap,
             curve_of([&](float x) { return double{row_.surrogate(x, row_.least_bits)}; }), kColors[0]);
        return svg_ + "</svg>\n";
    }

private:
    void steps() {
        axes(kLeft, "number");
        const std::vector<Quantizer> widths = shown_widths(row_);
        for (size_t i = widths.size(); i-- > 0;) {
            line(kLeft, curve_of([&](float x) { return number_of(widths[i], widths[i].code(x)); }),
                 kColors[i]);
        }
        for (size_t i = 0; i < widths.size() && widths.size() > 1; ++i) {
            legend(i, fmt::format("{} bit{}", widths[i].bits, widths[i].bits == 1 ? "" : "s"), kColors[i]);
        }
    }

    void draws() {
        axes(kLeft, "number");
        const Quantizer quantizer{&row_, row_.least_bits};
        Curve mean, band;
        for (int i = 0; i <= kPoints; i += 5) {
            const double x = kRange * (2.0 * i / kPoints - 1);
            const Drawn drawn = drawn_at(quantizer, static_cast<float>(x));
            mean.push_back({x, drawn.mean});
            band.insert(band.begin(), {x, drawn.mean - drawn.deviation});
            band.push_back({x, drawn.mean + drawn.deviation});
        }
        svg_ += fmt::format("<polygon points=\"{}\" fill=\"{}\" opacity=\"0.2\"/>\n", points(kLeft, band),
                            kColors[0]);
        line(kLeft, curve_of([&](float x) { return number_of(quantizer, quantizer.code(x)); }), kColors[1],
             "stroke-dasharray=\"5 3\"");
        line(kLeft, mean, kColors[0]);
        legend(0, "mean and deviation of draws", kColors[0]);
        legend(1, "not drawn", kColors[1]);
    }

    static double at_x(double left, double x) { return left + (x + kRange) / (2 * kRange) * kSide; }
    static double at_y(double y) { return kTop + (kRange - y) / (2 * kRange) * kSide; }

    static std::string points(double left, const Curve &curve) {
        std::string result;
        for (const Point &point : curve) {
            result += fmt::format("{}{:.1f},{:.1f}", result.empty() ? "" : " ", at_x(left, point.x),
                                  at_y(std::clamp(point.y, -kRange, kRange)));
        }
        return result;
    }

    void line(double left, const Curve &curve, const char *color, const char *more = "") {
        svg_ += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" {}/>\n",
                            points(left, curve), color, more);
    }

    void text(double x, double y, const char *anchor, const std::string &content, const char *more = "") {
        svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor,
                            more, content);
    }

    void axes(double left, const char *title) {
        text(left, kTop - 32, "start", title, "font-weight=\"bold\"");
        for (int tick = -2; tick <= 2; ++tick) {
            const double x = at_x(left, tick), y = at_y(tick);
            svg_ += fmt::format(
                "<path d=\"M{:.1f},{:.1f}V{:.1f}M{:.1f},{:.1f}H{:.1f}\" stroke=\"{}\" fill=\"none\"/>\n", x,
                kTop, kTop + kSide, left, y, left + kSide, tick == 0 ? "#999" : "#e3e3e3");
            text(x, kTop + kSide + 18, "middle", std::to_string(tick));
            text(left - 8, y + 4, "end", std::to_string(tick));
        }
    }

    /** Above the axes of the numbers. */
    void legend(size_t index, const std::string &name, const char *color) {
        const double x = kLeft + (row_.drawn_code == nullptr ? 75.0 : 222.0) * static_cast<double>(index);
        svg_ += fmt::format("<path d=\"M{:.1f},{:.1f}h14\" stroke=\"{}\" stroke-width=\"3\"/>\n", x,
                            kTop - 14, color);
        text(x + 18, kTop - 10, "start", name);
    }

    const QuantizerDef &row_;
    std::string svg_;
};

}  // namespace

std::map<std::string, std::string> quantizer_pages() {
    std::map<std::string, std::string> pages;
    std::string &page = pages["quantizers.md"];
    page =
        "# Quantizers\n\n"
        "Made from the table `compiler/quantizers/quantizers.inc` by `tools/plot_quantizers`. On the left "
        "the number that x\n"
        "becomes; on the right what backward takes for its derivative. Where a quantizer comes in several "
        "widths the three\n"
        "least are shown; where it draws, the mean and the standard deviation, and the number that is taken "
        "where nothing\n"
        "is drawn.\n";
    for (const QuantizerDef *row : all_quantizers()) {
        const bool one = row->least_bits == row->most_bits;
        const std::string bits = one ? fmt::format("{}", row->least_bits)
                                     : fmt::format("{} to {}", row->least_bits, row->most_bits);
        page += fmt::format("\n## {}{}\n\n{} bit{}: {}.\n\n![{}](quantizers/{}.svg)\n", row->name,
                            one ? "" : "(bits)", bits, bits == "1" ? "" : "s", row->summary, row->name,
                            row->name);
        pages[fmt::format("quantizers/{}.svg", row->name)] = Picture(*row).draw();
    }
    return pages;
}

}  // namespace quantide
