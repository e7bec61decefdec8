/* The field, and sums of rows in it at each level that a processor may have; part of zigzag.c.
 *
 * Sizes are multiples of a line, the callers have checked every length. The loops of whole shapes
 * stand in zigzag_kernels.h.
 */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(TALLYSTICK_PLAIN)
#include <immintrin.h>
#define WIDE __attribute__((target("avx512f,avx512bw,gfni")))
#define NARROW __attribute__((target("avx2")))
#endif

#define LINE 64
/* Bytes of each row that one pass over the sums takes: all rows of a pass stay in a cache. */
#define BLOCK 2048
#define POLYNOMIAL 0x1d

/* Rows read, rows written, constants as matrices of GF(2), bytes a row, a way as below. */
#define ROWS                                                                                    \
    const uint8_t *const *in, uint8_t *const *out, const uint64_t *by, size_t size, int way
typedef void Loop(ROWS);

typedef struct {
    const char *name;
    unsigned reads, middle, sums, constants;
    Loop *wide;
    Loop *narrow;        /* or NULL; made for these constants: */
    const char *fixed;
} Kernel;

enum { PLAIN_LEVEL, NARROW_LEVEL, WIDE_LEVEL };

/* Write into the cache; write past it; and fetch what is read ahead, for it comes from memory. */
enum { NEAR_WAY, PAST_WAY, FAR_WAY };

/* ---- the field ---- */

/* x -> c x over GF(2), as the instruction for it takes it; and by halves of a byte. */
static uint64_t MATRIX[256];
static uint8_t HALVES[256][32];

static uint8_t product(uint8_t a, uint8_t b)
{
    unsigned found = 0, factor = a;
    for (; b != 0; b >>= 1) {
        if (b & 1)
            found ^= factor;
        factor = factor << 1 ^ (factor & 0x80 ? 0x100 | POLYNOMIAL : 0);
    }
    return (uint8_t)found;
}

static uint64_t matrix_of(uint8_t c)
{
    uint64_t matrix = 0;
    for (int row = 0; row < 8; row++)
        for (int column = 0; column < 8; column++)
            if (product(c, (uint8_t)(1 << column)) >> row & 1)
                matrix |= UINT64_C(1) << (8 * (7 - row) + column);
    return matrix;
}

static void fill_tables(void)
{
    for (int c = 0; c < 256; c++) {
        MATRIX[c] = matrix_of((uint8_t)c);
        for (int half = 0; half < 16; half++) {
            HALVES[c][half] = product((uint8_t)c, (uint8_t)half);
            HALVES[c][16 + half] = product((uint8_t)c, (uint8_t)(half << 4));
        }
    }
}

/* ---- one sum of rows, at each level; sizes are multiples of a line ---- */

typedef void Summing(const uint8_t *const *rows, const uint8_t *by, size_t count, uint8_t *out,
                     size_t size);

/* Eight bytes doubled at once. */
static uint64_t twice(uint64_t word)
{
    uint64_t high = word >> 7 & UINT64_C(0x0101010101010101);
    return (word & UINT64_C(0x7f7f7f7f7f7f7f7f)) << 1 ^ high * POLYNOMIAL;
}

static void add_row(uint64_t *sum, const uint8_t *row, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word;
        memcpy(&word, row + i, 8);
        sum[i / 8] ^= word;
    }
}

/* Horner's rule over the bits of the coefficients: no tables, any machine. */
static void sum_plain(const uint8_t *const *rows, const uint8_t *by, size_t count, uint8_t *out,
                      size_t size)
{
    uint64_t sum[BLOCK / 8] = {0};
    unsigned all = 0;
    for (size_t t = 0; t < count; t++)
        all |= by[t];
    for (int bit = 7; bit >= 0; bit--) {
        if (all >> bit > 1)
            for (size_t i = 0; i < size / 8; i++)
                sum[i] = twice(sum[i]);
        for (size_t t = 0; t < count; t++)
            if (by[t] >> bit & 1)
                add_row(sum, rows[t], size);
    }
    memcpy(out, sum, size);
}

#if defined(WIDE)
#define NARROW_BYTES 32
typedef __m256i Narrow;

NARROW static inline Narrow narrow_load(const uint8_t *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

NARROW static inline void narrow_store(uint8_t *to, Narrow value)
{
    _mm256_storeu_si256((__m256i *)to, value);
}

NARROW static inline Narrow narrow_twice(Narrow value)
{
    Narrow high = _mm256_cmpgt_epi8(_mm256_setzero_si256(), value);
    return _mm256_add_epi8(value, value) ^ (high & _mm256_set1_epi8(POLYNOMIAL));
}

/* The two bits that leave at the top choose what is added: 0, 1d, 3a or both. */
NARROW static inline Narrow narrow_four_times(Narrow value)
{
    const Narrow added = _mm256_set1_epi32((POLYNOMIAL ^ POLYNOMIAL << 1) << 24 |
                                           POLYNOMIAL << 17 | POLYNOMIAL << 8);
    Narrow high = _mm256_srli_epi16(value, 6) & _mm256_set1_epi8(3);
    Narrow low = _mm256_slli_epi16(value, 2) & _mm256_set1_epi8((char)0xfc);
    return low ^ _mm256_shuffle_epi8(added, high);
}

NARROW static inline Narrow narrow_times(Narrow value, const uint8_t *halves)
{
    const Narrow mask = _mm256_set1_epi8(15);
    Narrow low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)halves));
    Narrow high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(halves + 16)));
    return _mm256_shuffle_epi8(low, value & mask) ^
           _mm256_shuffle_epi8(high, _mm256_srli_epi64(value, 4) & mask);
}

