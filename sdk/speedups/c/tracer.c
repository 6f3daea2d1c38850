/* Tracer: starts spans. `start_first` in first_span.c starts those without a recording parent of ours. */
#include "speedups.h"

int count_one(PyObject *stats, PyObject *name) {
    PyObject *before = PyObject_GetAttr(stats, name);
    PyObject *after = before ? PyNumber_Add(before, state.one) : NULL;
    int set = after ? PyObject_SetAttr(stats, name, after) : -1;
    Py_XDECREF(before);
    Py_XDECREF(after);
    return set;
}

static PyObject *given_or_null(PyObject *argument) { return argument == Py_None ? NULL : argument; }

static Span *child(Tracer *self, Span *parent, PyObject *const *arguments, int64_t at) {
    Span *span = span_new(self, arguments[NAME], arguments[KIND] ? arguments[KIND] : state.internal, at);
    if (!span) return NULL;
    span->local.trace_id = parent->local.trace_id;
    span->parent_span_id = parent->local.span_id;
    span->local.flags = parent->local.flags;
    span->local.trace_state = Py_XNewRef(parent->local.trace_state);
    if (hand_baggage_on(&span->local, parent->local.baggage) < 0 || count_one(self->stats, state.name_started) < 0) Py_CLEAR(span);
    return span;
}

static int add_links(PyObject *span, PyObject *links) {
    PyObject *all = PySequence_Fast(links, "links are a sequence");
    if (!all) return -1;
    int added = 0;
    for (Py_ssize_t i = 0; added == 0 && i < PySequence_Fast_GET_SIZE(all); i++) {
        PyObject *link = Py_NewRef(PySequence_Fast_GET_ITEM(all, i)), *done = NULL;
        if (link == Py_None) {
            Py_DECREF(link);
            continue;
        }
        PyObject *context = PyObject_GetAttrString(link, "context"), *attributes = context ? PyObject_GetAttrString(link, "attributes") : NULL;
        if (attributes) done = PyObject_CallMethod(span, "add_link", "OO", context, attributes);
        added = done ? 0 : -1;
        Py_XDECREF(done);
        Py_XDECREF(context);
        Py_XDECREF(attributes);
        Py_DECREF(link);
    }
    Py_DECREF(all);
    return added;
}

/* What `start_span` was given besides; false for a flag takes effect, everything else leaves the default. */
static int complete(Tracer *self, Span *span, PyObject *const *arguments) {
    PyObject *attributes = given_or_null(arguments[ATTRIBUTES]), *links = given_or_null(arguments[LINKS]);
    if (attributes) {
        int any = PyObject_IsTrue(attributes);
        if (any < 0 || (any && span_set_all(span, attributes) < 0)) return -1;
    }
    if (links) {
        int any = PyObject_IsTrue(links);
        if (any < 0 || (any && add_links((PyObject *)span, links) < 0)) return -1;
    }
    int record = arguments[RECORD_EXCEPTION] ? PyObject_IsTrue(arguments[RECORD_EXCEPTION]) : 1;
    int status = record >= 0 && arguments[SET_STATUS] ? PyObject_IsTrue(arguments[SET_STATUS]) : 1;
    if (record < 0 || status < 0) return -1;
    if (!record) span->record_exceptions = false;
    if (!status) span->status_from_exceptions = false;
    if (self->open_spans == Py_None || !(span->local.flags & SAMPLED)) return 0;
    PyObject *added = PyObject_CallMethod(self->open_spans, "add", "O", span);
    Py_XDECREF(added);
    return added ? 0 : -1;
}

static PyObject *parent_in(PyObject *context) {
    if (!PyDict_Check(context)) return PyObject_CallMethod(context, "get", "O", state.span_key);
    PyObject *parent = PyDict_GetItemWithError(context, state.span_key);
    if (!parent && PyErr_Occurred()) return NULL;
    return Py_NewRef(parent ? parent : Py_None);
}

