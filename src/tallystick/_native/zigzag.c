/* Sums of rows in the field of 256 elements, one call for all rows of a segment.
 *
 * A program says which rows a call reads and writes and how one follows from the other; it is
 * checked once, when it is made. Programs with one of the shapes in zigzag_kernels.h are carried
 * out by a loop that reads each row once; all others sum by sum, block by block. Both run at the
 * widest level that the processor has, and say the same at each.
 *
 * Laws: no dependency but Python's own interface. Every length is checked before the interpreter's
 * lock is given up, so no argument reaches memory outside the buffers it brought. A buffer may end
 * before its last row: what is missing is read as zeros, and not written. Buffers written may not
 * overlap others. zigzag.pyi states every argument, docs/spec/zigzag.md the arithmetic.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

#include "zigzag_levels.h"

/* ---- memory that is used again ---- */

/* A piece of memory waits here from the end of one block to the beginning of the next: fresh
 * pages cost as much as filling them. Guarded by the interpreter's lock. */
#define IDLE_MAX (UINT64_C(96) << 20)
#define PIECE_STEP 4096

typedef struct Piece {
    struct Piece *next;
    size_t room;
    void *owned;         /* what was allocated, this piece somewhere inside */
} Piece;

static Piece *idle;
static size_t idle_bytes;

static uint8_t *bytes_of(Piece *piece)
{
    return (uint8_t *)piece + LINE;
}

static Piece *take_piece(size_t size)
{
    size_t room = (size / PIECE_STEP + 1) * PIECE_STEP;
    for (Piece **at = &idle; *at != NULL; at = &(*at)->next) {
        Piece *found = *at;
        if (found->room >= room && found->room / 2 <= room) {
            *at = found->next;
            idle_bytes -= found->room;
            return found;
        }
    }
    uint8_t *owned = PyMem_RawMalloc(room + 2 * LINE);
    if (owned == NULL)
        return NULL;
    Piece *piece = (Piece *)(owned + (LINE - (uintptr_t)owned % LINE));
    piece->room = room;
    piece->owned = owned;
    return piece;
}

static void give_piece(Piece *piece)
{
    if (idle_bytes + piece->room > IDLE_MAX) {
        PyMem_RawFree(piece->owned);
        return;
    }
    piece->next = idle;
    idle = piece;
    idle_bytes += piece->room;
}

typedef struct {
    PyObject_HEAD
    Piece *piece;
    size_t start;        /* where in the piece its bytes begin, below a line */
    Py_ssize_t size;
} Block;

static void end_block(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (((Block *)self)->piece != NULL)
        give_piece(((Block *)self)->piece);
    type->tp_free(self);
    Py_DECREF(type);
}

static int view_block(PyObject *self, Py_buffer *view, int flags)
{
    Block *block = (Block *)self;
    return PyBuffer_FillInfo(view, self, bytes_of(block->piece) + block->start, block->size, 0,
                             flags);
}

static PyType_Slot BLOCK_SLOTS[] = {
    {Py_tp_doc, "Writable bytes; their memory is used again."},
    {Py_tp_dealloc, end_block},
    {Py_bf_getbuffer, view_block},
    {0, NULL}};

static PyType_Spec BLOCK_SPEC = {"tallystick._native.zigzag.Block", sizeof(Block), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                 BLOCK_SLOTS};

typedef struct {
    PyObject *block_type;
} State;

static PyObject *new_block(PyObject *module, PyObject *arguments)
{
    PyTypeObject *type = (PyTypeObject *)((State *)PyModule_GetState(module))->block_type;
    Py_ssize_t size;
    Py_buffer like = {0};
    if (!PyArg_ParseTuple(arguments, "n|y*", &size, &like))
        return NULL;
    size_t start = (uintptr_t)like.buf % LINE;
    if (like.obj != NULL)
        PyBuffer_Release(&like);
    if (size < 0 || size > PY_SSIZE_T_MAX / 2) {
        PyErr_SetString(PyExc_ValueError, "a block has a size from 0");
        return NULL;
    }
    Block *block = (Block *)type->tp_alloc(type, 0);
    if (block == NULL)
        return NULL;
    block->size = size;
    block->start = start;
    block->piece = take_piece((size_t)size + LINE);
    if (block->piece == NULL) {
        Py_DECREF(block);
        return PyErr_NoMemory();
    }
    return (PyObject *)block;
}

