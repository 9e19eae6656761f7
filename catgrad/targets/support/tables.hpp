// What the compiler tells about a program: the tables in NAME.cpp; and what its kernels see.
#pragma once

#include "kernels.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <span>

namespace catgrad {

enum Type : int { f32, i32, i1 };  // i1 is stored in one byte, 0 or 1
enum Region : int { persistent, scratch, constant };

constexpr size_t size_of(Type type) { return type == i1 ? 1 : 4; }
constexpr size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

struct Place {
    Region region;
    size_t offset;
};

struct Tensor {
    const char *name;  // of an input or a stored tensor; the role of an output, or ""
    Type type;
    std::span<const int64_t> shape;
    Place place;
    int64_t low, high;  // inputs: low <= value < high if low < high
    bool batch;         // axis 0 runs over samples

    int64_t elements() const {
        int64_t count = 1;
        for (const int64_t n : shape) {
            count *= n;
        }
        return count;
    }
    size_t bytes() const { return static_cast<size_t>(elements()) * size_of(type); }
};

// What went wrong, as text; `set` returns the status code of a failure.
struct Error {
    char text[1024] = "";

    __attribute__((format(printf, 2, 3))) int set(const char *format, ...) {
        va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        return 1;
    }
};

// The memory of one instance, as a kernel sees it: its arrays have numbers.
struct Memory {
    char *regions[3];
    Error *error;
    const Place *places;

    template <typename T>
    T *at(size_t number) const {
        return reinterpret_cast<T *>(regions[places[number].region] + places[number].offset);
    }
    void *at(Place place) const { return regions[place.region] + place.offset; }
    Memory with(const Place *where) const {
        return {{regions[0], regions[1], regions[2]}, error, where};
    }
};

using Kernel = void (*)(const Memory &, Share);

struct Node {
    Kernel kernel;
    Type type;
    int64_t elements;  // of its first result
    Place place;       // of its first result
    const Place *places;  // of all its arrays
};

struct Constant {
    const void *data;
    size_t bytes, offset;
};

class Graph;

struct Function {
    const char *name;
    std::span<const Tensor> inputs, outputs;
    std::span<const Node> nodes;
    bool rows;  // row i of every output depends on row i of the inputs only
    void (*build)(Graph &) = nullptr;  // adds ops of ggml; without it the nodes are all there is
    size_t tensors = 0;                // at most so many tensors does `build` make
};

struct Description {
    const char *name, *hash, *json;
    size_t sizes[3];  // bytes of the regions
    std::span<const Tensor> stored;
    std::span<const char *const> keys;  // of the stored tensors in a checkpoint
    std::span<const Constant> constants;
    std::span<const Function> functions;
    int64_t work;  // arithmetic operations of the largest function
};

// ---- checks that kernels make; only the first thread runs them, before anything is updated

inline void check_finite(const Memory &memory, Share share, const float *loss, int64_t n) {
    for (int64_t i = 0; share.thread == 0 && i < n; ++i) {
        if (!std::isfinite(loss[i])) {
            const char *sign = loss[i] > 0 ? "" : "-";
            memory.error->set("loss is %s%s", std::isnan(loss[i]) ? "" : sign,
                              std::isnan(loss[i]) ? "nan" : "inf");
            return;
        }
    }
}

inline void check_indices(const Memory &memory, Share share, const int32_t *x, int64_t n,
                          int64_t high) {
    for (int64_t i = 0; share.thread == 0 && i < n; ++i) {
        if (x[i] < 0 || x[i] >= high) {
            memory.error->set("got index %d at position %lld, expected 0 <= index < %lld", x[i],
                              static_cast<long long>(i), static_cast<long long>(high));
            return;
        }
    }
}

}  // namespace catgrad
