/* begin_below: the span of a request whose caller says no more than `traceparent`, and the context in which it is current. */
#include "speedups.h"

#define PLAIN_LENGTH 55 /* 00-{32}-{16}-{2} */
#define ATTRIBUTES_MAX 32

typedef struct {
    TraceId trace_id;
    uint64_t span_id, flags;
} Caller;

static bool read_hex(const char *text, int digits, uint64_t *number) {
    *number = 0;
    for (int i = 0; i < digits; i++) {
        char digit = text[i];
        int value = digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
        if (value < 0) return false;
        *number = *number << 4 | (uint64_t)value;
    }
    return true;
}

static bool read_caller(PyObject *header, Caller *caller) {
    if (!PyBytes_Check(header) || PyBytes_GET_SIZE(header) != PLAIN_LENGTH) return false;
    const char *text = PyBytes_AS_STRING(header);
    if (memcmp(text, "00-", 3) != 0 || text[35] != '-' || text[52] != '-') return false;
    if (!read_hex(text + 3, 16, &caller->trace_id.high) || !read_hex(text + 19, 16, &caller->trace_id.low)) return false;
    if (!read_hex(text + 36, 16, &caller->span_id) || !read_hex(text + 53, 2, &caller->flags)) return false;
    caller->flags &= SAMPLED | RANDOM_TRACE_ID;
    return (caller->trace_id.high || caller->trace_id.low) && caller->span_id;
}

static bool are_plain(const Tracer *tracer, PyObject *attributes) {
    PyObject *key, *value;
    Py_ssize_t place = 0;
    if (tracer->attribute_length_max >= 0 || tracer->attributes_max < ATTRIBUTES_MAX || !PyDict_CheckExact(attributes)) return false;
    while (PyDict_Next(attributes, &place, &key, &value)) {
        bool short_text = PyUnicode_CheckExact(value) && PyUnicode_GET_LENGTH(value) <= LONG_TEXT;
        if (!PyUnicode_CheckExact(key) || !(short_text || PyLong_CheckExact(value))) return false;
    }
    return true;
}

static LocalSpan *sampled(Tracer *tracer, const Caller *caller, PyObject *name, PyObject *kind, PyObject *attributes) {
    PyObject *key, *value;
    Py_ssize_t place = 0;
    Span *span = span_new(tracer, name, kind, now_ns());
    if (!span) return NULL;
    span->local.trace_id = caller->trace_id;
    span->local.flags = (uint32_t)caller->flags;
    span->local.trace_state = Py_NewRef(state.no_state);
    span->parent_span_id = caller->span_id;
    span->parent_remote = true;
    while (PyDict_Next(attributes, &place, &key, &value))
        if (attributes_put(&span->attributes, key, value) < 0) return Py_DECREF(span), NULL;
    return &span->local;
}

PyObject *begin_below(PyObject *module, PyObject *const *given, Py_ssize_t count) {
    if (count != 5 || !state.Span || !PyObject_TypeCheck(given[0], state.tracer_type))
        return PyErr_SetString(PyExc_TypeError, "begin_below(tracer, traceparent, name, kind, attributes)"), NULL;
    Tracer *tracer = (Tracer *)given[0];
    Caller caller;
    bool measured = tracer->measured != Py_None || tracer->open_spans != Py_None;
    if (!tracer->provider || !tracer->parent_decides || measured || !read_caller(given[1], &caller) || !are_plain(tracer, given[4])) Py_RETURN_NONE;
    LocalSpan *span = caller.flags & SAMPLED ? sampled(tracer, &caller, given[2], given[3], given[4])
                                             : unsampled_span_new(caller.trace_id, state.no_state, (uint32_t)caller.flags);
    if (!span || count_one(tracer->stats, state.name_started) < 0) return Py_XDECREF(span), NULL;
    PyObject *context = context_with(state.empty_tuple, (PyObject *)span);
    PyObject *begun = context ? PyTuple_Pack(2, span, context) : NULL;
    Py_XDECREF(context);
    Py_DECREF(span);
    return begun;
}
