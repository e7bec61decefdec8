/* Trees of canonical DAG-CBOR, in C.
 *
 * Laws: cbor.pyi. What is told is what codec.py would tell of the same bytes; of all that is not
 * plainly canonical nothing is told, and codec.py judges. Each length is compared with what is left
 * before anything is made of that size; nothing is nested deeper than the caller says.
 * Source: RFC 8949 sections 3 and 4.2; IPLD DAG-CBOR specification.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum {
    UNSIGNED,
    NEGATIVE,
    BYTES,
    TEXT,
    LIST,
    MAP,
    TAG,
    LINK_TAG = 42,
    PREFIX = 5,
    LINK_BYTES = 37,
};

typedef struct {
    const unsigned char *at, *end;
    Py_ssize_t depth; /* levels that may still be opened */
    PyTypeObject *link;
    PyObject *prefixes;
} Reader;

static PyObject *raw_name;

/* What is no error of Python's: codec.py has to judge. */
static PyObject *untold(void)
{
    return NULL;
}

static int read_head(Reader *reader, int *kind, uint64_t *number)
{
    static const uint64_t LEAST[] = {24, UINT64_C(1) << 8, UINT64_C(1) << 16, UINT64_C(1) << 32};
    if (reader->at == reader->end)
        return 0;
    const unsigned first = *reader->at++, more = first & 31;
    *kind = (int)(first >> 5);
    *number = more;
    if (more < 24)
        return 1;
    if (more > 27 || reader->end - reader->at < (Py_ssize_t)1 << (more - 24))
        return 0;
    *number = 0;
    for (size_t left = (size_t)1 << (more - 24); left > 0; left--)
        *number = *number << 8 | *reader->at++;
    return *number >= LEAST[more - 24];
}

/* Return whether so many items of at least `least` bytes each can follow. */
static int has_room(const Reader *reader, uint64_t count, uint64_t least)
{
    return count <= (uint64_t)(reader->end - reader->at) / least;
}

static PyObject *read_item(Reader *reader);

static PyObject *read_text(Reader *reader, uint64_t size)
{
    if (!has_room(reader, size, 1))
        return untold();
    PyObject *found = PyUnicode_DecodeUTF8((const char *)reader->at, (Py_ssize_t)size, "strict");
    reader->at += size;
    return found;
}

static PyObject *read_list(Reader *reader, uint64_t count)
{
    if (reader->depth == 0 || !has_room(reader, count, 1))
        return untold();
    PyObject *found = PyList_New((Py_ssize_t)count);
    if (found == NULL)
        return NULL;
    reader->depth--;
    for (Py_ssize_t place = 0; place < (Py_ssize_t)count; place++) {
        PyObject *item = read_item(reader);
        if (item == NULL) {
            Py_DECREF(found);
            return NULL;
        }
        PyList_SET_ITEM(found, place, item);
    }
    reader->depth++;
    return found;
}

static int read_pair(Reader *reader, PyObject *into)
{
    int kind, failed;
    uint64_t size;
    if (!read_head(reader, &kind, &size) || kind != TEXT)
        return -1;
    PyObject *key = read_text(reader, size);
    PyObject *item = key == NULL ? NULL : read_item(reader);
    failed = item == NULL || PyDict_SetItem(into, key, item);
    Py_XDECREF(key);
    Py_XDECREF(item);
    return failed ? -1 : 0;
}

static PyObject *read_map(Reader *reader, uint64_t count)
{
    if (reader->depth == 0 || !has_room(reader, count, 2))
        return untold();
    PyObject *found = PyDict_New();
    if (found == NULL)
        return NULL;
    reader->depth--;
    for (uint64_t place = 0; place < count; place++) {
        /* A key that stands twice leaves the map as long as it was. */
        if (read_pair(reader, found) || PyDict_GET_SIZE(found) != (Py_ssize_t)place + 1) {
            Py_DECREF(found);
            return NULL;
        }
    }
    reader->depth++;
    return found;
}