/* ---- programs ---- */

#define ROWS_MAX 256
#define SUMS_MAX (2 * ROWS_MAX)
#define BUFFERS_MAX 64

typedef struct {
    unsigned inputs, outputs;       /* buffers of a call */
    unsigned reads, middle, writes; /* rows */
    const Kernel *kernel;           /* or NULL */
    int has_fixed;                  /* whether the constants are those of the kernel's narrow loop */
    uint64_t constants[ROWS_MAX];
    uint16_t span[BUFFERS_MAX];     /* most rows of each buffer, inputs first */
    uint16_t count[BUFFERS_MAX];    /* how many of them are named */
    uint16_t position[2 * ROWS_MAX];
    size_t first[SUMS_MAX + 1];     /* where each sum's terms begin, middle first */
    uint16_t *source;
    uint8_t *by;
} Program;

typedef struct {
    const uint16_t *at, *end;
    int is_over;
} Words;

static unsigned next_word(Words *words)
{
    if (words->at == words->end) {
        words->is_over = 1;
        return 0;
    }
    return *words->at++;
}

static int refuse(const char *fact)
{
    PyErr_SetString(PyExc_ValueError, fact);
    return -1;
}

/* Read a side's buffers: for each its span, a count, and the position of each row in it. */
static int read_rows(Words *words, Program *program, unsigned buffers, unsigned first_buffer,
                     unsigned first_row, unsigned *rows)
{
    *rows = 0;
    for (unsigned b = first_buffer; b < first_buffer + buffers; b++) {
        unsigned span = next_word(words), count = next_word(words);
        if (words->is_over || count > ROWS_MAX - *rows)
            return refuse("a program reads and writes at most 256 rows each");
        program->span[b] = (uint16_t)span;
        program->count[b] = (uint16_t)count;
        for (unsigned i = 0; i < count; i++) {
            unsigned position = next_word(words);
            if (position >= span)
                return refuse("a row lies within its buffer");
            /* Of two at one place both might need spare memory, and there is one piece a buffer. */
            for (unsigned j = first_row + *rows - i; j < first_row + *rows; j++)
                if (program->position[j] == position)
                    return refuse("a program names a row once");
            program->position[first_row + (*rows)++] = (uint16_t)position;
        }
    }
    return 0;
}

/* Read the sums: of rows read and of sums before them in the middle, each once. */
static int read_sums(Words *words, Program *program)
{
    size_t terms = 0;
    for (unsigned sum = 0; sum < program->middle + program->writes; sum++) {
        unsigned sources = program->reads + (sum < program->middle ? sum : program->middle);
        unsigned count = next_word(words), least = 0;
        program->first[sum] = terms;
        for (unsigned i = 0; i < count && !words->is_over; i++) {
            unsigned source = next_word(words), by = next_word(words);
            if (source < least || source >= sources || by == 0 || by > 255)
                return refuse("a sum names rows before it, ascending, each times a byte from 1");
            least = source + 1;
            program->source[terms] = (uint16_t)source;
            program->by[terms++] = (uint8_t)by;
        }
    }
    program->first[program->middle + program->writes] = terms;
    if (words->is_over || words->at != words->end)
        return refuse("a program ends with its last sum");
    return 0;
}

static int read_program(Words *words, Program *program)
{
    program->inputs = next_word(words);
    program->outputs = next_word(words);
    program->middle = next_word(words);
    if (program->inputs + program->outputs > BUFFERS_MAX || program->middle > ROWS_MAX)
        return refuse("a program has at most 64 buffers and 256 rows between");
    if (read_rows(words, program, program->inputs, 0, 0, &program->reads) < 0)
        return -1;
    if (read_rows(words, program, program->outputs, program->inputs, program->reads,
                  &program->writes) < 0)
        return -1;
    return read_sums(words, program);
}

