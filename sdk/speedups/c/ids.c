/* Ids and the clock. The generator is xoshiro256**, seeded by the operating system, and anew in every forked child: the
   handler of the fork is the C library's, so that a server that forks behind Python's back is noticed too. */
#include "speedups.h"
#include <pthread.h>
#include <time.h>

static uint64_t random_state[4];
static volatile bool seeded;

static void forget_seed(void) { seeded = false; }

int ids_start(void) {
    static bool followed;
    if (!followed && pthread_atfork(NULL, NULL, forget_seed) != 0) {
        PyErr_SetString(PyExc_ImportError, "forks cannot be followed");
        return -1;
    }
    followed = true;
    return 0;
}

static int seed(void) {
    PyObject *os = PyImport_ImportModule("os");
    PyObject *bytes = os ? PyObject_CallMethod(os, "urandom", "i", (int)sizeof random_state) : NULL;
    Py_XDECREF(os);
    if (!bytes) return -1;
    if (!PyBytes_Check(bytes) || PyBytes_GET_SIZE(bytes) != (Py_ssize_t)sizeof random_state) {
        Py_DECREF(bytes);
        PyErr_SetString(PyExc_RuntimeError, "os.urandom gave something else than was asked for");
        return -1;
    }
    memcpy(random_state, PyBytes_AS_STRING(bytes), sizeof random_state);
    Py_DECREF(bytes);
    random_state[0] |= 1; /* All zeros would stay zeros. */
    seeded = true;
    return 0;
}

static uint64_t rotated(uint64_t number, int by) { return (number << by) | (number >> (64 - by)); }

static uint64_t next_random(void) {
    uint64_t *s = random_state, result = rotated(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotated(s[3], 45);
    return result;
}

uint64_t new_span_id(void) {
    if (!seeded && seed() < 0) return 0;
    uint64_t id;
    do id = next_random();
    while (id == 0);
    return id;
}

int new_trace_id(TraceId *id) {
    id->high = new_span_id();
    id->low = id->high ? new_span_id() : 0;
    return id->low ? 0 : -1;
}

static void put_big_endian(unsigned char *to, uint64_t number) {
    for (int i = 7; i >= 0; i--, number >>= 8) to[i] = (unsigned char)number;
}

static uint64_t get_big_endian(const unsigned char *from) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) number = number << 8 | from[i];
    return number;
}

PyObject *trace_id_object(TraceId id) {
    if (id.high == 0) return PyLong_FromUnsignedLongLong(id.low);
    unsigned char bytes[16];
    put_big_endian(bytes, id.high);
    put_big_endian(bytes + 8, id.low);
#if PY_VERSION_HEX >= 0x030D0000
    return PyLong_FromUnsignedNativeBytes(bytes, sizeof bytes, Py_ASNATIVEBYTES_BIG_ENDIAN);
#else
    return _PyLong_FromByteArray(bytes, sizeof bytes, 0, 0);
#endif
}

int trace_id_from(PyObject *number, TraceId *id) {
    unsigned char bytes[16];
    if (!PyLong_Check(number)) {
        PyErr_SetString(PyExc_TypeError, "a trace id is an int");
        return -1;
    }
#if PY_VERSION_HEX >= 0x030D0000
    int flags = Py_ASNATIVEBYTES_BIG_ENDIAN | Py_ASNATIVEBYTES_UNSIGNED_BUFFER | Py_ASNATIVEBYTES_REJECT_NEGATIVE;
    Py_ssize_t size = PyLong_AsNativeBytes(number, bytes, sizeof bytes, flags);
    if (size < 0) return -1;
    if (size > (Py_ssize_t)sizeof bytes) {
        PyErr_SetString(PyExc_OverflowError, "a trace id has 128 bits");
        return -1;
    }
#else
    if (_PyLong_AsByteArray((PyLongObject *)number, bytes, sizeof bytes, 0, 0) < 0) return -1;
#endif
    id->high = get_big_endian(bytes);
    id->low = get_big_endian(bytes + 8);
    return 0;
}

int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
