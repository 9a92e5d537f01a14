"""The JSON report: conforms to its schema, keeps every digit, names what JSON cannot write."""

import json
from pathlib import Path

import jsonschema
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_state_probe.errors import Complaint
from lstm_state_probe.report.data import LayerReport, SuiteReport
from lstm_state_probe.report.document import Report
from lstm_state_probe.report.json import as_dict, text, values, write
from lstm_state_probe.report.schema import report_schema

ENVIRONMENT = {
    "lstm_state_probe": "0",
    "python": "3",
    "tensorflow": "2",
    "numpy": "2",
    "platform": "Linux",
    "devices": ["CPU"],
    "keras": "3",
}


def suite(*scenarios, complaints=()):
    return SuiteReport(ENVIRONMENT, scenarios, tuple(complaints), 2.0)


def everything(made):
    """A suite with a bit of everything that a report can hold."""
    h = np.array([[0.1, np.nan], [np.inf, -np.inf]], np.float32)
    call = made.call(np.zeros((2, 2), np.float32), h, phase="train", epoch=1)
    layers = (LayerReport("lstm", "LSTM", ("h",), True),)
    done = made.operation(
        call, held={"lstm/h": h}, verdicts=(made.verdict(),), result={"loss": [0.5, float("nan")]}
    )
    failed = made.operation(failure=("ValueError", "no"), index=1)
    scenario = made.scenario(done, failed, layers=layers, initialised={"lstm/h": h}, status="error")
    return suite(scenario, complaints=[Complaint("b.yaml", 1, 2, "wrong")])


def test_the_report_conforms_to_the_schema_that_ships(made):
    schema = report_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(json.loads(text(everything(made))), schema)


def test_the_report_can_be_read_back_by_its_models(made):
    read = Report.model_validate(json.loads(text(everything(made))))
    assert read.summary.errors == 1
    assert read.scenarios[0].operations[1].error == "ValueError: no"
    assert read.complaints[0].line == 1


def test_a_report_that_lacks_a_key_does_not_conform(made):
    document = json.loads(text(everything(made)))
    del document["scenarios"][0]["operations"][0]["held"]
    errors = list(jsonschema.Draft7Validator(report_schema()).iter_errors(document))
    assert any("held" in error.message for error in errors)


def test_nan_and_infinities_are_strings_and_every_other_digit_is_kept(made):
    document = as_dict(everything(made))
    final = document["scenarios"][0]["operations"][0]["calls"][0]["states"]["h"]["final"]
    assert final == [[float(np.float32(0.1)), "NaN"], ["Infinity", "-Infinity"]]


@given(arrays(np.float32, st.tuples(st.integers(0, 3), st.integers(0, 3))))
@settings(max_examples=100, deadline=None)
def test_an_array_survives_the_way_through_json_bit_for_bit(array):
    back = json.loads(json.dumps(values(array), allow_nan=False))
    special = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    rows = [[special.get(v, v) if isinstance(v, str) else v for v in row] for row in back]
    read = np.array(rows, np.float32).reshape(array.shape)
    assert np.array_equal(read, array, equal_nan=True)


def test_the_file_is_the_document_and_a_newline(made, tmp_path: Path):
    path = tmp_path / "report.json"
    write(everything(made), path)
    assert path.read_text(encoding="utf-8") == text(everything(made)) + "\n"


def test_an_epoch_is_null_outside_fit(made):
    call = made.call([[0.0]], [[1.0]])
    document = as_dict(suite(made.scenario(made.operation(call))))
    assert document["scenarios"][0]["operations"][0]["calls"][0]["epoch"] is None