static int choose_kernel(Program *program, Py_ssize_t place, const Py_buffer *constants)
{
    if (place < 0)
        return 0;
    if (place >= kernel_count)
        return refuse("there is no such kernel");
    const Kernel *kernel = &KERNELS[place];
    if (kernel->reads != program->reads || kernel->middle != program->middle ||
        kernel->sums != program->writes || constants->len != (Py_ssize_t)kernel->constants)
        return refuse("the kernel is for another shape");
    const uint8_t *bytes = constants->buf;
    for (Py_ssize_t i = 0; i < constants->len; i++)
        program->constants[i] = MATRIX[bytes[i]];
    program->has_fixed = kernel->narrow != NULL &&
                         memcmp(kernel->fixed, bytes, (size_t)constants->len) == 0;
    program->kernel = kernel;
    return 0;
}

static const char CAPSULE[] = "tallystick zigzag program";

static void free_program(Program *program)
{
    PyMem_Free(program->source);
    PyMem_Free(program->by);
    PyMem_Free(program);
}

static void end_program(PyObject *capsule)
{
    free_program(PyCapsule_GetPointer(capsule, CAPSULE));
}

static PyObject *new_program(PyObject *module, PyObject *arguments)
{
    Py_buffer code, constants;
    Py_ssize_t kernel;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*ny*", &code, &kernel, &constants))
        return NULL;
    PyObject *capsule = NULL;
    Words words = {code.buf, (const uint16_t *)code.buf + code.len / 2, 0};
    Program *program = PyMem_Calloc(1, sizeof *program);
    if (program != NULL) {
        program->source = PyMem_Calloc((size_t)code.len / 2 + 1, sizeof *program->source);
        program->by = PyMem_Calloc((size_t)code.len / 2 + 1, 1);
    }
    if (program == NULL || program->source == NULL || program->by == NULL)
        PyErr_NoMemory();
    else if (code.len % 2 != 0 || (uintptr_t)code.buf % 2 != 0)
        refuse("a program is of whole, aligned words");
    else if (read_program(&words, program) == 0 && choose_kernel(program, kernel, &constants) == 0)
        capsule = PyCapsule_New(program, CAPSULE, end_program);
    if (capsule == NULL && program != NULL)
        free_program(program);
    PyBuffer_Release(&code);
    PyBuffer_Release(&constants);
    return capsule;
}

/* ---- a call ---- */

typedef struct {
    const Program *program;
    size_t size;
    unsigned buffers;               /* taken so far */
    Py_buffer views[BUFFERS_MAX];
    uint8_t *rows[2 * ROWS_MAX];    /* reads, then writes */
    size_t start;                   /* where in its line the first row read begins */
    Piece *spare;                   /* rows that a buffer has not, or not whole */
} Call;

static void end_call(Call *call)
{
    while (call->buffers > 0)
        PyBuffer_Release(&call->views[--call->buffers]);
    if (call->spare != NULL)
        give_piece(call->spare);
}

static int take_buffers(Call *call, PyObject *tuple, unsigned count, int flags)
{
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != (Py_ssize_t)count)
        return refuse("a call brings a tuple of as many buffers as its program names");
    for (unsigned i = 0; i < count; i++) {
        Py_buffer *view = &call->views[call->buffers];
        if (PyObject_GetBuffer(PyTuple_GetItem(tuple, (Py_ssize_t)i), view,
                               PyBUF_C_CONTIGUOUS | flags) < 0)
            return -1;
        size_t span = call->program->span[call->buffers++];
        if ((size_t)view->len > span * call->size)
            return refuse("a buffer is longer than its rows");
    }
    return 0;
}

