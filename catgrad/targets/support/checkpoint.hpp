// Checkpoints of a catgrad program: GGUF files.
//
// Tensor i is called t<i> and flat; the string arrays catgrad.keys and catgrad.shapes hold its key
// (parameter:NAME or state:NAME) and shape. A file is read as a whole and compared with what this
// program would write before anything changes.
#pragma once

#include "runtime.hpp"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <gguf.h>
#include <sys/stat.h>
#include <unistd.h>

namespace catgrad {

// ---- files that appear complete or not at all

class NewFile {
  public:
    // Creates a temporary file beside `path`.
    NewFile(const char *path, Error &error) : path_(path), error_(error) {
        char resolved[PATH_MAX];
        if (::realpath(path, resolved) != nullptr) {  // keep a link, replace what it points to
            path_ = resolved;
        }
        struct stat status{};
        if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
            error_.set("%.900s: is not a regular file", path);
            return;
        }
        int descriptor = -1;
        for (int i = 0; descriptor < 0 && i < 100 && (i == 0 || errno == EEXIST); ++i) {
            temporary_ =
                path_ + "." + std::to_string(::getpid()) + "." + std::to_string(i) + ".tmp";
            descriptor = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        }
        if (descriptor < 0) {
            temporary_.clear();
            failed();
            return;
        }
        file_ = ::fdopen(descriptor, "wb");
    }
    NewFile(const NewFile &) = delete;
    NewFile &operator=(const NewFile &) = delete;

    ~NewFile() {
        if (file_ != nullptr) {
            std::fclose(file_);
        }
        if (!temporary_.empty()) {
            ::unlink(temporary_.c_str());
        }
    }

    explicit operator bool() const { return file_ != nullptr; }

    bool write(const void *data, size_t bytes) {
        return std::fwrite(data, 1, bytes, file_) == bytes || failed() == 0;
    }

    // Puts the file in its place; 0 if all of it is on the disk.
    int finish() {
        if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) {
            return failed();
        }
        if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
            return failed();
        }
        temporary_.clear();
        return 0;
    }

  private:
    int failed() {
        return error_.set("%.800s: cannot be written: %s", path_.c_str(), std::strerror(errno));
    }

    std::string path_, temporary_;
    Error &error_;
    FILE *file_ = nullptr;
};

// ---- the head of a checkpoint: everything before the numbers

inline std::string shape_text(const Tensor &tensor) {  // 64x10
    std::string text;
    for (const int64_t n : tensor.shape) {
        text += (text.empty() ? "" : "x") + std::to_string(n);
    }
    return text;
}

inline size_t padded(const Tensor &tensor) {
    return (tensor.bytes() + GGUF_DEFAULT_ALIGNMENT - 1) / GGUF_DEFAULT_ALIGNMENT *
           GGUF_DEFAULT_ALIGNMENT;
}

inline size_t data_size(const Description &program) {
    size_t size = 0;
    for (const Tensor &tensor : program.stored) {
        size += padded(tensor);
    }
    return size;
}

inline std::string checkpoint_head(const Description &program, int64_t seed, int64_t steps) {
    constexpr ggml_type types[] = {GGML_TYPE_F32, GGML_TYPE_I32, GGML_TYPE_I8};
    std::unique_ptr<gguf_context, void (*)(gguf_context *)> file(gguf_init_empty(), gguf_free);
    gguf_set_val_u32(file.get(), "meta:format", 1);
    gguf_set_val_str(file.get(), "meta:program", program.hash);
    gguf_set_val_i64(file.get(), "meta:seed", seed);
    gguf_set_val_i64(file.get(), "meta:step", steps);
    std::vector<const char *> keys(program.keys.begin(), program.keys.end()), shapes;
    std::vector<std::string> texts;
    for (const Tensor &tensor : program.stored) {
        texts.push_back(shape_text(tensor));
    }
    for (const std::string &text : texts) {
        shapes.push_back(text.c_str());
    }
    gguf_set_arr_str(file.get(), "catgrad.keys", keys.data(), keys.size());
    gguf_set_arr_str(file.get(), "catgrad.shapes", shapes.data(), shapes.size());
    std::vector<char> memory(ggml_tensor_overhead() * (program.stored.size() + 1));
    const Owned<ggml_context> context(ggml_init({memory.size(), memory.data(), true}));
    for (const Tensor &tensor : program.stored) {
        ggml_tensor *entry =
            ggml_new_tensor_1d(context.get(), types[tensor.type], tensor.elements());
        ggml_format_name(entry, "t%zu", static_cast<size_t>(&tensor - program.stored.data()));
        gguf_add_tensor(file.get(), entry);
    }
    std::string head(gguf_get_meta_size(file.get()), '\0');
    gguf_get_meta_data(file.get(), head.data());
    return head;
}

