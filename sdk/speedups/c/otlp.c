/* Spans as OTLP messages: the same bytes as `lymer_sdk.otlp` makes. Field numbers are those of opentelemetry-proto. */
#include "speedups.h"

#define HAS_IS_REMOTE 0x100u
#define IS_REMOTE 0x200u

typedef struct {
    unsigned char *bytes;
    size_t size, capacity;
} Buffer;

static int reserve(Buffer *buffer, size_t more) {
    if (buffer->size + more <= buffer->capacity) return 0;
    size_t capacity = (buffer->size + more) * 2;
    unsigned char *bytes = PyMem_Realloc(buffer->bytes, capacity);
    if (!bytes) return PyErr_NoMemory(), -1;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return 0;
}

static int put(Buffer *buffer, const void *bytes, size_t size) {
    if (reserve(buffer, size) < 0) return -1;
    if (size) memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    return 0;
}

static size_t varint_size(uint64_t number) {
    size_t size = 1;
    while (number >>= 7) size++;
    return size;
}

static void write_varint(unsigned char *to, uint64_t number) {
    while (number > 127) {
        *to++ = (unsigned char)(number | 128);
        number >>= 7;
    }
    *to = (unsigned char)number;
}

static int put_varint(Buffer *buffer, unsigned char tag, uint64_t number) {
    size_t size = varint_size(number);
    if (reserve(buffer, size + 1) < 0) return -1;
    buffer->bytes[buffer->size] = tag;
    write_varint(buffer->bytes + buffer->size + 1, number);
    buffer->size += size + 1;
    return 0;
}

static int put_little_endian(Buffer *buffer, unsigned char tag, uint64_t number) {
    unsigned char bytes[9] = {tag};
    for (int i = 1; i < 9; i++, number >>= 8) bytes[i] = (unsigned char)number;
    return put(buffer, bytes, sizeof bytes);
}

static unsigned char *big_endian(unsigned char *to, uint64_t number) {
    for (int i = 7; i >= 0; i--, number >>= 8) to[i] = (unsigned char)number;
    return to + 8;
}

/* A message inside another: its length is written when it is known; most are shorter than 128 bytes. */
static int open_field(Buffer *buffer, unsigned char tag, size_t *mark) {
    const unsigned char start[2] = {tag, 0};
    if (put(buffer, start, sizeof start) < 0) return -1;
    *mark = buffer->size;
    return 0;
}

static int close_field(Buffer *buffer, size_t mark) {
    size_t size = buffer->size - mark, more = varint_size(size) - 1;
    if (more) {
        if (reserve(buffer, more) < 0) return -1;
        memmove(buffer->bytes + mark + more, buffer->bytes + mark, size);
        buffer->size += more;
    }
    write_varint(buffer->bytes + mark - 1, size);
    return 0;
}

static int put_sized(Buffer *buffer, unsigned char tag, const void *bytes, size_t size) {
    return put_varint(buffer, tag, size) < 0 ? -1 : put(buffer, bytes, size);
}

static int put_text(Buffer *buffer, unsigned char tag, PyObject *text) {
    if (!PyUnicode_Check(text)) return PyErr_Format(PyExc_TypeError, "a text, not a %s", Py_TYPE(text)->tp_name), -1;
    if (PyUnicode_IS_COMPACT_ASCII(text))
        return put_sized(buffer, tag, PyUnicode_1BYTE_DATA(text), (size_t)PyUnicode_GET_LENGTH(text));
    PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-8", "replace");
    int done = bytes ? put_sized(buffer, tag, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)) : -1;
    Py_XDECREF(bytes);
    return done;
}

/* --- attributes ---------------------------------------------------------------------------------------------------- */

static int put_int(Buffer *buffer, PyObject *value) {
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (!overflow) return number == -1 && PyErr_Occurred() ? -1 : put_varint(buffer, 0x18, (uint64_t)number);
    PyObject *text = PyObject_Str(value);
    int done = text ? put_text(buffer, 0x0A, text) : -1;
    Py_XDECREF(text);
    return done;
}

static int put_any_value(Buffer *buffer, PyObject *value);

