#pragma once
#include <string>
#include <vector>

namespace quantide {

/** Rows of cells, the first of them the header. */
using Table = std::vector<std::vector<std::string>>;

/** A table as text with aligned columns; columns of numbers are flush right. */
std::string format_table(const Table &table);

/** "12.3 us", "4.56 ms", "1.20 s", "-3.00 ns". */
std::string format_seconds(double seconds);

/** "45 s", "3 min 20 s", "2 h 05 min": a time to wait. */
std::string format_duration(double seconds);

/** "512 B", "12.3 kB", "4.56 MB". */
std::string format_bytes(double bytes);

/** "1.94 %". */
std::string format_percent(double fraction);

}  // namespace quantide
