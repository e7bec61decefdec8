/* Many signatures checked by libsodium's own function, while the interpreter runs other threads.
 *
 * Laws: signatures.pyi. No cryptography of its own: the caller gives the address of libsodium's
 * crypto_sign_open, as PyNaCl tells it, and each row's answer is that function's. All lengths are
 * checked, and all rows held, before the interpreter's lock is given up.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum { PUBLIC_SIZE = 32, SIGNATURE_SIZE = 64, PARTS = 3 };

/* message, its length, signature || message, its length, public key; 0 where it is valid. */
typedef int (*Open)(unsigned char *, unsigned long long *, const unsigned char *,
                    unsigned long long, const unsigned char *);

/* Return the longest message of rows that have the form of pyi, or -1 with an error set. */
static Py_ssize_t longest_message(PyObject *rows)
{
    Py_ssize_t longest = 0;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(rows); at++) {
        PyObject *row = PyTuple_GET_ITEM(rows, at);
        int is_row = PyTuple_CheckExact(row) && PyTuple_GET_SIZE(row) == PARTS;
        for (int part = 0; is_row && part < PARTS; part++)
            is_row = PyBytes_CheckExact(PyTuple_GET_ITEM(row, part));
        if (!is_row || PyBytes_GET_SIZE(PyTuple_GET_ITEM(row, 0)) != PUBLIC_SIZE ||
            PyBytes_GET_SIZE(PyTuple_GET_ITEM(row, 2)) != SIGNATURE_SIZE) {
            PyErr_SetString(PyExc_ValueError, "a row is (32 bytes, bytes, 64 bytes)");
            return -1;
        }
        Py_ssize_t size = PyBytes_GET_SIZE(PyTuple_GET_ITEM(row, 1));
        longest = size > longest ? size : longest;
    }
    return longest;
}

static void check_rows(Open open, PyObject *rows, unsigned char *room, Py_ssize_t half, char *valid)
{
    unsigned char *signed_message = room, *opened = room + half;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(rows); at++) {
        PyObject *row = PyTuple_GET_ITEM(rows, at), *message = PyTuple_GET_ITEM(row, 1);
        size_t size = (size_t)PyBytes_GET_SIZE(message);
        unsigned long long opened_size;
        memcpy(signed_message, PyBytes_AS_STRING(PyTuple_GET_ITEM(row, 2)), SIGNATURE_SIZE);
        memcpy(signed_message + SIGNATURE_SIZE, PyBytes_AS_STRING(message), size);
        valid[at] = open(opened, &opened_size, signed_message, SIGNATURE_SIZE + size,
                         (const unsigned char *)PyBytes_AS_STRING(PyTuple_GET_ITEM(row, 0))) == 0;
    }
}

static PyObject *check_many(PyObject *module, PyObject *arguments)
{
    unsigned long long address;
    PyObject *given, *answer = NULL;
    (void)module;

    if (!PyArg_ParseTuple(arguments, "KO:check_many", &address, &given))
        return NULL;
    /* A tuple of tuples of bytes: nothing of it can change or go while it is held here. */
    PyObject *rows = PySequence_Tuple(given);
    if (rows == NULL)
        return NULL;
    Py_ssize_t longest = longest_message(rows);
    if (longest >= 0) {
        Py_ssize_t half = longest + SIGNATURE_SIZE;
        unsigned char *room = PyMem_RawMalloc((size_t)half * 2);
        answer = PyBytes_FromStringAndSize(NULL, PyTuple_GET_SIZE(rows));
        if (room == NULL) {
            Py_CLEAR(answer);
            PyErr_NoMemory();
        }
        if (answer != NULL) {
            char *valid = PyBytes_AS_STRING(answer);
            Open open = (Open)(uintptr_t)address;
            Py_BEGIN_ALLOW_THREADS
            check_rows(open, rows, room, half, valid);
            Py_END_ALLOW_THREADS
        }
        PyMem_RawFree(room);
    }
    Py_DECREF(rows);
    return answer;
}

static PyMethodDef METHODS[] = {
    {"check_many", check_many, METH_VARARGS, "Return which signatures are valid."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "signatures", "Many signatures; see signatures.pyi.", 0, METHODS, NULL, NULL,
    NULL, NULL};

PyMODINIT_FUNC PyInit_signatures(void)
{
    return PyModuleDef_Init(&MODULE);
}
