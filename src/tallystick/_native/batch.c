/* Batch loops of cards and trees over int64 columns; says what tallystick.exact says, faster.
 *
 * Laws: integers only, plain C99, no dependency but Python's own interface. Every length and
 * every index that is followed is checked here before the interpreter's lock is given up, so no
 * argument reaches memory outside the buffers it brought. Sums are taken without a sign and wrap
 * as NumPy's do; a checked model keeps them far below 2^63. Limits: buffers are contiguous and of
 * the machine's own byte order; one of int64 is aligned. batch.pyi states every argument.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <stdint.h>
#include <string.h>

/* Rows whose places and sums stay in a core's cache while the features pass over them. */
#define BLOCK 2048

typedef struct {
    int is_level;
    Py_ssize_t edge_count;
    const int64_t *edges;
    Py_ssize_t entry_count;
    const unsigned char *entries;
    const int64_t *values;       /* NULL where the feature has no column */
    const unsigned char *known;
} Feature;

/* The features of one call and all buffers that must be given back at its end. */
typedef struct {
    Py_ssize_t row_count;
    Py_ssize_t feature_count;
    Feature *features;
    Py_ssize_t buffer_count;
    Py_ssize_t buffer_room;
    Py_buffer *buffers;
} Call;

static void end_call(Call *call)
{
    while (call->buffer_count > 0)
        PyBuffer_Release(&call->buffers[--call->buffer_count]);
    PyMem_Free(call->buffers);
    PyMem_Free(call->features);
}

static int begin_call(Call *call, Py_ssize_t feature_count, Py_ssize_t other_buffers)
{
    memset(call, 0, sizeof *call);
    call->feature_count = feature_count;
    call->buffer_room = 4 * feature_count + other_buffers;
    call->features = PyMem_Calloc((size_t)feature_count + 1, sizeof *call->features);
    call->buffers = PyMem_Calloc((size_t)call->buffer_room + 1, sizeof *call->buffers);
    if (call->features == NULL || call->buffers == NULL) {
        end_call(call);
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static int refuse(const char *fact)
{
    PyErr_SetString(PyExc_ValueError, fact);
    return -1;
}

/* Take a contiguous buffer of items of `size` bytes; its number of items, or -1. */
static Py_ssize_t take(Call *call, PyObject *object, Py_ssize_t size, int flags, void **start)
{
    Py_buffer *view = &call->buffers[call->buffer_count];
    if (call->buffer_count == call->buffer_room)
        return refuse("more buffers than a call has");
    if (PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS | flags) < 0)
        return -1;
    call->buffer_count++;
    if (view->len % size != 0 || (uintptr_t)view->buf % (uintptr_t)size != 0)
        return refuse("a buffer is not of whole, aligned items");
    *start = view->buf;
    return view->len / size;
}

static Py_ssize_t take_int64(Call *call, PyObject *object, const int64_t **start)
{
    void *found = NULL;
    Py_ssize_t count = take(call, object, sizeof(int64_t), PyBUF_SIMPLE, &found);
    *start = found;
    return count;
}

static Py_ssize_t take_bytes(Call *call, PyObject *object, const unsigned char **start)
{
    void *found = NULL;
    Py_ssize_t count = take(call, object, 1, PyBUF_SIMPLE, &found);
    *start = found;
    return count;
}

/* Take the int64 buffer that a call writes; it sets the number of rows. */
static int take_result(Call *call, PyObject *object, int64_t **start)
{
    void *found = NULL;
    call->row_count = take(call, object, sizeof(int64_t), PyBUF_WRITABLE, &found);
    *start = found;
    return call->row_count < 0 ? -1 : 0;
}

static int is_ascending(const int64_t *items, Py_ssize_t count)
{
    for (Py_ssize_t i = 1; i < count; i++)
        if (items[i - 1] >= items[i])
            return 0;
    return 1;
}

/* Read the tuple (is_level, edges, entries, values, known); `width` bytes make one entry. */
static int take_feature(Call *call, PyObject *tuple, Feature *feature, Py_ssize_t width)
{
    PyObject *edges, *entries, *values, *known;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(tuple, "pOOOO", &feature->is_level, &edges, &entries, &values, &known))
        return -1;
    if ((feature->edge_count = take_int64(call, edges, &feature->edges)) < 0)
        return -1;
    if ((size = take_bytes(call, entries, &feature->entries)) < 0)
        return -1;
    feature->entry_count = feature->edge_count + 2 + !feature->is_level;
    if (size % width != 0 || size / width != feature->entry_count)
        return refuse("a feature needs one entry a bin or level, one for other, one for missing");
    if ((uint64_t)feature->entry_count > UINT32_MAX)
        return refuse("a feature has fewer than 2^32 entries");
    if (!is_ascending(feature->edges, feature->edge_count))
        return refuse("edges ascend");
    if (values == Py_None)
        return 0;
    if ((size = take_int64(call, values, &feature->values)) < 0)
        return -1;
    if (size != call->row_count)
        return refuse("a column has as many values as there are rows");
    if ((size = take_bytes(call, known, &feature->known)) < 0)
        return -1;
    return size == call->row_count ? 0 : refuse("a column has as many marks as there are rows");
}

