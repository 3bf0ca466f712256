"""Recombination distillation (RecD): the student scores what a step's items can make as the teacher does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from ...models.vectors import cosines, unit
from .false_negative_loss import FND, FNDOptions
from .fnd_r_loss import FNDR, FNDROptions
from .n_pair_loss import n_pair
from .objective import (
    FitContext,
    Forecast,
    Need,
    Objective,
    Outfits,
    StepContext,
    TemperatureOptions,
    register_objective,
)
from .outfit_vectors import require_user_vectors
from .sampled_scores import hide_posted
from .score_checks import full_precision, positive_temperature

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["RecD", "RecDOptions", "recombination_divergences"]


def recombination_divergences(student: Tensor, teacher: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    r"""How far the student's scores are from the teacher's: over the outfits, and over the users.

    $$\frac1U \sum_u KL\left(\sigma(T_{u\cdot}/\tau) \| \sigma(S_{u\cdot}/\tau)\right), \quad
      \frac1B \sum_b KL\left(\sigma(T_{\cdot b}/\tau) \| \sigma(S_{\cdot b}/\tau)\right)$$

    with σ the softmax. The first carries the order of the outfits for a user; the second who likes an outfit,
    which is what hard negatives ask.

    Args:
        student: S (U, B), row u: what user u gives to each outfit.
        teacher: T, of that shape. Constants.
        temperature: τ > 0.

    Returns:
        The mean over users, and that over outfits: scalars in at least float32 (also inside autocast).

    Raises:
        InputError: The shapes differ, one is empty, or the temperature is not above 0.

    Example:
        >>> scores = torch.tensor([[0.5, 0.1], [0.2, 0.3]])
        >>> recombination_divergences(scores + 0.2, scores, temperature=0.1)  # a softmax sees no shift
        (tensor(0.), tensor(0.))
    """
    if student.ndim != 2 or not student.numel() or teacher.shape != student.shape:
        found = f"shapes {tuple(student.shape)} and {tuple(teacher.shape)}"
        raise InputError(Fault("student and teacher", found, "one shape (U, B) of 1 or more each"))
    temperature = positive_temperature(temperature)
    student, teacher = full_precision(student) / temperature, full_precision(teacher) / temperature
    by_user, by_outfit = (
        F.kl_div(student.log_softmax(over), teacher.log_softmax(over), reduction="sum", log_target=True)
        / student.shape[1 - over]
        for over in (1, 0)
    )
    return by_user, by_outfit


NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_OF_FND = frozenset(FNDOptions.model_fields) - frozenset(TemperatureOptions.model_fields)
_STRENGTH = {"constant": lambda done: 1.0, "falling": lambda done: 1.0 - done, "rising": lambda done: done}


class RecDOptions(FNDROptions):
    """Options of RecD; those of FND are of the bases "fnd" and "fnd-r", and a temperature is of a base.

    Attributes:
        base: What the divergences are added to: "n-pair-r", N-pair with the recombined outfits; "fnd-r", FND
            with them; "fnd", FND of the batch's negatives alone; or "none", where another objective of the
            method is the base, whose scores are then computed apart.
        distillation: λ, the weight of both divergences.
        over_outfits: Factor of the divergence over the outfits of a user; 0 leaves it out.
        over_users: Factor of the divergence over the users of an outfit; 0 leaves it out.
        schedule: Whether λ is "constant", "falling" linearly from its value to 0 over the recipe's epochs, or
            "rising" from 0 to it.
        distillation_temperature: τ of the divergences; `temperature` is the base loss's.
        users: For whom teacher and student score: a sample of so many of all users, drawn for each step (all
            of them where there are no more), or "batch", the batch's.
        teacher_users: Whether the student's users "start" as the teacher's, stay "frozen" as these, or have
            "none" of it. Only their directions are taken: their length is 1, as that of users who start anew.
        outfit_cosine: Weight of 1 − cos between the student's vector of an outfit and the teacher's, the mean
            over the step's outfits.
    """

    base: Literal["n-pair-r", "fnd-r", "fnd", "none"] = "n-pair-r"
    distillation: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    over_outfits: NonNegative = 1.0
    over_users: NonNegative = 1.0
    schedule: Literal["constant", "falling", "rising"] = "constant"
    distillation_temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    users: Literal["batch"] | Annotated[int, Field(ge=2)] = 256
    teacher_users: Literal["none", "start", "frozen"] = "none"
    outfit_cosine: NonNegative = 0.0

    def searched(self) -> dict[str, tuple[float, ...]]:
        """Those of its base."""
        return super().searched() if self.on_fnd else {}

    @property
    def on_fnd(self) -> bool:
        """Whether the base is FND's loss."""
        return self.base in ("fnd", "fnd-r")

    @property
    def over_vectors(self) -> str:
        """The option that asks for users as vectors; empty where none does."""
        if self.teacher_users != "none":
            return "teacher_users"
        return "outfit_cosine" if self.outfit_cosine else ""

    @property
    def beside(self) -> str:
        """See `ObjectiveOptions.beside`: without a base of its own."""
        return 'base = "none"' if self.base == "none" else ""

    @model_validator(mode="after")
    def _each_has_an_effect(self) -> RecDOptions:
        if not (self.over_outfits or self.over_users):
            raise ValueError("over_outfits or over_users above 0: without both there is nothing to distil")
        if not self.on_fnd and (idle := sorted(_OF_FND & self.model_fields_set)):
            raise ValueError(f'base = "fnd" or "fnd-r" where {idle[0]} is given: no other base has it')
        if self.base == "none" and "temperature" in self.model_fields_set:
            raise ValueError('no temperature where base = "none": the other objective has its own')
        return self


