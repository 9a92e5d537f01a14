"""Random valid scenarios as plain data, for the reader, the schema and the fuzzer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from lstm_state_probe.errors import Complaint
from lstm_state_probe.scenario.read import ScenarioFile

Write = Callable[[str], Path]
Read = Callable[[str], list[ScenarioFile]]
Complain = Callable[..., list[Complaint]]

SHIPPED = Path(__file__).parents[2] / "scenarios"
WORDS = ["zeros", "nonzero", "finite"]
NUMBERS = st.one_of(
    st.integers(-9, 9),
    st.floats(-9, 9),
    st.booleans(),
    st.lists(st.floats(-9, 9), max_size=3),
    st.lists(st.lists(st.integers(0, 1), min_size=2, max_size=2), min_size=1, max_size=2),
)
SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=3)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=9)


def _some(**optional: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return optional


def generators() -> st.SearchStrategy[dict[str, Any]]:
    shape = {"shape": SHAPES}
    dtype = _some(dtype=st.sampled_from(["float32", "float64", "int32", "float16"]))

    def one(name: str, required: dict[str, Any], **optional: Any) -> st.SearchStrategy[Any]:
        body = st.fixed_dictionaries({**shape, **required}, optional={**dtype, **optional})
        return st.fixed_dictionaries({name: body})

    return st.one_of(
        one("normal", {}, mean=st.floats(-3, 3), stddev=st.floats(0, 3)),
        one("uniform", {}, low=st.floats(-3, 0), high=st.integers(0, 3)),
        one("integers", {"high": st.integers(1, 9)}, low=st.integers(-9, 0)),
        one("arange", {}, start=st.integers(0, 3), step=st.floats(0, 3)),
        one("constant", {"value": st.integers(0, 3) | st.booleans()}),
        one("zeros", {}),
        one("ones", {}),
    )


def conditions(label: str | None) -> st.SearchStrategy[Any]:
    references = ["lstm/h", "lstm/c@initial"] + ([f"{label}: lstm/h[0]"] if label else [])
    comparing = st.fixed_dictionaries(
        {"equals": NUMBERS},
        optional=_some(atol=st.floats(0, 1), rtol=st.just(0), same_as=st.sampled_from(references)),
    )
    bounds = st.tuples(st.integers(-9, 0), st.floats(0, 9)).map(list)
    plain = st.fixed_dictionaries(
        {"finite": st.just(True)},
        optional=_some(
            between=bounds,
            max_abs=st.floats(0, 9),
            shape=SHAPES,
            dtype=st.sampled_from(["float32", "bfloat16"]),
            differs_from=st.sampled_from(references),
        ),
    )
    lists = st.lists(st.lists(st.floats(-2, 2), min_size=2, max_size=2), min_size=1, max_size=3)
    return st.one_of(st.sampled_from(WORDS), st.integers(-3, 3), lists, comparing, plain)


def expectations(label: str | None) -> st.SearchStrategy[Any]:
    selectors = ["lstm/h", "lstm/*", "*/c@initial", "lstm/h[0]", "lstm/h@held", "result", "*"]
    some = st.dictionaries(st.sampled_from(selectors), conditions(label), min_size=1, max_size=3)
    engines = st.dictionaries(st.sampled_from(["keras3", "tf_keras"]), some, min_size=1)
    return some | engines


def operations(label: str | None = None, *, deep: bool = True) -> st.SearchStrategy[Any]:
    x = st.just("x") | st.just(["x"])
    names: dict[str, Any] = {
        "call": st.fixed_dictionaries({"x": x}, optional=_some(training=st.booleans())),
        "predict": st.fixed_dictionaries({"x": x}, optional=_some(batch_size=st.just(2))),
        "predict_on_batch": st.fixed_dictionaries({"x": x}),
        "train_on_batch": st.fixed_dictionaries({"x": x, "y": st.just("y")}),
        "test_on_batch": st.fixed_dictionaries({"x": x, "y": st.just("y")}),
        "fit": st.fixed_dictionaries(
            {"x": x, "y": st.just("y")},
            optional=_some(
                epochs=st.integers(1, 3),
                batch_size=st.just(2),
                shuffle=st.booleans() | st.just("batch"),
                verbose=st.sampled_from([0, 1, "auto"]),
                validation_data=st.just(["x", "y"]),
                callbacks=st.just([]),
            ),
        ),
        "evaluate": st.fixed_dictionaries({"x": x, "y": st.just("y")}),
        "reset_states": st.none() | st.just({}) | st.just({"layer": "lstm"}),
        "set_states": st.dictionaries(
            st.sampled_from(["lstm/h", "lstm/*"]), st.just("zeros") | NUMBERS, min_size=1
        ),
        "reload": st.none() | st.just({"format": "h5"}),
    }
    if deep:
        inner = st.lists(operations(deep=False), min_size=1, max_size=2)
        repeat = {"times": st.integers(1, 3), "operations": inner}
        names["repeat"] = st.fixed_dictionaries(repeat)
    raises = st.just("Error|error") | st.fixed_dictionaries({"keras3": st.just("x.*")})
    about = _some(expect=expectations(label), raises=raises, allow_partial_batch=st.just(True))
    whole = [st.fixed_dictionaries({name: body}, optional=about) for name, body in names.items()]
    return st.one_of(st.sampled_from(["reset_states", "reload"]), *whole)


def layers() -> st.SearchStrategy[Any]:
    units = {"units": st.integers(1, 5), "name": st.just("lstm")}
    more = _some(activation=st.just("relu"), dropout=st.floats(0, 1), stateful=st.booleans())
    lstm = st.fixed_dictionaries({"LSTM": st.fixed_dictionaries(units, optional=more)})
    rest = st.sampled_from(
        [
            [],
            ["Flatten"],
            [{"Dense": {"units": 1}}],
            [{"Activation": {"activation": "relu"}}, {"Flatten": None}],
        ]
    )
    return st.builds(lambda first, others: [first, *others], lstm, rest)


def models_from_elsewhere() -> st.SearchStrategy[dict[str, Any]]:
    both = _some(
        dtype_policy=st.just("mixed_float16"),
        compile=st.just({"optimizer": "adam"}) | st.just({}),
    )
    files = st.sampled_from(["m.keras", "../a b/m.h5", "m.json", "folder", "é.hdf5"])
    functions = st.sampled_from(["m.py:build", "../a b/m.py:f", "package.module:f", "m:f"])
    arguments = st.dictionaries(TEXT, st.none() | NUMBERS | TEXT, max_size=2)
    return st.one_of(
        st.fixed_dictionaries({"load": files}, optional={**both, "weights": files}),
        st.fixed_dictionaries({"factory": functions}, optional={**both, "arguments": arguments}),
    )


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a scenario that the reader accepts."""
    shape = [2, draw(st.integers(1, 5)), draw(st.integers(1, 5))]
    form = draw(st.sampled_from(["chain", "chain", "graph", "graph", "elsewhere"]))
    written = draw(layers())
    model: dict[str, Any] = {"layers": written, "compile": {"optimizer": "adam", "loss": "mse"}}
    if form == "elsewhere":
        model = draw(models_from_elsewhere())
    elif form == "graph":
        model["inputs"] = {"x": {"batch_shape": shape}}
        written[0] = {**written[0], "input": "x"}
        model["outputs"] = draw(st.just("lstm") | st.just(["lstm"]))
    else:
        model["batch_shape"] = shape
    label = draw(st.none() | st.just("the first"))
    first: dict[str, Any] = {"predict": {"x": "x"}}
    if label:
        first["label"] = label
    data = draw(st.dictionaries(st.sampled_from(["a", "b_1", "on"]), generators(), max_size=2))
    scenario: dict[str, Any] = {
        "model": model,
        "data": {"x": {"zeros": {"shape": shape}}, "y": [[0], [1]], **data},
        "operations": [first, *draw(st.lists(operations(label), max_size=3))],
    }
    optional = st.fixed_dictionaries(
        {},
        optional=_some(
            name=TEXT,
            description=TEXT,
            tags=st.lists(TEXT, max_size=2),
            seed=st.integers(0, 2**32 - 1),
            engine=st.sampled_from(["keras3", "tf_keras"]),
            custom_objects=st.lists(st.sampled_from(["a.py", "../b c.py"]), min_size=1, max_size=2),
        ),
    )
    return {**draw(optional), **scenario}
