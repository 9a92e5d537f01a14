"""Two right models that look wrong, and two wrong ones that look right, for each property."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.checks import PROPERTIES
from lstm_state_probe.checks.base import BROKEN, HOLDS, NOT_APPLICABLE, NOT_DONE

HERE = Path(__file__).parent
COMPILE = {"optimizer": "sgd", "loss": "mse"}
VAIN = f"{NOT_APPLICABLE}: in vain"
"""Said of what looks right and cannot be told."""


@dataclass(frozen=True)
class Model:
    """What the checks find of a model: the word, or the word and a part of the reason.

    `right` are the properties that it has though it looks as if it had not; `wrong` those that it
    has not though it looks as if it had. `fit` are the arguments of the scenario's own fit.
    """

    right: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    shape: tuple[int, ...] = (3, 6, 2)
    fit: Mapping[str, Any] | None = None
    data: Mapping[str, Any] | None = None
    x: Any = "x"
    engine: str = "keras3"
    factory: str = ""


def fit(**other: Any) -> dict[str, Any]:
    return {"batch_size": 2, "shuffle": False, **other}


VALIDATED = {"validation_data": ["x", "y"]}
INTS = {"integers": {"low": 1, "high": 5, "shape": [3, 4]}}
MODELS: Mapping[str, Model] = {
    "from_ones": Model({"reset-restores": HOLDS, "reset-reaches-all": HOLDS}),
    "shared": Model({"reset-restores": HOLDS}),
    "both_ways": Model({"reset-reaches-all": HOLDS}, engine="tf_keras"),
    "only_h": Model(wrong={"reset-restores": BROKEN, "reset-reaches-all": BROKEN}),
    "second_resets_not": Model(wrong={"reset-restores": BROKEN}, engine="tf_keras"),
    "hidden_behind_another": Model(wrong={"reset-reaches-all": BROKEN}),
    "dropped_out": Model({"predict-repeats": HOLDS}),
    "carried": Model({"predict-repeats": HOLDS}, factory="second_resets", engine="tf_keras"),
    "faint_noise": Model(
        {"rows-independent": f"{NOT_APPLICABLE}: each time"}, {"predict-repeats": BROKEN}
    ),
    "every_third": Model(wrong={"predict-repeats": BROKEN}, engine="tf_keras"),
    "unread_memory": Model(wrong={"predict-repeats": BROKEN}),
    "normalised": Model({"rows-independent": HOLDS}, engine="tf_keras"),
    "folded": Model({"rows-independent": HOLDS}),
    "running_sum_of_rows": Model(wrong={"rows-independent": BROKEN}, engine="tf_keras"),
    "normalised_by_the_batch": Model(wrong={"rows-independent": BROKEN}),
    "mixing_states": Model(wrong={"rows-independent": BROKEN}, shape=(3, 1, 2)),
    "pooled_by_two": Model({"chunks-agree": HOLDS}),
    "stateless_above": Model({"chunks-agree": HOLDS}, engine="tf_keras"),
    "position_of_three": Model(wrong={"chunks-agree": BROKEN}),
    "tiny_backwards": Model(wrong={"chunks-agree": BROKEN}, engine="tf_keras"),
    "tiny": Model(
        wrong={"padding-harmless": BROKEN, "fit-in-order": BROKEN},
        shape=(2, 4, 2),
        fit={"batch_size": 2},
    ),
    "rescaled_then_masked": Model(
        {"mask-holds": f"{NOT_APPLICABLE}: what masking masks does not stand at the input"},
        engine="tf_keras",
    ),
    "decoder": Model({"mask-holds": HOLDS}),
    "autoencoder": Model({"mask-holds": HOLDS}),
    "halved_behind_a_mask": Model(wrong={"mask-holds": BROKEN}),
    "two_masked_inputs": Model(
        {"mask-holds": HOLDS}, data={"a": INTS, "b": INTS}, x={"a": "a", "b": "b"}
    ),
    "one_of_two_unmasked": Model(
        wrong={"mask-holds": BROKEN},
        data={"a": INTS, "b": INTS},
        x={"a": "a", "b": "b"},
        engine="tf_keras",
    ),
    "pooled_behind_a_mask": Model(wrong={"mask-holds": BROKEN}),
    "dropped_at_one_length": Model(wrong={"mask-holds": BROKEN}),
    "sum_of_everything": Model({"padding-harmless": HOLDS}),
    "fixed_by_a_reshape": Model(
        {"padding-harmless": f"{NOT_APPLICABLE}: takes 6 timesteps"}, engine="tf_keras"
    ),
    "pooled_by_four": Model(wrong={"padding-harmless": BROKEN}, shape=(3, 8, 2)),
    "reset_each_epoch": Model(
        {"validation-apart": HOLDS},
        shape=(2, 6, 2),
        fit=fit(**VALIDATED, callbacks=["EachEpoch"]),
        factory="fitted",
    ),
    "validated_apart": Model({"validation-apart": HOLDS}, shape=(2, 6, 2), fit=fit(**VALIDATED)),
    "reset_at_the_start": Model(
        wrong={"validation-apart": BROKEN},
        shape=(2, 6, 2),
        fit=fit(**VALIDATED, callbacks=["AtTheStart"]),
        factory="fitted",
        engine="tf_keras",
    ),
    "reset_the_first_of_two": Model(
        wrong={"validation-apart": BROKEN},
        shape=(2, 6, 2),
        fit=fit(**VALIDATED, callbacks=["FirstOfTwo"]),
        factory="fitted_stack",
    ),
    "reset_each_batch": Model(
        {"fit-in-order": HOLDS},
        shape=(2, 6, 2),
        fit=fit(callbacks=["EachBatch"]),
        factory="fitted",
    ),
    "logarithm": Model(
        {"fit-in-order": HOLDS},
        shape=(2, 6, 2),
        data={"x": {"uniform": {"low": 1, "high": 2, "shape": [2, 6, 2]}}},
        fit=fit(),
        engine="tf_keras",
    ),
    "shuffled_by_batches": Model(
        wrong={"fit-in-order": BROKEN},
        shape=(2, 6, 2),
        fit=fit(shuffle="batch"),
        factory="fitted",
    ),
    "looks_first": Model({"partial-batch-refused": HOLDS, "no-broadcast": HOLDS}),
    "puts_back_after_failing": Model({"partial-batch-refused": HOLDS}, engine="tf_keras"),
    "exactly_three": Model({"no-broadcast": HOLDS}, engine="tf_keras"),
    "zeros_after_failing": Model(wrong={"partial-batch-refused": BROKEN}),
    "memoryless": Model(
        wrong={"partial-batch-refused": BROKEN, "inner-read-neutral": BROKEN}, engine="tf_keras"
    ),
    "never_predicts": Model(wrong={"no-broadcast": NOT_DONE}),
    "at_most_three": Model(wrong={"no-broadcast": BROKEN}, engine="tf_keras"),
    "kept": Model({"survives-reload": HOLDS}),
    "written_down": Model({"survives-reload": HOLDS}, engine="tf_keras"),
    "nothing_moves": Model(
        wrong={
            "survives-reload": VAIN,
            "reset-restores": VAIN,
            "validation-apart": VAIN,
            "state-bounded": VAIN,
        },
        fit=fit(batch_size=3),
    ),
    "kept_below_another": Model(wrong={"survives-reload": BROKEN}),
    "without_a_graph": Model({"inner-read-neutral": NOT_APPLICABLE}, engine="tf_keras"),
    "carried_for_its_own_model": Model({"inner-read-neutral": HOLDS}),
    "still_below_another": Model(wrong={"inner-read-neutral": BROKEN}),
    "settles": Model({"state-bounded": HOLDS}, engine="tf_keras"),
    "shrinks": Model({"state-bounded": HOLDS}),
    "grows_above": Model(wrong={"state-bounded": BROKEN}, engine="tf_keras"),
    "grows_inside": Model(wrong={"state-bounded": BROKEN}),
    "ends_in_zero": Model(
        {"units-alive": HOLDS},
        shape=(2, 3, 2),
        data={"x": [[[1, 0], [0, 0], [0, 0]], [[0, 0], [0, 2], [0, 0]]]},
    ),
    "masked_at_the_end": Model(
        {"units-alive": HOLDS, "gates-unsaturated": HOLDS},
        shape=(2, 3, 2),
        data={"x": [[[1, 0.5], [1e6, 1e6], [1e6, 1e6]], [[0, 1], [0.3, 2], [1e6, 1e6]]]},
        factory="huge_where_masked",
        engine="tf_keras",
    ),
    "candidate_alone": Model({"gates-unsaturated": HOLDS}),
    "dead_backwards": Model(wrong={"units-alive": BROKEN}, engine="tf_keras"),
    "not_a_number": Model(
        wrong={
            "units-alive": BROKEN,
            "gates-unsaturated": BROKEN,
            "predict-repeats": BROKEN,
            "rows-independent": BROKEN,
        }
    ),
    "stuck_above": Model(wrong={"gates-unsaturated": BROKEN}, engine="tf_keras"),
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_each_property_has_two_of_either_kind(name: str) -> None:
    assert sum(name in model.right for model in MODELS.values()) >= 2
    assert sum(name in model.wrong for model in MODELS.values()) >= 2


@pytest.mark.parametrize("name", MODELS)
def test_what_a_model_looks_like_misleads_no_check(
    name: str, engine_named: Any, tmp_path: Path
) -> None:
    model = MODELS[name]
    wanted = {**model.right, **model.wrong}
    found = asked(name, model, engine_named(model.engine), wanted, tmp_path)
    words = {one: (verdict.verdict, verdict.why) for one, verdict in found.items()}
    for one, word in wanted.items():
        verdict, _, reason = word.partition(": ")
        assert words[one][0] == verdict, words
        assert reason in words[one][1]


def asked(
    name: str, model: Model, engine: Any, wanted: Mapping[str, str], folder: Path
) -> Mapping[str, Any]:
    """Ask some properties of a model of `misleading.py`."""
    from lstm_state_probe.checks.battery import check
    from lstm_state_probe.scenario.read import read_scenarios

    shutil.copy(HERE / "misleading.py", folder)
    shape = list(model.shape)
    data = dict(model.data or {"x": {"normal": {"shape": shape}}})
    operation: dict[str, Any] = {"predict_on_batch": {"x": model.x}}
    written: dict[str, Any] = {"factory": f"misleading.py:{model.factory or name}"}
    if model.fit is not None:
        data["y"] = {"normal": {"shape": [shape[0], 1]}}
        operation = {"fit": {"x": model.x, "y": "y", **model.fit}}
        written["compile"] = COMPILE
    scenario = {"seed": 3, "model": written, "data": data, "operations": [operation]}
    if model.fit and "callbacks" in model.fit:
        scenario["custom_objects"] = ["misleading.py"]
    file = folder / "subject.yaml"
    file.write_text(json.dumps(scenario), encoding="utf-8")
    (read,) = read_scenarios(file, engine=engine.name)
    report = check(read, engine, [PROPERTIES[one] for one in wanted], allow_code=True)
    assert report.error is None, report.error
    return {verdict.name: verdict for verdict in report.verdicts}