static int take_features(Call *call, PyObject *tuple, Py_ssize_t width)
{
    for (Py_ssize_t i = 0; i < call->feature_count; i++) {
        PyObject *item = PyTuple_GetItem(tuple, i);
        if (item == NULL)
            return -1;
        if (!PyTuple_Check(item)) {
            PyErr_SetString(PyExc_TypeError, "a feature is a tuple");
            return -1;
        }
        if (take_feature(call, item, &call->features[i], width) < 0)
            return -1;
    }
    return 0;
}

/* Number of edges below a value: a bisection without a branch to mispredict. */
static Py_ssize_t count_below(const int64_t *edges, Py_ssize_t count, int64_t value)
{
    const int64_t *first = edges;
    if (count == 0)
        return 0;
    while (count > 1) {
        Py_ssize_t half = count / 2;
        /* A mask, for compilers turn a choice into a branch here. */
        first += half & -(Py_ssize_t)(first[half - 1] < value);
        count -= half;
    }
    return (first - edges) + (*first < value);
}

/* Entries of rows [first, first + count), numbered as tallystick.exact.batch.places does. */
static void find_places(const Feature *feature, Py_ssize_t first, Py_ssize_t count, uint32_t *place)
{
    const uint32_t missing = (uint32_t)feature->entry_count - 1;
    if (feature->values == NULL) {
        for (Py_ssize_t i = 0; i < count; i++)
            place[i] = missing;
        return;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        int64_t value = feature->values[first + i];
        Py_ssize_t found = count_below(feature->edges, feature->edge_count, value);
        if (feature->is_level && (found == feature->edge_count || feature->edges[found] != value))
            found = feature->edge_count;
        place[i] = feature->known[first + i] ? (uint32_t)found : missing;
    }
}

static uint64_t entry_at(const unsigned char *entries, uint32_t place)
{
    uint64_t entry;
    memcpy(&entry, entries + (size_t)place * sizeof entry, sizeof entry);
    return entry;
}

/* An unsigned sum as the signed number of the same bits. */
static int64_t as_signed(uint64_t sum)
{
    int64_t result;
    memcpy(&result, &sum, sizeof result);
    return result;
}

static void score_rows(const Call *call, int64_t base, int64_t *logit)
{
    uint32_t place[BLOCK];
    uint64_t sum[BLOCK];
    for (Py_ssize_t first = 0; first < call->row_count; first += BLOCK) {
        Py_ssize_t left = call->row_count - first, count = left < BLOCK ? left : BLOCK;
        for (Py_ssize_t i = 0; i < count; i++)
            sum[i] = (uint64_t)base;
        for (Py_ssize_t f = 0; f < call->feature_count; f++) {
            find_places(&call->features[f], first, count, place);
            for (Py_ssize_t i = 0; i < count; i++)
                sum[i] += entry_at(call->features[f].entries, place[i]);
        }
        for (Py_ssize_t i = 0; i < count; i++)
            logit[first + i] = as_signed(sum[i]);
    }
}

static PyObject *score_card(PyObject *self, PyObject *arguments)
{
    PyObject *features, *result;
    long long base;
    int64_t *logit;
    Call call;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "LO!O", &base, &PyTuple_Type, &features, &result))
        return NULL;
    if (begin_call(&call, PyTuple_Size(features), 1) < 0)
        return NULL;
    if (take_result(&call, result, &logit) < 0 ||
        take_features(&call, features, sizeof(int64_t)) < 0) {
        end_call(&call);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    score_rows(&call, base, logit);
    Py_END_ALLOW_THREADS
    end_call(&call);
    Py_RETURN_NONE;
}

