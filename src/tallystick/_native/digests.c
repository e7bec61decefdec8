/* SHA-256 of many short byte strings, the Merkle trees of RFC 6962 over them, and the rows in which
 * the state's pairs are kept.
 *
 * Laws: digests.pyi. By the processor's own instructions; where it has none, this module does not
 * load, and hashlib is as fast as a loop here would be. No branch and no address depends on more of
 * what is hashed than its length. Whatever is given is held, and its type and length checked, before
 * the interpreter's lock is given up.
 * Source: FIPS 180-4 section 6.2; RFC 6962 section 2.1.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if !defined(__GNUC__) || !defined(__x86_64__)
#error "another compiler or processor: these are done by hashlib"
#endif
#include <cpuid.h>
#include <immintrin.h>

enum {
    BLOCK = 64,
    DIGEST = 32,
    WORDS = 8,
    ROUNDS = 64,
    LENGTH_BYTES = 8,
    PREFIX_MAX = 64,
    PEAKS_MAX = 64,
    /* Of a pair of the state: position, key, value and check; and the bytes of a key's digest. */
    COLUMNS = 4,
    CHECK = 8,
    HEAD = 8,
    /* From so many on, other threads may run meanwhile. */
    LONG = 64,
};

static const uint32_t START[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
static const uint32_t CONSTANTS[ROUNDS] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* The instructions want the state as (a, b, e, f) and (c, d, g, h), and do two rounds at a time. */
__attribute__((target("sha,sse4.1"))) static void
compress(uint32_t *state, const unsigned char *data, size_t blocks)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);

    for (; blocks > 0; blocks--, data += BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
        for (int at = 0; at < 4; at++)
            w[at] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * at)), order);
#pragma GCC unroll 16
        for (int four = 0; four < 16; four++) {
            const __m128i now = w[four & 3], last = w[(four + 3) & 3];
            __m128i sum = _mm_add_epi32(now, _mm_load_si128((const __m128i *)CONSTANTS + four));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            if (four < 12) {
                __m128i between = _mm_alignr_epi8(last, w[(four + 2) & 3], 4);
                __m128i next = _mm_sha256msg1_epu32(now, w[(four + 1) & 3]);
                w[four & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(next, between), last);
            }
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

static int has_instructions(void)
{
    unsigned a, b, c, d;
    __builtin_cpu_init();
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) &&
           __builtin_cpu_supports("sse4.1");
}

/* Write the digest of prefix || item. */
static void digest(const unsigned char *prefix, size_t prefix_size, const unsigned char *item,
                   size_t size, unsigned char *found)
{
    unsigned char block[2 * BLOCK];
    uint32_t state[WORDS];
    uint64_t bits = 8 * (uint64_t)(prefix_size + size);
    size_t held = prefix_size < BLOCK ? prefix_size : 0;

    memcpy(state, START, sizeof state);
    if (prefix_size == BLOCK)
        compress(state, prefix, 1);
    memcpy(block, prefix, held);
    if (held + size >= BLOCK) {
        size_t taken = held > 0 ? BLOCK - held : 0;
        if (taken > 0) {
            memcpy(block + held, item, taken);
            compress(state, block, 1);
        }
        size_t whole = (size - taken) / BLOCK;
        compress(state, item + taken, whole);
        item += taken + whole * BLOCK;
        size -= taken + whole * BLOCK;
        held = 0;
    }
    memcpy(block + held, item, size);
    held += size;
    size_t end = held + 1 + LENGTH_BYTES <= BLOCK ? BLOCK : 2 * BLOCK;
    memset(block + held, 0, end - held);
    block[held] = 0x80;
    bits = __builtin_bswap64(bits);
    memcpy(block + end - LENGTH_BYTES, &bits, LENGTH_BYTES);
    compress(state, block, end / BLOCK);
    for (int at = 0; at < WORDS; at++) {
        uint32_t word = __builtin_bswap32(state[at]);
        memcpy(found + 4 * at, &word, 4);
    }
}