static int put_array(Buffer *buffer, PyObject *values) {
    size_t array, item;
    if (open_field(buffer, 0x2A, &array) < 0) return -1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); i++) {
        if (open_field(buffer, 0x0A, &item) < 0 || put_any_value(buffer, PyTuple_GET_ITEM(values, i)) < 0 || close_field(buffer, item) < 0)
            return -1;
    }
    return close_field(buffer, array);
}

static int put_any_value(Buffer *buffer, PyObject *value) {
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyUnicode_Type) return put_text(buffer, 0x0A, value);
    if (type == &PyBool_Type) return put_varint(buffer, 0x10, value == Py_True);
    if (type == &PyLong_Type) return put_int(buffer, value);
    if (type == &PyFloat_Type) {
        double number = PyFloat_AS_DOUBLE(value);
        uint64_t bits;
        memcpy(&bits, &number, sizeof bits);
        return put_little_endian(buffer, 0x21, bits);
    }
    if (type == &PyBytes_Type) return put_sized(buffer, 0x3A, PyBytes_AS_STRING(value), (size_t)PyBytes_GET_SIZE(value));
    if (type != &PyTuple_Type) return 0;
    if (Py_EnterRecursiveCall(" while encoding an attribute")) return -1;
    int done = put_array(buffer, value);
    Py_LeaveRecursiveCall();
    return done;
}

static int put_attribute(Buffer *buffer, unsigned char tag, PyObject *key, PyObject *value) {
    size_t pair, inner;
    if (open_field(buffer, tag, &pair) < 0 || put_text(buffer, 0x0A, key) < 0) return -1;
    if (open_field(buffer, 0x12, &inner) < 0 || put_any_value(buffer, value) < 0 || close_field(buffer, inner) < 0) return -1;
    return close_field(buffer, pair);
}

/* Other threads may still write to an event's dict or to the span's: encoding runs no code of theirs, so it stays whole. */
static int put_dict(Buffer *buffer, unsigned char tag, PyObject *attributes) {
    PyObject *key, *value;
    Py_ssize_t place = 0;
    if (!PyDict_Check(attributes)) return PyErr_SetString(PyExc_TypeError, "attributes are a dict"), -1;
    while (PyDict_Next(attributes, &place, &key, &value)) {
        Py_INCREF(key);
        Py_INCREF(value);
        int done = put_attribute(buffer, tag, key, value);
        Py_DECREF(key);
        Py_DECREF(value);
        if (done < 0) return -1;
    }
    return 0;
}

static int put_span_attributes(Buffer *buffer, const Attributes *attributes) {
    if (attributes->dict) return put_dict(buffer, 0x4A, attributes->dict);
    for (uint16_t i = 0; i < attributes->count; i++) {
        PyObject *key = Py_NewRef(attributes->items[i].key), *value = Py_NewRef(attributes->items[i].value);
        int done = put_attribute(buffer, 0x4A, key, value);
        Py_DECREF(key);
        Py_DECREF(value);
        if (done < 0) return -1;
    }
    return 0;
}

/* --- a span -------------------------------------------------------------------------------------------------------- */

static int put_event(Buffer *buffer, PyObject *event) {
    size_t mark;
    if (!PyTuple_Check(event) || PyTuple_GET_SIZE(event) != 4) return PyErr_SetString(PyExc_TypeError, "an event of ours"), -1;
    uint64_t time = PyLong_AsUnsignedLongLongMask(PyTuple_GET_ITEM(event, 1));
    uint64_t dropped = PyLong_AsUnsignedLongLongMask(PyTuple_GET_ITEM(event, 3));
    if (PyErr_Occurred() || open_field(buffer, 0x5A, &mark) < 0 || put_little_endian(buffer, 0x09, time) < 0) return -1;
    if (put_text(buffer, 0x12, PyTuple_GET_ITEM(event, 0)) < 0 || put_dict(buffer, 0x1A, PyTuple_GET_ITEM(event, 2)) < 0) return -1;
    if (dropped && put_varint(buffer, 0x20, dropped) < 0) return -1;
    return close_field(buffer, mark);
}

