/* Scope: makes a span the current one for a `with` block. Decorating is the Python half's. */
#include "speedups.h"

PyObject *current_context(void) {
    PyObject *context = NULL;
    if (state.variable == Py_None) return PyObject_CallNoArgs(state.current);
    if (PyContextVar_Get(state.variable, NULL, &context) == 0 && !context) PyErr_SetNone(PyExc_LookupError);
    return context;
}

/* The context, or with the empty tuple none, with this span as the current one. */
PyObject *context_with(PyObject *context, PyObject *span) {
    PyTypeObject *type = (PyTypeObject *)state.Context;
    PyObject *made = type->tp_new(type, state.empty_tuple, NULL);
    bool empty = context == state.empty_tuple;
    if (made && ((!empty && PyDict_Update(made, context) < 0) || PyDict_SetItem(made, state.span_key, span) < 0)) Py_CLEAR(made);
    return made;
}

static PyObject *attached(PyObject *context) {
    if (state.variable != Py_None) return PyContextVar_Set(state.variable, context);
    return PyObject_CallOneArg(state.attach, context);
}

static int detached(Scope *self) {
    PyObject *token = self->token;
    if (!token) return PyErr_SetString(PyExc_AttributeError, "a scope that was not entered"), -1;
    self->token = NULL;
    int left;
    if (state.variable != Py_None) {
        left = PyContextVar_Reset(state.variable, token);
    } else {
        PyObject *done = PyObject_CallOneArg(state.detach, token);
        left = done ? 0 : -1;
        Py_XDECREF(done);
    }
    Py_DECREF(token);
    if (left == 0 || !(PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_RuntimeError))) return left;
    PyErr_Clear();
    return count_one(self->tracer->stats, state.name_foreign_contexts);
}

PyObject *scope_new(Tracer *tracer, PyObject *const *arguments, bool end) {
    if (!state.Scope) return PyErr_SetString(PyExc_RuntimeError, "not connected"), NULL;
    PyTypeObject *type = (PyTypeObject *)state.Scope;
    Scope *self = (Scope *)type->tp_alloc(type, 0);
    if (!self) return NULL;
    self->tracer = (Tracer *)Py_NewRef(tracer);
    for (int i = 0; i < ARGUMENTS; i++) self->arguments[i] = Py_XNewRef(arguments[i]);
    self->end = end;
    return (PyObject *)self;
}

static PyObject *scope_enter(Scope *self, PyObject *unused) {
    if (!self->tracer) return PyErr_SetString(PyExc_AttributeError, "a scope without a tracer"), NULL;
    PyObject *given = self->arguments[CONTEXT];
    PyObject *context = given && given != Py_None ? Py_NewRef(given) : current_context(), *inside = NULL, *token = NULL;
    PyObject *span = context ? tracer_start(self->tracer, context, self->arguments) : NULL;
    if (span) Py_XSETREF(self->span, Py_NewRef(span));
    if (span) inside = context_with(context, span);
    if (inside) token = attached(inside);
    if (token) Py_XSETREF(self->token, token);
    else Py_CLEAR(span);
    Py_XDECREF(inside);
    Py_XDECREF(context);
    return span;
}

static int finish(Scope *self, PyObject *exception) {
    if (!self->span) return PyErr_SetString(PyExc_AttributeError, "a scope that was not entered"), -1;
    PyObject *span = Py_NewRef(self->span), *done = Py_None;
    if (exception != Py_None) {
        done = PyObject_CallMethod(span, "failed", "O", exception);
        Py_XDECREF(done);
    }
    int ended = done ? 0 : -1;
    if (done && self->end) {
        if (Py_IS_TYPE(span, (PyTypeObject *)state.Span)) {
            ended = span_end((Span *)span, NULL);
        } else if (!Py_IS_TYPE(span, (PyTypeObject *)state.UnsampledSpan)) {
            PyObject *result = PyObject_CallMethod(span, "end", NULL);
            ended = result ? 0 : -1;
            Py_XDECREF(result);
        }
    }
    Py_DECREF(span);
    return ended;
}