NARROW static void sum_narrow(const uint8_t *const *rows, const uint8_t *by, size_t count,
                              uint8_t *out, size_t size)
{
    for (size_t at = 0; at < size; at += 2 * NARROW_BYTES) {
        Narrow left = _mm256_setzero_si256(), right = left;
        for (size_t t = 0; t < count; t++) {
            Narrow a = narrow_load(rows[t] + at), b = narrow_load(rows[t] + at + NARROW_BYTES);
            left ^= by[t] == 1 ? a : narrow_times(a, HALVES[by[t]]);
            right ^= by[t] == 1 ? b : narrow_times(b, HALVES[by[t]]);
        }
        narrow_store(out + at, left);
        narrow_store(out + at + NARROW_BYTES, right);
    }
}

#define WIDE_BYTES 64
typedef __m512i Wide;

/* Loads, products and sums of the loops are instructions of their own, in the order written: left
 * to itself, gcc gathers them by the dozen and runs out of registers, at half the speed. */
WIDE static inline Wide wide_load(const uint8_t *from)
{
    Wide value;
    __asm__ volatile("vmovdqu64 %1, %0" : "=v"(value) : "m"(*(const Wide *)from));
    return value;
}

WIDE static inline Wide wide_times(Wide value, Wide matrix)
{
    Wide found;
    __asm__ volatile("vgf2p8affineqb $0, %2, %1, %0" : "=v"(found) : "v"(value), "v"(matrix));
    return found;
}

WIDE static inline void wide_add(Wide *sum, Wide value)
{
    __asm__ volatile("vpxorq %1, %0, %0" : "+v"(*sum) : "v"(value));
}

/* Add two at once: 0x96 is the truth table of a ^ b ^ c. */
WIDE static inline void wide_add_both(Wide *sum, Wide value, Wide other)
{
    __asm__ volatile("vpternlogq $0x96, %2, %1, %0" : "+v"(*sum) : "v"(value), "v"(other));
}

WIDE static inline void wide_store(uint8_t *to, Wide value, int way)
{
    if (way != NEAR_WAY)
        _mm512_stream_si512((void *)to, value);
    else
        _mm512_storeu_si512(to, value);
}

WIDE static inline Wide wide_constant(uint64_t matrix)
{
    return _mm512_set1_epi64((long long)matrix);
}

/* Some forty rows are more streams than a processor follows by itself: bring the lines of two
 * steps of AHEAD lines later nearer, an eighth of the rows at each line, AHEAD lines of each. */
#define AHEAD 8

static inline void fetch_ahead(const uint8_t *const *in, size_t rows, size_t at)
{
    const size_t turn = at / WIDE_BYTES % AHEAD;
    const size_t from = at + (2 * AHEAD - turn) * WIDE_BYTES;
    for (size_t row = turn; row < rows; row += AHEAD)
        for (size_t line = 0; line < AHEAD; line++)
            _mm_prefetch((const char *)in[row] + from + line * WIDE_BYTES, _MM_HINT_T1);
}

WIDE static void sum_wide(const uint8_t *const *rows, const uint8_t *by, size_t count,
                          uint8_t *out, size_t size)
{
    size_t at = 0;
    for (; at + 4 * WIDE_BYTES <= size; at += 4 * WIDE_BYTES) {
        Wide a = _mm512_setzero_si512(), b = a, c = a, d = a;
        for (size_t t = 0; t < count; t++) {
            const Wide matrix = wide_constant(MATRIX[by[t]]);
            const uint8_t *row = rows[t] + at;
            wide_add(&a, wide_times(wide_load(row), matrix));
            wide_add(&b, wide_times(wide_load(row + WIDE_BYTES), matrix));
            wide_add(&c, wide_times(wide_load(row + 2 * WIDE_BYTES), matrix));
            wide_add(&d, wide_times(wide_load(row + 3 * WIDE_BYTES), matrix));
        }
        wide_store(out + at, a, NEAR_WAY);
        wide_store(out + at + WIDE_BYTES, b, NEAR_WAY);
        wide_store(out + at + 2 * WIDE_BYTES, c, NEAR_WAY);
        wide_store(out + at + 3 * WIDE_BYTES, d, NEAR_WAY);
    }
    for (; at < size; at += WIDE_BYTES) {
        Wide a = _mm512_setzero_si512();
        for (size_t t = 0; t < count; t++)
            wide_add(&a, wide_times(wide_load(rows[t] + at), wide_constant(MATRIX[by[t]])));
        wide_store(out + at, a, NEAR_WAY);
    }
}

#include "zigzag_kernels.h"
static const Py_ssize_t kernel_count = sizeof KERNELS / sizeof *KERNELS;

static Summing *const SUMMING[] = {sum_plain, sum_narrow, sum_wide};

static int find_level(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("gfni"))
        return WIDE_LEVEL;
    return __builtin_cpu_supports("avx2") ? NARROW_LEVEL : PLAIN_LEVEL;
}

static void end_streaming(void)
{
    _mm_sfence();
}
#else
static const Kernel KERNELS[1];
static const Py_ssize_t kernel_count = 0;

static Summing *const SUMMING[] = {sum_plain};

static int find_level(void)
{
    return PLAIN_LEVEL;
}

static void end_streaming(void)
{
}
#endif
