"""The JSON report: conforms to its schema, keeps every digit, names what JSON cannot write."""

import json
from pathlib import Path

import jsonschema
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_state_probe.report.json.document import Report
from lstm_state_probe.report.json.schema import report_schema
from lstm_state_probe.report.json.writer import as_dict, text, write
from lstm_state_probe.report.values import SPECIAL, values


def test_the_report_conforms_to_the_schema_that_ships(made):
    schema = report_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(json.loads(text(made.everything())), schema)


def test_the_report_can_be_read_by_its_models(made):
    read = Report.model_validate(json.loads(text(made.everything())))
    assert read.summary.errors == 2
    assert read.scenarios[2].operations[2].error == "ValueError: no: <b>\nnever\x1b[0m"
    assert read.complaints[0].line == 1


def test_a_failed_expectation_is_data_too(made):
    document = as_dict(made.everything())
    *_, failed = document["scenarios"][1]["operations"][1]["expectations"]
    (broken,) = failed["broken"]
    assert (broken["expected"], broken["found"]) == ("zeros", "2 of 8 not zero")
    assert broken["worst"] == {
        "index": [0, 3], "timestep": 5, "found": 0.4361, "expected": None, "deviation": 0.4361,
        "place": "sample 0, u3, timestep 5",
    }  # fmt: skip
    assert failed["source"].strip() == "lstm/h: zeros"


def test_a_report_that_lacks_a_key_does_not_conform(made):
    document = json.loads(text(made.everything()))
    del document["scenarios"][0]["operations"][0]["held"]
    errors = list(jsonschema.Draft7Validator(report_schema()).iter_errors(document))
    assert any("held" in error.message for error in errors)


def test_nan_and_infinities_are_strings_and_every_other_digit_is_kept(made):
    document = as_dict(made.everything())
    final = document["scenarios"][0]["operations"][0]["calls"][0]["states"]["h"]["final"]
    tiny = float(np.float32(1e-8))
    assert final == [[float(np.float32(0.1)), "NaN", -0.0], ["Infinity", "-Infinity", tiny]]


@given(arrays(np.float32, st.tuples(st.integers(0, 3), st.integers(0, 3))))
@settings(max_examples=100, deadline=None)
def test_an_array_survives_the_way_through_json_bit_for_bit(array):
    back = json.loads(json.dumps(values(array), allow_nan=False))
    rows = [[SPECIAL.get(v, v) if isinstance(v, str) else v for v in row] for row in back]
    read = np.array(rows, np.float32).reshape(array.shape)
    assert np.array_equal(read, array, equal_nan=True)


def test_the_file_is_the_document_and_a_newline(made, tmp_path: Path):
    path = tmp_path / "report.json"
    write(made.everything(), path)
    assert path.read_text(encoding="utf-8") == text(made.everything()) + "\n"


def test_an_epoch_is_null_outside_fit(made):
    call = made.call([[0.0]], [[1.0]])
    document = as_dict(made.suite(made.scenario(made.operation(call))))
    assert document["scenarios"][0]["operations"][0]["calls"][0]["epoch"] is None
