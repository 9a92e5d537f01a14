"""Python code of the user's: files of custom objects, and functions that make a model.

A file is executed as a module of its own, once for a scenario, with the name `keras` bound to the
Keras of the engine that runs; so one file serves both engines. `import keras` inside gives what
Python gives.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path as FilePath
from types import ModuleType
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import Complaint, CouldNotRun, ScenarioError, nearest
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.text.document import Path

_PACKAGES = {"keras": "keras3", "tf_keras": "tf_keras"}


@dataclass
class Code:
    """The Python files of a scenario on one engine, and the names that they define.

    `names` holds classes and functions by their own names, and by those that they were
    registered under (`Package>Name`). `allowed`: whether code may run at all.
    """

    scenario: ScenarioFile
    engine: Engine
    allowed: bool = False
    names: dict[str, Any] = field(default_factory=dict)
    _modules: dict[FilePath, ModuleType] = field(default_factory=dict)

    def read(self) -> None:
        """Execute the files under `custom_objects`.

        Raises:
            ScenarioError: if code is not allowed, or for a file that is not there or not Python.
            CouldNotRun: if the code raises, chained to what it raised.
        """
        key = self.scenario.spec.runs_code
        if key is not None and not self.allowed:
            path: Path = (key,) if key == "custom_objects" else ("model", key)
            reason = (
                f"{key!r} runs Python code of this scenario; if you trust it, give --allow-code"
            )
            raise self.scenario.error(path, reason)
        for index, name in enumerate(self.scenario.spec.custom_objects or ()):
            self.module(name, ("custom_objects", index))

    def module(self, name: str, path: Path) -> ModuleType:
        """Execute a file, once, and take in what it defines."""
        file = self.scenario.beside(name).resolve()
        if file not in self._modules:
            code = self._compiled(file, name, path)
            module = ModuleType(f"{file.stem}_on_{self.engine.name}")
            module.__file__ = str(file)
            vars(module)["keras"] = self.engine.keras
            sys.modules[module.__name__] = module  # dataclasses and pickle look a class up there
            with self._taking_in(module):
                self.attempt(lambda: exec(code, vars(module)), path, f"running {name!r}")  # noqa: S102
            self._modules[file] = module
        return self._modules[file]

    def _compiled(self, file: FilePath, name: str, path: Path) -> Any:
        try:
            return compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
        except OSError as error:
            folder = file.parent
            known = [p.name for p in folder.glob("*.py")] if folder.is_dir() else []
            reason = f"{name!r} cannot be read: {error.strerror or error}"
            raise self.scenario.error(path, reason + nearest(file.name, known)) from error
        except SyntaxError as error:
            line, column = error.lineno or 1, max(error.offset or 1, 1)
            wrong = Complaint(name, line, column, f"not Python: {error.msg}", error.text or "")
            raise ScenarioError([wrong]) from error
        except ValueError as error:  # a null byte
            raise self.scenario.error(path, f"{name!r} is not Python: {error}") from error

    @contextmanager
    def _taking_in(self, module: ModuleType) -> Iterator[None]:
        """Add what a module defines, and what it registers while the body runs, to the names.

        What the file itself registers is taken back, so that the next scenario starts from
        nothing; what the modules that it imports register stays, for Python imports them once.
        """
        registered: dict[str, Any] = self.engine.keras.saving.get_custom_objects()
        before = dict(registered)
        try:
            yield
        finally:
            new = {k: v for k, v in registered.items() if before.get(k) is not v}
            own = {k: v for k, v in new.items() if v.__module__ == module.__name__}
            for key in own:
                del registered[key]
            registered.update({key: before[key] for key in own if key in before})
        self.names.update(own | _public(module))

    def function(self, written: str, path: Path) -> Callable[..., Any]:
        """Find `file.py:function` or `package.module:function`.

        Raises:
            ScenarioError: if there is no such function.
            CouldNotRun: if the module cannot be imported.
        """
        place, _, name = written.rpartition(":")
        module = self.module(place, path) if place.endswith(".py") else self._imported(place, path)
        found = getattr(module, name, None)
        if not callable(found):
            known = [key for key, value in vars(module).items() if callable(value)]
            message = f"{place!r} has no function {name!r}{nearest(name, known)}"
            raise self.scenario.error(path, message)
        return found  # type: ignore[no-any-return]

    def _imported(self, place: str, path: Path) -> ModuleType:
        module = self.attempt(lambda: import_module(place), path, f"importing {place!r}")
        self.names.update(_public(module))
        return module  # type: ignore[no-any-return]

    def attempt(self, act: Callable[[], Any], path: Path, doing: str) -> Any:
        """Let the user's code act, with the scenario's folder on `sys.path`.

        Raises:
            CouldNotRun: with the line of the user's code, chained to what it raised.
        """
        folders = [str(self.scenario.path.parent.resolve()), str(FilePath.cwd())]
        sys.path[:0] = folders
        try:
            return act()
        except (Exception, SystemExit) as error:
            where = line_of(error, self.scenario.path.parent)
            told = f"{doing}: {type(error).__name__}: {error}{where}"
            raise CouldNotRun(self.scenario.error(path, told)) from error
        finally:
            for folder in folders:
                sys.path.remove(folder)


def _public(module: ModuleType) -> dict[str, Any]:
    """Return the classes and functions that a module names in `__all__`, or else defines."""
    listed = getattr(module, "__all__", None)
    found = {}
    for name, value in vars(module).items():
        kind = inspect.isclass(value) or inspect.isfunction(value)
        own = getattr(value, "__module__", None) == module.__name__
        if kind and (name in listed if listed is not None else own and not name.startswith("_")):
            found[name] = value
    return found


def line_of(error: BaseException, folder: FilePath) -> str:
    """Say where in a Python file below a folder an error was raised: ' (at cells.py:12)'."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = FilePath(frame.filename)
        if folder.resolve() in file.parents and "site-packages" not in file.parts:
            return f" (at {file.relative_to(folder.resolve())}:{frame.lineno})"
    return ""


def engine_of(thing: object) -> str | None:
    """Return the engine whose Keras a class, or an object's class, derives from; None if none."""
    cls = thing if isinstance(thing, type) else type(thing)
    tops = (base.__module__.split(".")[0] for base in cls.__mro__)
    return next((_PACKAGES[top] for top in tops if top in _PACKAGES), None)
