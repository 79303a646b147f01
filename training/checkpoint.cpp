#include "training/checkpoint.h"

#include "compiler/ops/norm.h"
#include "training/safetensors.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace quantide {

namespace {

constexpr const char *kBest = "best.";
constexpr const char *kOptimizer = "optimizer.";
constexpr const char *kPreprocessing = "preprocessing.";

void add_prefixed(Arrays &to, const std::string &prefix, const Arrays &from) {
    for (const auto &[name, array] : from) {
        to[prefix + name] = array;
    }
}

/** Takes the arrays whose names begin with `prefix`, without it. */
Arrays take_prefixed(Arrays &from, const std::string &prefix) {
    Arrays result;
    for (auto &[name, array] : from) {
        if (name.starts_with(prefix)) {
            result[name.substr(prefix.size())] = std::move(array);
        }
    }
    return result;
}

/** Whether a parameter averages how far a normalization's batches spread. */
bool is_spread(const std::string &parameter) {
    return std::ranges::any_of(
        all_norms(), [&](const Norm &norm) { return parameter.ends_with(std::string(".") + norm.running); });
}

void check_parameters(const std::string &path, const Graph &network, const std::string &prefix,
                      const Arrays &found) {
    for (const Node &node : network.nodes) {
        if (node.op != "parameter") {
            continue;
        }
        const Value &value = network.value(node.outputs[0]);
        auto at = found.find(value.name);
        user_check(at != found.end(), "{}: expected a tensor '{}{}' of network '{}', found none", path,
                   prefix, value.name, network.name);
        user_check(at->second.type == value.type && at->second.shape == value.shape,
                   "{}: expected tensor '{}{}' of network '{}' to be {}{}, found {}{}", path, prefix,
                   value.name, network.name, to_string(value.type), to_string(value.shape),
                   to_string(at->second.type), to_string(at->second.shape));
        const auto numbers = at->second.floats();
        user_check(!is_spread(value.name) ||
                       std::all_of(numbers.begin(), numbers.end(), [](float x) { return x >= 0; }),
                   "{}: expected the numbers in '{}{}' to be at least 0, found a negative one", path, prefix,
                   value.name);
    }
}

/** PyTorch counts batches beside each batch norm's statistics; nothing here needs it. */
bool is_ignored(const std::string &name) { return name.ends_with(".num_batches_tracked"); }

template<typename T>
T number(const std::string &path, const SafeTensors &file, const std::string &key) {
    auto found = file.metadata.find(key);
    user_check(found != file.metadata.end(),
               "{}: expected '{}' in its metadata, as training writes it, found none", path, key);
    T result{};
    const std::string &text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    user_check(error == std::errc() && end == text.data() + text.size() && result >= 0 &&
                   result <= std::numeric_limits<T>::max(),
               "{}: expected a number >= 0 as '{}' in its metadata, found {:?}", path, key, text);
    return result;
}

/** The numbers of a list in the metadata, one an epoch finished or fewer; none if it is not there. */
std::vector<double> numbers(const std::string &path, const SafeTensors &file, const std::string &key,
                            int64_t epochs) {
    const auto found = file.metadata.find(key);
    std::vector<double> result;
    if (found == file.metadata.end()) {
        return result;
    }
    const char *at = found->second.data(), *last = at + found->second.size();
    while (at != last) {
        const auto [end, error] = std::from_chars(at, last, result.emplace_back());
        user_check(error == std::errc() && (end == last || (*end == ' ' && end + 1 != last)),
                   "{}: expected numbers as '{}' in its metadata, found {:?} at {}", path, key,
                   found->second.substr(static_cast<size_t>(at - found->second.data()), 20),
                   at - found->second.data());
        at = end == last ? end : end + 1;
    }
    user_check(static_cast<int64_t>(result.size()) <= epochs,
               "{}: expected at most {} numbers as '{}' in its metadata, one an epoch, found {}", path,
               epochs, key, result.size());
    return result;
}

/** The network's parameters whose names in the file begin with `prefix`. */
Arrays read_parameters(const std::string &path, const Graph &network, const std::string &prefix) {
    std::set<std::string> names;
    for (const Node &node : network.nodes) {
        if (node.op == "parameter") {
            names.insert(prefix + node.name);
        }
    }
    SafeTensors file =
        read_safetensors(path, {.wanted = [&](const std::string &name) { return names.count(name) != 0; }});
    Arrays result = take_prefixed(file.tensors, prefix);
    check_parameters(path, network, prefix, result);
    return result;
}

/** "best epoch 17 of 20", or "last epoch 20"; the numbers only where the file has them. */
std::string describe_epoch(const SafeTensors &file, bool best) {
    const auto text = [&](const char *key, const char *before) {
        const auto found = file.metadata.find(key);
        return found == file.metadata.end() ? "" : before + found->second;
    };
    return best ? "best epoch" + text("best_epoch", " ") + text("epoch", " of ")
                : "last epoch" + text("epoch", " ");
}

void check_moments(const std::string &path, const Arrays &moments) {
    for (const auto &[name, array] : moments) {
        user_check(
            !name.ends_with(".v") || array.type != Float(32) ||
                std::all_of(array.floats().begin(), array.floats().end(), [](float v) { return v >= 0; }),
            "{}: expected the second moments in '{}{}' to be at least 0, found a negative one", path,
            kOptimizer, name);
    }
}

void check_network(const std::string &path, const SafeTensors &file, const Graph &network) {
    auto found = file.metadata.find("network");
    user_check(found == file.metadata.end() || found->second == network.name,
               "{}: expected a checkpoint of network '{}', found one of {:?}", path, network.name,
               found == file.metadata.end() ? "" : found->second);
}

}  // namespace

