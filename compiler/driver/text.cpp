#include "compiler/driver/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace quantide {

namespace {

bool is_number(const std::string &cell) {
    const size_t digit = cell.starts_with('-') ? 1 : 0;
    return cell.empty() || cell == "-" || std::isdigit(static_cast<unsigned char>(cell[digit])) != 0;
}

/** Three digits and a unit: the largest of which there is at least one. */
std::string with_unit(double value, double step, const std::vector<const char *> &units) {
    if (value < 0) {
        return "-" + with_unit(-value, step, units);
    }
    size_t unit = 0;
    while (value >= step && unit + 1 < units.size()) {
        value /= step;
        ++unit;
    }
    const int digits = value < 10 ? 2 : value < 100 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, digits, units[unit]);
}

}  // namespace

std::string format_table(const Table &table) {
    std::vector<size_t> widths;
    std::vector<bool> numeric;
    for (size_t row = 0; row < table.size(); ++row) {
        widths.resize(std::max(widths.size(), table[row].size()), 0);
        numeric.resize(widths.size(), true);
        for (size_t column = 0; column < table[row].size(); ++column) {
            widths[column] = std::max(widths[column], table[row][column].size());
            numeric[column] = numeric[column] && (row == 0 || is_number(table[row][column]));
        }
    }
    std::string text;
    for (const auto &row : table) {
        std::string line;
        for (size_t column = 0; column < row.size(); ++column) {
            line += column == 0 ? "" : "  ";
            line += numeric[column] ? fmt::format("{:>{}}", row[column], widths[column])
                                    : fmt::format("{:<{}}", row[column], widths[column]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string format_seconds(double seconds) { return with_unit(seconds * 1e9, 1000, {"ns", "us", "ms", "s"}); }

std::string format_duration(double seconds) {
    const auto whole = static_cast<long>(seconds + 0.5);
    if (whole < 60) {
        return fmt::format("{} s", whole);
    }
    if (whole < 3600) {
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    }
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string format_bytes(double bytes) {
    return bytes < 1000 ? fmt::format("{:.0f} B", bytes) : with_unit(bytes, 1000, {"B", "kB", "MB", "GB"});
}

std::string format_percent(double fraction) { return fmt::format("{:.2f} %", 100 * fraction); }

}  // namespace quantide