static int put_events(Buffer *buffer, PyObject *events) {
    if (!events || events == Py_None) return 0;
    if (!PyList_Check(events)) return PyErr_SetString(PyExc_TypeError, "events are a list"), -1;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(events); i++) {
        PyObject *event = Py_NewRef(PyList_GET_ITEM(events, i));
        int done = put_event(buffer, event);
        Py_DECREF(event);
        if (done < 0) return -1;
    }
    return 0;
}

/* Links are rare: the Python half encodes them. */
static int put_links(Buffer *buffer, PyObject *links, PyObject *encode_link) {
    if (!links || links == Py_None) return 0;
    if (!PyList_Check(links)) return PyErr_SetString(PyExc_TypeError, "links are a list"), -1;
    int done = 0;
    Py_INCREF(links);
    for (Py_ssize_t i = 0; done == 0 && i < PyList_GET_SIZE(links); i++) {
        PyObject *link = Py_NewRef(PyList_GET_ITEM(links, i)), *bytes = PyObject_CallOneArg(encode_link, link);
        done = bytes && PyBytes_Check(bytes) ? put_sized(buffer, 0x6A, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)) : -1;
        Py_XDECREF(bytes);
        Py_DECREF(link);
    }
    Py_DECREF(links);
    return done;
}

static int put_state(Buffer *buffer, PyObject *trace_state) {
    if (!trace_state || trace_state == state.no_state || trace_state == Py_None) return 0;
    Py_INCREF(trace_state);
    int done = PyObject_IsTrue(trace_state);
    if (done > 0) {
        PyObject *header = PyObject_CallMethod(trace_state, "to_header", NULL);
        done = header ? put_text(buffer, 0x1A, header) : -1;
        Py_XDECREF(header);
    }
    Py_DECREF(trace_state);
    return done;
}

static int kind_number(PyObject *kind) {
    for (int i = 0; i < (int)PyTuple_GET_SIZE(state.kinds); i++)
        if (PyTuple_GET_ITEM(state.kinds, i) == kind) return i + 1;
    PyErr_SetString(PyExc_TypeError, "a span has a SpanKind");
    return -1;
}

static int put_ids(Buffer *buffer, Span *span) {
    unsigned char ids[28] = {0x0A, 0x10}, *to = big_endian(big_endian(ids + 2, span->local.trace_id.high), span->local.trace_id.low);
    *to++ = 0x12;
    *to++ = 0x08;
    big_endian(to, span->local.span_id);
    if (put(buffer, ids, sizeof ids) < 0 || put_state(buffer, span->local.trace_state) < 0) return -1;
    if (!span->parent_span_id) return 0;
    unsigned char parent[10] = {0x22, 0x08};
    big_endian(parent + 2, span->parent_span_id);
    return put(buffer, parent, sizeof parent);
}

static int put_status(Buffer *buffer, Span *span) {
    size_t mark;
    PyObject *message = span->status_message;
    bool said = message && PyUnicode_Check(message) && PyUnicode_GET_LENGTH(message) > 0;
    if (!span->status_code && !said) return 0;
    if (open_field(buffer, 0x7A, &mark) < 0 || (said && put_text(buffer, 0x12, message) < 0)) return -1;
    if (put_varint(buffer, 0x18, (uint64_t)span->status_code) < 0) return -1;
    return close_field(buffer, mark);
}

static int put_span(Buffer *buffer, Span *span, PyObject *encode_link) {
    size_t mark;
    int kind = kind_number(span->kind);
    uint32_t flags = (span->local.flags & 0xFF) | HAS_IS_REMOTE | (span->parent_span_id && span->parent_remote ? IS_REMOTE : 0);
    unsigned char last[6] = {0x85, 0x01, (unsigned char)flags, (unsigned char)(flags >> 8), 0, 0};
    if (kind < 0 || !span->name || open_field(buffer, 0x12, &mark) < 0 || put_ids(buffer, span) < 0) return -1;
    if (put_text(buffer, 0x2A, span->name) < 0 || put_varint(buffer, 0x30, (uint64_t)kind) < 0) return -1;
    if (put_little_endian(buffer, 0x39, (uint64_t)span->start_time) < 0 || put_little_endian(buffer, 0x41, (uint64_t)span->end_time) < 0) return -1;
    if (put_span_attributes(buffer, &span->attributes) < 0) return -1;
    if (span->dropped_attributes && put_varint(buffer, 0x50, span->dropped_attributes) < 0) return -1;
    if (put_events(buffer, span->events) < 0) return -1;
    if (span->dropped_events && put_varint(buffer, 0x60, span->dropped_events) < 0) return -1;
    if (put_links(buffer, span->links, encode_link) < 0) return -1;
    if (span->dropped_links && put_varint(buffer, 0x70, span->dropped_links) < 0) return -1;
    if (put_status(buffer, span) < 0 || put(buffer, last, sizeof last) < 0) return -1;
    return close_field(buffer, mark);
}

