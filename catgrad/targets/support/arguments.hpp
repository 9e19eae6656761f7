// Words of a command line: a command, files, and options with their values.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace catgrad {

[[noreturn]] inline void fail(const std::string &text) { throw std::runtime_error(text); }

// How many edits lead from one word to the other.
inline size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < a.size(); ++i) {
        size_t diagonal = row[0]++;
        for (size_t j = 0; j < b.size(); ++j) {
            const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

inline std::string did_you_mean(const std::string &word, const std::vector<std::string> &known) {
    std::string best;
    size_t least = 1 + word.size() / 3;
    for (const std::string &name : known) {
        const size_t edits = distance(word, name);
        if (edits <= least) {
            best = name;
            least = edits;
        }
    }
    return best.empty() ? "" : "; did you mean " + best + "?";
}

struct Arguments {
    std::vector<std::string> files;
    std::map<std::string, std::vector<std::string>> options;

    std::optional<std::string> text(const std::string &name) const {
        const auto found = options.find(name);
        return found == options.end() ? std::nullopt : std::optional(found->second[0]);
    }

    std::optional<int64_t> number(const std::string &name, int64_t low, int64_t high) const {
        const auto given = text(name);
        if (!given) {
            return std::nullopt;
        }
        int64_t value = 0;
        const char *end = given->data() + given->size();
        const auto [stop, code] = std::from_chars(given->data(), end, value);
        if (code != std::errc() || stop != end || value < low || value > high) {
            fail(name + ": got " + *given + ", expected a whole number from " +
                 std::to_string(low) + " to " + std::to_string(high));
        }
        return value;
    }

    std::optional<float> rate(const std::string &name) const {
        const auto given = text(name);
        if (!given) {
            return std::nullopt;
        }
        double value = 0;
        const char *end = given->data() + given->size();
        const auto [stop, code] = std::from_chars(given->data(), end, value);
        const auto rounded = static_cast<float>(value);
        if (code != std::errc() || stop != end || !std::isfinite(rounded) || value < 0) {
            fail(name + ": got " + *given + ", expected a number of at least 0");
        }
        return rounded;
    }
};

struct Command {
    size_t files;
    std::map<std::string, size_t> options;  // and how many words follow
};

using Commands = std::map<std::string, Command>;

template <typename Map>
std::vector<std::string> names(const Map &map) {
    std::vector<std::string> result;
    for (const auto &entry : map) {
        result.push_back(entry.first);
    }
    return result;
}

// Takes an option and the words after it that belong to it; their number.
inline size_t take_option(const std::string &name, const Command &command,
                          std::span<const std::string> words, Arguments &given) {
    const size_t equals = words[0].find('=');
    const std::string word = words[0].substr(0, equals);
    const auto option = command.options.find(word);
    if (option == command.options.end()) {
        fail(name + " has no option " + word + did_you_mean(word, names(command.options)));
    }
    std::vector<std::string> &values = given.options[word];
    if (equals != word.npos && option->second == 1) {
        values = {words[0].substr(equals + 1)};
        return 0;
    }
    if (words.size() - 1 < option->second) {
        fail(word + " needs " + std::to_string(option->second) +
             (option->second > 1 ? " values" : " value"));
    }
    values.assign(words.begin() + 1,
                  words.begin() + 1 + static_cast<std::ptrdiff_t>(option->second));
    return option->second;
}

inline Arguments parse(const Commands &commands, const std::string &name,
                       const std::vector<std::string> &words) {
    const auto command = commands.find(name);
    if (command == commands.end()) {
        fail("there is no command " + name + did_you_mean(name, names(commands)));
    }
    Arguments given;
    for (size_t i = 0; i < words.size(); ++i) {
        if (words[i].size() < 2 || words[i][0] != '-') {
            given.files.push_back(words[i]);
        } else {
            i += take_option(name, command->second, std::span(words).subspan(i), given);
        }
    }
    if (given.files.size() != command->second.files) {
        fail(name + " takes " + std::to_string(command->second.files) + " files, got " +
             std::to_string(given.files.size()) + "; see --help");
    }
    for (const auto &[one, other] :
         {std::pair("--epochs", "--steps"), std::pair("--seed", "--resume")}) {
        if (given.options.contains(one) && given.options.contains(other)) {
            fail(name + " takes " + one + " or " + other + ", not both");
        }
    }
    return given;
}

}  // namespace catgrad
