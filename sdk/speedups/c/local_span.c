/* LocalSpan: ids, baggage, and a context that is only made when somebody asks. UnrecordedSpan: nothing more than that. */
#include "speedups.h"

static PyObject *get_span_context(LocalSpan *self, PyObject *unused) {
    uint32_t bits = self->flags & 0xFF;
    if (self->context && self->context != Py_None && self->context_flags == bits) return Py_NewRef(self->context);
    PyObject *flags = PyTuple_GetItem(state.flags, bits), *trace_id = trace_id_object(self->trace_id);
    PyObject *span_id = PyLong_FromUnsignedLongLong(self->span_id), *made = NULL;
    if (flags && trace_id && span_id) {
        PyObject *trace_state = Py_NewRef(self->trace_state ? self->trace_state : state.no_state);
        PyObject *const given[] = {trace_id, span_id, Py_False, flags, trace_state};
        made = PyObject_Vectorcall(state.SpanContext, given, 5, NULL);
        Py_DECREF(trace_state);
    }
    Py_XDECREF(trace_id);
    Py_XDECREF(span_id);
    if (made) {
        self->context_flags = bits;
        Py_XSETREF(self->context, Py_NewRef(made));
    }
    return made;
}

static PyObject *get_trace_id(LocalSpan *self, void *unused) { return trace_id_object(self->trace_id); }

static int set_trace_id(LocalSpan *self, PyObject *value, void *unused) {
    if (!value) {
        PyErr_SetString(PyExc_AttributeError, "a span has a trace id");
        return -1;
    }
    return trace_id_from(value, &self->trace_id);
}

int local_traverse(LocalSpan *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->instance_dict);
    Py_VISIT(self->trace_state);
    Py_VISIT(self->context);
    Py_VISIT(self->baggage);
    return 0;
}

int local_clear(LocalSpan *self) {
    Py_CLEAR(self->instance_dict);
    Py_CLEAR(self->trace_state);
    Py_CLEAR(self->context);
    Py_CLEAR(self->baggage);
    return 0;
}

static void local_dealloc(LocalSpan *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (self->weak_references) PyObject_ClearWeakRefs((PyObject *)self);
    local_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *same(PyObject *self, PyObject *unused) { return Py_NewRef(self); }

static PyMemberDef local_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(LocalSpan, instance_dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(LocalSpan, weak_references), READONLY, NULL},
    {"span_id", T_ULONGLONG, offsetof(LocalSpan, span_id), 0, NULL},
    {"flags", T_UINT, offsetof(LocalSpan, flags), 0, NULL},
    {"trace_state", T_OBJECT, offsetof(LocalSpan, trace_state), 0, NULL},
    {"_context", T_OBJECT, offsetof(LocalSpan, context), 0, NULL},
    {"_baggage", T_OBJECT, offsetof(LocalSpan, baggage), 0, NULL},
    {NULL},
};
static PyGetSetDef local_properties[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"trace_id", (getter)get_trace_id, (setter)set_trace_id, NULL, NULL},
    {NULL},
};
static PyMethodDef local_methods[] = {
    {"get_span_context", (PyCFunction)get_span_context, METH_NOARGS, NULL},
    {"__enter__", same, METH_NOARGS, NULL},
    {NULL},
};
static PyType_Slot local_slots[] = {
    {Py_tp_doc, "What every span of ours has."},
    {Py_tp_members, local_members},
    {Py_tp_getset, local_properties},
    {Py_tp_methods, local_methods},
    {Py_tp_traverse, local_traverse},
    {Py_tp_clear, local_clear},
    {Py_tp_dealloc, local_dealloc},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL},
};
PyType_Spec local_span_spec = {
    "lymer_sdk_speedups._native.LocalSpan", sizeof(LocalSpan), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, local_slots,
};

/* --- a span that nobody records ------------------------------------------------------------------------------------ */

LocalSpan *unsampled_span_new(TraceId trace_id, PyObject *trace_state, uint32_t flags) {
    uint64_t span_id = new_span_id();
    if (!span_id) return NULL;
    PyTypeObject *type = (PyTypeObject *)state.UnsampledSpan;
    LocalSpan *self = (LocalSpan *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    self->trace_id = trace_id;
    self->span_id = span_id;
    self->trace_state = Py_NewRef(trace_state);
    self->flags = flags & RANDOM_TRACE_ID;
    return self;
}

static int unrecorded_init(LocalSpan *self, PyObject *given, PyObject *named) {
    static char *names[] = {"trace_id", "span_id", "trace_state", "flags", NULL};
    PyObject *trace_id, *trace_state;
    unsigned long long span_id;
    unsigned int flags;
    if (!PyArg_ParseTupleAndKeywords(given, named, "OKOI:UnsampledSpan", names, &trace_id, &span_id, &trace_state, &flags))
        return -1;
    if (trace_id_from(trace_id, &self->trace_id) < 0) return -1;
    self->span_id = span_id;
    self->flags = flags & RANDOM_TRACE_ID;
    Py_XSETREF(self->trace_state, Py_NewRef(trace_state));
    return 0;
}

static PyObject *not_recorded(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    Py_RETURN_NONE;
}

static PyObject *not_recorded_chained(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    return Py_NewRef(self);
}

static PyObject *no(PyObject *self, PyObject *unused) { Py_RETURN_FALSE; }

#define NOTHING(name) {name, (PyCFunction)(void (*)(void))not_recorded, METH_FASTCALL | METH_KEYWORDS, NULL}
#define NOTHING_CHAINED(name) {name, (PyCFunction)(void (*)(void))not_recorded_chained, METH_FASTCALL | METH_KEYWORDS, NULL}
static PyMethodDef unrecorded_methods[] = {
    NOTHING("set_attribute"), NOTHING("set_attributes"), NOTHING("add_event"), NOTHING("add_link"),
    NOTHING("update_name"), NOTHING("set_status"), NOTHING("record_exception"), NOTHING("end"),
    NOTHING("failed"), NOTHING("__exit__"), NOTHING_CHAINED("tag"), NOTHING_CHAINED("log"),
    {"is_recording", no, METH_NOARGS, NULL},
    {NULL},
};
static PyType_Slot unrecorded_slots[] = {
    {Py_tp_doc, "A span that nobody records: it only hands its ids on."},
    {Py_tp_methods, unrecorded_methods},
    {Py_tp_init, unrecorded_init},
    {Py_tp_traverse, local_traverse},
    {Py_tp_clear, local_clear},
    {Py_tp_dealloc, local_dealloc},
    {0, NULL},
};
PyType_Spec unrecorded_span_spec = {
    "lymer_sdk_speedups._native.UnrecordedSpan", sizeof(LocalSpan), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, unrecorded_slots,
};