/* --- a request ----------------------------------------------------------------------------------------------------- */

static int know_scope(Tracer *tracer, PyObject *encode_scope) {
    if (tracer->message_start && tracer->message_end) return 0;
    PyObject *parts = PyObject_CallOneArg(encode_scope, (PyObject *)tracer), *start, *end;
    if (!parts || !PyArg_ParseTuple(parts, "SS", &start, &end)) return Py_XDECREF(parts), -1;
    Py_XSETREF(tracer->message_start, Py_NewRef(start));
    Py_XSETREF(tracer->message_end, Py_NewRef(end));
    Py_DECREF(parts);
    return 0;
}

/* The spans from `first` that one tracer started; returns where the next begin, or -1. */
static Py_ssize_t put_scope_spans(Buffer *buffer, PyObject *spans, Py_ssize_t first, PyObject *encode_scope, PyObject *encode_link) {
    size_t mark;
    Py_ssize_t next = first;
    Tracer *tracer = (Tracer *)Py_NewRef(((Span *)PySequence_Fast_GET_ITEM(spans, first))->tracer);
    int done = know_scope(tracer, encode_scope) < 0 || open_field(buffer, 0x12, &mark) < 0 ? -1
               : put(buffer, PyBytes_AS_STRING(tracer->message_start), (size_t)PyBytes_GET_SIZE(tracer->message_start));
    for (; done == 0 && next < PySequence_Fast_GET_SIZE(spans); next++) {
        Span *span = (Span *)PySequence_Fast_GET_ITEM(spans, next);
        if (span->tracer != tracer) break;
        done = put_span(buffer, span, encode_link);
    }
    if (done == 0) done = put(buffer, PyBytes_AS_STRING(tracer->message_end), (size_t)PyBytes_GET_SIZE(tracer->message_end));
    if (done == 0) done = close_field(buffer, mark);
    Py_DECREF(tracer);
    if (done < 0 && !PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a span that cannot be encoded");
    return done < 0 ? -1 : next;
}

/* encode_spans(spans, encode_scope, encode_link): ScopeSpans fields of a ResourceSpans; None when a span is not ours. */
PyObject *encode_spans(PyObject *module, PyObject *const *given, Py_ssize_t count) {
    Buffer buffer = {NULL, 0, 0};
    PyObject *encoded = NULL;
    if (count != 3) return PyErr_SetString(PyExc_TypeError, "encode_spans(spans, encode_scope, encode_link)"), NULL;
    PyObject *spans = PySequence_Tuple(given[0]);
    if (!spans) return NULL;
    Py_ssize_t next = 0, size = PyTuple_GET_SIZE(spans);
    for (Py_ssize_t i = 0; i < size; i++) {
        PyObject *span = PyTuple_GET_ITEM(spans, i);
        if (!PyObject_TypeCheck(span, state.recording_span_type) || !((Span *)span)->tracer) return Py_DECREF(spans), Py_NewRef(Py_None);
    }
    if (reserve(&buffer, 256 * (size_t)size + 64) == 0) {
        while (next >= 0 && next < size) next = put_scope_spans(&buffer, spans, next, given[1], given[2]);
        if (next >= 0) encoded = PyBytes_FromStringAndSize((char *)buffer.bytes, (Py_ssize_t)buffer.size);
    }
    PyMem_Free(buffer.bytes);
    Py_DECREF(spans);
    return encoded;
}
