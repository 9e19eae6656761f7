// Sliding windows over the last axes of an image (outer, size...): (outer, count..., kernel...).
//
// Element k of window o lies at o * stride + k * dilation - low, or in the padding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "gather.hpp"

namespace catgrad {

template <size_t Rank>
struct Windows {
    int64_t outer;
    int64_t size[Rank], count[Rank], kernel[Rank], stride[Rank], dilation[Rank], low[Rank];
};

template <size_t First = 0, size_t Rank>
int64_t product(const int64_t (&sizes)[Rank]) {
    int64_t n = 1;
    for (size_t a = First; a < Rank; ++a) {
        n *= sizes[a];
    }
    return n;
}

// One window, whose first element is `start` (it may lie in the padding), from axis A inwards.
template <size_t A, size_t Rank, typename T>
T *take_window(const Windows<Rank> &w, const int64_t *start, const T *image, bool inside, T *out) {
    const int64_t inner = product<A + 1>(w.size);
    for (int64_t k = 0; k < w.kernel[A]; ++k) {
        const int64_t i = start[A] + k * w.dilation[A];
        const bool here = inside && i >= 0 && i < w.size[A];
        if constexpr (A + 1 == Rank) {
            *out++ = here ? image[i] : T{};
        } else {
            out = take_window<A + 1>(w, start, here ? image + i * inner : image, here, out);
        }
    }
    return out;
}

template <size_t Rank, typename T>
void patches(const Windows<Rank> &w, const T *x, T *out, Share share) {
    const int64_t pixels = product(w.size), places = product(w.kernel), windows = product(w.count);
    const auto [begin, end] = share.split(w.outer * windows);
    for (int64_t row = begin; row < end; ++row) {
        int64_t start[Rank], rest = row % windows;
        for (size_t a = Rank; a-- > 0; rest /= w.count[a]) {
            start[a] = rest % w.count[a] * w.stride[a] - w.low[a];
        }
        take_window<0>(w, start, x + row / windows * pixels, true, out + row * places);
    }
}

// Adds what the windows from number `window` on hold from `place` on, along axis A and inwards.
template <size_t A, size_t Rank, typename T>
void add_windows(const Windows<Rank> &w, const T *x, int64_t window, int64_t place, T *image) {
    if constexpr (A == Rank) {
        *image = Add::apply(*image, x[window * product(w.kernel) + place]);
    } else {
        const int64_t inner = product<A + 1>(w.size);
        for (int64_t o = 0; o < w.count[A]; ++o) {
            for (int64_t k = 0; k < w.kernel[A]; ++k) {
                const int64_t i = o * w.stride[A] + k * w.dilation[A] - w.low[A];
                if (i >= 0 && i < w.size[A]) {
                    add_windows<A + 1>(w, x, window * w.count[A] + o, place * w.kernel[A] + k,
                                       image + i * inner);
                }
            }
        }
    }
}

// A thread owns rows of the image along the first axis, and looks for the windows that meet them.
template <size_t Rank, typename T>
void unpatches(const Windows<Rank> &w, const T *x, T *out, Share share) {
    const int64_t rows = w.size[0], inner = product<1>(w.size);
    const auto [begin, end] = share.split(w.outer * rows);
    std::fill(out + begin * inner, out + end * inner, T{});
    for (int64_t row = begin; row < end; ++row) {
        for (int64_t k = 0; k < w.kernel[0]; ++k) {
            const int64_t reach = row % rows + w.low[0] - k * w.dilation[0];
            const int64_t o = reach / w.stride[0];
            if (reach >= 0 && reach % w.stride[0] == 0 && o < w.count[0]) {
                add_windows<1>(w, x, row / rows * w.count[0] + o, k, out + row * inner);
            }
        }
    }
}

// Windows of whole images, each of `size` elements: a thread owns images. Elements of a window that
// lie in the image one after the other, `run` of them, are added in one loop.
struct Rows {
    int64_t images, size;
    Digits windows, runs;
    int64_t count, pieces, run;
};

template <typename T>
void unpatches(const Rows &w, const T *x, T *out, Share share) {
    const auto [begin, end] = share.split(w.images);
    int64_t *starts = long_row<int64_t>(0, w.count), *places = long_row<int64_t>(1, w.pieces);
    w.windows.offsets({0, w.count}, starts);
    w.runs.offsets({0, w.pieces}, places);
    x += begin * w.count * w.pieces * w.run;
    for (int64_t image = begin; image < end; ++image) {
        T *first = out + image * w.size;
        std::fill(first, first + w.size, T{});
        for (int64_t o = 0; o < w.count; ++o) {
            for (int64_t k = 0; k < w.pieces; ++k, x += w.run) {
                T *to = first + starts[o] + places[k];
#pragma omp simd
                for (int64_t j = 0; j < w.run; ++j) {
                    to[j] = Add::apply(to[j], x[j]);
                }
            }
        }
    }
}

}  // namespace catgrad