PyObject *tracer_start(Tracer *self, PyObject *context, PyObject *const *arguments) {
    if (!self->provider || !state.Span) return PyErr_SetString(PyExc_RuntimeError, "a tracer without a provider"), NULL;
    int64_t at;
    PyObject *start_time = given_or_null(arguments[START_TIME]), *parent = parent_in(context), *span;
    if (!parent) return NULL;
    if (!start_time) at = now_ns();
    else if (time_from(start_time, &at) < 0) return Py_DECREF(parent), NULL;
    if (Py_IS_TYPE(parent, (PyTypeObject *)state.Span) && self->parent_decides) span = (PyObject *)child(self, (Span *)parent, arguments, at);
    else span = start_first(self, context, parent, arguments, at);
    Py_DECREF(parent);
    if (span && PyObject_TypeCheck(span, state.recording_span_type) && complete(self, (Span *)span, arguments) < 0) Py_CLEAR(span);
    return span;
}

/* --- the API ------------------------------------------------------------------------------------------------------- */

static int place_of(PyObject *name, int places) {
    for (int i = 0; i < places; i++)
        if (state.argument_names[i] == name) return i;
    for (int i = 0; i < places; i++)
        if (PyUnicode_Compare(state.argument_names[i], name) == 0) return i;
    return -1;
}

static int parse(const char *function, PyObject *const *given, Py_ssize_t count, PyObject *names, PyObject **taken, int places) {
    if (count > places) return PyErr_Format(PyExc_TypeError, "%s() got too many arguments", function), -1;
    for (Py_ssize_t i = 0; i < count; i++) taken[i] = given[i];
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        int place = place_of(name, places);
        if (place < 0 || taken[place])
            return PyErr_Format(PyExc_TypeError, "%s() got an unexpected argument '%U'", function, name), -1;
        taken[place] = given[count + i];
    }
    if (!taken[NAME]) return PyErr_Format(PyExc_TypeError, "%s() needs a name", function), -1;
    return 0;
}

static PyObject *start_in_current(Tracer *self, PyObject *const *arguments) {
    PyObject *given = given_or_null(arguments[CONTEXT]), *context = given ? Py_NewRef(given) : current_context();
    if (!context) return NULL;
    PyObject *span = tracer_start(self, context, arguments);
    Py_DECREF(context);
    return span;
}

static PyObject *start_span(Tracer *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    PyObject *taken[ARGUMENTS + 1] = {NULL};
    if (parse("start_span", given, count, names, taken, ARGUMENTS) < 0) return NULL;
    return start_in_current(self, taken);
}

static PyObject *start_as_current_span(Tracer *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    PyObject *taken[ARGUMENTS + 1] = {NULL};
    if (parse("start_as_current_span", given, count, names, taken, ARGUMENTS + 1) < 0) return NULL;
    int end = taken[ARGUMENTS] ? PyObject_IsTrue(taken[ARGUMENTS]) : 1;
    return end < 0 ? NULL : scope_new(self, taken, end);
}

static PyObject *start_in(Tracer *self, PyObject *const *given, Py_ssize_t count) {
    if (count != ARGUMENTS + 1) return PyErr_SetString(PyExc_TypeError, "start_in() takes a context and all of start_span's"), NULL;
    return tracer_start(self, given[0], given + 1);
}

static PyObject *kind_of(PyObject *given) {
    if (!PyUnicode_Check(given)) return Py_NewRef(given);
    PyObject *kind = PyObject_GetItem(state.kind_names, given); /* A KeyError says which is unknown. */
    return kind;
}

static PyObject *span_in_short(Tracer *self, PyObject *const *given, Py_ssize_t count, PyObject *names) {
    PyObject *taken[ARGUMENTS] = {NULL}, *attributes = NULL, *kind = count > 1 ? given[1] : NULL;
    if (count > 2) return PyErr_SetString(PyExc_TypeError, "span() got too many arguments"), NULL;
    taken[NAME] = count > 0 ? given[0] : NULL;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i), *value = given[count + i];
        PyObject **place = PyUnicode_Compare(name, state.argument_names[NAME]) == 0 ? &taken[NAME]
                           : PyUnicode_Compare(name, state.argument_names[KIND]) == 0 ? &kind : NULL;
        if (place && *place) PyErr_Format(PyExc_TypeError, "span() got '%U' twice", name);
        else if (place) *place = value;
        else if ((attributes || (attributes = PyDict_New()))) PyDict_SetItem(attributes, name, value);
        if (PyErr_Occurred()) return Py_XDECREF(attributes), NULL;
    }
    PyObject *scope = NULL;
    taken[ATTRIBUTES] = attributes;
    if (!taken[NAME]) PyErr_SetString(PyExc_TypeError, "span() needs a name");
    else if (!kind || (taken[KIND] = kind_of(kind))) scope = scope_new(self, taken, true);
    Py_XDECREF(attributes);
    if (kind) Py_XDECREF(taken[KIND]);
    return scope;
}

