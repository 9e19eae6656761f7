// The runtime of a catgrad program: one buffer for all values, the graphs of its functions.
//
// After creation nothing is allocated but by ggml, which frees it before a call returns. No call
// aborts, throws or prints.
#pragma once

#include "graph.hpp"

#include <string_view>
#include <thread>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

#ifdef _OPENMP
#include <omp.h>
#endif

#ifdef CATGRAD_CBLAS  // OpenBLAS has these two; another CBLAS may not
extern "C" __attribute__((weak)) void openblas_set_num_threads(int);
extern "C" __attribute__((weak)) int openblas_get_parallel(void);
#endif

namespace catgrad {

// While a graph runs, a BLAS built with OpenMP uses the calling thread only.
class OneBlasThread {
  public:
#ifdef _OPENMP
    OneBlasThread() : threads_(omp_get_max_threads()) { omp_set_num_threads(1); }
    ~OneBlasThread() { omp_set_num_threads(threads_); }

  private:
    int threads_;
#else
    OneBlasThread() {}
#endif
    OneBlasThread(const OneBlasThread &) = delete;
    OneBlasThread &operator=(const OneBlasThread &) = delete;
};

// ---- memory in large pages, where the system has them: products and sweeps look up few addresses

constexpr size_t large_page = size_t{1} << 21;

// `bytes` bytes are used from the address returned on; `memory` is so many, and `slack` more.
constexpr size_t slack = large_page + 128;

inline char *place_in(void *memory, size_t bytes) {
    const size_t alignment = bytes < 2 * large_page ? 64 : large_page;
    const auto address = reinterpret_cast<uintptr_t>(memory);
    char *first = static_cast<char *>(memory) + (alignment - address % alignment) % alignment;
#ifdef MADV_HUGEPAGE
    if (alignment == large_page) {
        madvise(first, bytes, MADV_HUGEPAGE);  // only a wish
    }
#endif
    return first;
}

// ---- a program

class Program {
  public:
    explicit Program(const Description &description) : description_(description) {}
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;

    // Allocates everything. 0 threads: as many as the machine has and the work is worth.
    int create(int threads) {
        if (threads < 0 || threads > GGML_MAX_N_THREADS) {
            return error.set("got %d threads, expected 0 to %d", threads, GGML_MAX_N_THREADS);
        }
        threads_ = threads > 0 ? threads : worthwhile_threads();
        if (allocate() != 0 || build() != 0) {
            return 1;
        }
        for (const Constant &c : description_.constants) {
            std::memcpy(memory_.regions[constant] + c.offset, c.data, c.bytes);
        }
        return 0;
    }

    // Runs a function: checks its inputs, computes, copies its outputs. NULL: an output not wanted.
    int call(size_t which, const void *const *inputs, void *const *outputs) {
        const Function &function = description_.functions[which];
        error.text[0] = '\0';
        for (size_t i = 0; i < function.inputs.size(); ++i) {
            if (check_input(function, function.inputs[i], inputs[i]) != 0) {
                return 1;
            }
        }
        for (size_t i = 0; i < function.inputs.size(); ++i) {
            std::memcpy(memory_.at(function.inputs[i].place), inputs[i],
                        function.inputs[i].bytes());
        }
        if (compute(which) != 0) {
            return 1;
        }
        if (std::strcmp(function.name, "init") == 0 && function.inputs.size() == 1) {
            int32_t value = 0;
            std::memcpy(&value, inputs[0], sizeof value);
            seed = value;
            steps = 0;
        }
        for (size_t i = 0; i < function.outputs.size(); ++i) {
            if (outputs[i] != nullptr) {
                const Tensor &output = function.outputs[i];
                std::memcpy(outputs[i], memory_.at(output.place), output.bytes());
            }
        }
        return 0;
    }

    // Runs a function by its name.
    int call(const char *name, const void *const *inputs, void *const *outputs) {
        for (size_t i = 0; i < description_.functions.size(); ++i) {
            if (std::strcmp(description_.functions[i].name, name) == 0) {
                return call(i, inputs, outputs);
            }
        }
        return error.set("%s has no function %s", description_.name, name);
    }

    // The stored tensor called `name`; NULL, and an error, unless there is one of that size.
    void *find(const char *name, size_t bytes) {
        for (const Tensor &tensor : description_.stored) {
            if (std::strcmp(tensor.name, name) != 0) {
                continue;
            }
            if (tensor.bytes() == bytes) {
                return memory_.at(tensor.place);
            }
            error.set("%s: got %zu bytes, expected %zu", name, bytes, tensor.bytes());
            return nullptr;
        }
        error.set("there is no parameter or state %s", name);
        return nullptr;
    }

    int get(const char *name, void *buffer, size_t bytes) {
        const void *place = find(name, bytes);
        return place == nullptr ? 1 : (std::memcpy(buffer, place, bytes), 0);
    }

    int set(const char *name, const void *buffer, size_t bytes) {
        void *place = find(name, bytes);
        return place == nullptr ? 1 : (std::memcpy(place, buffer, bytes), 0);
    }

    const Description &description() const { return description_; }
    const Memory &memory() const { return memory_; }

    Error error;
    int64_t seed = 0, steps = 0;  // of the last init; how often step has run since