/* Place of the lowest bit of a word; a word without one is taken for one of the highest alone. */
#if defined(__GNUC__) && !defined(TALLYSTICK_PLAIN)
static unsigned lowest_bit(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word | UINT64_C(1) << 63);
}
#else
/* De Bruijn's sequence: every 6 bits in a row of this number occur once. */
static const unsigned char LOWEST[64] = {
    0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28, 62, 5,  39, 46, 44, 42,
    22, 9,  24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
    23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12};

static unsigned lowest_bit(uint64_t word)
{
    word |= UINT64_C(1) << 63;
    return LOWEST[((word & (0 - word)) * UINT64_C(0x022fdd63cc95386d)) >> 58];
}
#endif

/* The trees of one call: `word` bytes mark the leaves of each that remain possible. */
typedef struct {
    Py_ssize_t count;
    Py_ssize_t word;
    const int64_t *start;
    const int64_t *value;
} Trees;

/* Sum the leftmost remaining leaf of every tree; one function for each width of word. */
#define SUM_LEAVES(NAME, WORD)                                                                  \
    static uint64_t NAME(const Trees *trees, const unsigned char *remaining)                    \
    {                                                                                           \
        uint64_t sum = 0;                                                                       \
        for (Py_ssize_t t = 0; t < trees->count; t++) {                                         \
            WORD word;                                                                          \
            memcpy(&word, remaining + (size_t)t * sizeof word, sizeof word);                    \
            sum += (uint64_t)trees->value[trees->start[t] + lowest_bit(word)];                  \
        }                                                                                       \
        return sum;                                                                             \
    }

SUM_LEAVES(sum_of_8, uint8_t)
SUM_LEAVES(sum_of_16, uint16_t)
SUM_LEAVES(sum_of_32, uint32_t)
SUM_LEAVES(sum_of_64, uint64_t)

static uint64_t sum_leaves(const Trees *trees, const unsigned char *remaining)
{
    switch (trees->word) {
    case 1: return sum_of_8(trees, remaining);
    case 2: return sum_of_16(trees, remaining);
    case 4: return sum_of_32(trees, remaining);
    default: return sum_of_64(trees, remaining);
    }
}

static void keep_both(unsigned char *restrict remaining, const unsigned char *restrict answer,
                      Py_ssize_t size)
{
    for (Py_ssize_t i = 0; i < size; i++)
        remaining[i] &= answer[i];
}

/* Add the trees to the logits; `place` has BLOCK places a feature, `remaining` one row's words. */
static void add_rows(const Call *call, const Trees *trees, int64_t *logit, uint32_t *place,
                     unsigned char *remaining)
{
    const Py_ssize_t width = trees->count * trees->word;
    for (Py_ssize_t first = 0; first < call->row_count; first += BLOCK) {
        Py_ssize_t left = call->row_count - first, count = left < BLOCK ? left : BLOCK;
        for (Py_ssize_t f = 0; f < call->feature_count; f++)
            find_places(&call->features[f], first, count, place + f * BLOCK);
        for (Py_ssize_t i = 0; i < count; i++) {
            memset(remaining, UCHAR_MAX, (size_t)width);
            for (Py_ssize_t f = 0; f < call->feature_count; f++)
                keep_both(remaining,
                          call->features[f].entries + (Py_ssize_t)place[f * BLOCK + i] * width,
                          width);
            logit[first + i] =
                as_signed((uint64_t)logit[first + i] + sum_leaves(trees, remaining));
        }
    }
}

/* Whether the leaf that any word's lowest bit can name lies within `value`. */
static int is_within(const Trees *trees, Py_ssize_t value_count)
{
    for (Py_ssize_t t = 0; t < trees->count; t++)
        if (trees->start[t] < 0 || trees->start[t] > (int64_t)value_count - 64)
            return 0;
    return 1;
}

static int take_trees(Call *call, Trees *trees, PyObject *start, PyObject *value)
{
    Py_ssize_t value_count;
    if (trees->word != 1 && trees->word != 2 && trees->word != 4 && trees->word != 8)
        return refuse("a word has 1, 2, 4 or 8 bytes");
    if ((trees->count = take_int64(call, start, &trees->start)) < 0)
        return -1;
    if ((value_count = take_int64(call, value, &trees->value)) < 0)
        return -1;
    if (trees->count == 0 || !is_within(trees, value_count))
        return refuse("each tree's start is followed by 64 values");
    return 0;
}