/* --- the provider -------------------------------------------------------------------------------------------------- */

static int copy_limits(Tracer *self, PyObject *limits) {
    PyObject *count = PyObject_GetAttrString(limits, "attribute_count_max");
    PyObject *length = count ? PyObject_GetAttrString(limits, "attribute_length_max") : NULL;
    if (length) {
        self->attributes_max = PyNumber_AsSsize_t(count, NULL);
        self->attribute_length_max = length == Py_None ? -1 : PyNumber_AsSsize_t(length, NULL);
    }
    Py_XDECREF(count);
    Py_XDECREF(length);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *belong_to(Tracer *self, PyObject *provider) {
    const struct { const char *name; PyObject **place; } parts[] = {
        {"limits", &self->limits}, {"report", &self->report}, {"hold", &self->hold}, {"stats", &self->stats},
        {"open_spans", &self->open_spans}, {"measured", &self->measured}, {"sampler", &self->sampler},
        {"new_trace_id", &self->new_trace_id},
    };
    PyObject *decides = PyObject_GetAttrString(provider, "parent_decides");
    int parent_decides = decides ? PyObject_IsTrue(decides) : -1;
    Py_XDECREF(decides);
    if (parent_decides < 0) return NULL;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        PyObject *part = PyObject_GetAttrString(provider, parts[i].name);
        if (!part) return NULL;
        Py_XSETREF(*parts[i].place, part);
    }
    if (copy_limits(self, self->limits) < 0) return NULL;
    self->parent_decides = parent_decides;
    if (rule_of(self->sampler, &self->rule) < 0) return NULL;
    Py_XSETREF(self->provider, Py_NewRef(provider));
    Py_RETURN_NONE;
}

static int tracer_traverse(Tracer *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->provider);
    Py_VISIT(self->limits);
    Py_VISIT(self->report);
    Py_VISIT(self->hold);
    Py_VISIT(self->stats);
    Py_VISIT(self->open_spans);
    Py_VISIT(self->measured);
    Py_VISIT(self->sampler);
    Py_VISIT(self->new_trace_id);
    Py_VISIT(self->rule.attributes);
    return 0;
}

static int tracer_clear(Tracer *self) {
    Py_CLEAR(self->provider);
    Py_CLEAR(self->limits);
    Py_CLEAR(self->report);
    Py_CLEAR(self->hold);
    Py_CLEAR(self->stats);
    Py_CLEAR(self->open_spans);
    Py_CLEAR(self->measured);
    Py_CLEAR(self->sampler);
    Py_CLEAR(self->new_trace_id);
    Py_CLEAR(self->rule.attributes);
    Py_CLEAR(self->message_start);
    Py_CLEAR(self->message_end);
    return 0;
}

static void tracer_dealloc(Tracer *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    tracer_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef tracer_members[] = {
    {"provider", T_OBJECT, offsetof(Tracer, provider), READONLY, NULL},
    {"limits", T_OBJECT, offsetof(Tracer, limits), READONLY, NULL},
    {"report", T_OBJECT, offsetof(Tracer, report), 0, NULL},
    {"hold", T_OBJECT, offsetof(Tracer, hold), 0, NULL},
    {NULL},
};
#define FAST(name, function) {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, NULL}
static PyMethodDef tracer_methods[] = {
    FAST("start_span", start_span), FAST("start_as_current_span", start_as_current_span), FAST("span", span_in_short),
    {"start_in", (PyCFunction)(void (*)(void))start_in, METH_FASTCALL, NULL},
    {"belong_to", (PyCFunction)belong_to, METH_O, NULL},
    {NULL},
};
static PyType_Slot tracer_slots[] = {
    {Py_tp_doc, "Starts spans of one instrumentation scope."},
    {Py_tp_members, tracer_members},
    {Py_tp_methods, tracer_methods},
    {Py_tp_traverse, tracer_traverse},
    {Py_tp_clear, tracer_clear},
    {Py_tp_dealloc, tracer_dealloc},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL},
};
PyType_Spec tracer_spec = {
    "lymer_sdk_speedups._native.Tracer", sizeof(Tracer), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, tracer_slots,
};
