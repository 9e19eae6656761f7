// Matrix products of a catgrad program whose operands lie scattered: C = A B, row-major.
//
// Row i and column j of an operand each have an offset, which add up; the offset of a number is the
// sum of its digits times their strides. So the windows of an image are multiplied where they are.
// B is packed in panels of 16 columns; A is read where it lies, one number for 16 sums at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels.hpp"

namespace catgrad {

constexpr int64_t most_axes = 6;

// Offsets of 0, 1, 2, ...: mixed-radix numbers, the last digit is the fastest.
struct Digits {
    int64_t axes, size[most_axes], stride[most_axes];

    // The offsets of begin, ..., end - 1.
    void offsets(Range range, int64_t *out) const {
        int64_t digit[most_axes], rest = range.begin, at = 0;
        for (int64_t a = axes; a-- > 0; rest /= size[a]) {
            digit[a] = rest % size[a];
            at += digit[a] * stride[a];
        }
        for (int64_t i = range.begin; i < range.end; ++i) {
            *out++ = at;
            int64_t a = axes - 1;
            for (; a >= 0 && ++digit[a] == size[a]; --a) {
                at -= (size[a] - 1) * stride[a];
                digit[a] = 0;
            }
            at += a >= 0 ? stride[a] : 0;
        }
    }
};

struct Scattered {
    Digits batch, rows, columns;
};

struct Gather {
    int64_t batch, m, n, k;  // A is m * k, B is k * n, C is m * n
    Scattered a, b;
};

#ifdef __AVX512F__
constexpr int64_t gather_rows = 12;  // sums of so many rows stay in registers
#else
constexpr int64_t gather_rows = 6;
#endif
constexpr int64_t gather_columns = 16, gather_depth = 256;
using GatherLane = float __attribute__((vector_size(gather_columns * sizeof(float)), may_alias));

struct GatherPanel {
    alignas(64) float values[gather_depth][gather_columns] = {};
    int64_t offsets[gather_depth];  // of A's columns
    Range depth, columns;

    void fill(const Gather &s, const float *b) {
        int64_t rows[gather_depth], places[gather_columns];
        s.a.columns.offsets(depth, offsets);
        s.b.rows.offsets(depth, rows);
        s.b.columns.offsets(columns, places);
        const int64_t width = columns.end - columns.begin, count = depth.end - depth.begin;
        bool in_a_row = count > 0;
        for (int64_t j = 1; j < width; ++j) {
            in_a_row &= places[j] == places[0] + j;
        }
        const int64_t end = in_a_row ? *std::max_element(rows, rows + count) + width : 0;
        for (int64_t p = 0; p < count; ++p) {
            const float *from = b + rows[p] + places[0];
            if (rows[p] + gather_columns <= end) {  // what is too much is never stored
                std::memcpy(values[p], from, sizeof values[p]);
                continue;
            }
            for (int64_t j = 0; j < width; ++j) {
                values[p][j] = b[rows[p] + places[j]];
            }
        }
    }
};

// The first `count` of Rows rows of C from those of A that begin at `row`; C ends at `end`.
template <int64_t Rows>
void gather_block(const float *const *row, const GatherPanel &panel, int64_t count, int64_t n,
                  float *c, const float *end) {
    GatherLane sum[Rows] = {};
    for (int64_t p = 0; p < panel.depth.end - panel.depth.begin; ++p) {
        const int64_t at = panel.offsets[p];
        const GatherLane right = *reinterpret_cast<const GatherLane *>(panel.values[p]);
#pragma GCC unroll 12
        for (int64_t i = 0; i < Rows; ++i) {
            sum[i] += row[i][at] * right;
        }
    }
    const bool first = panel.depth.begin == 0, whole = n <= gather_columns && first;
    for (int64_t i = 0; i < count; ++i) {
        float *out = c + i * n + panel.columns.begin;
        if (whole && end - out >= gather_columns) {  // what is too much, the next rows overwrite
            std::memcpy(out, &sum[i], sizeof sum[i]);
            continue;
        }
        for (int64_t j = 0; j < panel.columns.end - panel.columns.begin; ++j) {
            out[j] = (first ? 0.0f : out[j]) + sum[i][j];
        }
    }
}

// Rows `rows` of one product, in blocks of about equal size.
inline void gather_strip(const Gather &s, const float *a, const float *b, float *c, Range rows) {
    GatherPanel panel;
    const int64_t blocks = (rows.end - rows.begin + gather_rows - 1) / gather_rows;
    const int64_t each = (rows.end - rows.begin + blocks - 1) / blocks;
    const auto block = each <= gather_rows / 3       ? gather_block<gather_rows / 3>
                       : each <= gather_rows / 3 * 2 ? gather_block<gather_rows / 3 * 2>
                                                     : gather_block<gather_rows>;
    for (int64_t j = 0; j < s.n; j += gather_columns) {
        panel.columns = {j, std::min(s.n, j + gather_columns)};
        for (int64_t p = 0; p < std::max<int64_t>(s.k, 1); p += gather_depth) {
            panel.depth = {p, std::min(s.k, p + gather_depth)};
            panel.fill(s, b);
            for (int64_t i = rows.begin; i < rows.end; i += each) {
                const int64_t count = std::min(each, rows.end - i);
                int64_t starts[gather_rows];
                s.a.rows.offsets({i, i + count}, starts);
                const float *row[gather_rows];  // beyond the last row: that row again
                for (int64_t r = 0; r < gather_rows; ++r) {
                    row[r] = a + starts[std::min(r, count - 1)];
                }
                block(row, panel, count, s.n, c + i * s.n, c + rows.end * s.n);
            }
        }
    }
}

inline void gather_matmul(const Gather &s, const float *a, const float *b, float *c, Share share) {
    const auto [begin, end] = s.n > 0 ? share.split(s.batch * s.m) : Range{0, 0};
    for (int64_t at = begin; at < end;) {
        const int64_t i = at / s.m, first = at % s.m, last = std::min(s.m, first + end - at);
        int64_t from[2] = {0, 0};
        s.a.batch.offsets({i, i + 1}, from);
        s.b.batch.offsets({i, i + 1}, from + 1);
        gather_strip(s, a + from[0], b + from[1], c + i * s.m * s.n, {first, last});
        at += last - first;
    }
}

}  // namespace catgrad
