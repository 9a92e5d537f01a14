"""What the installed Keras exports and which arguments its classes take, read from its text.

Importing Keras would take seconds; its source can be read with `ast` in milliseconds. Whatever
cannot be read so is left to Keras itself.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path as FilePath

_IMPORT = re.compile(r"^from (\S+) import \(?\s*(\w+)(?: as (\w+))?", re.MULTILINE)
_POPPED = re.compile(r"""kwargs\.(?:pop|get)\(\s*["'](\w+)["']|["'](\w+)["'] in kwargs""")
_ALLOWED = re.compile(r"allowed_kwargs = \{([^}]*)\}|allowed_kwargs = \[([^\]]*)\]")
_PLAIN = ("object", "KerasSaveable", "ABC")
_MADE_WITH_A_CELL = ("RNN", "ConvRNN")


@dataclass(frozen=True)
class Signature:
    """The keyword arguments of a class: all, those without a default, those that are a bool."""

    names: frozenset[str]
    required: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


@lru_cache(maxsize=32)
def exported(package: str, module: str) -> dict[str, str]:
    """Map the public names of `package.module` to where they are defined; {} if unreadable."""
    text = _module_text(f"{package}.{module}") or ""
    found = _IMPORT.findall(text)
    return {alias or name: f"{src}:{name}" for src, name, alias in found if name[:1].isupper()}


def signature(place: str, method: str = "__init__") -> Signature | None:
    """Return the arguments of the class at 'module:Class'; None if its source does not tell."""
    module, _, name = place.partition(":")
    return _signature(module, name, method)


def is_function(place: str) -> bool:
    """Tell whether an exported name is a function, as `keras.layers.Input` is."""
    module, _, name = place.partition(":")
    return bool(re.search(rf"^def {re.escape(name)}\(", _module_text(module) or "", re.MULTILINE))


@lru_cache(maxsize=512)
def _signature(module: str, name: str, method: str) -> Signature | None:
    source = _class_source(module, name, method)
    if source is None:
        return None
    names, flags = set(source.own.names), set(source.own.flags)
    required, known = source.own.required, not source.passes_on or source.names_the_rest
    for base_module, base in source.bases if source.passes_on else ():
        inherited = _signature(base_module, base, method)
        if inherited is not None:
            known = True
            names |= (
                inherited.names - source.given - ({"cell"} if base in _MADE_WITH_A_CELL else set())
            )
            flags |= inherited.flags
            required = required if source.defines else required | inherited.required
    return Signature(frozenset(names), required, frozenset(flags & names)) if known else None


@dataclass(frozen=True)
class _Source:
    """A class as it is written; `given` are the arguments that it gives to its base itself.

    `names_the_rest`: its `**kwargs` are looked up by name, so that they are known without a base.
    """

    own: Signature
    bases: tuple[tuple[str, str], ...]
    passes_on: bool = True
    defines: bool = False
    names_the_rest: bool = False
    given: frozenset[str] = frozenset()


def _class_source(module: str, name: str, method: str) -> _Source | None:
    text = _module_text(module)
    if text is None:
        return None
    imports = {alias or what: (source, what) for source, what, alias in _IMPORT.findall(text)}
    written = _excerpt(text, name, method)
    node = _parsed(written, name) or _parsed(text, name) if written else None
    if node is None:
        return _class_source(*imports[name], method) if name in imports else None
    bases = tuple(_base(base, imports, module) for base in node.bases)
    function = next((n for n in node.body if getattr(n, "name", "") == method), None)
    if not isinstance(function, ast.FunctionDef):
        nothing_above = all(base in _PLAIN for _, base in bases)
        return _Source(Signature(frozenset()), bases, names_the_rest=nothing_above)
    passes_on = function.args.kwarg is not None
    named = _looked_up(written or "") if passes_on else set()
    return _Source(
        _arguments(function, named),
        bases,
        passes_on=passes_on,
        defines=True,
        names_the_rest=bool(named),
        given=_given(function),
    )


def _excerpt(text: str, name: str, method: str) -> str | None:
    """Cut the head of a class and one method out of a module: the rest need not be parsed."""
    head = re.search(rf"^class {re.escape(name)}\b[^:]*:", text, re.MULTILINE)
    if not head:
        return None
    rest = text[head.end() :]
    end = re.search(r"^[A-Za-z_@\"'#]", rest, re.MULTILINE)
    body = rest[: end.start()] if end else rest
    start = re.search(rf"^    def {re.escape(method)}\(", body, re.MULTILINE)
    if not start:
        return f"{head[0]}\n    pass\n"
    after = body[start.end() :]
    stop = re.search(r"^    [\w@]", after, re.MULTILINE)
    return f"{head[0]}\n{start[0]}{after[: stop.start()] if stop else after}\n"


def _parsed(text: str, name: str) -> ast.ClassDef | None:
    try:
        nodes = ast.parse(text).body
    except SyntaxError:
        return None
    return next((n for n in nodes if isinstance(n, ast.ClassDef) and n.name == name), None)


def _looked_up(text: str) -> set[str]:
    """Return the arguments that a function takes out of its `**kwargs` by name."""
    found = {first or second for first, second in _POPPED.findall(text)}
    for braces, brackets in _ALLOWED.findall(text):
        found |= set(re.findall(r"\w+", braces or brackets))
    return found


def _arguments(function: ast.FunctionDef, looked_up: set[str]) -> Signature:
    spec = function.args
    positional = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    with_default = positional[len(positional) - len(spec.defaults) :]
    defaults: dict[str, ast.expr | None] = dict(zip(with_default, spec.defaults, strict=True))
    keywords = zip((arg.arg for arg in spec.kwonlyargs), spec.kw_defaults, strict=True)
    defaults.update({name: default for name, default in keywords if default is not None})
    own = {*positional, *(arg.arg for arg in spec.kwonlyargs)} - {"self"}
    flags = {
        n for n, d in defaults.items() if isinstance(d, ast.Constant) and type(d.value) is bool
    }
    return Signature(frozenset(own | looked_up), frozenset(own - set(defaults)), frozenset(flags))


def _given(function: ast.FunctionDef) -> frozenset[str]:
    """Return what `super().__init__(…)` is given a fixed value for, so that no user can give it."""
    own = {arg.arg for arg in (*function.args.args, *function.args.kwonlyargs)}
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        parent = node.func.value
        is_super = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "super"
        if is_super and node.func.attr == function.name:
            return frozenset(k.arg for k in node.keywords if k.arg) - own
    return frozenset()


def _base(node: ast.expr, imports: dict[str, tuple[str, str]], module: str) -> tuple[str, str]:
    """Return where a base class is defined: (module, name)."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        package, inner = imports.get(node.value.id, ("", node.value.id))
        return f"{package}.{inner}", node.attr
    name = node.id if isinstance(node, ast.Name) else ""
    return imports.get(name, (module, name))


@lru_cache(maxsize=512)
def _module_text(module: str) -> str | None:
    package, _, rest = module.partition(".")
    root = _package_folder(package)
    if root is None:
        return None
    path = root.joinpath(*rest.split(".")) if rest else root
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return None


@lru_cache(maxsize=8)
def _package_folder(package: str) -> FilePath | None:
    spec = find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    return FilePath(spec.submodule_search_locations[0])
