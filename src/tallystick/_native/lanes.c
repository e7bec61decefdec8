/* The sum of many pairs' lanes, as the state's commitment asks for it; and pairs of canonical CBOR
 * split into keys and values.
 *
 * Laws: lanes.pyi. A pair's lanes are 2,048 bytes of SHAKE128 over prefix || pair, as 1,024 words
 * of 16 bits in little-endian order; sums are modulo 2^16, word by word. Eight pairs at a time where
 * the processor has AVX-512, four where it has AVX2, else one. No branch and no address depends on
 * more of what is hashed than its length.
 * Source: FIPS 202 (Keccak-f[1600], SHAKE128: rate 168 bytes, suffix 1111).
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if !defined(__GNUC__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "another compiler or byte order: the sums are done by hashlib and NumPy"
#endif
#if defined(__x86_64__)
#define HAS_LEVELS 1
#endif

enum {
    ROUNDS = 24,
    STATE_WORDS = 25,
    RATE_WORDS = 21,
    RATE = 8 * RATE_WORDS,
    TOTAL_WORDS = 256,
    TOTAL = 8 * TOTAL_WORDS,
    PREFIX_MAX = 64,
    /* From so many on, other threads may run meanwhile. */
    LONG = 32,
};

static const uint64_t ROUND_CONSTANTS[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

#define TURN(x, n) ((x) << (n) | (x) >> (64 - (n)))
/* rho and pi of one word: b[to] = a[from] turned by n. */
#define MOVE(a, b, d, to, from, n) b[to] = TURN(a[from] ^ d, n)
#define COLUMN(c, x) (c[((x) + 4) % 5] ^ TURN(c[((x) + 1) % 5], 1))
#define CHI(a, b, y)                                                                              \
    a[y] = b[y] ^ (~b[(y) + 1] & b[(y) + 2]);                                                     \
    a[(y) + 1] = b[(y) + 1] ^ (~b[(y) + 2] & b[(y) + 3]);                                         \
    a[(y) + 2] = b[(y) + 2] ^ (~b[(y) + 3] & b[(y) + 4]);                                         \
    a[(y) + 3] = b[(y) + 3] ^ (~b[(y) + 4] & b[y]);                                               \
    a[(y) + 4] = b[(y) + 4] ^ (~b[y] & b[(y) + 1])
#define PERMUTE(a, b, c, d, round)                                                                \
    do {                                                                                          \
        for (int x = 0; x < 5; x++)                                                               \
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];                           \
        d = COLUMN(c, 0);                                                                         \
        b[0] = a[0] ^ d;                                                                          \
        MOVE(a, b, d, 16, 5, 36);                                                                 \
        MOVE(a, b, d, 7, 10, 3);                                                                  \
        MOVE(a, b, d, 23, 15, 41);                                                                \
        MOVE(a, b, d, 14, 20, 18);                                                                \
        d = COLUMN(c, 1);                                                                         \
        MOVE(a, b, d, 10, 1, 1);                                                                  \
        MOVE(a, b, d, 1, 6, 44);                                                                  \
        MOVE(a, b, d, 17, 11, 10);                                                                \
        MOVE(a, b, d, 8, 16, 45);                                                                 \
        MOVE(a, b, d, 24, 21, 2);                                                                 \
        d = COLUMN(c, 2);                                                                         \
        MOVE(a, b, d, 20, 2, 62);                                                                 \
        MOVE(a, b, d, 11, 7, 6);                                                                  \
        MOVE(a, b, d, 2, 12, 43);                                                                 \
        MOVE(a, b, d, 18, 17, 15);                                                                \
        MOVE(a, b, d, 9, 22, 61);                                                                 \
        d = COLUMN(c, 3);                                                                         \
        MOVE(a, b, d, 5, 3, 28);                                                                  \
        MOVE(a, b, d, 21, 8, 55);                                                                 \
        MOVE(a, b, d, 12, 13, 25);                                                                \
        MOVE(a, b, d, 3, 18, 21);                                                                 \
        MOVE(a, b, d, 19, 23, 56);                                                                \
        d = COLUMN(c, 4);                                                                         \
        MOVE(a, b, d, 15, 4, 27);                                                                 \
        MOVE(a, b, d, 6, 9, 20);                                                                  \
        MOVE(a, b, d, 22, 14, 39);                                                                \
        MOVE(a, b, d, 13, 19, 8);                                                                 \
        MOVE(a, b, d, 4, 24, 14);                                                                 \
        CHI(a, b, 0);                                                                             \
        CHI(a, b, 5);                                                                             \
        CHI(a, b, 10);                                                                            \
        CHI(a, b, 15);                                                                            \
        CHI(a, b, 20);                                                                            \
        a[0] ^= ROUND_CONSTANTS[round];                                                           \
    } while (0)

