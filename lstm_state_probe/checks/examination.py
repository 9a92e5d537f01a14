"""Calls a model once it is built, as far as the properties that are asked need it."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.checks.feeding import Feed, beside
from lstm_state_probe.checks.lengths import Lengths, Measure, resolved
from lstm_state_probe.checks.masks import Masks, masks_of
from lstm_state_probe.checks.parts import seen_part, size_of
from lstm_state_probe.checks.subject import Subject, freed
from lstm_state_probe.checks.trial import Refused, Shown, Trials
from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ProbeError
from lstm_state_probe.model import build_model
from lstm_state_probe.model.takes.inputs import InputSpec
from lstm_state_probe.scenario.read import ScenarioFile, scenarios_in
from lstm_state_probe.scenario.text.writing import as_text

PADDING = ("mask-holds", "padding-harmless")
CHUNKS = "chunks-agree"
FITTING = ("validation-apart", "fit-in-order")


@dataclass(frozen=True)
class Examination:
    """Calls the model; `feed` holds one batch of it."""

    scenario: ScenarioFile
    engine: Engine
    feed: Feed
    specs: Sequence[InputSpec]
    asked: Collection[str]
    allow_code: bool

    def of(self, subject: Subject, model: Any) -> Subject:
        """Add to a subject what calls of the model show; nothing where it cannot be called."""
        trials = Trials(self.engine, model)
        try:
            return self._called(subject, model, trials)
        except Refused:
            return subject  # the properties will tell what Keras says
        finally:
            trials.close()

    def _called(self, subject: Subject, model: Any, trials: Trials) -> Subject:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of Keras, such as of a mask that is lost
            whole = trials.call(self._x)
            again = trials.call(self._x)
            masks = self._masks(model, trials, subject)
            noisy, apart = self._training(trials, subject, whole)
            free, lengths = self._lengths(trials, subject, masks, whole)
        return replace(
            subject,
            parts=tuple(seen_part(part, whole, trials) for part in subject.parts),
            repeats=whole.same_as(again),
            masks=masks,
            noisy=subject.noisy or noisy,
            apart=apart,
            free=free,
            lengths=lengths,
            results=tuple(_result(array, subject.batch) for array in whole.result),
        )

    @property
    def _x(self) -> Any:
        return resolved(self.feed.x, self.feed.arrays)

    def _masks(self, model: Any, trials: Trials, subject: Subject) -> Masks:
        if not set(PADDING) & set(self.asked):
            return Masks()
        return masks_of(model, trials, self.feed, self.specs, subject.sequences)

    def _training(self, trials: Trials, subject: Subject, whole: Shown) -> tuple[bool, bool]:
        """Tell whether two passes in training differ, and whether they differ from `whole`."""
        if not subject.compiled or not set(FITTING) & set(self.asked):
            return False, False
        try:
            once, again = (trials.call(self._x, training=True) for _ in range(2))
        except Refused:
            return False, True
        return not once.same_as(again), not once.near(whole, subject.close)

    def _lengths(
        self, trials: Trials, subject: Subject, masks: Masks, whole: Shown
    ) -> tuple[Mapping[str, Any] | None, Lengths]:
        pads, cuts = bool(set(PADDING) & set(self.asked)), CHUNKS in self.asked
        if not subject.sequences or not (pads or cuts):
            return None, Lengths()
        model, made = self._free(subject)
        if model is None:
            return None, Lengths()
        tried = trials if made is None else Trials(self.engine, made)
        measure = Measure(tried, self.feed.x, self.feed.arrays, subject.sequences, whole)
        sliced = [part.address for part in subject.parts if part.sliced]
        try:
            found = measure.lengths(values=masks.values, pads=pads, cuts=cuts, sliced=sliced)
        finally:
            if made is not None:
                tried.close()
        return model, found

    def _free(self, subject: Subject) -> tuple[Mapping[str, Any] | None, Any]:
        """Return the model for any number of timesteps as it is written, and as it is built.

        The second is None where the model itself is such a one.
        """
        specs, written = self.specs, subject.model
        # given states have no timesteps to free: a decoder's, beside its open sequence
        timed = [spec for spec in specs if len(spec.shape) >= 3 or spec.high is not None]
        if all(spec.shape[1] is None for spec in timed if len(spec.shape) >= 2):
            return written, None
        inputs = self.scenario.spec.model.inputs
        names: list[str | None] = (
            [None]
            if inputs is None
            else [
                name
                for name, entry in inputs.items()
                if len(entry.batch_shape) >= 3 or len(inputs) == 1
            ]
        )
        model = freed(written, names)
        if model is None:
            return None, None
        trial = {"model": model, **beside(self.scenario), "operations": ["reset_states"]}
        path = self.scenario.path
        try:
            (read,) = scenarios_in(
                as_text(trial), path, shown=str(path), engine=self.scenario.engine
            )
            return model, build_model(read, self.engine, allow_code=self.allow_code).keras
        except ProbeError:
            return None, None  # a layer needs the number, such as Flatten before Dense


def _result(array: Array, batch: int) -> float | None:
    return size_of(array) if array.ndim and len(array) == batch else None
