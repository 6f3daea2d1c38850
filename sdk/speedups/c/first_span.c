/* The first span of a trace in this process: a root, below a remote span, below an unsampled one. What is not plain, here
   or in the sampler, is left to the Python half before anything is drawn or counted. */
#include "speedups.h"

typedef struct {
    TraceId trace_id;
    uint64_t parent_span_id;
    PyObject *trace_state, *baggage, *attributes; /* The attributes are the rule's. */
    uint32_t flags;
    bool remote;
} Origin;

static int bound_of(PyObject *sampler, uint64_t *bound) {
    PyObject *number = PyObject_GetAttrString(sampler, "_bound");
    if (!number) return -1;
    *bound = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

static int keep_attributes(PyObject *sampler, Rule *rule) {
    PyObject *keep = PyObject_GetAttrString(sampler, "_keep"), *attributes = keep ? PyObject_GetAttrString(keep, "attributes") : NULL;
    Py_XDECREF(keep);
    if (!attributes || !PyDict_CheckExact(attributes)) return Py_XDECREF(attributes), -1;
    Py_XSETREF(rule->attributes, attributes);
    return 0;
}

int rule_of(PyObject *sampler, Rule *rule) {
    PyObject *type = (PyObject *)Py_TYPE(sampler);
    rule->kind = ASK;
    Py_CLEAR(rule->attributes);
    if (type == state.AlwaysOn) rule->kind = ALL;
    else if (type == state.AlwaysOff) rule->kind = NONE;
    else if (type == state.TraceIdRatio && bound_of(sampler, &rule->bound) == 0) rule->kind = LOW_64_BELOW;
    else if (type == state.Probabilistic && bound_of(sampler, &rule->bound) == 0 && keep_attributes(sampler, rule) == 0) rule->kind = LOW_63_AT_MOST;
    else PyErr_Clear(); /* A bound of all 65 bits, a sampler with another inside: it is asked. */
    return 0;
}

static bool keeps(const Rule *rule, TraceId trace_id) {
    switch (rule->kind) {
    case ALL: return true;
    case LOW_64_BELOW: return trace_id.low < rule->bound;
    case LOW_63_AT_MOST: return rule->bound > 0 && (trace_id.low & (UINT64_MAX >> 1)) <= rule->bound;
    default: return false;
    }
}

/* 1: known; 0: not plain; -1: an exception. */
static int root(Tracer *self, PyObject *context, Origin *origin) {
    if (self->rule.kind == ASK || self->new_trace_id != state.new_trace_id || !PyDict_Check(context)) return 0;
    if (PyDict_GetItemWithError(context, state.hints_key)) return 0;
    if (PyErr_Occurred() || new_trace_id(&origin->trace_id) < 0) return -1;
    bool kept = keeps(&self->rule, origin->trace_id);
    origin->flags = RANDOM_TRACE_ID | (kept ? SAMPLED : 0);
    origin->attributes = kept ? self->rule.attributes : NULL;
    origin->trace_state = Py_NewRef(state.no_state);
    return 1;
}

static int unsigned_of(PyObject *owner, const char *name, unsigned long long *number) {
    PyObject *found = PyObject_GetAttrString(owner, name);
    if (!found) return -1;
    *number = PyLong_AsUnsignedLongLong(found);
    Py_DECREF(found);
    return *number == (unsigned long long)-1 && PyErr_Occurred() ? -1 : 0;
}

static int true_of(PyObject *owner, const char *name) {
    PyObject *found = PyObject_GetAttrString(owner, name);
    int is = found ? PyObject_IsTrue(found) : -1;
    Py_XDECREF(found);
    return is;
}

static int below_remote(PyObject *parent, Origin *origin) {
    int undecided = true_of(parent, "undecided"), debug = undecided == 0 ? true_of(parent, "debug") : 0;
    if (undecided) return undecided < 0 ? -1 : 0;
    unsigned long long span_id, flags;
    if (debug < 0 || unsigned_of(parent, "span_id", &span_id) < 0 || unsigned_of(parent, "flags", &flags) < 0) return -1;
    PyObject *trace_id = PyObject_GetAttrString(parent, "trace_id");
    int known = trace_id ? trace_id_from(trace_id, &origin->trace_id) : -1;
    Py_XDECREF(trace_id);
    if (known < 0) return -1;
    origin->parent_span_id = span_id;
    origin->flags = (uint32_t)flags | (debug ? DEBUG : 0);
    origin->remote = true;
    origin->trace_state = PyObject_GetAttrString(parent, "trace_state");
    return origin->trace_state ? 1 : -1;
}

static int below_unsampled(LocalSpan *parent, Origin *origin) {
    origin->trace_id = parent->trace_id;
    origin->parent_span_id = parent->span_id;
    origin->flags = parent->flags & ~SAMPLED;
    origin->baggage = Py_XNewRef(parent->baggage);
    origin->trace_state = Py_NewRef(parent->trace_state ? parent->trace_state : state.no_state);
    return 1;
}

static int origin_of(Tracer *self, PyObject *context, PyObject *parent, Origin *origin) {
    if (parent == Py_None) return root(self, context, origin);
    if (!self->parent_decides) return 0;
    if (Py_IS_TYPE(parent, (PyTypeObject *)state.RemoteParent)) return below_remote(parent, origin);
    if (Py_IS_TYPE(parent, (PyTypeObject *)state.UnsampledSpan)) return below_unsampled((LocalSpan *)parent, origin);
    return 0;
}

static PyObject *start_by_python(Tracer *self, PyObject *context, PyObject *parent, PyObject *const *arguments, int64_t at) {
    PyObject *method = PyObject_GetAttrString((PyObject *)self, "_start_first"), *time = method ? PyLong_FromLongLong(at) : NULL;
    PyObject *span = NULL;
    if (time) {
        PyObject *kind = arguments[KIND] ? arguments[KIND] : state.internal;
        PyObject *attributes = arguments[ATTRIBUTES] ? arguments[ATTRIBUTES] : Py_None;
        PyObject *links = arguments[LINKS] ? arguments[LINKS] : Py_None;
        PyObject *const given[] = {context, parent, arguments[NAME], kind, attributes, links, time};
        span = PyObject_Vectorcall(method, given, 7, NULL);
    }
    Py_XDECREF(time);
    Py_XDECREF(method);
    return span;
}

static LocalSpan *made(Tracer *self, Origin *origin, PyObject *name, PyObject *kind, int64_t at) {
    if (!(origin->flags & SAMPLED)) return unsampled_span_new(origin->trace_id, origin->trace_state, origin->flags);
    Span *span = span_new(self, name, kind, at);
    if (!span) return NULL;
    span->local.trace_id = origin->trace_id;
    span->local.flags = origin->flags;
    span->local.trace_state = Py_NewRef(origin->trace_state);
    span->parent_span_id = origin->parent_span_id;
    span->parent_remote = origin->remote;
    PyObject *key, *value;
    Py_ssize_t place = 0;
    while (origin->attributes && PyDict_Next(origin->attributes, &place, &key, &value)) {
        if (attributes_put(&span->attributes, key, value) < 0) return Py_DECREF(span), NULL;
    }
    return &span->local;
}

int hand_baggage_on(LocalSpan *span, PyObject *baggage) {
    if (!baggage || baggage == Py_None) return 0;
    Py_INCREF(baggage); /* Its span may be given another meanwhile. */
    int any = PyObject_IsTrue(baggage);
    if (any > 0) {
        span->baggage = PyDict_New();
        any = span->baggage ? PyDict_Update(span->baggage, baggage) : -1;
    }
    Py_DECREF(baggage);
    return any;
}

PyObject *start_first(Tracer *self, PyObject *context, PyObject *parent, PyObject *const *arguments, int64_t at) {
    PyObject *kind = arguments[KIND] ? arguments[KIND] : state.internal;
    Origin origin = {0};
    /* Unsampled server spans are measured by the Python half. */
    bool plain = self->measured == Py_None || kind != state.server;
    int known = plain ? origin_of(self, context, parent, &origin) : 0;
    if (known < 0) return NULL;
    if (known == 0) return start_by_python(self, context, parent, arguments, at);
    LocalSpan *span = made(self, &origin, arguments[NAME], kind, at);
    Py_DECREF(origin.trace_state);
    if (span && (hand_baggage_on(span, origin.baggage) < 0 || count_one(self->stats, state.name_started) < 0)) Py_CLEAR(span);
    Py_XDECREF(origin.baggage);
    return (PyObject *)span;
}