typedef struct {
    const unsigned char *prefix;
    Py_ssize_t prefix_size;
    const unsigned char *pair;
    Py_ssize_t pair_size;
} Input;

static void permute(uint64_t *a)
{
    uint64_t b[STATE_WORDS], c[5], d;
    for (int round = 0; round < ROUNDS; round++)
        PERMUTE(a, b, c, d, round);
}

static void mix(uint64_t *state, const unsigned char *block)
{
    uint64_t words[RATE_WORDS];
    memcpy(words, block, RATE);
    for (int i = 0; i < RATE_WORDS; i++)
        state[i] ^= words[i];
}

/* Absorb all of an input; the permutation after its last block is still to be done. */
static void absorb(const Input *input, uint64_t *state)
{
    unsigned char block[RATE];
    const unsigned char *at = input->pair;
    Py_ssize_t left = input->pair_size, held = input->prefix_size;

    memset(state, 0, 8 * STATE_WORDS);
    memcpy(block, input->prefix, (size_t)held);
    while (left >= RATE - held) {
        memcpy(block + held, at, (size_t)(RATE - held));
        at += RATE - held;
        left -= RATE - held;
        held = 0;
        mix(state, block);
        permute(state);
    }
    memcpy(block + held, at, (size_t)left);
    held += left;
    memset(block + held, 0, (size_t)(RATE - held));
    block[held] ^= 0x1f;
    block[RATE - 1] ^= 0x80;
    mix(state, block);
}

/* Add four words of 16 bits at once: without their top bits nothing is carried over. */
static uint64_t add_lanes(uint64_t a, uint64_t b)
{
    const uint64_t top = 0x8000800080008000;
    return ((a & ~top) + (b & ~top)) ^ ((a ^ b) & top);
}

static void sum_single(const Input *inputs, Py_ssize_t count, uint64_t *total)
{
    uint64_t state[STATE_WORDS];
    for (Py_ssize_t done = 0; done < count; done++) {
        absorb(&inputs[done], state);
        for (int first = 0; first < TOTAL_WORDS; first += RATE_WORDS) {
            permute(state);
            for (int i = 0; i < RATE_WORDS && first + i < TOTAL_WORDS; i++)
                total[first + i] = add_lanes(total[first + i], state[i]);
        }
    }
}

#ifdef HAS_LEVELS
#define WIDTH 4
#define NAME sum_by_four
#define TARGET __attribute__((target("avx2")))
#include "lanes_sum.h"
#undef WIDTH
#undef NAME
#undef TARGET
#define WIDTH 8
#define NAME sum_by_eight
#define TARGET __attribute__((target("avx512f,avx512bw")))
#include "lanes_sum.h"
#endif

static int find_level(void)
{
#ifdef HAS_LEVELS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return 2;
    return __builtin_cpu_supports("avx2") ? 1 : 0;
#else
    return 0;
#endif
}

static int best_level;

static void sum_all(const Input *inputs, Py_ssize_t count, int level, uint64_t *total)
{
    Py_ssize_t done = 0;
#ifdef HAS_LEVELS
    if (level > 1)
        done = sum_by_eight(inputs, count, total);
    if (level > 0)
        done += sum_by_four(inputs + done, count - done, total);
#endif
    (void)level;
    sum_single(inputs + done, count - done, total);
}