inline int write_checkpoint(const Program &program, const char *path, Error &error) {
    const Description &description = program.description();
    const std::string head = checkpoint_head(description, program.seed, program.steps);
    constexpr char zeros[GGUF_DEFAULT_ALIGNMENT] = {};
    NewFile file(path, error);
    if (!file || !file.write(head.data(), head.size())) {
        return 1;
    }
    for (const Tensor &tensor : description.stored) {
        const bool written = file.write(program.memory().at(tensor.place), tensor.bytes()) &&
                             file.write(zeros, padded(tensor) - tensor.bytes());
        if (!written) {
            return 1;
        }
    }
    return file.finish();
}

// ---- reading

inline int read_file(const char *path, size_t most, std::string &content, Error &error) {
    FILE *file = std::fopen(path, "rb");
    struct stat status{};
    if (file == nullptr || ::fstat(::fileno(file), &status) != 0 || S_ISDIR(status.st_mode)) {
        error.set("%.900s: %s", path, std::strerror(file == nullptr ? errno : EISDIR));
        return file == nullptr ? 1 : (std::fclose(file), 1);
    }
    content.resize(most + 1);
    content.resize(std::fread(content.data(), 1, content.size(), file));
    std::fclose(file);
    return 0;
}

// Where the value of `key` starts in a head, past the key and its type; npos if it is not there.
inline size_t find_value(std::string_view head, std::string_view key) {
    const size_t at = head.find(key);
    return at == head.npos || at + key.size() + 12 > head.size() ? head.npos : at + key.size() + 4;
}

inline int64_t value_at(std::string_view head, size_t at) {
    int64_t value = 0;
    std::memcpy(&value, head.data() + at, sizeof value);
    return value;
}

// Why a file whose head differs is not for this program.
inline int refuse(const Description &program, std::string_view head, const char *path,
                  Error &error) {
    const size_t format = find_value(head, "meta:format"), hash = find_value(head, "meta:program");
    if (head.substr(0, 4) != GGUF_MAGIC || format == head.npos || hash == head.npos) {
        return error.set("%.900s: is not a checkpoint of catgrad (GGUF), or is truncated", path);
    }
    const auto version = static_cast<int32_t>(value_at(head, format));
    if (version != 1) {
        return error.set("%.900s: has format %d, this program reads 1", path, version);
    }
    if (head.substr(hash + 8, std::strlen(program.hash)) != program.hash) {
        return error.set("%.800s: is a checkpoint of another program than %.100s", path,
                         program.name);
    }
    return error.set(
        "%.900s: is a truncated or damaged checkpoint: its head is not what %.100s writes", path,
        program.name);
}

inline int check_content(const Description &program, const char *data, const char *path,
                         Error &error) {
    for (const Tensor &tensor : program.stored) {
        for (size_t i = 0; tensor.type == i1 && i < tensor.bytes(); ++i) {
            if (data[i] != 0 && data[i] != 1) {
                return error.set("%.700s: %.200s: got %d at element %zu, expected 0 or 1", path,
                                 tensor.name, data[i], i);
            }
        }
        data += padded(tensor);
    }
    return 0;
}

inline int read_checkpoint(Program &program, const char *path, Error &error) {
    const Description &description = program.description();
    std::string expected = checkpoint_head(description, 0, 0), content;
    const size_t size = expected.size() + data_size(description);
    if (read_file(path, size, content, error) != 0) {
        return 1;
    }
    const std::string_view head = std::string_view(content).substr(0, expected.size());
    const size_t seed_at = find_value(expected, "meta:seed"),
                 steps_at = find_value(expected, "meta:step");
    for (const size_t at : {seed_at, steps_at}) {  // these two may differ
        const std::string_view given = head.substr(std::min(at, head.size()), 8);
        given.copy(expected.data() + at, given.size());
    }
    if (expected.starts_with(head) && head.size() < expected.size()) {
        return error.set("%.900s: is truncated", path);
    }
    if (head != expected) {
        return refuse(description, head, path, error);
    }
    if (value_at(expected, steps_at) < 0) {
        return error.set("%.900s: is a damaged checkpoint: its number of steps is negative", path);
    }
    if (content.size() != size) {
        const char *what = content.size() < size ? "is truncated: it lacks" : "has more than its";
        return error.set("%.900s: %s %zu bytes", path, what,
                         content.size() < size ? size - content.size() : size);
    }
    if (check_content(description, content.data() + expected.size(), path, error) != 0) {
        return 1;
    }
    const char *data = content.data() + expected.size();
    for (const Tensor &tensor : description.stored) {
        std::memcpy(program.memory().at(tensor.place), data, tensor.bytes());
        data += padded(tensor);
    }
    program.seed = value_at(expected, seed_at);
    program.steps = value_at(expected, steps_at);
    return 0;
}

// ---- the two calls; what the standard library throws, for want of memory, becomes an error

inline int save(Program &program, const char *path) {
    try {
        return write_checkpoint(program, path, program.error);
    } catch (const std::exception &exception) {
        return program.error.set("%.900s: cannot be written: %s", path, exception.what());
    }
}

inline int load(Program &program, const char *path) {
    try {
        return read_checkpoint(program, path, program.error);
    } catch (const std::exception &exception) {
        return program.error.set("%.900s: cannot be read: %s", path, exception.what());
    }
}

}  // namespace catgrad