void save_checkpoint(const std::string &path, const Checkpoint &checkpoint) {
    SafeTensors file;
    file.tensors = checkpoint.parameters;
    add_prefixed(file.tensors, kBest, checkpoint.best);
    add_prefixed(file.tensors, kOptimizer, checkpoint.moments);
    add_prefixed(file.tensors, kPreprocessing, checkpoint.preprocessing);
    file.metadata = {{"format", "quantide"},
                     {"network", checkpoint.network},
                     {"recipe", checkpoint.recipe},
                     {"seed", fmt::format("{}", checkpoint.seed)},
                     {"steps", fmt::format("{}", checkpoint.steps)},
                     {"epoch", fmt::format("{}", checkpoint.epoch)},
                     {"position", fmt::format("{}", checkpoint.position)},
                     {"loss_sum", fmt::format("{}", checkpoint.loss_sum)},
                     {"best_error", fmt::format("{}", checkpoint.best_error)},
                     {"best_epoch", fmt::format("{}", checkpoint.best_epoch)},
                     {"losses", fmt::format("{}", fmt::join(checkpoint.losses, " "))},
                     {"validation_errors", fmt::format("{}", fmt::join(checkpoint.validation_errors, " "))}};
    write_safetensors(path, file);
}

Checkpoint load_checkpoint(const std::string &path, const Graph &network) {
    SafeTensors file = read_safetensors(path);
    check_network(path, file, network);
    Checkpoint result;
    result.network = network.name;
    result.best = take_prefixed(file.tensors, kBest);
    result.moments = take_prefixed(file.tensors, kOptimizer);
    result.preprocessing = take_prefixed(file.tensors, kPreprocessing);
    for (auto &[name, array] : file.tensors) {
        if (!name.starts_with(kBest) && !name.starts_with(kOptimizer) && !name.starts_with(kPreprocessing) &&
            !is_ignored(name)) {
            result.parameters[name] = std::move(array);
        }
    }
    check_parameters(path, network, "", result.parameters);
    if (!result.best.empty()) {
        check_parameters(path, network, kBest, result.best);
    }
    check_moments(path, result.moments);
    result.seed = number<uint64_t>(path, file, "seed");
    result.steps = number<int64_t>(path, file, "steps");
    result.epoch = number<int64_t>(path, file, "epoch");
    result.position = number<int64_t>(path, file, "position");
    result.loss_sum = number<double>(path, file, "loss_sum");
    result.best_error = number<double>(path, file, "best_error");
    result.best_epoch = number<int64_t>(path, file, "best_epoch");
    user_check(
        result.best.empty() == (result.epoch == 0),
        "{}: expected tensors 'best.NAME' once an epoch is finished and not before, found {} after {} epochs",
        path, result.best.size(), result.epoch);
    user_check(result.best.empty() ? result.best_epoch == 0
                                   : result.best_epoch >= 1 && result.best_epoch <= result.epoch,
               "{}: expected a best epoch within the {} that are finished, found {}", path, result.epoch,
               result.best_epoch);
    user_check(result.best_error <= 1, "{}: expected a best error from 0 to 1, found {}", path,
               result.best_error);
    result.losses = numbers(path, file, "losses", result.epoch);
    result.validation_errors = numbers(path, file, "validation_errors", result.epoch);
    user_check(result.losses.size() == result.validation_errors.size(),
               "{}: expected as many validation errors as losses in its metadata, found {} and {}", path,
               result.validation_errors.size(), result.losses.size());
    auto recipe = file.metadata.find("recipe");
    result.recipe = recipe == file.metadata.end() ? "" : recipe->second;
    return result;
}

Arrays load_parameters(const std::string &path, const Graph &network, bool best, std::string *which) {
    std::set<std::string> names, present;
    SafeTensorsOptions none;
    none.wanted = [&](const std::string &name) {
        present.insert(name);
        return false;
    };
    const SafeTensors header = read_safetensors(path, none);
    check_network(path, header, network);
    for (const Node &node : network.nodes) {
        if (node.op == "parameter") {
            names.insert({node.name, kBest + node.name});
        }
    }
    for (const std::string &name : present) {
        user_check(names.count(name) != 0 || name.starts_with(kOptimizer) ||
                       name.starts_with(kPreprocessing) || is_ignored(name),
                   "{}: expected only tensors of network '{}', found {:?}", path, network.name, name);
    }
    const bool has_best =
        std::any_of(present.begin(), present.end(), [](const auto &name) { return name.starts_with(kBest); });
    const bool take_best = has_best && best;
    if (has_best) {
        // The copy that is not taken may be the one that somebody edited.
        read_parameters(path, network, take_best ? "" : kBest);
    }
    if (which != nullptr) {
        *which = has_best ? describe_epoch(header, best) : "";
    }
    return read_parameters(path, network, take_best ? kBest : "");
}

Arrays load_preprocessing(const std::string &path) {
    SafeTensors file = read_safetensors(
        path, {.wanted = [](const std::string &name) { return name.starts_with(kPreprocessing); }});
    return take_prefixed(file.tensors, kPreprocessing);
}

}  // namespace quantide