static PyObject *sum_pairs(PyObject *module, PyObject *arguments)
{
    const char *prefix;
    Py_ssize_t prefix_size;
    PyObject *given, *pairs, *answer = NULL;
    int level = best_level;
    (void)module;

    if (!PyArg_ParseTuple(arguments, "y#O|i:sum_pairs", &prefix, &prefix_size, &given, &level))
        return NULL;
    if (prefix_size > PREFIX_MAX || level < 0 || level > best_level) {
        PyErr_SetString(PyExc_ValueError, "the prefix is too long, or there is no such level");
        return NULL;
    }
    /* A tuple of immutable bytes: nothing moves while other threads run. */
    if ((pairs = PySequence_Tuple(given)) == NULL)
        return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(pairs);
    Input *inputs = PyMem_Calloc(count ? (size_t)count : 1, sizeof *inputs);
    uint64_t total[TOTAL_WORDS] = {0};
    if (inputs == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *pair = PyTuple_GET_ITEM(pairs, i);
        if (!PyBytes_CheckExact(pair)) {
            PyErr_SetString(PyExc_TypeError, "a pair is bytes");
            goto end;
        }
        inputs[i] = (Input){(const unsigned char *)prefix, prefix_size,
                            (const unsigned char *)PyBytes_AS_STRING(pair),
                            PyBytes_GET_SIZE(pair)};
    }
    if (count < LONG) {
        sum_all(inputs, count, level, total);
    } else {
        Py_BEGIN_ALLOW_THREADS
        sum_all(inputs, count, level, total);
        Py_END_ALLOW_THREADS
    }
    answer = PyBytes_FromStringAndSize((const char *)total, TOTAL);
end:
    PyMem_Free(inputs);
    Py_DECREF(pairs);
    return answer;
}

/* Find a byte string whose head is at *at and which ends before size; 0 where there is none, or its
 * head is longer than it need be or than a pair's can be. */
static int find_octets(const unsigned char *data, Py_ssize_t size, Py_ssize_t *at,
                       Py_ssize_t *length)
{
    if (*at >= size || data[*at] < 0x40 || data[*at] > 0x5a)
        return 0;
    int spelled = data[*at] - 0x58 < 0 ? 0 : 1 << (data[*at] - 0x58);
    if (size - *at - 1 < spelled)
        return 0;
    *length = spelled ? 0 : data[*at] - 0x40;
    for (int i = 1; i <= spelled; i++)
        *length = *length << 8 | data[*at + i];
    if ((spelled == 1 && *length < 24) || (spelled == 2 && *length < 1 << 8) ||
        (spelled == 4 && *length < 1 << 16))
        return 0;
    *at += 1 + spelled;
    return *length <= size - *at;
}

static int append_bytes(PyObject *list, const unsigned char *first, Py_ssize_t size)
{
    PyObject *item = PyBytes_FromStringAndSize((const char *)first, size);
    int is_wrong = item == NULL || PyList_Append(list, item) < 0;
    Py_XDECREF(item);
    return is_wrong ? -1 : 0;
}

static PyObject *split_pairs(PyObject *module, PyObject *arguments)
{
    Py_buffer view;
    Py_ssize_t at, most, key_max, value_max;
    PyObject *answer = NULL;
    (void)module;

    if (!PyArg_ParseTuple(arguments, "y*nnnn:split_pairs", &view, &at, &most, &key_max, &value_max))
        return NULL;
    PyObject *pairs = PyList_New(0), *keys = PyList_New(0), *values = PyList_New(0);
    const unsigned char *data = view.buf;
    if (pairs == NULL || keys == NULL || values == NULL)
        goto end;
    while (at >= 0 && at < view.len && PyList_GET_SIZE(pairs) < most && data[at] == 0x82) {
        Py_ssize_t key = at + 1, key_size, value, value_size;
        if (!find_octets(data, view.len, &key, &key_size) || key_size > key_max)
            break;
        value = key + key_size;
        if (!find_octets(data, view.len, &value, &value_size) || value_size > value_max)
            break;
        if (append_bytes(pairs, data + at, value + value_size - at) < 0 ||
            append_bytes(keys, data + key, key_size) < 0 ||
            append_bytes(values, data + value, value_size) < 0)
            goto end;
        at = value + value_size;
    }
    answer = Py_BuildValue("nOOO", at, pairs, keys, values);
end:
    Py_XDECREF(pairs);
    Py_XDECREF(keys);
    Py_XDECREF(values);
    PyBuffer_Release(&view);
    return answer;
}

static int fill_module(PyObject *module)
{
    best_level = find_level();
    return PyModule_AddIntConstant(module, "level", best_level);
}

static PyMethodDef METHODS[] = {
    {"sum_pairs", sum_pairs, METH_VARARGS, "Return the sum of pairs' lanes."},
    {"split_pairs", split_pairs, METH_VARARGS, "Return encoded pairs, keys and values."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, fill_module}, {0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "lanes", "The state's pairs; see lanes.pyi.", 0, METHODS, SLOTS, NULL, NULL,
    NULL};

PyMODINIT_FUNC PyInit_lanes(void)
{
    return PyModuleDef_Init(&MODULE);
}