@register_objective("recd", options=RecDOptions)
class RecD(Objective):
    """Recombination distillation: a base loss, and the teacher's scores of what the step's items make.

    Ours, not the paper's. Teacher and student score the batch's positives, its negatives and the recombined
    outfits for a set of users; the divergences of `recombination_divergences` are added to the base loss. A
    user's own outfits stay masked in the base loss; the divergences label them softly. Nothing is ranked but
    what the step made, and no image is encoded for it: the teacher's item features are a table.

    Where the score is the cosine of two vectors of the teacher's width, the student may also take over its
    users, and be drawn to its outfit vectors.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher", "recombined"})

    def __init__(self, options: RecDOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._options = options
        self._model = (model,)  # in a tuple: its parameters are not ours
        self._fnd = (FND if options.base == "fnd" else FNDR)(options, model)
        if options.over_vectors:
            require_user_vectors(f"recd, {options.over_vectors}", model)

    def check_teacher(self, teacher: OutfitModel) -> None:
        """Its users are vectors of the student's width, where the student takes them or its outfits over."""
        if not self._options.over_vectors:
            return
        where = f"recd, {self._options.over_vectors}, teacher"
        require_user_vectors(where, teacher)
        theirs, ours = (model.user_vectors().shape[1] for model in (teacher, *self._model))
        if theirs != ours:
            found = f"vectors of width {theirs}"
            raise InputError(Fault(f"objective {where}", found, f"its student's width, {ours}"))

    def begin(self, fit: FitContext) -> Forecast:
        """Take over the teacher's users, if so chosen; see `FND.begin` for a base of that kind."""
        assert fit.teacher is not None  # it is one of the needs
        if self._options.teacher_users != "none":
            users = self._model[0].user_vectors()
            with torch.no_grad():
                users.copy_(unit(fit.teacher.user_vectors()))
            users.requires_grad_(self._options.teacher_users == "start")
        return self._fnd.begin(fit) if self._options.on_fnd else Forecast()

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """The base loss by its name, "outfits for a user", "users for an outfit" and "outfit cosine"."""
        options, base = self._options, self._options.base
        users = self._users(step)
        # In one matrix, so that a model that embeds outfits does so once.
        everyone = users if base == "none" else torch.cat([step.users, users])
        taught = everyone if options.on_fnd else users
        outfits = Outfits.joined(step.positives, step.negatives, step.recombined)
        losses = {}
        if options.outfit_cosine:
            assert outfits.items is not None  # a batch for a teacher says what they are
            ours = step.outfit_vectors(outfits)
            theirs = step.teacher.embed_outfits(outfits.items, outfits.categories)
            losses["outfit cosine"] = options.outfit_cosine * (1 - (unit(ours) * unit(theirs)).sum(1)).mean()
            student = cosines(F.embedding(everyone, self._model[0].user_vectors()), ours)
            teacher = cosines(F.embedding(taught, step.teacher.user_vectors()), theirs)
        else:
            student, teacher = step.score_matrix(everyone, outfits), step.teacher_scores(taught, outfits)
        if base != "none":
            losses[base] = self._base_loss(step, student, teacher)
        by_user, by_outfit = recombination_divergences(
            student[-len(users) :], teacher[-len(users) :], options.distillation_temperature
        )
        strength = options.distillation * _STRENGTH[options.schedule](step.progress)
        if options.over_outfits:
            losses["outfits for a user"] = strength * options.over_outfits * by_user
        if options.over_users:
            losses["users for an outfit"] = strength * options.over_users * by_outfit
        return losses

    def _base_loss(self, step: StepContext, student: Tensor, teacher: Tensor) -> Tensor:
        """Of scores whose first rows are the batch's users, and whose first columns its positives."""
        pairs = len(step.users)
        positives = student[:pairs, :pairs].diagonal()
        unliked = slice(pairs, 2 * pairs if self._options.base == "fnd" else None)
        negatives = hide_posted(student[:pairs, unliked], step.posted)
        if self._options.on_fnd:
            return self._fnd.of_scores(step, positives, negatives, teacher[:pairs, unliked])
        return n_pair(positives, negatives, self._options.temperature)

    def _users(self, step: StepContext) -> Tensor:
        """Distinct users, int64 (U,); drawn from torch's generator, which each epoch seeds."""
        if self._options.users == "batch":
            return step.users.unique()
        drawn = torch.randperm(self._model[0].num_users)[: self._options.users]
        return drawn.to(step.users.device)
