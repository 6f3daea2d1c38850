/* Intake: the application's side of the queue. It never waits; what it cannot take it counts. */
#include "speedups.h"

typedef struct {
    PyObject_HEAD
    PyObject *queue, *config, *stats, *thread, *wake;
    Py_ssize_t queue_bytes, spans_max, bytes_max, batch_max;
    bool closing;
} Intake;

static int limit_of(PyObject *config, const char *name, Py_ssize_t *limit) {
    PyObject *number = PyObject_GetAttrString(config, name);
    if (!number) return -1;
    *limit = PyNumber_AsSsize_t(number, NULL); /* Without an exception what is too large becomes the largest. */
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

static int set_config(Intake *self, PyObject *config, void *unused) {
    if (!config) return PyErr_SetString(PyExc_AttributeError, "a reporter has limits"), -1;
    if (limit_of(config, "queue_spans_max", &self->spans_max) < 0 || limit_of(config, "queue_bytes_max", &self->bytes_max) < 0 ||
        limit_of(config, "batch_spans_max", &self->batch_max) < 0)
        return -1;
    if (self->batch_max < 1) return PyErr_SetString(PyExc_ValueError, "a batch has a span"), -1;
    Py_XSETREF(self->config, Py_NewRef(config));
    return 0;
}

static PyObject *get_config(Intake *self, void *unused) { return Py_NewRef(self->config ? self->config : Py_None); }

static int size_of(PyObject *span, Py_ssize_t *size) {
    PyObject *number = PyObject_GetAttrString(span, "size_bytes");
    if (!number) return -1;
    *size = PyNumber_AsSsize_t(number, NULL);
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *dropped(Intake *self, const char *counter) {
    PyObject *name = PyUnicode_InternFromString(counter);
    int counted = name ? count_one(self->stats, name) : -1;
    Py_XDECREF(name);
    if (counted < 0) return NULL;
    Py_RETURN_NONE;
}

static int call(PyObject *owner, const char *method) {
    PyObject *done = PyObject_CallMethod(owner, method, NULL);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static PyObject *report(Intake *self, PyObject *span) {
    Py_ssize_t size;
    if (!self->queue || !self->config || !self->stats || !self->wake) return PyErr_SetString(PyExc_AttributeError, "a reporter without a queue"), NULL;
    if (size_of(span, &size) < 0) return NULL;
    Py_ssize_t waiting = PyObject_Size(self->queue);
    if (waiting < 0) return NULL;
    if (self->closing) return dropped(self, "dropped_at_exit");
    if (waiting >= self->spans_max || size > self->bytes_max - self->queue_bytes) return dropped(self, "dropped_queue_full");
    PyObject *queue = Py_NewRef(self->queue), *appended = PyObject_CallMethodOneArg(queue, state.name_append, span);
    Py_DECREF(queue);
    if (!appended) return NULL;
    Py_DECREF(appended);
    self->queue_bytes += size;
    if ((waiting + 1) % self->batch_max == 0 && call(self->wake, "set") < 0) return NULL;
    if ((!self->thread || self->thread == Py_None) && call((PyObject *)self, "_start_thread") < 0) return NULL;
    Py_RETURN_NONE;
}

static int intake_traverse(Intake *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->queue);
    Py_VISIT(self->config);
    Py_VISIT(self->stats);
    Py_VISIT(self->thread);
    Py_VISIT(self->wake);
    return 0;
}

static int intake_clear(Intake *self) {
    Py_CLEAR(self->queue);
    Py_CLEAR(self->config);
    Py_CLEAR(self->stats);
    Py_CLEAR(self->thread);
    Py_CLEAR(self->wake);
    return 0;
}

static void intake_dealloc(Intake *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    intake_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef intake_members[] = {
    {"_queue", T_OBJECT, offsetof(Intake, queue), 0, NULL},
    {"_stats", T_OBJECT, offsetof(Intake, stats), 0, NULL},
    {"_thread", T_OBJECT, offsetof(Intake, thread), 0, NULL},
    {"_wake", T_OBJECT, offsetof(Intake, wake), 0, NULL},
    {"_queue_bytes", T_PYSSIZET, offsetof(Intake, queue_bytes), 0, NULL},
    {"_closing", T_BOOL, offsetof(Intake, closing), 0, NULL},
    {NULL},
};
static PyGetSetDef intake_properties[] = {{"_config", (getter)get_config, (setter)set_config, NULL, NULL}, {NULL}};
static PyMethodDef intake_methods[] = {{"report", (PyCFunction)report, METH_O, NULL}, {NULL}};
static PyType_Slot intake_slots[] = {
    {Py_tp_doc, "Takes ended spans by `report`."},
    {Py_tp_members, intake_members},
    {Py_tp_getset, intake_properties},
    {Py_tp_methods, intake_methods},
    {Py_tp_traverse, intake_traverse},
    {Py_tp_clear, intake_clear},
    {Py_tp_dealloc, intake_dealloc},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL},
};
PyType_Spec intake_spec = {
    "lymer_sdk_speedups._native.Intake", sizeof(Intake), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, intake_slots,
};
