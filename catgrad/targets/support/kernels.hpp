// Kernels of a catgrad program: scalar functions for vector loops, random bits, matrix products.
//
// The scalar functions have no branches, so that a loop under `#pragma omp simd` becomes vector
// code without -ffast-math. Infinities and NaN behave as in IEEE 754; denormals are flushed.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace catgrad {

// ---- work: every kernel is called once per thread and takes its share

struct Range {
    int64_t begin, end;
};

struct Share {
    int thread, threads;

    // This thread's part of [0, count), in whole steps.
    Range split(int64_t count, int64_t step = 1) const {
        const int64_t steps = (count + step - 1) / step;
        const int64_t each = (steps + threads - 1) / threads * step;
        const int64_t begin = std::min(count, thread * each);
        return {begin, std::min(count, begin + each)};
    }
};

// ---- exponentials: e^x = 2^n e^r with |r| <= ln(2)/2, e^r = 1 + r + r^2 Q(r)

struct Reduced {
    float r;    // x - n ln(2)
    int32_t n;  // the nearest integer to x / ln(2)
};

inline Reduced reduce(float x) {
    constexpr float round = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    const float shifted = x * 1.44269504f + round;
    const float n = shifted - round;
    const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;  // ln(2) in two parts
    return {r, std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(round)};
}

inline float power_of_two(int32_t n) { return std::bit_cast<float>((n + 127) << 23); }

inline float clamp(float x, float low, float high) {  // NaN stays NaN
    x = x < low ? low : x;
    return x > high ? high : x;
}

inline float exp(float x) {
    const auto [r, n] = reduce(clamp(x, -105.0f, 89.0f));
    float q = 0.0013814467f;
    q = q * r + 0.008368781f;
    q = q * r + 0.041668393f;
    q = q * r + 0.1666652f;
    q = q * r + 0.49999994f;
    const float y = (q * r) * r + r + 1.0f;
    const int32_t half = n >> 1;  // two factors: 2^n itself may overflow or be denormal
    return y * power_of_two(half) * power_of_two(n - half);
}

inline float expm1_within(float x) {  // |x| <= 88
    const auto [r, n] = reduce(x);
    float q = 0.00019914302f;
    q = q * r + 0.0013941103f;
    q = q * r + 0.008333273f;
    q = q * r + 0.041666355f;
    q = q * r + 0.16666667f;
    q = q * r + 0.5f;
    const float s = power_of_two(n);  // n <= 127
    return s * ((q * r) * r + r) + (s - 1.0f);
}

inline float expm1(float x) {
    const float y = expm1_within(clamp(x, -30.0f, 88.0f));
    return x > 88.0f ? exp(x) : y;
}

inline float tanh(float x) {
    const float y = expm1_within(std::min(2.0f * std::fabs(x), 30.0f));  // NaN stays NaN
    return std::copysign(y / (y + 2.0f), x);
}

inline float logistic(float x) { return 1.0f / (1.0f + exp(-x)); }

// ---- logarithms: x = 2^n (1 + f), 1/sqrt(2) <= 1 + f < sqrt(2), log(1 + f) = f - f^2/2 + f^3 Q(f)

inline float log(float x) {
    const int32_t bits = std::bit_cast<int32_t>(x);
    const int32_t n = (bits - 0x3f3504f3) >> 23;
    const float f = std::bit_cast<float>(bits - (n << 23)) - 1.0f;
    float q = 0.069151655f;
    q = q * f - 0.11789705f;
    q = q * f + 0.11873013f;
    q = q * f - 0.123843685f;
    q = q * f + 0.14218655f;
    q = q * f - 0.1666925f;
    q = q * f + 0.20002227f;
    q = q * f - 0.24999987f;
    q = q * f + 0.3333331f;
    const float k = static_cast<float>(n);
    const float tail = (f * f) * (f * q - 0.5f) + k * 1.42860677e-6f;
    const float y = k * 0.693145752f + (f + tail);
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const float special = x == infinity ? infinity : std::numeric_limits<float>::quiet_NaN();
    const float edge = std::fabs(x) < std::numeric_limits<float>::min() ? -infinity : special;
    return x >= std::numeric_limits<float>::min() && x < infinity ? y : edge;
}

inline float log1p(float x) {  // the rounding error of 1 + x is made good by x / ((1 + x) - 1)
    const float u = 1.0f + x;
    const float d = u - 1.0f;
    const float y = log(u) * (x / d);
    return d == 0.0f || u == std::numeric_limits<float>::infinity() ? x : y;
}

// ---- the rest of the elementwise functions

