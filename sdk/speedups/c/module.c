/* The module `lymer_sdk_speedups._native`: its types, and `connect`, by which the Python half shows what it has. */
#include "speedups.h"

State state;

typedef struct {
    const char *name;
    PyObject **place;
} Shown;

#define SHOWN(name) {#name, &state.name}
static const Shown shown[] = {
    SHOWN(Span), SHOWN(UnsampledSpan), SHOWN(Scope), SHOWN(Context), SHOWN(SpanContext), SHOWN(RemoteParent),
    SHOWN(AlwaysOn), SHOWN(AlwaysOff), SHOWN(TraceIdRatio), SHOWN(Probabilistic), SHOWN(span_key), SHOWN(hints_key),
    SHOWN(variable), SHOWN(current), SHOWN(attach), SHOWN(detach), SHOWN(flags), SHOWN(no_state), SHOWN(internal),
    SHOWN(server), SHOWN(kinds), SHOWN(kind_names), SHOWN(clean_value), SHOWN(warn_of), SHOWN(new_trace_id),
};
#define SHOWN_COUNT (sizeof shown / sizeof *shown)

static int check(PyObject *things[SHOWN_COUNT]) {
    PyTypeObject *const bases[] = {state.recording_span_type, state.unrecorded_span_type, state.scope_type, &PyDict_Type};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (!PyType_Check(things[i]) || !PyType_IsSubtype((PyTypeObject *)things[i], bases[i]))
            return PyErr_Format(PyExc_TypeError, "%s is no subclass of %s", shown[i].name, bases[i]->tp_name), -1;
    }
    for (size_t i = 0; i < SHOWN_COUNT; i++) {
        PyObject *thing = things[i];
        bool tuple = shown[i].place == &state.flags || shown[i].place == &state.kinds;
        bool variable = shown[i].place == &state.variable && thing != Py_None;
        if ((tuple && !PyTuple_CheckExact(thing)) || (variable && !PyContextVar_CheckExact(thing)))
            return PyErr_Format(PyExc_TypeError, "%s is a %s", shown[i].name, Py_TYPE(thing)->tp_name), -1;
    }
    return 0;
}

/* connect(things): a dict of all that `shown` names. */
static PyObject *connect(PyObject *module, PyObject *things) {
    PyObject *found[SHOWN_COUNT];
    if (!PyDict_Check(things)) return PyErr_SetString(PyExc_TypeError, "connect() takes a dict"), NULL;
    for (size_t i = 0; i < SHOWN_COUNT; i++) {
        found[i] = PyDict_GetItemString(things, shown[i].name);
        if (!found[i]) return PyErr_Format(PyExc_KeyError, "%s", shown[i].name), NULL;
    }
    if (check(found) < 0) return NULL;
    for (size_t i = 0; i < SHOWN_COUNT; i++) Py_XSETREF(*shown[i].place, Py_NewRef(found[i]));
    Py_RETURN_NONE;
}

static PyTypeObject *add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base) {
    PyObject *type = PyType_FromModuleAndSpec(module, spec, (PyObject *)base);
    if (type && PyModule_AddType(module, (PyTypeObject *)type) < 0) Py_CLEAR(type);
    return (PyTypeObject *)type; /* The reference stays with `state`. */
}

static int intern(PyObject **place, const char *text) {
    if (!*place) *place = PyUnicode_InternFromString(text);
    return *place ? 0 : -1;
}

static int make_constants(void) {
    static const char *const names[ARGUMENTS + 1] = {"name", "context", "kind", "attributes", "links", "start_time",
                                                     "record_exception", "set_status_on_exception", "end_on_exit"};
    for (int i = 0; i <= ARGUMENTS; i++)
        if (intern(&state.argument_names[i], names[i]) < 0) return -1;
    if (intern(&state.empty_text, "") < 0 || intern(&state.name_started, "started") < 0) return -1;
    if (intern(&state.name_foreign_contexts, "foreign_contexts") < 0 || intern(&state.name_append, "append") < 0) return -1;
    if (!state.empty_tuple) state.empty_tuple = PyTuple_New(0);
    if (!state.one) state.one = PyLong_FromLong(1);
    return state.empty_tuple && state.one ? 0 : -1;
}

static int execute(PyObject *module) {
    static bool loaded;
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError, "the speed-ups work in the main interpreter alone");
        return -1;
    }
    if (loaded) return PyErr_SetString(PyExc_ImportError, "the speed-ups are loaded once in a process"), -1;
    if (ids_start() < 0 || make_constants() < 0) return -1;
    if (!(state.local_span_type = add_type(module, &local_span_spec, NULL))) return -1;
    if (!(state.recording_span_type = add_type(module, &recording_span_spec, state.local_span_type))) return -1;
    if (!(state.unrecorded_span_type = add_type(module, &unrecorded_span_spec, state.local_span_type))) return -1;
    if (!(state.tracer_type = add_type(module, &tracer_spec, NULL))) return -1;
    if (!(state.scope_type = add_type(module, &scope_spec, NULL))) return -1;
    if (!(state.intake_type = add_type(module, &intake_spec, NULL))) return -1;
    loaded = true;
    return PyModule_AddIntConstant(module, "CONTRACT", CONTRACT);
}

static PyMethodDef methods[] = {
    {"connect", connect, METH_O, "Shows the Python half's things."},
    {"encode_spans", (PyCFunction)(void (*)(void))encode_spans, METH_FASTCALL, "Spans as OTLP's ScopeSpans."},
    {"begin_below", (PyCFunction)(void (*)(void))begin_below, METH_FASTCALL, "A request's span below a traceparent."},
    {NULL},
};
static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_USED},
#endif
    {0, NULL},
};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_native", .m_doc = "The speed-ups of lymer-sdk.", .m_size = 0,
    .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
