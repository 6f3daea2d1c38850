/* Attributes of one span, in an array as long as they are few. */
#include "speedups.h"

#define FIRST_CAPACITY 6
#define ARRAY_MAX 16

static bool same_text(PyObject *one, PyObject *other) {
    if (one == other) return true;
    if (PyUnicode_CHECK_INTERNED(one) && PyUnicode_CHECK_INTERNED(other)) return false;
    return PyUnicode_GET_LENGTH(one) == PyUnicode_GET_LENGTH(other) && PyUnicode_Compare(one, other) == 0;
}

static Attribute *found(const Attributes *attributes, PyObject *key) {
    for (uint16_t i = 0; i < attributes->count; i++) {
        if (same_text(attributes->items[i].key, key)) return &attributes->items[i];
    }
    return NULL;
}

void attributes_become(Attributes *attributes, PyObject *dict) {
    Attributes before = *attributes;
    *attributes = (Attributes){.dict = dict};
    attributes_clear(&before);
}

PyObject *attributes_dict(Attributes *attributes) {
    if (attributes->dict) return attributes->dict;
    PyObject *dict = PyDict_New();
    if (!dict) return NULL;
    if (attributes->dict) { /* Making a dict may collect garbage, and so let another thread come first. */
        Py_DECREF(dict);
        return attributes->dict;
    }
    for (uint16_t i = 0; i < attributes->count; i++) {
        if (PyDict_SetItem(dict, attributes->items[i].key, attributes->items[i].value) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    attributes_become(attributes, dict);
    return dict;
}

void attributes_clear(Attributes *attributes) {
    Attribute *items = attributes->items;
    uint16_t count = attributes->count;
    attributes->items = NULL;
    attributes->count = attributes->capacity = 0;
    Py_CLEAR(attributes->dict);
    for (uint16_t i = 0; i < count; i++) {
        Py_DECREF(items[i].key);
        Py_DECREF(items[i].value);
    }
    PyMem_Free(items);
}

Py_ssize_t attributes_count(const Attributes *attributes) {
    return attributes->dict ? PyDict_GET_SIZE(attributes->dict) : attributes->count;
}

int attributes_has(Attributes *attributes, PyObject *key) {
    if (!attributes->dict && PyUnicode_CheckExact(key)) return found(attributes, key) != NULL;
    PyObject *dict = attributes_dict(attributes);
    return dict ? PyDict_Contains(dict, key) : -1;
}

static int make_room(Attributes *attributes) {
    if (attributes->count < attributes->capacity) return 0;
    uint16_t capacity = attributes->capacity ? ARRAY_MAX : FIRST_CAPACITY;
    Attribute *items = PyMem_Realloc(attributes->items, capacity * sizeof(Attribute));
    if (!items) {
        PyErr_NoMemory();
        return -1;
    }
    attributes->items = items;
    attributes->capacity = capacity;
    return 0;
}

int attributes_put(Attributes *attributes, PyObject *key, PyObject *value) {
    if (attributes->dict || !PyUnicode_CheckExact(key)) {
        PyObject *dict = attributes_dict(attributes);
        return dict ? PyDict_SetItem(dict, key, value) : -1;
    }
    Attribute *known = found(attributes, key);
    if (known) {
        PyObject *old = known->value;
        known->value = Py_NewRef(value);
        Py_DECREF(old);
        return 0;
    }
    if (attributes->count == ARRAY_MAX) {
        PyObject *dict = attributes_dict(attributes);
        return dict ? PyDict_SetItem(dict, key, value) : -1;
    }
    if (make_room(attributes) < 0) return -1;
    attributes->items[attributes->count++] = (Attribute){Py_NewRef(key), Py_NewRef(value)};
    return 0;
}