inline float sqrt(float x) { return std::sqrt(x); }
inline float rsqrt(float x) { return 1.0f / std::sqrt(x); }
inline float sin(float x) { return std::sin(x); }
inline float cos(float x) { return std::cos(x); }
inline float abs(float x) { return std::fabs(x); }
inline int32_t abs(int32_t x) { return x < 0 ? -x : x; }
inline float sign(float x) { return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x + 0.0f * x); }
inline int32_t sign(int32_t x) { return (x > 0) - (x < 0); }
inline float floor(float x) { return std::floor(x); }
inline float ceil(float x) { return std::ceil(x); }
inline float round(float x) { return std::nearbyint(x); }  // half to even
inline float erf(float x) { return std::erf(x); }
inline float maximum(float a, float b) { return a >= b || a != a ? a : b; }  // NaN wins
inline float minimum(float a, float b) { return a <= b || a != a ? a : b; }
inline int32_t maximum(int32_t a, int32_t b) { return a > b ? a : b; }
inline int32_t minimum(int32_t a, int32_t b) { return a < b ? a : b; }
inline float pow(float a, float b) { return std::pow(a, b); }

inline int32_t pow(int32_t a, int32_t b) {  // b >= 0; wraps, as all i32 arithmetic
    int32_t y = 1;
    for (; b > 0; b >>= 1, a *= a) {
        y = (b & 1) != 0 ? y * a : y;
    }
    return y;
}

inline int32_t to_i32(float x) {  // towards zero; what an i32 cannot hold becomes its least value
    const bool fits = x >= -2147483648.0f && x < 2147483648.0f;
    return fits ? static_cast<int32_t>(fits ? x : 0.0f) : std::numeric_limits<int32_t>::min();
}

// ---- random bits: Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3)

struct Philox {
    uint32_t word[4];
};

inline Philox philox(Philox c, uint32_t key0, uint32_t key1) {
    for (int round = 0; round < 10; ++round) {
        const uint64_t a = uint64_t{0xD2511F53u} * c.word[0];
        const uint64_t b = uint64_t{0xCD9E8D57u} * c.word[2];
        c = {{static_cast<uint32_t>(b >> 32) ^ c.word[1] ^ key0, static_cast<uint32_t>(b),
              static_cast<uint32_t>(a >> 32) ^ c.word[3] ^ key1, static_cast<uint32_t>(a)}};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return c;
}

inline int32_t random_value(uint32_t word, int32_t) { return static_cast<int32_t>(word); }

inline float random_value(uint32_t word, float) {  // uniform in (0, 1), exact
    return static_cast<float>(word >> 9) * 0x1p-23f + 0x1p-24f;
}

template <typename T>
void random(int32_t seed, int32_t step, uint32_t site, T *out, int64_t count, Share share) {
    const auto [begin, end] = share.split((count + 3) / 4);
    for (int64_t i = begin; i < end; ++i) {
        const Philox counter{{static_cast<uint32_t>(i), site, static_cast<uint32_t>(step), 0}};
        const Philox block = philox(counter, static_cast<uint32_t>(seed), 0);
        for (int64_t j = 4 * i; j < std::min(count, 4 * i + 4); ++j) {
            out[j] = random_value(block.word[j % 4], T{});
        }
    }
}

// ---- folds: 16 running results, halves of long rows apart, so that sums stay accurate

struct Add {
    template <typename T>
    static T apply(T a, T b) {
        return a + b;
    }
    static uint8_t apply(uint8_t a, uint8_t b) { return a ^ b; }  // i1: the ring Z/2
};

struct Multiply {
    template <typename T>
    static T apply(T a, T b) {
        return a * b;
    }
    static uint8_t apply(uint8_t a, uint8_t b) { return a & b; }
};

struct Max {
    template <typename T>
    static T apply(T a, T b) {
        return maximum(a, b);
    }
    template <typename T>
    static bool wins(T a, T b) {
        return a > b;
    }
};

struct Min {
    template <typename T>
    static T apply(T a, T b) {
        return minimum(a, b);
    }
    template <typename T>
    static bool wins(T a, T b) {
        return a < b;
    }
};

// Of a power of two of them, in registers: no half goes through memory.
template <typename Op, int64_t lanes, typename T>
T fold_lanes(const T *lane) {
    if constexpr (lanes == 1) {
        return lane[0];
    } else {
        T half[lanes / 2];
#pragma omp simd
        for (int64_t j = 0; j < lanes / 2; ++j) {
            half[j] = Op::apply(lane[j], lane[j + lanes / 2]);
        }
        return fold_lanes<Op, lanes / 2>(half);
    }
}

template <typename Op, typename T>
T fold(const T *x, int64_t n, T start) {
    constexpr int64_t lanes = 16, longest = 4096;
    if (n > longest) {
        const int64_t half = n / 2 / lanes * lanes;
        return Op::apply(fold<Op>(x, half, start), fold<Op>(x + half, n - half, start));
    }
    if (n < lanes) {
        T total = start;
        for (int64_t i = 0; i < n; ++i) {
            total = Op::apply(total, x[i]);
        }
        return total;
    }
    T lane[lanes];
    std::fill_n(lane, lanes, start);
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) {
#pragma omp simd
        for (int64_t j = 0; j < lanes; ++j) {
            lane[j] = Op::apply(lane[j], x[i + j]);
        }
    }
    for (int64_t j = 0; j < n - i; ++j) {
        lane[j] = Op::apply(lane[j], x[i + j]);
    }
    return fold_lanes<Op, lanes>(lane);
}

