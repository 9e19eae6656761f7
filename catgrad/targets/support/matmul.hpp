// Matrix products of a catgrad program: C = A B, row-major, for `outer * inner` pairs of matrices.
//
// A and B lie where their strides say, transposed or between the rows of others. Threads split the
// longer side of C in strips of 16 and multiply in blocks: some rows of A by a panel of B, which
// is copied where its rows do not follow each other. Where CMake finds a CBLAS, a block is one
// call of its single-threaded sgemm; otherwise the loops below.
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

struct Matrix {
    const float *values;
    int64_t row, column;  // strides: column is 1, or the matrix is transposed and row is 1

    Matrix(const float *at, Strides s, int64_t rows, int64_t columns)
        : values(at), row(s.column == 1 ? std::max({int64_t{1}, s.row, columns}) : 1),
          column(s.column == 1 ? 1 : std::max(s.column, rows)) {}

    Matrix part(int64_t i, int64_t j) const {
        Matrix made = *this;
        made.values += i * row + j * column;
        return made;
    }
};

struct Block {
    int64_t m, n, k;
    bool more;  // C += A B
};

#ifdef CATGRAD_CBLAS

// Where the processor has AVX-512, OpenBLAS does up to a million multiplications without copying
// its operands, at 0.95 of the processor's peak, and whole matrices at 0.8. Elsewhere it always
// copies them, which blocks would only repeat; so it should where A's columns lie far apart.
inline bool in_blocks([[maybe_unused]] const Product &s) {
#ifdef __AVX512F__
    return s.a.column <= 16384;
#else
    return false;
#endif
}
constexpr bool always_copied = false;

inline void multiply(const Block &s, Matrix a, Matrix b, float *c, int64_t step) {
    cblas_sgemm(CblasRowMajor, a.column == 1 ? CblasNoTrans : CblasTrans,
                b.column == 1 ? CblasNoTrans : CblasTrans, static_cast<int>(s.m),
                static_cast<int>(s.n), static_cast<int>(s.k), 1.0f, a.values,
                static_cast<int>(std::max(a.row, a.column)), b.values,
                static_cast<int>(std::max(b.row, b.column)), s.more ? 1.0f : 0.0f, c,
                static_cast<int>(step));
}

#else

inline bool in_blocks(const Product &) { return true; }
constexpr bool always_copied = true;

// Tiles of C stay in registers.
#ifdef __AVX512F__
constexpr int64_t lane = 16, tile_lanes = 4;
#else
constexpr int64_t lane = 8, tile_lanes = 2;
#endif
constexpr int64_t tile_rows = 6, tile_columns = lane * tile_lanes;
using Lane = float __attribute__((vector_size(lane * sizeof(float)), may_alias));

inline void multiply_tile(const Block &s, Matrix a, Matrix b, float *c, int64_t step) {
    const float *row[tile_rows];  // beyond the last row: that row again, not stored
    for (int64_t i = 0; i < tile_rows; ++i) {
        row[i] = a.part(std::min(i, s.m - 1), 0).values;
    }
    Lane sum[tile_rows][tile_lanes] = {};
    for (int64_t p = 0; p < s.k; ++p) {
        const auto *right = reinterpret_cast<const Lane *>(b.part(p, 0).values);  // of a panel
#pragma GCC unroll 6
        for (int64_t i = 0; i < tile_rows; ++i) {
#pragma GCC unroll 4
            for (int64_t l = 0; l < tile_lanes; ++l) {
                sum[i][l] += row[i][p * a.column] * right[l];
            }
        }
    }
    for (int64_t i = 0; i < std::min(tile_rows, s.m); ++i) {
        float *out = c + i * step;
        for (int64_t j = 0; j < std::min(tile_columns, s.n); ++j) {
            out[j] = (s.more ? out[j] : 0.0f) + sum[i][j / lane][j % lane];
        }
    }
}

inline void multiply(const Block &s, Matrix a, Matrix b, float *c, int64_t step) {
    for (int64_t i = 0; i < s.m; i += tile_rows) {
        for (int64_t j = 0; j < s.n; j += tile_columns) {
            multiply_tile({s.m - i, s.n - j, s.k, s.more}, a.part(i, 0), b.part(0, j),
                          c + i * step + j, step);
        }
    }
}

#endif

// Rows of B a multiple of 4 KiB apart would all want the same part of the cache.
constexpr int64_t panel_depth = 256, panel_columns = 64, page = 4096 / sizeof(float);

struct Panel {
    alignas(64) float values[panel_depth][panel_columns];

    // The first rows and columns of `b`, copied here if need be; what is beyond them is zero.
    Matrix of(Matrix b, int64_t depth, int64_t columns) {
        if (b.column == 1 && b.row % page != 0 && !always_copied) {
            return b;
        }
        constexpr int64_t strip = 8;  // as many as there are lines of one such part
        for (int64_t first = 0; b.column != 1 && first < columns; first += strip) {
            const int64_t last = std::min(columns, first + strip);
            for (int64_t p = 0; p < depth; ++p) {
                for (int64_t j = first; j < last; ++j) {
                    values[p][j] = b.values[p + j * b.column];
                }
            }
        }
        for (int64_t p = 0; b.column == 1 && p < depth; ++p) {
            std::copy_n(b.values + p * b.row, columns, values[p]);
        }
        for (int64_t p = 0; always_copied && p < depth; ++p) {
            std::fill(values[p] + columns, values[p] + panel_columns, 0.0f);
        }
        return {values[0], {0, 0, panel_columns, 1}, depth, panel_columns};
    }
};

// A part of C that stays in the cache, and so do its rows of A.
inline void multiply(const Product &s, Matrix a, Matrix b, float *c, Range rows, Range columns) {
    constexpr int64_t work = 1000000, even = 24;  // of one block; rows that sgemm takes at a time
    const int64_t panels = std::max<int64_t>(1, (s.k + panel_depth - 1) / panel_depth);
    const int64_t depth = (s.k + panels - 1) / panels;
    Panel panel;
    for (int64_t at = 0; at < panels; ++at) {
        const int64_t p = at * depth, deep = std::min(depth, s.k - p);
        for (int64_t j = columns.begin; j < columns.end; j += panel_columns) {
            const int64_t width = std::min(panel_columns, columns.end - j);
            const int64_t height = work / std::max<int64_t>(1, width * deep) / even * even;
            const Matrix part = panel.of(b.part(p, j), deep, width);
            for (int64_t i = rows.begin; i < rows.end; i += height) {
                multiply({std::min(height, rows.end - i), width, deep, p > 0}, a.part(i, p), part,
                         c + i * s.n + j, s.n);
            }
        }
    }
}

inline void multiply(const Product &s, const float *a, const float *b, float *c, Range rows,
                     Range columns) {
    const Matrix left(a, s.a, s.m, s.k), right(b, s.b, s.k, s.n);
    if (!in_blocks(s)) {
        multiply({rows.end - rows.begin, columns.end - columns.begin, s.k, false},
                 left.part(rows.begin, 0), right.part(0, columns.begin),
                 c + rows.begin * s.n + columns.begin, s.n);
        return;
    }
    constexpr int64_t tall = 512, wide = 512;
    for (int64_t i = rows.begin; i < rows.end; i += tall) {
        for (int64_t j = columns.begin; j < columns.end; j += wide) {
            multiply(s, left, right, c, {i, std::min(rows.end, i + tall)},
                     {j, std::min(columns.end, j + wide)});
        }
    }
}

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
