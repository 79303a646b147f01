#include "compiler/ir/graph.h"
#include "compiler/ops/op.h"

#include <algorithm>
#include <charconv>

namespace quantide {

namespace {

/** Reads the text of print() from left to right. */
class Parser {
public:
    explicit Parser(const std::string &text) : text_(text) {}

    Graph graph() {
        expect("graph");
        result_.name = word("a graph's name");
        expect("{");
        while (!accept("}")) {
            if (accept("return ")) {
                result_.outputs.push_back(reference());
            } else if (accept("update ")) {
                const ValueId state = reference();
                expect("=");
                result_.updates.push_back({state, reference()});
            } else {
                node();
            }
        }
        skip();
        check(at_ == text_.size(), "the end of the text");
        return std::move(result_);
    }

private:
    void node() {
        Node node;
        std::vector<Value> outputs;
        do {
            outputs.push_back(value());
            check_new(outputs);
        } while (accept(","));
        expect("=");
        skip();
        const size_t start = at_;
        node.op = word("an op");
        if (!is_op(node.op)) {
            at_ = start;
            fail("an op of the table");
        }
        node.inputs = list<std::vector<ValueId>>("(", ")", [&] { return reference(); });
        node.name = string();
        while (peek_word()) {
            const std::string key = word("a key");
            expect("=");
            node.attributes[key] = attribute();
        }
        if (accept("#")) {
            node.group = static_cast<int>(number<int64_t>());
        }
        for (Value &output : outputs) {
            output.node = static_cast<int>(result_.nodes.size());
            node.outputs.push_back(static_cast<ValueId>(result_.values.size()));
            result_.values.push_back(std::move(output));
        }
        result_.nodes.push_back(std::move(node));
    }

    /** Checks that the last of a node's outputs has a name of its own. */
    void check_new(const std::vector<Value> &outputs) const {
        const std::string &name = outputs.back().name;
        const auto count = std::count_if(outputs.begin(), outputs.end(),
                                         [&](const Value &output) { return output.name == name; });
        check(count == 1 && result_.find(name) < 0,
              fmt::format("a name other than '{}', which is taken", name));
    }

    Value value() {
        Value value;
        expect("%");
        value.name = word("a value's name");
        expect(":");
        value.type = type();
        value.shape = shape();
        if (accept("{")) {
            encoding(value.encoding);
            expect("}");
        }
        if (accept("@")) {
            value.layout = layout();
        }
        return value;
    }

    void encoding(Encoding &encoding) {
        if (accept("powers")) {
            encoding.powers = number<int>();
            expect("to 2^");
            encoding.greatest = number<int>();
            return;
        }
        while (!accept("+")) {
            encoding.scales.push_back(number<float>());
        }
        encoding.offset = number<float>();
    }

    ElementType type() {
        std::vector<ElementType> types;
        for (auto make : {Float, Int, UInt}) {
            for (int bits : {1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64}) {
                types.push_back(make(bits));
            }
        }
        return one_of(types, "an element type");
    }

    Layout layout() {
        return one_of(std::vector{Layout::Logical, Layout::ChannelsLast, Layout::PackedWords,
                                  Layout::OutputPanels, Layout::FlatPanels},
                      "a layout");
    }

    /** The candidate that prints as the next word. */
    template<typename T>
    T one_of(const std::vector<T> &candidates, const char *what) {
        const std::string name = word(what);
        for (const T &candidate : candidates) {
            if (to_string(candidate) == name) {
                return candidate;
            }
        }
        fail(what);
    }

    Shape shape() {
        return list<Shape>("[", "]", [&] { return accept("N") ? kBatch : number<int64_t>(); });
    }

    /** Elements between commas. */
    template<typename List, typename Element>
    List list(std::string_view open, std::string_view close, const Element &element) {
        List result;
        expect(open);
        while (!accept(close)) {
            check(result.empty() || accept(","), "','");
            result.push_back(element());
        }
        return result;
    }

    Attribute attribute() {
        skip();
        if (at_ < text_.size() && text_[at_] == '[') {
            return shape();
        }
        if (at_ < text_.size() && text_[at_] == '"') {
            return string();
        }
        const size_t end = text_.find_first_of(" \n", at_);
        const std::string text = text_.substr(at_, end - at_);
        if (text.find_first_not_of("-0123456789") == std::string::npos) {
            return number<int64_t>();
        }
        return number<double>();
    }

    ValueId reference() {
        expect("%");
        const std::string name = word("a value's name");
        const ValueId id = result_.find(name);
        check(id >= 0, "a value that was defined before");
        return id;
    }

    template<typename T>
    T number() {
        skip();
        T result = 0;
        auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), result);
        check(error == std::errc(), std::is_integral_v<T> ? "an integer" : "a number");
        at_ = static_cast<size_t>(end - text_.data());
        return result;
    }

    std::string string() {
        expect("\"");
        std::string result;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\') {
                ++at_;
                check(at_ < text_.size(), "a character after '\\'");
            }
            result += text_[at_];
        }
        expect("\"");
        return result;
    }

    static bool is_op(const std::string &name) {
        return std::any_of(all_ops().begin(), all_ops().end(),
                           [&](const OpDef *op) { return op->name == name; });
    }

    static bool word_character(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '-';
    }

    bool peek_word() {
        skip();
        return at_ < text_.size() && word_character(text_[at_]) && text_.compare(at_, 7, "return ") != 0 &&
               text_.compare(at_, 7, "update ") != 0;
    }

    std::string word(const char *what) {
        skip();
        const size_t start = at_;
        while (at_ < text_.size() && word_character(text_[at_])) {
            ++at_;
        }
        check(at_ > start, what);
        return text_.substr(start, at_ - start);
    }

    bool accept(std::string_view token) {
        skip();
        if (text_.compare(at_, token.size(), token) != 0) {
            return false;
        }
        at_ += token.size();
        return true;
    }

    void expect(std::string_view token) { check(accept(token), fmt::format("'{}'", token)); }

    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) {
            ++at_;
        }
    }

    void check(bool condition, std::string_view expected) const {
        if (!condition) {
            fail(expected);
        }
    }

    [[noreturn]] void fail(std::string_view expected) const {
        const auto line =
            1 + std::count(text_.begin(),
                           text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size())), '\n');
        const std::string found =
            at_ < text_.size() ? text_.substr(at_, text_.find('\n', at_) - at_).substr(0, 40) : "the end";
        throw CompileError(
            fmt::format("graph text, line {}: expected {}, found '{}'", line, expected, found));
    }

    const std::string &text_;
    size_t at_ = 0;
    Graph result_;
};

}  // namespace

Graph parse(const std::string &text) { return Parser(text).graph(); }

}  // namespace quantide
