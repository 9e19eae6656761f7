// What a function computes: graphs of ggml ops, with kernels of the host between them.
//
// Every node is an op of ggml, or a custom op that is a kernel of the program, at the place where
// the compiler put its result.
#pragma once

#include "tables.hpp"

#include <array>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <vector>

#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace catgrad {

// ---- the state of the thread that runs a kernel: denormals are zero, and put back afterwards

class FlushToZero {
  public:
#if defined(__SSE__)
    FlushToZero() : mode_(_mm_getcsr()) { _mm_setcsr(mode_ | 0x8040); }
    ~FlushToZero() { _mm_setcsr(mode_); }

  private:
    unsigned mode_;
#elif defined(__aarch64__)
    FlushToZero() {
        asm volatile("mrs %0, fpcr" : "=r"(mode_));
        asm volatile("msr fpcr, %0" : : "r"(mode_ | (uint64_t{1} << 24)));
    }
    ~FlushToZero() { asm volatile("msr fpcr, %0" : : "r"(mode_)); }

  private:
    uint64_t mode_;
#else
    FlushToZero() {}
#endif
    FlushToZero(const FlushToZero &) = delete;
    FlushToZero &operator=(const FlushToZero &) = delete;
};

struct Free {
    void operator()(void *p) const { std::free(p); }
    void operator()(ggml_context *p) const { ggml_free(p); }
    void operator()(ggml_backend *p) const { ggml_backend_free(p); }
    void operator()(ggml_backend_buffer *p) const { ggml_backend_buffer_free(p); }
    void operator()(ggml_threadpool *p) const { ggml_threadpool_free(p); }
};

template <typename T>
using Owned = std::unique_ptr<T, Free>;

class Graph {
  public:
    Graph(ggml_backend *backend, ggml_backend_buffer *buffer, const Memory &memory)
        : backend_(backend), buffer_(buffer), memory_(memory) {}
    Graph(const Graph &) = delete;
    Graph &operator=(const Graph &) = delete;

    ~Graph() {
        for (const Part &part : parts_) {
            if (part.plan != nullptr) {
                ggml_backend_graph_plan_free(backend_, part.plan);
            }
        }
    }

    // False if there is not enough memory.
    bool build(const Function &function) {
        const size_t tensors = function.nodes.size() + function.tensors + 1;
        if (!open(tensors * ggml_tensor_overhead() + 1024, memory_of_tensors_, context_)) {
            return false;
        }
        records_.reserve(function.nodes.size());
        for (const Node &node : function.nodes) {
            custom(node);
        }
        if (function.build != nullptr) {
            function.build(*this);
        }
        finish();
        return plan();
    }

    // Runs everything in order; stops where a kernel has set the error.
    ggml_status compute() const {
        for (const Part &part : parts_) {
            if (part.kernel != nullptr) {
                const FlushToZero mode;
                part.kernel(memory_.with(part.places), {0, 1});
            }
            if (memory_.error->text[0] != '\0') {
                return GGML_STATUS_ABORTED;
            }
            if (part.plan != nullptr) {
                const ggml_status status = ggml_backend_graph_plan_compute(backend_, part.plan);
                if (status != GGML_STATUS_SUCCESS) {
                    return status;
                }
            }
        }
        return GGML_STATUS_SUCCESS;
    }

    // ---- for the functions of a program that add ops of ggml

    using Sizes = std::initializer_list<int64_t>;  // the fastest first; what is missing is 1

    ggml_context *context() const { return context_.get(); }

    // A tensor that only has a shape.
    ggml_tensor *shape(Sizes sizes) const { return tensor(GGML_TYPE_F32, sizes); }

    // A tensor that lies somewhere.
    ggml_tensor *leaf(ggml_type type, Sizes sizes, Place place) const {
        ggml_tensor *made = tensor(type, sizes);
        ggml_backend_tensor_alloc(buffer_, made, memory_.at(place));
        return made;
    }

    // The same elements seen another way.
    ggml_tensor *view(ggml_tensor *made) const {
        ggml_backend_view_init(made);
        return made;
    }