static PyObject *add_trees(PyObject *self, PyObject *arguments)
{
    PyObject *features, *start, *value, *result;
    Trees trees;
    Call call;
    int64_t *logit;
    uint32_t *place = NULL;
    unsigned char *remaining = NULL;
    int ready;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "nO!OOO", &trees.word, &PyTuple_Type, &features, &start,
                          &value, &result))
        return NULL;
    if (begin_call(&call, PyTuple_Size(features), 3) < 0)
        return NULL;
    ready = take_result(&call, result, &logit) == 0 &&
            take_trees(&call, &trees, start, value) == 0 &&
            take_features(&call, features, trees.count * trees.word) == 0;
    if (ready) {
        place = PyMem_Calloc((size_t)call.feature_count * BLOCK + 1, sizeof *place);
        remaining = PyMem_Calloc((size_t)trees.count, (size_t)trees.word);
        if (place == NULL || remaining == NULL) {
            PyErr_NoMemory();
            ready = 0;
        }
    }
    if (ready) {
        Py_BEGIN_ALLOW_THREADS
        add_rows(&call, &trees, logit, place, remaining);
        Py_END_ALLOW_THREADS
    }
    PyMem_Free(place);
    PyMem_Free(remaining);
    end_call(&call);
    if (!ready)
        return NULL;
    Py_RETURN_NONE;
}

/* Interpolate between knots; `at` and `ppm` ascend, and products stay below 2^63 (checked). */
static void calibrate_rows(Py_ssize_t knots, const int64_t *at, const int64_t *ppm,
                           Py_ssize_t count, const int64_t *logit, int64_t *result)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        int64_t inside = logit[i] < at[0] ? at[0] : logit[i];
        Py_ssize_t left;
        if (inside >= at[knots - 1]) {
            result[i] = ppm[knots - 1];
            continue;
        }
        /* Integers below inside + 1 are those not above it. */
        left = count_below(at, knots, inside + 1) - 1;
        result[i] = ppm[left] +
                    (inside - at[left]) * (ppm[left + 1] - ppm[left]) / (at[left + 1] - at[left]);
    }
}

static int is_table(const int64_t *at, const int64_t *ppm, Py_ssize_t knots)
{
    const int64_t at_limit = INT64_C(1000000000000), ppm_limit = 1000000;
    return knots >= 2 && is_ascending(at, knots) && is_ascending(ppm, knots) &&
           at[0] >= -at_limit && at[knots - 1] <= at_limit && ppm[0] >= 0 &&
           ppm[knots - 1] <= ppm_limit;
}

static PyObject *calibrate(PyObject *self, PyObject *arguments)
{
    PyObject *at_object, *ppm_object, *logit_object, *result_object;
    const int64_t *at, *ppm, *logit;
    int64_t *result;
    Py_ssize_t knots, knots_ppm, count;
    Call call;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OOOO", &at_object, &ppm_object, &logit_object,
                          &result_object))
        return NULL;
    if (begin_call(&call, 0, 4) < 0)
        return NULL;
    if (take_result(&call, result_object, &result) < 0 ||
        (knots = take_int64(&call, at_object, &at)) < 0 ||
        (knots_ppm = take_int64(&call, ppm_object, &ppm)) < 0 ||
        (count = take_int64(&call, logit_object, &logit)) < 0) {
        end_call(&call);
        return NULL;
    }
    if (knots != knots_ppm || count != call.row_count || !is_table(at, ppm, knots)) {
        end_call(&call);
        refuse("a table has at least 2 ascending knots within its limits, a result all rows");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    calibrate_rows(knots, at, ppm, count, logit, result);
    Py_END_ALLOW_THREADS
    end_call(&call);
    Py_RETURN_NONE;
}

static PyMethodDef METHODS[] = {
    {"score_card", score_card, METH_VARARGS, "Write the logit of every row by a card."},
    {"add_trees", add_trees, METH_VARARGS, "Add the leaves that every row reaches to its logit."},
    {"calibrate", calibrate, METH_VARARGS, "Write the probability in ppm at every logit."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "batch", "Batch loops of cards and trees; see batch.pyi.", 0, METHODS,
    NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_batch(void)
{
    return PyModuleDef_Init(&MODULE);
}