// Memory of this thread for one row, kept from the first use on: what is too long for its stack.
template <typename T>
T *long_row(size_t number, int64_t columns) {
    thread_local std::vector<std::vector<T>> rows;
    if (rows.size() <= number) {
        rows.resize(number + 1);
    }
    if (rows[number].size() < static_cast<size_t>(columns)) {
        rows[number].resize(static_cast<size_t>(columns));
    }
    return rows[number].data();
}

// ---- slices chosen by indices: outer * axis * inner here, outer * count * inner there

struct Slices {
    int64_t outer, axis, count, inner;
};

template <typename T>
void take(Slices s, const T *x, const int32_t *indices, T *out, Share share) {
    const auto [begin, end] = share.split(s.outer * s.count);
    for (int64_t row = begin; row < end; ++row) {
        const int64_t from = row / s.count * s.axis + indices[row % s.count];
        std::copy_n(x + from * s.inner, s.inner, out + row * s.inner);
    }
}

// The slices that this thread owns: zeros or those of `into`, which may be `out`, and sums.
template <typename T>
void scatter_add(Slices s, const T *x, const int32_t *indices, const T *into, T *out, Share share) {
    const auto [begin, end] = share.split(s.outer * s.axis);
    if (into == nullptr) {
        std::fill(out + begin * s.inner, out + end * s.inner, T{});
    } else if (into != out) {
        std::copy(into + begin * s.inner, into + end * s.inner, out + begin * s.inner);
    }
    for (int64_t o = begin / std::max<int64_t>(s.axis, 1); o * s.axis < end; ++o) {
        for (int64_t i = 0; i < s.count; ++i) {
            const int64_t to = o * s.axis + indices[i];
            if (to < begin || to >= end) {
                continue;
            }
            const T *from = x + (o * s.count + i) * s.inner;
#pragma omp simd
            for (int64_t j = 0; j < s.inner; ++j) {
                out[to * s.inner + j] = Add::apply(out[to * s.inner + j], from[j]);
            }
        }
    }
}

template <typename T>
void scatter_add(Slices s, const T *x, const int32_t *indices, T *out, Share share) {
    scatter_add(s, x, indices, static_cast<const T *>(nullptr), out, share);
}

// The first maximum or minimum along the middle axis; NaN counts as one.
template <typename Op, typename T>
void position(Slices s, const T *x, int32_t *out, Share share) {
    const auto [begin, end] = share.split(s.outer * s.inner);
    for (int64_t row = begin; row < end; ++row) {
        const T *from = x + row / s.inner * s.axis * s.inner + row % s.inner;
        int64_t best = 0;
        for (int64_t i = 1; i < s.axis; ++i) {
            const T a = from[i * s.inner], b = from[best * s.inner];
            best = Op::wins(a, b) || (a != a && b == b) ? i : best;
        }
        out[row] = static_cast<int32_t>(best);
    }
}

// Sums of the first 1, 2, ... elements along the middle axis, or of the last ones.
template <typename T>
void cumulative_sum(Slices s, bool backward, const T *x, T *out, Share share) {
    const auto [begin, end] = share.split(s.outer * s.inner);
    for (int64_t row = begin; row < end; ++row) {
        const int64_t first = row / s.inner * s.axis * s.inner + row % s.inner;
        T total{};
        for (int64_t i = 0; i < s.axis; ++i) {
            const int64_t at = first + (backward ? s.axis - 1 - i : i) * s.inner;
            total = Add::apply(total, x[at]);
            out[at] = total;
        }
    }
}

}  // namespace catgrad