  private:
    int worthwhile_threads() const {
        const auto cores = static_cast<int64_t>(std::max(1u, std::thread::hardware_concurrency()));
        const int64_t worth = 1 + description_.work / 4'000'000;
        return static_cast<int>(std::min({cores, worth, int64_t{GGML_MAX_N_THREADS}}));
    }

    int allocate() {
        const size_t *sizes = description_.sizes;
        const size_t bytes = aligned(sizes[0]) + aligned(sizes[1]) + aligned(sizes[2]);
        backend_.reset(ggml_backend_cpu_init());
        buffer_.reset(ggml_backend_buft_alloc_buffer(ggml_backend_cpu_buffer_type(), bytes + slack));
        ggml_threadpool_params pool = ggml_threadpool_params_default(threads_);
        pool_.reset(ggml_threadpool_new(&pool));
        if (!backend_ || !buffer_ || !pool_) {
            return error.set("out of memory: the program needs %zu bytes", bytes);
        }
        ggml_backend_cpu_set_n_threads(backend_.get(), threads_);
        ggml_backend_cpu_set_threadpool(backend_.get(), pool_.get());
        ggml_backend_cpu_set_abort_callback(
            backend_.get(), [](void *e) { return static_cast<Error *>(e)->text[0] != '\0'; },
            &error);
        char *first = place_in(ggml_backend_buffer_get_base(buffer_.get()), bytes);
        std::memset(first, 0, sizes[0]);
        char *second = first + aligned(sizes[0]);
        memory_ = {{first, second, second + aligned(sizes[1])}, &error, nullptr};
#ifdef CATGRAD_CBLAS  // products are split over our threads: none of its own (1 is a pthread build)
        if (openblas_set_num_threads != nullptr && openblas_get_parallel != nullptr &&
            openblas_get_parallel() == 1) {
            openblas_set_num_threads(1);
        }
#endif
        return 0;
    }

    // What each function computes, in the compiler's order and at its places.
    int build() {
        for (const Function &function : description_.functions) {
            graphs_.push_back(std::make_unique<Graph>(backend_.get(), buffer_.get(), memory_));
            if (!graphs_.back()->build(function)) {
                return error.set("out of memory for the graph of %.900s", function.name);
            }
        }
        return 0;
    }

    int check_input(const Function &function, const Tensor &tensor, const void *data) {
        if (data == nullptr) {
            return error.set("%s: input %s: got NULL", function.name, tensor.name);
        }
        const int64_t low = tensor.type == i1 ? 0 : tensor.low,
                      high = tensor.type == i1 ? 2 : tensor.high;
        const int64_t elements = low < high ? tensor.elements() : 0;
        for (int64_t i = 0; i < elements; ++i) {
            const int64_t value = tensor.type == i1 ? static_cast<const uint8_t *>(data)[i]
                                                    : static_cast<const int32_t *>(data)[i];
            if (value < low || value >= high) {
                return error.set(
                    "%s: input %s: got %lld at index %s, expected %lld <= value < %lld",
                    function.name, tensor.name, static_cast<long long>(value),
                    index_text(tensor, i).text, static_cast<long long>(low),
                    static_cast<long long>(high));
            }
        }
        return 0;
    }

    static Error index_text(const Tensor &tensor, int64_t flat) {  // [row, column] of an element
        Error result;
        size_t used = 0;
        int64_t inner = tensor.elements();
        for (const int64_t n : tensor.shape) {
            inner /= n;
            const int64_t at = flat / inner % n;
            const size_t room = sizeof result.text - used;
            const int more = std::snprintf(result.text + used, room, used == 0 ? "[%lld" : ", %lld",
                                           static_cast<long long>(at));
            used = std::min(sizeof result.text - 2, used + static_cast<size_t>(more));
        }
        std::snprintf(result.text + used, sizeof result.text - used, used == 0 ? "[]" : "]");
        return result;
    }

    int compute(size_t which) {
        const std::string_view name = description_.functions[which].name;
        const OneBlasThread mode;
        const ggml_status status = graphs_[which]->compute();
        if (error.text[0] != '\0' || status != GGML_STATUS_SUCCESS) {
            const Error failure = error;
            const char *text =
                failure.text[0] != '\0' ? failure.text : ggml_status_to_string(status);
            if (name == "step") {
                return error.set("step %lld: %.900s", static_cast<long long>(steps + 1), text);
            }
            return error.set("%.100s: %.900s", name.data(), text);
        }
        steps += name == "step" ? 1 : 0;
        return 0;
    }

    const Description &description_;
    int threads_ = 1;
    Owned<ggml_backend> backend_;
    Owned<ggml_backend_buffer> buffer_;
    Owned<ggml_threadpool> pool_;
    std::vector<std::unique_ptr<Graph>> graphs_;
    Memory memory_{};
};

// Why the last `create` of this thread gave no program.
inline Error &creation_error() {
    thread_local Error error;
    return error;
}

// A new instance, or NULL.
template <typename Handle>
Handle *create(const Description &description, int threads) {
    try {
        auto program = std::make_unique<Handle>(description);
        if (program->create(threads) == 0) {
            return program.release();
        }
        creation_error() = program->error;
    } catch (const std::exception &exception) {
        creation_error().set("%s", exception.what());
    }
    return nullptr;
}

}  // namespace catgrad
