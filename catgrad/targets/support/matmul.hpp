// Matrix products of a catgrad program: C = A B, row-major, for `outer * inner` pairs of matrices.
//
// A and B lie where their strides say, transposed or between the rows of others. Threads split the longer side of C in strips of 16. Where CMake finds a CBLAS, each thread calls
// its single-threaded sgemm; otherwise the blocked loops below.
#pragma once

#include "kernels.hpp"

#ifdef CATGRAD_CBLAS
#include <cblas.h>
#endif

namespace catgrad {

struct Strides {
    int64_t outer, inner, row, column;  // row or column is 1

    int64_t at(int64_t i, int64_t j) const { return i * row + j * column; }
};

struct Product {
    int64_t outer, inner, m, n, k;  // A is m * k, B is k * n, C is m * n
    Strides a, b;
};

#ifdef CATGRAD_CBLAS

inline void multiply(const Product &s, const float *a, const float *b, float *c, Range rows,
                     Range columns) {
    const bool plain_a = s.a.column == 1, plain_b = s.b.column == 1;
    const int64_t lda = plain_a ? std::max(s.a.row, s.k) : std::max(s.a.column, s.m);
    const int64_t ldb = plain_b ? std::max(s.b.row, s.n) : std::max(s.b.column, s.k);
    cblas_sgemm(CblasRowMajor, plain_a ? CblasNoTrans : CblasTrans,
                plain_b ? CblasNoTrans : CblasTrans, static_cast<int>(rows.end - rows.begin),
                static_cast<int>(columns.end - columns.begin), static_cast<int>(s.k), 1.0f,
                a + s.a.at(rows.begin, 0), static_cast<int>(std::max<int64_t>(1, lda)),
                b + s.b.at(0, columns.begin), static_cast<int>(std::max<int64_t>(1, ldb)), 0.0f,
                c + rows.begin * s.n + columns.begin, static_cast<int>(s.n));
}

#else

// Blocks of 6 rows and 16 columns of C stay in registers; a panel of B, 256 deep, in the cache.
constexpr int64_t block_rows = 6, block_columns = 16, panel_depth = 256, lane = 8;
using Lane = float __attribute__((vector_size(lane * sizeof(float))));
constexpr int64_t row_lanes = block_columns / lane;

struct Panel {
    alignas(64) Lane values[panel_depth][row_lanes];
    Range depth, columns;
};

inline void pack(const Product &s, const float *b, Panel &panel) {
    const auto [first, last] = panel.depth;
    for (int64_t p = first; p < last; ++p) {
        for (int64_t j = 0; j < block_columns; ++j) {
            const int64_t column = panel.columns.begin + j;
            const float value = column < panel.columns.end ? b[s.b.at(p, column)] : 0.0f;
            panel.values[p - first][j / lane][j % lane] = value;
        }
    }
}

inline void multiply_block(const Product &s, const float *a, const Panel &panel, float *c,
                           Range rows) {
    const auto [first, last] = panel.depth;
    const int64_t step = s.a.column;
    const float *row[block_rows];  // beyond the last row: that row again, not stored
    for (int64_t i = 0; i < block_rows; ++i) {
        row[i] = a + s.a.at(std::min(rows.begin + i, rows.end - 1), first);
    }
    Lane sum[block_rows][row_lanes] = {};
    for (int64_t p = 0; p < last - first; ++p) {
#pragma GCC unroll 6
        for (int64_t i = 0; i < block_rows; ++i) {
#pragma GCC unroll 2
            for (int64_t l = 0; l < row_lanes; ++l) {
                sum[i][l] += row[i][p * step] * panel.values[p][l];
            }
        }
    }
    for (int64_t i = 0; i < std::min(block_rows, rows.end - rows.begin); ++i) {
        float *out = c + (rows.begin + i) * s.n + panel.columns.begin;
        for (int64_t j = 0; j < panel.columns.end - panel.columns.begin; ++j) {
            out[j] = (first == 0 ? 0.0f : out[j]) + sum[i][j / lane][j % lane];
        }
    }
}

inline void multiply(const Product &s, const float *a, const float *b, float *c, Range rows,
                     Range columns) {
    for (int64_t j = columns.begin; j < columns.end; j += block_columns) {
        for (int64_t p = 0; p < std::max<int64_t>(s.k, 1); p += panel_depth) {
            Panel panel;
            panel.depth = {p, std::min(s.k, p + panel_depth)};
            panel.columns = {j, std::min(columns.end, j + block_columns)};
            pack(s, b, panel);
            for (int64_t i = rows.begin; i < rows.end; i += block_rows) {
                multiply_block(s, a, panel, c, {i, std::min(rows.end, i + block_rows)});
            }
        }
    }
}

#endif

// Integers wrap; on i1 products are and, sums xor.
template <typename T>
void multiply(const Product &s, const T *a, const T *b, T *c, Range rows, Range columns) {
    const int64_t step = s.b.column;
    for (int64_t i = rows.begin; i < rows.end; ++i) {
        T *out = c + i * s.n;
        std::fill(out + columns.begin, out + columns.end, T{});
        for (int64_t p = 0; p < s.k; ++p) {
            const T left = a[s.a.at(i, p)];
            const T *right = b + s.b.at(p, 0);
#pragma omp simd
            for (int64_t j = columns.begin; j < columns.end; ++j) {
                out[j] = Add::apply(out[j], static_cast<T>(left * right[j * step]));
            }
        }
    }
}

template <typename T>
void matmul(const Product &s, const T *a, const T *b, T *c, Share share) {
    constexpr int64_t strip = 16;
    const bool by_rows = s.m >= s.n;
    const int64_t length = by_rows ? s.m : s.n, strips = (length + strip - 1) / strip;
    if (s.m == 0 || s.n == 0) {
        return;
    }
    const auto [begin, end] = share.split(s.outer * s.inner * strips);
    for (int64_t at = begin; at < end;) {
        const int64_t i = at / strips, first = at % strips;
        const int64_t last = std::min(strips, first + end - at);
        const Range part{first * strip, std::min(length, last * strip)};
        const int64_t o = i / s.inner, in = i % s.inner;
        multiply(s, a + o * s.a.outer + in * s.a.inner, b + o * s.b.outer + in * s.b.inner,
                 c + i * s.m * s.n, by_rows ? part : Range{0, s.m}, by_rows ? Range{0, s.n} : part);
        at += last - first;
    }
}

}  // namespace catgrad