static PyObject *read_link(Reader *reader)
{
    int kind, known = 0;
    uint64_t size;
    if (!read_head(reader, &kind, &size) || kind != BYTES || size != LINK_BYTES ||
        !has_room(reader, size, 1))
        return untold();
    for (Py_ssize_t place = 0; place < PyTuple_GET_SIZE(reader->prefixes); place++) {
        PyObject *each = PyTuple_GET_ITEM(reader->prefixes, place);
        known |= memcmp(reader->at, PyBytes_AS_STRING(each), PREFIX) == 0;
    }
    if (!known)
        return untold();
    PyObject *raw = PyBytes_FromStringAndSize((const char *)reader->at + 1, LINK_BYTES - 1);
    reader->at += LINK_BYTES;
    PyObject *found = raw == NULL ? NULL : reader->link->tp_alloc(reader->link, 0);
    /* Past the class's own, which lets nothing be set. */
    if (found != NULL && PyObject_GenericSetAttr(found, raw_name, raw))
        Py_CLEAR(found);
    Py_XDECREF(raw);
    return found;
}

static PyObject *read_item(Reader *reader)
{
    int kind;
    uint64_t number;
    if (!read_head(reader, &kind, &number))
        return untold();
    switch (kind) {
    case UNSIGNED:
        return PyLong_FromUnsignedLongLong(number);
    case NEGATIVE:
        return number > INT64_MAX ? untold() : PyLong_FromLongLong(-1 - (int64_t)number);
    case BYTES: {
        if (!has_room(reader, number, 1))
            return untold();
        const char *from = (const char *)reader->at;
        reader->at += number;
        return PyBytes_FromStringAndSize(from, (Py_ssize_t)number);
    }
    case TEXT:
        return read_text(reader, number);
    case LIST:
        return read_list(reader, number);
    case MAP:
        return read_map(reader, number);
    case TAG:
        return number == LINK_TAG ? read_link(reader) : untold();
    default:
        return untold();
    }
}

static int has_types(PyObject *const *given, Py_ssize_t count)
{
    if (count != 4 || !PyLong_CheckExact(given[1]) || !PyType_Check(given[2]) ||
        !PyTuple_CheckExact(given[3]))
        return 0;
    for (Py_ssize_t place = 0; place < PyTuple_GET_SIZE(given[3]); place++) {
        PyObject *each = PyTuple_GET_ITEM(given[3], place);
        if (!PyBytes_CheckExact(each) || PyBytes_GET_SIZE(each) != PREFIX)
            return 0;
    }
    return 1;
}

static PyObject *read_tree(PyObject *module, PyObject *const *given, Py_ssize_t count)
{
    (void)module;
    if (!has_types(given, count)) {
        PyErr_SetString(PyExc_TypeError, "bytes, levels, a type of links, prefixes of 5 bytes");
        return NULL;
    }
    if (!PyBytes_CheckExact(given[0]))
        Py_RETURN_NONE;
    const unsigned char *data = (const unsigned char *)PyBytes_AS_STRING(given[0]);
    Reader reader = {data, data + PyBytes_GET_SIZE(given[0]), PyLong_AsSsize_t(given[1]),
                     (PyTypeObject *)given[2], given[3]};
    if (reader.depth < 0)
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    PyObject *found = read_item(&reader);
    if (found != NULL && reader.at == reader.end)
        return found;
    Py_XDECREF(found);
    if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
        return NULL;
    PyErr_Clear();
    Py_RETURN_NONE;
}

static PyMethodDef METHODS[] = {
    {"read_tree", (PyCFunction)(void (*)(void))read_tree, METH_FASTCALL, "Read canonical bytes."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, .m_name = "cbor", .m_size = -1,
                                    .m_methods = METHODS};

PyMODINIT_FUNC PyInit_cbor(void)
{
    raw_name = PyUnicode_InternFromString("raw");
    return raw_name == NULL ? NULL : PyModule_Create(&MODULE);
}