/* Take memory for rows that buffers lack: one of zeros, one to write in vain, and the parts. */
static int take_spare(Call *call)
{
    const Program *program = call->program;
    call->start = call->buffers == 0 ? 0 : (uintptr_t)call->views[0].buf % LINE;
    size_t rows = 0, parts = 0;
    for (unsigned b = 0; b < call->buffers; b++) {
        size_t length = (size_t)call->views[b].len;
        rows |= length < program->span[b] * call->size;
        parts += length % call->size != 0;
    }
    if (rows == 0)
        return 0;
    call->spare = take_piece((2 + parts) * call->size + LINE);
    if (call->spare == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(bytes_of(call->spare), 0, call->size + LINE);
    return 0;
}

/* Find each row in its buffer, or in the spare memory if it is not whole there. */
static void place_rows(Call *call)
{
    const Program *program = call->program;
    const size_t size = call->size;
    uint8_t *spare = call->spare == NULL ? NULL : bytes_of(call->spare) + call->start;
    size_t parts = 2;
    unsigned row = 0;
    for (unsigned b = 0; b < call->buffers; b++) {
        uint8_t *start = call->views[b].buf;
        size_t length = (size_t)call->views[b].len;
        int is_read = b < program->inputs;
        for (unsigned i = 0; i < program->count[b]; i++, row++) {
            size_t at = program->position[row] * size;
            if (at + size <= length) {
                call->rows[row] = start + at;
            } else if (at >= length) {
                call->rows[row] = spare + (is_read ? 0 : size);
            } else {
                uint8_t *part = spare + parts++ * size;
                call->rows[row] = part;
                if (is_read) {
                    memcpy(part, start + at, length - at);
                    memset(part + (length - at), 0, size - (length - at));
                }
            }
        }
    }
}

/* Bring home the rows that were written beside a buffer too short for them. */
static void keep_parts(Call *call)
{
    const Program *program = call->program;
    unsigned row = program->reads;
    for (unsigned b = program->inputs; b < call->buffers; b++) {
        uint8_t *start = call->views[b].buf;
        size_t length = (size_t)call->views[b].len;
        for (unsigned i = 0; i < program->count[b]; i++, row++) {
            size_t at = program->position[row] * call->size;
            if (at < length && at + call->size > length)
                memcpy(start + at, call->rows[row], length - at);
        }
    }
}

/* Whether all rows written begin in their lines where the first row read does. */
static int is_alike(const Call *call)
{
    const Program *program = call->program;
    for (unsigned row = program->reads; row < program->reads + program->writes; row++)
        if ((uintptr_t)call->rows[row] % LINE != call->start)
            return 0;
    return 1;
}

/* Carry out sum by sum; `middle` has a block for each sum that is kept. */
static void run_sums(const Call *call, Summing *summing, uint8_t *middle)
{
    const Program *program = call->program;
    const unsigned written = program->reads;
    const uint8_t *rows[2 * ROWS_MAX];
    for (size_t at = 0; at < call->size; at += BLOCK) {
        size_t size = call->size - at < BLOCK ? call->size - at : BLOCK;
        for (unsigned sum = 0; sum < program->middle + program->writes; sum++) {
            size_t first = program->first[sum], count = program->first[sum + 1] - first;
            for (size_t t = 0; t < count; t++) {
                unsigned source = program->source[first + t];
                rows[t] = source < program->reads
                              ? call->rows[source] + at
                              : middle + (size_t)(source - program->reads) * BLOCK;
            }
            uint8_t *out = sum < program->middle
                               ? middle + (size_t)sum * BLOCK
                               : call->rows[written + sum - program->middle] + at;
            summing(rows, program->by + first, count, out, size);
        }
    }
}

/* Run a loop over some bytes of every row. */
static void run_part(const Call *call, Loop *loop, size_t from, size_t size, int way)
{
    const Program *program = call->program;
    uint8_t *rows[2 * ROWS_MAX];
    for (unsigned row = 0; row < program->reads + program->writes; row++)
        rows[row] = call->rows[row] + from;
    loop((const uint8_t *const *)rows, rows + program->reads, program->constants, size, way);
}

/* Run a loop over all rows, line by line of memory: bytes objects begin anywhere in a line, and
 * what reaches over two lines costs two. The first and the last bytes are done on their own. */
static void run_loop(const Call *call, Loop *loop, int way)
{
    const size_t head = (LINE - call->start) % LINE;
    const size_t whole = (call->size - head) / LINE * LINE;
    if (head != 0)
        run_part(call, loop, 0, LINE, NEAR_WAY);
    run_part(call, loop, head, whole, is_alike(call) ? way : NEAR_WAY);
    if (head != 0)
        run_part(call, loop, call->size - LINE, LINE, NEAR_WAY);
    if (way != NEAR_WAY)
        end_streaming();
}

static void run_call(const Call *call, int level, int way, uint8_t *middle)
{
    const Program *program = call->program;
    const Kernel *kernel = program->kernel;
    if (kernel != NULL && level == WIDE_LEVEL)
        run_loop(call, kernel->wide, way);
    /* Half lines written past the cache, to many rows in turn, would leave it as halves. */
    else if (kernel != NULL && level == NARROW_LEVEL && program->has_fixed)
        run_loop(call, kernel->narrow, NEAR_WAY);
    else
        run_sums(call, SUMMING[level], middle);
}

static int best_level;

static PyObject *run(PyObject *module, PyObject *arguments)
{
    PyObject *capsule, *inputs, *outputs, *result = NULL;
    Py_ssize_t size;
    int level, way;
    Call call;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "OOOnii", &capsule, &inputs, &outputs, &size, &level,
                          &way))
        return NULL;
    call.program = PyCapsule_GetPointer(capsule, CAPSULE);
    if (call.program == NULL)
        return NULL;
    if (size <= 0 || size % LINE != 0 || size > PY_SSIZE_T_MAX / UINT16_MAX || level < 0 ||
        level > best_level || way < NEAR_WAY || way > FAR_WAY) {
        refuse("a row is of whole lines of 64 bytes, level and way are some that there are");
        return NULL;
    }
    call.size = (size_t)size;
    call.buffers = 0;
    call.spare = NULL;
    Piece *middle = take_piece((size_t)call.program->middle * BLOCK);
    if (middle == NULL)
        return PyErr_NoMemory();
    if (take_buffers(&call, inputs, call.program->inputs, PyBUF_SIMPLE) == 0 &&
        take_buffers(&call, outputs, call.program->outputs, PyBUF_WRITABLE) == 0 &&
        take_spare(&call) == 0) {
        place_rows(&call);
        Py_BEGIN_ALLOW_THREADS
        run_call(&call, level, way, bytes_of(middle));
        keep_parts(&call);
        Py_END_ALLOW_THREADS
        result = Py_NewRef(Py_None);
    }
    end_call(&call);
    give_piece(middle);
    return result;
}