static void digest_node(const unsigned char *both, unsigned char *found)
{
    digest((const unsigned char *)"\x01", 1, both, 2 * DIGEST, found);
}

/* Return a tuple of the items, each of them bytes and, where it is not -1, of `size`. */
static PyObject *hold(PyObject *given, Py_ssize_t size)
{
    PyObject *items = PySequence_Tuple(given);
    for (Py_ssize_t at = 0; items != NULL && at < PyTuple_GET_SIZE(items); at++) {
        PyObject *item = PyTuple_GET_ITEM(items, at);
        if (!PyBytes_CheckExact(item)) {
            PyErr_SetString(PyExc_TypeError, "an item is bytes");
            Py_CLEAR(items);
        } else if (size >= 0 && PyBytes_GET_SIZE(item) != size) {
            PyErr_Format(PyExc_ValueError, "an item is of %zd bytes", size);
            Py_CLEAR(items);
        }
    }
    return items;
}

/* Write the digests of all items, giving the lock up where there are many; NULL without memory. */
static unsigned char *digest_all(const Py_buffer *prefix, PyObject *items)
{
    Py_ssize_t count = PyTuple_GET_SIZE(items);
    unsigned char *found = PyMem_RawMalloc((size_t)(count > 0 ? count : 1) * DIGEST);
    PyThreadState *state = NULL;
    if (found == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (count >= LONG)
        state = PyEval_SaveThread();
    for (Py_ssize_t at = 0; at < count; at++) {
        PyObject *item = PyTuple_GET_ITEM(items, at);
        digest(prefix->buf, (size_t)prefix->len, (const unsigned char *)PyBytes_AS_STRING(item),
               (size_t)PyBytes_GET_SIZE(item), found + at * DIGEST);
    }
    if (state != NULL)
        PyEval_RestoreThread(state);
    return found;
}

static PyObject *list_of(const unsigned char *found, Py_ssize_t count, Py_ssize_t size)
{
    PyObject *answer = PyList_New(count);
    for (Py_ssize_t at = 0; answer != NULL && at < count; at++) {
        PyObject *each = PyBytes_FromStringAndSize((const char *)found + at * DIGEST, size);
        if (each == NULL)
            Py_CLEAR(answer);
        else
            PyList_SET_ITEM(answer, at, each);
    }
    return answer;
}

static PyObject *sha256_each(PyObject *module, PyObject *arguments)
{
    Py_buffer prefix;
    PyObject *given, *answer = NULL;
    Py_ssize_t size = DIGEST;
    (void)module;

    if (!PyArg_ParseTuple(arguments, "y*O|n:sha256_each", &prefix, &given, &size))
        return NULL;
    if (prefix.len > PREFIX_MAX || size < 1 || size > DIGEST)
        PyErr_SetString(PyExc_ValueError, "the prefix or the size is out of range");
    else {
        PyObject *items = hold(given, -1);
        unsigned char *found = items != NULL ? digest_all(&prefix, items) : NULL;
        if (found != NULL)
            answer = list_of(found, PyTuple_GET_SIZE(items), size);
        PyMem_RawFree(found);
        Py_XDECREF(items);
    }
    PyBuffer_Release(&prefix);
    return answer;
}

static PyObject *merkle_root(PyObject *module, PyObject *arguments)
{
    Py_buffer prefix = {.buf = (void *)"\x00", .len = 1};
    PyObject *given, *answer = NULL;
    (void)module;

    if (!PyArg_ParseTuple(arguments, "O:merkle_root", &given))
        return NULL;
    PyObject *items = hold(given, -1);
    unsigned char *found = items != NULL ? digest_all(&prefix, items) : NULL;
    if (found != NULL) {
        Py_ssize_t count = PyTuple_GET_SIZE(items);
        if (count == 0)
            digest(prefix.buf, 0, prefix.buf, 0, found);
        while (count > 1) {
            Py_ssize_t pairs = count / 2;
            for (Py_ssize_t at = 0; at < pairs; at++)
                digest_node(found + 2 * at * DIGEST, found + at * DIGEST);
            /* An odd last node rises unchanged. */
            if (count % 2)
                memmove(found + pairs * DIGEST, found + (count - 1) * DIGEST, DIGEST);
            count = pairs + count % 2;
        }
        answer = PyBytes_FromStringAndSize((const char *)found, DIGEST);
    }
    PyMem_RawFree(found);
    Py_XDECREF(items);
    return answer;
}

/* Fold leaves into the peaks on the stack; return how many roots of subtrees arose. */
static Py_ssize_t fold(unsigned char *stack, Py_ssize_t *height, uint64_t size, PyObject *leaves,
                       unsigned char *told)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(leaves); at++, size++) {
        unsigned char *top = stack + *height * DIGEST;
        memcpy(top, PyBytes_AS_STRING(PyTuple_GET_ITEM(leaves, at)), DIGEST);
        memcpy(told + count++ * DIGEST, top, DIGEST);
        for (uint64_t left = size; left & 1; left >>= 1) {
            top -= DIGEST;
            digest_node(top, top);
            memcpy(told + count++ * DIGEST, top, DIGEST);
        }
        *height = (top - stack) / DIGEST + 1;
    }
    return count;
}

