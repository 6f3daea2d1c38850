/* RecordingSpan: what is recorded of one piece of work. The rare methods are the Python half's. */
#include "speedups.h"

int time_from(PyObject *number, int64_t *time) {
    PyObject *whole = PyNumber_Long(number);
    if (!whole) return -1;
    *time = (int64_t)PyLong_AsUnsignedLongLongMask(whole);
    Py_DECREF(whole);
    return *time == -1 && PyErr_Occurred() ? -1 : 0;
}

static void span_begin(Span *self, Tracer *tracer, PyObject *kind, int64_t start_time) {
    Py_XSETREF(self->tracer, (Tracer *)Py_NewRef(tracer));
    Py_XSETREF(self->kind, Py_NewRef(kind));
    Py_XSETREF(self->status_message, Py_NewRef(state.empty_text));
    self->start_time = start_time;
    self->record_exceptions = self->status_from_exceptions = true;
}

static int set_name(Span *self, PyObject *name) {
    PyObject *text = PyUnicode_CheckExact(name) ? Py_NewRef(name) : PyObject_Str(name);
    if (!text) return -1;
    Py_XSETREF(self->name, text);
    return 0;
}

Span *span_new(Tracer *tracer, PyObject *name, PyObject *kind, int64_t start_time) {
    uint64_t span_id = new_span_id();
    if (!span_id) return NULL;
    PyTypeObject *type = (PyTypeObject *)state.Span;
    Span *self = (Span *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    self->local.span_id = span_id;
    span_begin(self, tracer, kind, start_time);
    if (set_name(self, name) < 0) Py_CLEAR(self);
    return self;
}

static int recording_init(Span *self, PyObject *given, PyObject *named) {
    static char *names[] = {"tracer", "name", "kind", "trace_id", "span_id", "parent_span_id", "parent_remote",
                            "trace_state", "flags", "start_time", NULL};
    PyObject *tracer, *name, *kind, *trace_id, *trace_state, *start_time;
    unsigned long long span_id, parent_span_id;
    int parent_remote;
    unsigned int flags;
    int64_t at;
    if (!PyArg_ParseTupleAndKeywords(given, named, "O!OOOKKpOIO:Span", names, state.tracer_type, &tracer, &name, &kind,
                                     &trace_id, &span_id, &parent_span_id, &parent_remote, &trace_state, &flags, &start_time))
        return -1;
    if (time_from(start_time, &at) < 0 || trace_id_from(trace_id, &self->local.trace_id) < 0) return -1;
    span_begin(self, (Tracer *)tracer, kind, at);
    self->local.span_id = span_id;
    self->local.flags = flags;
    Py_XSETREF(self->local.trace_state, Py_NewRef(trace_state));
    self->parent_span_id = parent_span_id;
    self->parent_remote = parent_remote;
    return set_name(self, name);
}

/* --- attributes ---------------------------------------------------------------------------------------------------- */

static PyObject *cleaned_by_python(Tracer *tracer, PyObject *value) {
    PyObject *length_max = tracer->attribute_length_max < 0 ? Py_NewRef(Py_None) : PyLong_FromSsize_t(tracer->attribute_length_max);
    if (!length_max) return NULL;
    PyObject *cleaned = PyObject_CallFunctionObjArgs(state.clean_value, value, length_max, NULL);
    Py_DECREF(length_max);
    return cleaned;
}

static PyObject *cleaned(Tracer *tracer, PyObject *value) {
    PyTypeObject *type = Py_TYPE(value);
    bool short_text = type == &PyUnicode_Type && (tracer->attribute_length_max < 0 || PyUnicode_GET_LENGTH(value) <= tracer->attribute_length_max);
    if (short_text || type == &PyLong_Type || type == &PyBool_Type || type == &PyFloat_Type) return Py_NewRef(value);
    return cleaned_by_python(tracer, value);
}

static int refuse(PyObject *key, PyObject *value) {
    PyObject *said = PyObject_CallFunctionObjArgs(state.warn_of, key, value, NULL);
    Py_XDECREF(said);
    return said ? 0 : -1;
}

static int keep(Span *self, PyObject *key, PyObject *value) {
    if (attributes_count(&self->attributes) >= self->tracer->attributes_max) {
        int known = attributes_has(&self->attributes, key);
        if (known < 0) return -1;
        if (!known) {
            self->dropped_attributes++;
            return 0;
        }
    }
    if (PyUnicode_CheckExact(value) && PyUnicode_GET_LENGTH(value) > LONG_TEXT) self->large_bytes += PyUnicode_GET_LENGTH(value);
    return attributes_put(&self->attributes, key, value);
}

int span_set(Span *self, PyObject *key, PyObject *value) {
    if (self->end_time) return 0;
    if (!self->tracer) {
        PyErr_SetString(PyExc_AttributeError, "a span without a tracer");
        return -1;
    }
    PyObject *clean = cleaned(self->tracer, value);
    if (!clean) return -1;
    int set;
    if (clean == Py_None || !PyUnicode_Check(key) || PyUnicode_GET_LENGTH(key) == 0) set = refuse(key, value);
    else set = keep(self, key, clean);
    Py_DECREF(clean);
    return set;
}

static int set_items(Span *self, PyObject *mapping) {
    PyObject *items = PyMapping_Items(mapping), *pairs = items ? PySequence_Fast(items, "items are pairs") : NULL;
    int set = pairs ? 0 : -1;
    for (Py_ssize_t i = 0; set == 0 && i < PySequence_Fast_GET_SIZE(pairs); i++) {
        PyObject *pair = PySequence_Fast_GET_ITEM(pairs, i);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_SetString(PyExc_TypeError, "attributes are a mapping");
            set = -1;
        } else {
            set = span_set(self, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
        }
    }
    Py_XDECREF(pairs);
    Py_XDECREF(items);
    return set;
}

int span_set_all(Span *self, PyObject *attributes) {
    if (!PyDict_CheckExact(attributes)) return set_items(self, attributes);
    PyObject *key, *value;
    Py_ssize_t at = 0;
    int set = 0;
    while (set == 0 && PyDict_Next(attributes, &at, &key, &value)) {
        Py_INCREF(key); /* Cleaning may run the application's code, and that may change the dict. */
        Py_INCREF(value);
        set = span_set(self, key, value);
        Py_DECREF(key);
        Py_DECREF(value);
    }
    return set;
}

static bool named(PyObject *name, const char *wanted) { return PyUnicode_CompareWithASCIIString(name, wanted) == 0; }

/* One or two arguments, by place or by name. */
static int take(const char *function, PyObject *const *given, Py_ssize_t count, PyObject *names, const char *const wanted[2], PyObject *taken[2]) {
    Py_ssize_t all = names ? PyTuple_GET_SIZE(names) : 0;
    for (Py_ssize_t i = 0; i < count && i < 2; i++) taken[i] = given[i];
    for (Py_ssize_t i = 0; i < all; i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        int place = named(name, wanted[0]) ? 0 : wanted[1] && named(name, wanted[1]) ? 1 : -1;
        if (place < 0 || taken[place]) return PyErr_Format(PyExc_TypeError, "%s() got an unexpected argument '%U'", function, name), -1;
        taken[place] = given[count + i];
    }
    if (count > (wanted[1] ? 2 : 1)) return PyErr_Format(PyExc_TypeError, "%s() got too many arguments", function), -1;
    return 0;
}

static PyObject *set_attribute(Span *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    static const char *const wanted[2] = {"key", "value"};
    PyObject *taken[2] = {NULL, NULL};
    if (names || count != 2) {
        if (take("set_attribute", given, count, names, wanted, taken) < 0) return NULL;
        if (!taken[0] || !taken[1]) return PyErr_SetString(PyExc_TypeError, "set_attribute() needs key and value"), NULL;
        given = taken;
    }
    if (span_set(self, given[0], given[1]) < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *set_attributes(Span *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    static const char *const wanted[2] = {"attributes", NULL};
    PyObject *taken[2] = {NULL, NULL};
    if (take("set_attributes", given, count, names, wanted, taken) < 0) return NULL;
    if (!taken[0]) return PyErr_SetString(PyExc_TypeError, "set_attributes() needs attributes"), NULL;
    if (span_set_all(self, taken[0]) < 0) return NULL;
    Py_RETURN_NONE;
}

/* --- the end ------------------------------------------------------------------------------------------------------- */

int span_end(Span *self, PyObject *end_time) {
    if (self->end_time) return 0;
    if (!self->tracer) return PyErr_SetString(PyExc_AttributeError, "a span without a tracer"), -1;
    int64_t at = 0;
    if (!end_time || end_time == Py_None) at = now_ns();
    else if (time_from(end_time, &at) < 0) return -1;
    if (self->end_time) return 0; /* `int` of the given time ended it. */
    self->end_time = at ? at : 1;
    PyObject *takes = Py_XNewRef(self->local.flags & SAMPLED ? self->tracer->report : self->tracer->hold);
    if (!takes) return PyErr_SetString(PyExc_AttributeError, "a tracer without a provider"), -1;
    PyObject *taken = PyObject_CallOneArg(takes, (PyObject *)self);
    Py_DECREF(takes);
    Py_XDECREF(taken);
    return taken ? 0 : -1;
}

static PyObject *end(Span *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    static const char *const wanted[2] = {"end_time", NULL};
    PyObject *taken[2] = {NULL, NULL};
    if ((count || names) && take("end", given, count, names, wanted, taken) < 0) return NULL;
    if (span_end(self, taken[0]) < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *is_recording(Span *self, PyObject *unused) { return PyBool_FromLong(self->end_time == 0); }

static PyObject *update_name(Span *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    static const char *const wanted[2] = {"name", NULL};
    PyObject *taken[2] = {NULL, NULL};
    if (take("update_name", given, count, names, wanted, taken) < 0) return NULL;
    if (!taken[0]) return PyErr_SetString(PyExc_TypeError, "update_name() needs a name"), NULL;
    if (!self->end_time && set_name(self, taken[0]) < 0) return NULL;
    Py_RETURN_NONE;
}

/* --- fields -------------------------------------------------------------------------------------------------------- */

static PyObject *get_attributes(Span *self, void *unused) { return Py_XNewRef(attributes_dict(&self->attributes)); }

static int set_attributes_dict(Span *self, PyObject *value, void *unused) {
    if (!value || !PyDict_Check(value)) return PyErr_SetString(PyExc_TypeError, "attributes are a dict"), -1;
    attributes_become(&self->attributes, Py_NewRef(value));
    return 0;
}

static PyObject *get_tracer(Span *self, void *unused) { return Py_NewRef(self->tracer ? (PyObject *)self->tracer : Py_None); }

static int set_tracer(Span *self, PyObject *value, void *unused) {
    if (!value || !PyObject_TypeCheck(value, state.tracer_type)) return PyErr_SetString(PyExc_TypeError, "no tracer of ours"), -1;
    Py_XSETREF(self->tracer, (Tracer *)Py_NewRef(value));
    return 0;
}

static PyObject *get_size_bytes(Span *self, void *unused) {
    Py_ssize_t size = 450 + 60 * attributes_count(&self->attributes) + self->large_bytes;
    if (self->events && PyList_Check(self->events)) size += 300 * PyList_GET_SIZE(self->events);
    if (self->links && PyList_Check(self->links)) size += 300 * PyList_GET_SIZE(self->links);
    return PyLong_FromSsize_t(size);
}

static int recording_traverse(Span *self, visitproc visit, void *arg) {
    Py_VISIT(self->tracer);
    Py_VISIT(self->name);
    Py_VISIT(self->kind);
    Py_VISIT(self->events);
    Py_VISIT(self->links);
    Py_VISIT(self->attributes.dict); /* What is in the array is plain: it refers to nothing that could refer back. */
    return local_traverse(&self->local, visit, arg);
}

static int recording_clear(Span *self) {
    Py_CLEAR(self->tracer);
    Py_CLEAR(self->name);
    Py_CLEAR(self->kind);
    Py_CLEAR(self->events);
    Py_CLEAR(self->links);
    Py_CLEAR(self->status_message);
    attributes_clear(&self->attributes);
    return local_clear(&self->local);
}

static void recording_dealloc(Span *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (self->local.weak_references) PyObject_ClearWeakRefs((PyObject *)self);
    recording_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef recording_members[] = {
    {"name", T_OBJECT, offsetof(Span, name), 0, NULL},
    {"kind", T_OBJECT, offsetof(Span, kind), 0, NULL},
    {"events", T_OBJECT, offsetof(Span, events), 0, NULL},
    {"links", T_OBJECT, offsetof(Span, links), 0, NULL},
    {"status_message", T_OBJECT, offsetof(Span, status_message), 0, NULL},
    {"status_code", T_INT, offsetof(Span, status_code), 0, NULL},
    {"parent_span_id", T_ULONGLONG, offsetof(Span, parent_span_id), 0, NULL},
    {"parent_remote", T_BOOL, offsetof(Span, parent_remote), 0, NULL},
    {"start_time", T_LONGLONG, offsetof(Span, start_time), 0, NULL},
    {"end_time", T_LONGLONG, offsetof(Span, end_time), 0, NULL},
    {"dropped_attributes", T_UINT, offsetof(Span, dropped_attributes), 0, NULL},
    {"dropped_events", T_UINT, offsetof(Span, dropped_events), 0, NULL},
    {"dropped_links", T_UINT, offsetof(Span, dropped_links), 0, NULL},
    {"record_exceptions", T_BOOL, offsetof(Span, record_exceptions), 0, NULL},
    {"status_from_exceptions", T_BOOL, offsetof(Span, status_from_exceptions), 0, NULL},
    {"_large_bytes", T_PYSSIZET, offsetof(Span, large_bytes), 0, NULL},
    {NULL},
};
static PyGetSetDef recording_properties[] = {
    {"attributes", (getter)get_attributes, (setter)set_attributes_dict, NULL, NULL},
    {"tracer", (getter)get_tracer, (setter)set_tracer, NULL, NULL},
    {"size_bytes", (getter)get_size_bytes, NULL, NULL, NULL},
    {NULL},
};
#define FAST(name, function) {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, NULL}
static PyMethodDef recording_methods[] = {
    FAST("set_attribute", set_attribute), FAST("set_attributes", set_attributes),
    FAST("end", end), FAST("update_name", update_name),
    {"is_recording", (PyCFunction)is_recording, METH_NOARGS, NULL},
    {NULL},
};
static PyType_Slot recording_slots[] = {
    {Py_tp_doc, "A recording span."},
    {Py_tp_members, recording_members},
    {Py_tp_getset, recording_properties},
    {Py_tp_methods, recording_methods},
    {Py_tp_init, recording_init},
    {Py_tp_traverse, recording_traverse},
    {Py_tp_clear, recording_clear},
    {Py_tp_dealloc, recording_dealloc},
    {0, NULL},
};
PyType_Spec recording_span_spec = {
    "lymer_sdk_speedups._native.RecordingSpan", sizeof(Span), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, recording_slots,
};