    ggml_tensor *reshape(ggml_tensor *of, Sizes sizes) const {
        const auto [a, b, c, d] = four(sizes);
        return view(ggml_reshape_4d(context_.get(), of, a, b, c, d));
    }

    // The next op, with a place for its result.
    ggml_tensor *put(ggml_tensor *made, Place place) {
        ggml_backend_tensor_alloc(buffer_, made, memory_.at(place));
        made->flags |= GGML_TENSOR_FLAG_COMPUTE;
        nodes_.push_back(made);
        return made;
    }

    ggml_tensor *im2col_back(ggml_tensor *windows, ggml_tensor *kernel, Sizes image, int s0, int s1,
                             int p0, int p1, int d0, int d1) const {
        std::array<int64_t, 4> sizes = four(image);
        return ggml_im2col_back(context_.get(), windows, kernel, sizes.data(), s0, s1, p0, p1, d0,
                                d1, true);
    }

    // A kernel that the host runs between the ops before and after.
    void host(Kernel kernel, const Place *places) {
        finish();
        parts_.push_back({kernel, places, {}, nullptr, nullptr});
    }

  private:
    struct Record {
        Kernel kernel;
        const Place *places;
        const Memory *memory;
    };

    struct Part {  // a kernel, or nodes
        Kernel kernel;
        const Place *places;
        std::vector<ggml_tensor *> nodes;
        ggml_cgraph *graph;
        ggml_backend_graph_plan_t plan;
    };

    static std::array<int64_t, 4> four(Sizes sizes) {
        std::array<int64_t, 4> all{1, 1, 1, 1};
        std::copy(sizes.begin(), sizes.end(), all.begin());
        return all;
    }

    ggml_tensor *tensor(ggml_type type, Sizes sizes) const {
        return ggml_new_tensor(context_.get(), type, 4, four(sizes).data());
    }

    static void run(ggml_tensor *, int thread, int threads, void *userdata) {
        const FlushToZero mode;
        const auto *record = static_cast<const Record *>(userdata);
        record->kernel(record->memory->with(record->places), {thread, threads});
    }

    void custom(const Node &node) {
        constexpr ggml_type types[] = {GGML_TYPE_F32, GGML_TYPE_I32, GGML_TYPE_I8};
        Record &record = records_.emplace_back(Record{node.kernel, node.places, &memory_});
        const int64_t elements = std::max<int64_t>(1, node.elements);  // ggml skips empty tensors
        put(ggml_custom_4d(context_.get(), types[node.type], elements, 1, 1, 1, nullptr, 0, run,
                           GGML_N_TASKS_MAX, &record),
            node.place);
    }

    void finish() {  // the nodes so far are one graph
        if (!nodes_.empty()) {
            parts_.push_back({nullptr, nullptr, std::move(nodes_), nullptr, nullptr});
        }
        nodes_.clear();
    }

    static bool open(size_t bytes, Owned<void> &memory, Owned<ggml_context> &context) {
        memory.reset(std::malloc(bytes));
        if (memory) {
            context.reset(ggml_init({bytes, memory.get(), true}));
        }
        return memory != nullptr;
    }

    bool plan() {
        size_t bytes = 1024;
        for (const Part &part : parts_) {
            bytes += ggml_graph_overhead_custom(part.nodes.size() + 1, false);
        }
        if (!open(bytes, memory_of_graphs_, graphs_)) {
            return false;
        }
        for (Part &part : parts_) {
            if (part.nodes.empty()) {
                continue;
            }
            part.graph = ggml_new_graph_custom(graphs_.get(), part.nodes.size() + 1, false);
            for (ggml_tensor *node : part.nodes) {
                ggml_graph_add_node(part.graph, node);
            }
            part.plan = ggml_backend_graph_plan_create(backend_, part.graph);
        }
        return true;
    }

    ggml_backend *backend_;
    ggml_backend_buffer *buffer_;
    const Memory &memory_;
    Owned<void> memory_of_tensors_, memory_of_graphs_;
    Owned<ggml_context> context_, graphs_;
    std::vector<Record> records_;  // reserved: the nodes point into it
    std::vector<ggml_tensor *> nodes_;
    std::vector<Part> parts_;
};

}  // namespace catgrad