static PyObject *scope_exit(Scope *self, PyObject *const *given, Py_ssize_t count) {
    if (count != 3) return PyErr_SetString(PyExc_TypeError, "__exit__() takes three arguments"), NULL;
    if (detached(self) < 0 || finish(self, given[1]) < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *scope_begin(Scope *self, PyObject *unused) {
    PyObject *span = scope_enter(self, NULL), *context = span ? current_context() : NULL;
    Py_XDECREF(span);
    if (context && detached(self) < 0) Py_CLEAR(context);
    return context;
}

static PyObject *scope_finish(Scope *self, PyObject *exception) {
    if (finish(self, exception) < 0) return NULL;
    Py_RETURN_NONE;
}

/* What is needed to make it again: the tracer, the arguments of `start_span`, whether it ends its span. */
static PyObject *get_arguments(Scope *self, void *unused) {
    PyObject *defaults[ARGUMENTS] = {Py_None, Py_None, state.internal, Py_None, Py_None, Py_None, Py_True, Py_True};
    PyObject *arguments = PyTuple_New(ARGUMENTS);
    for (int i = 0; arguments && i < ARGUMENTS; i++)
        PyTuple_SET_ITEM(arguments, i, Py_NewRef(self->arguments[i] ? self->arguments[i] : defaults[i]));
    return arguments;
}

static int scope_init(Scope *self, PyObject *given, PyObject *named) {
    PyObject *tracer, *arguments;
    int end;
    if (named && PyDict_GET_SIZE(named)) return PyErr_SetString(PyExc_TypeError, "a scope's arguments have no names"), -1;
    if (!PyArg_ParseTuple(given, "O!O!p:Scope", state.tracer_type, &tracer, &PyTuple_Type, &arguments, &end)) return -1;
    if (PyTuple_GET_SIZE(arguments) != ARGUMENTS) return PyErr_SetString(PyExc_TypeError, "all of start_span's arguments"), -1;
    Py_XSETREF(self->tracer, (Tracer *)Py_NewRef(tracer));
    for (int i = 0; i < ARGUMENTS; i++) Py_XSETREF(self->arguments[i], Py_NewRef(PyTuple_GET_ITEM(arguments, i)));
    self->end = end;
    return 0;
}

static int scope_traverse(Scope *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->tracer);
    for (int i = 0; i < ARGUMENTS; i++) Py_VISIT(self->arguments[i]);
    Py_VISIT(self->span);
    Py_VISIT(self->token);
    return 0;
}

static int scope_clear(Scope *self) {
    Py_CLEAR(self->tracer);
    for (int i = 0; i < ARGUMENTS; i++) Py_CLEAR(self->arguments[i]);
    Py_CLEAR(self->span);
    Py_CLEAR(self->token);
    return 0;
}

static void scope_dealloc(Scope *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    scope_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef scope_members[] = {
    {"_tracer", T_OBJECT, offsetof(Scope, tracer), READONLY, NULL},
    {"_span", T_OBJECT, offsetof(Scope, span), READONLY, NULL},
    {"_end", T_BOOL, offsetof(Scope, end), READONLY, NULL},
    {NULL},
};
static PyGetSetDef scope_properties[] = {{"_arguments", (getter)get_arguments, NULL, NULL, NULL}, {NULL}};
static PyMethodDef scope_methods[] = {
    {"__enter__", (PyCFunction)scope_enter, METH_NOARGS, NULL},
    {"__exit__", (PyCFunction)(void (*)(void))scope_exit, METH_FASTCALL, NULL},
    {"_begin", (PyCFunction)scope_begin, METH_NOARGS, NULL},
    {"_finish", (PyCFunction)scope_finish, METH_O, NULL},
    {NULL},
};
static PyType_Slot scope_slots[] = {
    {Py_tp_doc, "What `start_as_current_span` returns: a context manager and a decorator."},
    {Py_tp_members, scope_members},
    {Py_tp_getset, scope_properties},
    {Py_tp_methods, scope_methods},
    {Py_tp_init, scope_init},
    {Py_tp_traverse, scope_traverse},
    {Py_tp_clear, scope_clear},
    {Py_tp_dealloc, scope_dealloc},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL},
};
PyType_Spec scope_spec = {
    "lymer_sdk_speedups._native.Scope", sizeof(Scope), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, scope_slots,
};
