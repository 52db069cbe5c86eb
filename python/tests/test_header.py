"""The ctypes declarations are those of martlet.h."""

from __future__ import annotations

import ctypes
import inspect
import re
from pathlib import Path

import pytest

import martlet
from martlet import _errors, _ffi, _structs

HEADER = Path(__file__).parents[2] / "include" / "martlet.h"
TEXT = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)

SCALARS = {
    "uint8_t": ctypes.c_uint8,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
}
# Each enumeration is an int32_t under a name of its own.
for name in re.findall(r"typedef int32_t (\w+);", TEXT):
    SCALARS[name] = ctypes.c_int32
FUNCTIONS = {"martlet_write_function": _ffi.WriteFunction}
STRUCTS = {
    name: getattr(_structs, name[len("martlet_") :].title().replace("_", ""))
    for name in re.findall(r"typedef struct (\w+) \{", TEXT)
}


def constants():
    """Return every enumerator and every number defined."""
    found = re.findall(r"\b(MARTLET_\w+) = (\d+)", TEXT)
    found += re.findall(r"#define (MARTLET_\w+) (\d+)u?\b", TEXT)
    return {name: int(value) for name, value in found}


def ctypes_of(declaration):
    """Return the acceptable ctypes of a declaration without its name: `const float *`."""
    base = declaration.replace("const", "").replace("*", "").strip()
    stars = declaration.count("*")
    if base == "martlet_index":
        return [(None, _ffi.Handle, ctypes.POINTER(_ffi.Handle))[stars]]
    if stars == 0:
        return [{**SCALARS, **FUNCTIONS}[base]]
    if base == "char":
        return [ctypes.c_char_p, ctypes.c_void_p]
    if base == "void":
        return [ctypes.c_void_p]
    return [ctypes.POINTER({**SCALARS, **STRUCTS}[base]), ctypes.c_void_p]


def split(declaration):
    """Split `const float *queries` into its type and its name."""
    return re.fullmatch(r"(.*?)(\w+)", declaration.strip(), flags=re.S).groups()


def functions():
    pattern = r"MARTLET_API\s+([\w\s]+?\*?)\s*(martlet_\w+)\(([^)]*)\);"
    return {
        name: (result, [] if arguments == "void" else [split(a)[0] for a in arguments.split(",")])
        for result, name, arguments in re.findall(pattern, TEXT)
    }


def fields(struct):
    body = re.search(r"typedef struct " + struct + r" \{(.*?)\}", TEXT, flags=re.S).group(1)
    return [line.strip() for line in body.split(";") if line.strip()]


def test_every_function_is_declared():
    assert set(functions()) == set(_ffi.SIGNATURES)


@pytest.mark.parametrize("name", sorted(_ffi.SIGNATURES))
def test_function(name):
    result, arguments = functions()[name]
    declared_result, declared = _ffi.SIGNATURES[name]
    assert declared_result is (None if result == "void" else ctypes_of(result)[0])
    assert len(declared) == len(arguments)
    for argument, type_ in zip(arguments, declared):
        assert type_ in ctypes_of(argument)


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_struct(name):
    declared = STRUCTS[name]._fields_
    assert len(declared) == len(fields(name))
    for line, (field, type_) in zip(fields(name), declared):
        array = re.fullmatch(r"(\w+) (\w+)\[(\w+)\]", line)
        if array:
            item, found, length = array.groups()
            assert type_ is SCALARS[item] * constants()[length]
        else:
            declaration, found = split(line)
            assert type_ in ctypes_of(declaration)
        assert field == found


# Names in the order of their enumerators, and the rest of the enumerators' names.
NAMES = {
    _structs.ELEMENTS: "{}",
    _structs.TYPES: "TYPE_{}",
    _structs.FORMATS: "AS_{}",
    _structs.UNITS: "{}",
    ("plain_beam", "bridged_beam", "exact_scan"): "{}",
}


def test_constants():
    values = constants()
    for name, value in _structs.METRICS.items():
        assert values[f"MARTLET_{name.upper()}"] == value
    for names, prefix in NAMES.items():
        for value, name in enumerate(names):
            assert values[f"MARTLET_{prefix.format(name.upper())}"] == value
    for kind, value in {None: "NO_IDS_YET", "int": "INTEGER_IDS", "str": "STRING_IDS"}.items():
        assert _structs.ID_KINDS[values[f"MARTLET_{value}"]] == kind
    assert values["MARTLET_DEFAULT_EF"] == _structs.DEFAULT_EF
    assert values["MARTLET_LEVELS"] == _structs.LEVELS
    assert values["MARTLET_OK"] == _errors.OK
    assert values["MARTLET_BUFFER_TOO_SMALL"] == _errors.BUFFER_TOO_SMALL
    assert values["MARTLET_ID_KIND"] == _errors.ID_KIND
    assert values["MARTLET_LOAD_COPY"] == _structs.LOAD_COPY
    assert values["MARTLET_LOAD_MAP"] == _structs.LOAD_MAP
    assert f"#define MARTLET_NO_ID ((int64_t){_structs.NO_ID})" in TEXT


def test_defaults_of_the_signature():
    values = constants()
    parameters = inspect.signature(martlet.Index).parameters
    assert parameters["M"].default == values["MARTLET_DEFAULT_M"]
    assert parameters["ef_construction"].default == values["MARTLET_DEFAULT_EF_CONSTRUCTION"]


def test_every_status_has_an_exception():
    body = re.search(r"martlet_status;\s*enum \{(.*?)\}", TEXT, flags=re.S).group(1)
    statuses = {int(value) for value in re.findall(r"= (\d+)", body)}
    statuses -= {_errors.OK, _errors.BUFFER_TOO_SMALL}
    classes = [type(_errors.from_status(status, "")) for status in sorted(statuses)]
    assert len(set(classes)) == len(statuses)


def test_versions():
    values = constants()
    header = ".".join(
        str(values[f"MARTLET_VERSION_{part}"]) for part in ("MAJOR", "MINOR", "PATCH")
    )
    assert martlet.__version__ == header == _ffi.text("martlet_version")