static PyObject *merkle_extend(PyObject *module, PyObject *arguments)
{
    PyObject *given_peaks, *given_leaves, *peaks = NULL, *leaves = NULL, *answer = NULL;
    unsigned char stack[(PEAKS_MAX + 1) * DIGEST], *told = NULL;
    unsigned long long size;
    (void)module;

    if (!PyArg_ParseTuple(arguments, "OKO:merkle_extend", &given_peaks, &size, &given_leaves) ||
        (peaks = hold(given_peaks, DIGEST)) == NULL ||
        (leaves = hold(given_leaves, DIGEST)) == NULL)
        goto end;
    Py_ssize_t height = PyTuple_GET_SIZE(peaks), count = PyTuple_GET_SIZE(leaves);
    if (height != __builtin_popcountll(size) || size > UINT64_MAX / 4) {
        PyErr_SetString(PyExc_ValueError, "these are no peaks of a tree of that size");
        goto end;
    }
    /* Each leaf closes its own subtree and, all together, one more for each that had been open. */
    told = PyMem_RawMalloc((size_t)(2 * count + height + 1) * DIGEST);
    if (told == NULL) {
        PyErr_NoMemory();
        goto end;
    }
    for (Py_ssize_t at = 0; at < height; at++)
        memcpy(stack + at * DIGEST, PyBytes_AS_STRING(PyTuple_GET_ITEM(peaks, at)), DIGEST);
    count = fold(stack, &height, size, leaves, told);
    PyObject *after = list_of(stack, height, DIGEST), *nodes = list_of(told, count, DIGEST);
    if (after != NULL && nodes != NULL)
        answer = PyTuple_Pack(2, after, nodes);
    Py_XDECREF(after);
    Py_XDECREF(nodes);
end:
    PyMem_RawFree(told);
    Py_XDECREF(peaks);
    Py_XDECREF(leaves);
    return answer;
}

/* A place for the bytes that are hashed together; it grows as it must. */
struct room {
    unsigned char *bytes;
    size_t size;
};