/* ---- the module ---- */

static int fill_module(PyObject *module)
{
    State *state = PyModule_GetState(module);
    fill_tables();
    best_level = find_level();
    state->block_type = PyType_FromModuleAndSpec(module, &BLOCK_SPEC, NULL);
    PyObject *kernels = PyDict_New();
    if (state->block_type == NULL || kernels == NULL)
        goto failed;
    for (Py_ssize_t i = 0; i < kernel_count; i++) {
        PyObject *place = PyLong_FromSsize_t(i);
        if (place == NULL || PyDict_SetItemString(kernels, KERNELS[i].name, place) < 0) {
            Py_XDECREF(place);
            goto failed;
        }
        Py_DECREF(place);
    }
    if (PyModule_AddObjectRef(module, "kernels", kernels) < 0)
        goto failed;
    Py_DECREF(kernels);
    return PyModule_AddIntConstant(module, "level", best_level);
failed:
    Py_XDECREF(kernels);
    return -1;
}

static int visit_module(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
    if (state != NULL)
        Py_VISIT(state->block_type);
    return 0;
}

static int clear_module(PyObject *module)
{
    State *state = PyModule_GetState(module);
    if (state != NULL)
        Py_CLEAR(state->block_type);
    return 0;
}

static PyMethodDef METHODS[] = {
    {"block", new_block, METH_VARARGS, "Return writable bytes, not cleared."},
    {"program", new_program, METH_VARARGS, "Check a program and return it ready to run."},
    {"run", run, METH_VARARGS, "Carry out a program on buffers."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, fill_module}, {0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "zigzag", "Sums of rows for erasure codes; see zigzag.pyi.",
    sizeof(State), METHODS, SLOTS, visit_module, clear_module, NULL};

PyMODINIT_FUNC PyInit_zigzag(void)
{
    return PyModuleDef_Init(&MODULE);
}
