"""Which of a file's operators a target takes: yes, no or unknown, never guessed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from aic_helpers.core.safe_texts import shown
from aic_helpers.litert import gpu_rules
from aic_helpers.litert.size_operators import on_the_image
from aic_helpers.litert.structures import Operator, Structure

YES, NO, UNKNOWN = "yes", "no", "unknown"

CPU, GPU, VENDORS = "LiteRT CPU (XNNPACK)", "LiteRT GPU delegate", "vendors' compilers"

PLAIN = "XNNPACK leaves it to the plain kernels"
NO_SDK = "no vendor's SDK is here"
ANY_SIZE = "the file is of any size, and the delegate asks for one: export a fixed one"

SHOWN = 6
"""Kinds of operators that a sentence names."""


@dataclass(frozen=True)
class Answer:
    """What a target says of one operator.

    Attributes
    ----------
    operator : Operator
    answer : {"yes", "no", "unknown"}
    why : str
        Nothing where it is taken.
    """

    operator: Operator
    answer: str
    why: str = ""


@dataclass(frozen=True)
class Target:
    """What a target says of a whole file.

    Attributes
    ----------
    name : str
    how : str
        How it is known, in a few words.
    answers : tuple of Answer
        One for each operator that computes on the image, in the order in which they run.
    """

    name: str
    how: str
    answers: tuple[Answer, ...]

    def counted(self, answer: str) -> int:
        """Return how many operators got an answer."""
        return sum(one.answer == answer for one in self.answers)

    @property
    def in_words(self) -> str:
        """One sentence: how many operators are taken, and which aren't."""
        out = [one for one in self.answers if one.answer != YES]
        if not out:
            return f"{self.name}: all {len(self.answers)} operators ({self.how})."
        if self.counted(UNKNOWN) == len(self.answers):
            return f"{self.name}: unknown, {out[0].why}."
        taken = f"{self.counted(YES)} of {len(self.answers)} operators ({self.how})"
        left = [
            f"; {'not' if answer == NO else 'unknown'} {_listed([one for one in out if one.answer == answer])}"
            for answer in (NO, UNKNOWN)
            if self.counted(answer)
        ]
        return f"{self.name}: {taken}{''.join(left)}."


def _listed(answers: Sequence[Answer]) -> str:
    """Return the operators that aren't taken, those of one kind together, with the reason where it is their own."""
    groups: dict[tuple[str, str], list[Operator]] = {}
    for one in answers:
        groups.setdefault((one.operator.name, one.why), []).append(one.operator)
    named = []
    for (name, why), steps in groups.items():
        where = shown(steps[0].layer) if len(steps) == 1 else f"{len(steps)} times"
        named.append(f"{shown(name)} ({where}{'' if why == PLAIN else f': {why}'})")
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more


def cpu(structure: Structure, delegates: Sequence[dict[str, Any]] | None, why: str = "") -> Target:
    """Return which operators XNNPACK took when LiteRT made the file ready.

    Parameters
    ----------
    structure : Structure
    delegates : sequence of dict, optional
        ``inputs`` and ``outputs`` of each part that it took, as indexes of tensors; None where that isn't known.
    why : str
        Why it isn't known.
    """
    if delegates is None:
        return _all_unknown(structure, CPU, why)
    taken = {step for part in delegates for step in _part(structure, part["inputs"], part["outputs"])}
    answers = [
        Answer(step, YES) if step.index in taken else Answer(step, NO, PLAIN) for step in on_the_image(structure)
    ]
    return Target(CPU, "made ready by LiteRT here", tuple(answers))


def gpu(structure: Structure) -> Target:
    """Return which operators the GPU delegate takes, by TensorFlow's rules for it; see `gpu_rules`."""
    if any(None in end.shape_signature for end in structure.inputs):
        return _all_unknown(structure, GPU, ANY_SIZE)
    answers = [_by_rule(structure, step) for step in on_the_image(structure)]
    return Target(GPU, "by TensorFlow's rules, not run", tuple(answers))


def vendors(structure: Structure) -> Target:
    """Return that what the vendors' compilers take isn't known: each needs its SDK."""
    return _all_unknown(structure, VENDORS, NO_SDK)


def _all_unknown(structure: Structure, name: str, why: str) -> Target:
    return Target(name, "unknown", tuple(Answer(step, UNKNOWN, why) for step in on_the_image(structure)))


def _by_rule(structure: Structure, step: Operator) -> Answer:
    found = gpu_rules.objection(structure, step)
    if found is None:
        return Answer(step, UNKNOWN, "its rule is not followed here")
    return Answer(step, NO, found) if found else Answer(step, YES)


def _part(structure: Structure, inputs: Collection[int], outputs: Sequence[int]) -> set[int]:
    """Return the operators between a part's outputs and its inputs."""
    makers = {end: step for step in structure.operators for end in step.outputs}
    borders, found, waiting = set(inputs), set(), list(outputs)
    while waiting:
        end = waiting.pop()
        maker = makers.get(end)
        if maker is not None and maker.index not in found and (end not in borders or end in outputs):
            found.add(maker.index)
            waiting += [end for end in maker.inputs if end not in borders]
    return found