/* Write the first bytes of SHA-256(the key's length in 4 bytes || key || value). */
static int check_pair(struct room *room, PyObject *key, PyObject *value, unsigned char *found)
{
    const size_t key_size = (size_t)PyBytes_GET_SIZE(key), value_size = (size_t)PyBytes_GET_SIZE(value);
    const size_t size = 4 + key_size + value_size;
    if (size > room->size) {
        unsigned char *grown = PyMem_RawRealloc(room->bytes, 2 * size);
        if (grown == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        room->bytes = grown;
        room->size = 2 * size;
    }
    const uint32_t length = __builtin_bswap32((uint32_t)key_size);
    memcpy(room->bytes, &length, 4);
    memcpy(room->bytes + 4, PyBytes_AS_STRING(key), key_size);
    memcpy(room->bytes + 4 + key_size, PyBytes_AS_STRING(value), value_size);
    digest(room->bytes, 0, room->bytes, size, found);
    return 0;
}

/* Put the four columns of one pair into the list, and write the first bytes of its key's digest. */
static int fill_row(PyObject *rows, Py_ssize_t at, long long position, PyObject *pair,
                    struct room *room, unsigned char *head)
{
    unsigned char found[DIGEST];
    if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2 ||
        !PyBytes_CheckExact(PyTuple_GET_ITEM(pair, 0)) ||
        !PyBytes_CheckExact(PyTuple_GET_ITEM(pair, 1))) {
        PyErr_SetString(PyExc_TypeError, "a pair is a tuple of two bytes");
        return -1;
    }
    PyObject *key = PyTuple_GET_ITEM(pair, 0), *value = PyTuple_GET_ITEM(pair, 1);
    if (PyBytes_GET_SIZE(key) > UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "the key is too long");
        return -1;
    }
    digest((const unsigned char *)"", 0, (const unsigned char *)PyBytes_AS_STRING(key),
           (size_t)PyBytes_GET_SIZE(key), found);
    memcpy(head, found, HEAD);
    if (check_pair(room, key, value, found) < 0)
        return -1;
    PyObject *columns[COLUMNS] = {
        PyLong_FromLongLong(position),
        PyByteArray_FromStringAndSize(PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key)),
        PyByteArray_FromStringAndSize(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)),
        PyByteArray_FromStringAndSize((const char *)found, CHECK)};
    int is_whole = 1;
    for (int column = 0; column < COLUMNS; column++) {
        is_whole = is_whole && columns[column] != NULL;
        PyList_SET_ITEM(rows, at * COLUMNS + column, columns[column]);
    }
    return is_whole ? 0 : -1;
}

static PyObject *pair_rows(PyObject *module, PyObject *arguments)
{
    long long first;
    PyObject *given, *answer = NULL;
    struct room room = {NULL, 0};
    (void)module;

    if (!PyArg_ParseTuple(arguments, "LO:pair_rows", &first, &given))
        return NULL;
    PyObject *pairs = PySequence_Tuple(given);
    if (pairs == NULL)
        return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(pairs), at = 0;
    PyObject *rows = PyList_New(count * COLUMNS), *heads = PyBytes_FromStringAndSize(NULL, count * HEAD);
    if (rows != NULL && heads != NULL) {
        unsigned char *head = (unsigned char *)PyBytes_AS_STRING(heads);
        while (at < count && fill_row(rows, at, first + at, PyTuple_GET_ITEM(pairs, at), &room,
                                      head + at * HEAD) == 0)
            at++;
        if (at == count)
            answer = PyTuple_Pack(2, rows, heads);
    }
    PyMem_RawFree(room.bytes);
    Py_XDECREF(rows);
    Py_XDECREF(heads);
    Py_DECREF(pairs);
    return answer;
}

static int refuse_without(PyObject *module)
{
    (void)module;
    if (has_instructions())
        return 0;
    PyErr_SetString(PyExc_ImportError, "this processor has no instructions for SHA-256");
    return -1;
}

static PyMethodDef METHODS[] = {
    {"sha256_each", sha256_each, METH_VARARGS, "Return the digests of many items."},
    {"merkle_root", merkle_root, METH_VARARGS, "Return the root over many items."},
    {"merkle_extend", merkle_extend, METH_VARARGS, "Return the peaks and nodes of a longer tree."},
    {"pair_rows", pair_rows, METH_VARARGS, "Return the columns of pairs of the state."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, refuse_without}, {0, NULL}};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT,
                                    "digests",
                                    "Digests of many items; see digests.pyi.",
                                    0,
                                    METHODS,
                                    SLOTS,
                                    NULL,
                                    NULL,
                                    NULL};

PyMODINIT_FUNC PyInit_digests(void)
{
    return PyModuleDef_Init(&MODULE);
}
