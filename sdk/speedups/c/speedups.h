/* What the parts of the speed-ups know of each other. One interpreter, one GIL: the state is static, and every function
   here runs with the GIL held from its first line to its last. The Python half (`lymer_sdk`) says what each thing means;
   the C half does the same, sooner. */
#ifndef LYMER_SPEEDUPS_H
#define LYMER_SPEEDUPS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>
#include <structmember.h>

#define CONTRACT 1 /* The Python half loads the C half only when both say the same number. */
#define SAMPLED 1u
#define RANDOM_TRACE_ID 2u
#define DEBUG 0x100u
#define LONG_TEXT 256

typedef struct {
    uint64_t high, low;
} TraceId;

typedef struct {
    PyObject *key, *value;
} Attribute;

/* A few attributes in the order in which they were set; all keys are exact `str`. Many become a dict, and so do those
   that somebody wants to see as one: from then on `dict` is all there is. */
typedef struct {
    Attribute *items;
    uint16_t count, capacity;
    PyObject *dict;
} Attributes;

typedef struct {
    PyObject_HEAD
    PyObject *instance_dict, *weak_references;
    TraceId trace_id;
    uint64_t span_id;
    uint32_t flags, context_flags;
    PyObject *trace_state, *context, *baggage;
} LocalSpan;

typedef struct Tracer Tracer;

/* What a sampler does to a root, for the samplers whose rule is known here. */
typedef struct {
    enum { ASK, ALL, NONE, LOW_64_BELOW, LOW_63_AT_MOST } kind;
    uint64_t bound;
    PyObject *attributes; /* Of the roots that it keeps; NULL: none. */
} Rule;

typedef struct {
    LocalSpan local;
    Tracer *tracer;
    PyObject *name, *kind, *events, *links, *status_message;
    uint64_t parent_span_id;
    int64_t start_time, end_time;
    Attributes attributes;
    Py_ssize_t large_bytes;
    int status_code;
    unsigned int dropped_attributes, dropped_events, dropped_links;
    bool parent_remote, record_exceptions, status_from_exceptions;
} Span;

struct Tracer {
    PyObject_HEAD
    PyObject *provider, *limits, *report, *hold; /* What `belong_to` sets, and copies of what it finds: */
    PyObject *stats, *open_spans, *measured, *sampler, *new_trace_id;
    PyObject *message_start, *message_end; /* The encoded scope; see otlp.c. */
    Py_ssize_t attributes_max, attribute_length_max;
    Rule rule;
    bool parent_decides;
};

enum { NAME, CONTEXT, KIND, ATTRIBUTES, LINKS, START_TIME, RECORD_EXCEPTION, SET_STATUS, ARGUMENTS };

typedef struct {
    PyObject_HEAD
    Tracer *tracer;
    PyObject *arguments[ARGUMENTS]; /* NULL: the default. */
    PyObject *span, *token;
    bool end;
} Scope;

/* What the Python half has shown us. Filled by `connect`, kept for ever. */
typedef struct {
    PyObject *Span, *UnsampledSpan, *Scope;                     /* Our own types, as the Python half completed them. */
    PyObject *Context, *SpanContext, *RemoteParent;             /* Types. */
    PyObject *AlwaysOn, *AlwaysOff, *TraceIdRatio, *Probabilistic;
    PyObject *span_key, *hints_key;                             /* Of a context. */
    PyObject *variable;                                         /* The current context; None: by the functions below. */
    PyObject *current, *attach, *detach;
    PyObject *flags;                                            /* TraceFlags by their bits. */
    PyObject *no_state, *internal, *server, *kinds, *kind_names; /* `kinds`: a tuple in the order of their values. */
    PyObject *clean_value, *warn_of, *new_trace_id;
    PyObject *empty_tuple, *one, *empty_text, *name_started, *name_foreign_contexts, *name_append;
    PyObject *argument_names[ARGUMENTS + 1];                    /* Of `start_span`, and `end_on_exit`. */
    PyTypeObject *local_span_type, *recording_span_type, *unrecorded_span_type, *tracer_type, *scope_type, *intake_type;
} State;

extern State state;

/* ids.c */
int ids_start(void);
uint64_t new_span_id(void); /* 0 with an exception set. */
int new_trace_id(TraceId *id);
PyObject *trace_id_object(TraceId id);
int trace_id_from(PyObject *number, TraceId *id);
int64_t now_ns(void);

/* attributes.c */
int attributes_put(Attributes *attributes, PyObject *key, PyObject *value);
int attributes_has(Attributes *attributes, PyObject *key);
Py_ssize_t attributes_count(const Attributes *attributes);
PyObject *attributes_dict(Attributes *attributes);
void attributes_become(Attributes *attributes, PyObject *dict); /* Takes the reference. */
void attributes_clear(Attributes *attributes);

/* local_span.c, span.c */
int local_traverse(LocalSpan *self, visitproc visit, void *arg);
int local_clear(LocalSpan *self);
extern PyType_Spec local_span_spec, recording_span_spec, unrecorded_span_spec;
Span *span_new(Tracer *tracer, PyObject *name, PyObject *kind, int64_t start_time);
LocalSpan *unsampled_span_new(TraceId trace_id, PyObject *trace_state, uint32_t flags);
int span_set(Span *span, PyObject *key, PyObject *value);
int span_set_all(Span *span, PyObject *attributes);
int span_end(Span *span, PyObject *end_time);
int time_from(PyObject *number, int64_t *time);

/* tracer.c, first_span.c, scope.c */
extern PyType_Spec tracer_spec, scope_spec;
PyObject *tracer_start(Tracer *tracer, PyObject *context, PyObject *const *arguments);
int hand_baggage_on(LocalSpan *span, PyObject *baggage);
PyObject *start_first(Tracer *tracer, PyObject *context, PyObject *parent, PyObject *const *arguments, int64_t at);
PyObject *scope_new(Tracer *tracer, PyObject *const *arguments, bool end);
PyObject *current_context(void);
int rule_of(PyObject *sampler, Rule *rule);
PyObject *context_with(PyObject *context, PyObject *span);
int count_one(PyObject *stats, PyObject *name);

/* intake.c, begin_below.c, otlp.c */
extern PyType_Spec intake_spec;
PyObject *begin_below(PyObject *module, PyObject *const *given, Py_ssize_t count);
PyObject *encode_spans(PyObject *module, PyObject *const *given, Py_ssize_t count);

#endif
