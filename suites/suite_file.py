"""A suite: a file that names trials and the report made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..core.names import shown, unknown_name
from ..core.toml_file import parse, read_toml
from ..datasets import Fault, InputError, list_datasets
from ..training.method import IMAGE_SIZES, MOST_EPOCHS, Method
from .method_tables import merged, method_tables, toml_stems
from .records import Negatives
from .suite_plans import CostPlan, Listed, SpacePlan, each_once, plan_for
from .suite_rows import refuse_namesakes, refuse_rows_not_run, twice_as_long
from .sweep import Sweep, swept_methods

__all__ = ["PRESETS", "Suite", "check_seed", "list_suites", "load_suite", "name_for_others"]

PRESETS = ("full", "quick")
"""How much of a suite is run: all of it, or what is enough for a first look."""

Pair = Annotated[tuple[str, str], Field(strict=False), AfterValidator(each_once)]
"""Two different values, written as a list of two."""

Setting = Literal["random", "hard", "cold-1", "cold-5"]
_SEEDS = 2**32
Seed = Annotated[int, Field(ge=0, lt=_SEEDS)]


class Suite(BaseModel):
    """Trials and the report made of them.

    Attributes:
        name: The suite's name.
        title: Heading of the report.
        datasets: Names of datasets; each method runs on each.
        settings: What is ranked: kinds of evaluation negatives, or new users with 1 or 5 known outfits.
        negatives: What is trained against: kinds of training negatives.
        seeds: One fit a seed.
        methods: Ids of methods, resolved to their files, with overrides applied.
        unranked: Of these the ones that nobody asked for and others start from: they are trained, and have no
            row. (A teacher has one: it is what its students are held against.)
        scorers: Names of scorers, which rank untrained: rows to read the others by. One that needs what a
            dataset does not have is left out there, and said.
        shuffled_users: Whether everyone who ranks also ranks each user's candidates as another user, to show
            what the ranking owes to its user.
        variants: By name of a variant, the ids of the methods whose fits are compressed so: each is evaluated
            like its fit, and measured for cost where its fit is.
        compare: Comparisons declared before anything runs, as ids: a method, and what it is held against.
        longer: Of the methods those that are another one of them, trained for twice its epochs, and that one:
            evaluated to see whether the other has converged, and no row of a table.
        cost: What is measured for cost, or None.
        space: Whose user–outfit space is laid out, or None.
        with_neighbours: Of the methods those that say themselves, rather than all together, how look-alike
            items are found; no part of the suite's fingerprint.
        with_stem_fit: The same of how a stem is trained.
        suites: The suites that it is made up of, if it is; then it has no methods of its own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    title: str
    datasets: Listed[str]
    settings: Listed[Setting] = ["random"]
    negatives: Listed[Negatives] = ["random"]
    seeds: Listed[Seed] = [0]
    methods: dict[str, Method]
    unranked: list[str] = []
    scorers: Annotated[list[str], AfterValidator(each_once)] = []
    shuffled_users: bool = True
    variants: dict[str, Listed[str]] = {}
    compare: list[Pair] = []
    longer: dict[str, str] = {}
    cost: CostPlan | None = None
    space: SpacePlan | None = None
    with_neighbours: Annotated[list[str], Field(exclude=True)] = []
    with_stem_fit: Annotated[list[str], Field(exclude=True)] = []
    suites: list[Suite] = []

    @property
    def parts(self) -> list[Suite]:
        """The suites that it is made up of; itself, if of none."""
        return self.suites or [self]


class _Written(BaseModel):
    """A suite as it is written: methods by id, with overrides; without methods it tells of its datasets."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[str, Field(min_length=1)]
    datasets: Listed[str]
    settings: Listed[Setting] = ["random"]
    negatives: Listed[Negatives] = ["random"]
    seeds: Listed[Seed] = [0]
    methods: Listed[str] = []
    sweep: dict[str, Sweep] = {}
    scorers: Annotated[list[str], AfterValidator(each_once)] = []
    shuffled_users: bool = True
    every_method: dict[str, Any] = {}
    method: dict[str, dict[str, Any]] = {}
    variants: dict[str, Listed[str]] = {}
    compare: Annotated[list[Pair], AfterValidator(each_once)] = []
    converged: Annotated[list[str], AfterValidator(each_once)] = []
    cost: CostPlan | None = None
    space: SpacePlan | None = None


class _Presets(BaseModel):
    """What the presets other than "full" change of a suite's keys."""

    model_config = ConfigDict(extra="forbid", strict=True)

    quick: dict[str, Any] = {}


class _SuiteFile(_Written):
    """A suite with its presets."""

    preset: _Presets = _Presets()


class _Collection(BaseModel):
    """A suite as it is written that is made up of others."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[str, Field(min_length=1)]
    suites: Listed[str]


def list_suites() -> list[str]:
    """Names of the suites that come with the package."""
    return toml_stems("files")


def load_suite(
    name: str | Path,
    *,
    datasets: Sequence[str] = (),
    methods: Sequence[str] = (),
    seeds: Sequence[int] = (),
    epochs: int | None = None,
    image_size: int | None = None,
    preset: str = "full",
) -> Suite:
    """Read a suite that comes with the package, or a TOML file of one's own.

    `methods` names files of `suites/methods/`; `[every_method]` overrides keys of all of them and
    `[method.ID]` those of one, or defines a method that has no file. Tables are merged key by key, so a
    table of objectives adds to a method's own or changes their options; a name, `objective = "bpr"`,
    replaces them. `[sweep.NAME]` adds methods that differ in one option (`Sweep`). A file with `suites` names
    others instead, whose trials are run as one.

    Args:
        name: A name out of `list_suites`, or the path of a TOML file.
        datasets: Taken instead of the suite's own, where there are any.
        methods: Of the suite's methods only these, and those they need; all where there are none.
        seeds: Taken instead of the suite's own, where there are any.
        epochs: Overrides every recipe's epochs.
        image_size: Overrides every method's, in pixels.
        preset: Of `PRESETS`. "quick" takes the suite's first seed alone, and what its `[preset.quick]` says.

    Raises:
        InputError: If there is no such suite, or something in it does not fit.

    Example:
        >>> sorted(load_suite("smoke").methods)
        ['fnd-xs', 'teacher-xs']
    """
    if epochs is not None and not 1 <= epochs <= MOST_EPOCHS:
        raise InputError(Fault("argument epochs", str(epochs), f"1 to {MOST_EPOCHS:,}"))
    if image_size is not None and not IMAGE_SIZES[0] <= image_size <= IMAGE_SIZES[1]:
        found, expected = str(image_size), f"{IMAGE_SIZES[0]} to {IMAGE_SIZES[1]:,} pixels"
        raise InputError(Fault("argument image_size", found, expected))
    if preset not in PRESETS:
        raise InputError(unknown_name("a preset", preset, PRESETS, "argument preset"))
    _refuse_unknown(datasets, "argument dataset")
    path = _find(name)
    tables = read_toml(path)
    if "suites" in tables:
        load = partial(
            load_suite, datasets=datasets, seeds=seeds, epochs=epochs, image_size=image_size, preset=preset
        )
        return _collect(parse(_Collection, tables, path), path, methods, load)
    raw = _with_preset(tables, path, preset)
    by_hand = raw.method
    swept, tables_of = swept_methods(raw.sweep, raw.every_method, raw.method, path)
    keys = list(dict.fromkeys([*raw.methods, *swept]))
    raw = raw.model_copy(update={"methods": keys, "method": tables_of})
    _refuse_unknown(raw.datasets, f"{path}, datasets")
    resolved: dict[str, Method] = {}
    over = {"image_size": image_size, "recipe": {} if epochs is None else {"epochs": epochs}}
    over = {key: value for key, value in over.items() if value}
    for key in raw.methods:
        _resolve(key, raw, path, over, resolved, pupils=())
    unknown = set(raw.method) - set(resolved)
    if unknown:
        raise InputError(Fault(f"{path}, method.{min(unknown)}", "a method not in `methods`", "one that is"))
    named = {f"variants.{variant}": keys for variant, keys in raw.variants.items()}
    named |= {f"{name}.methods": plan.methods for name in ("cost", "space") if (plan := getattr(raw, name))}
    for where, keys in named.items():
        if missing := [key for key in keys if key not in resolved]:
            raise InputError(Fault(f"{path}, {where}", repr(missing[0]), f"one of {', '.join(resolved)}"))
    asked_of = {"compare": [key for pair in raw.compare for key in pair], "converged": raw.converged}
    refuse_rows_not_run(raw.methods, resolved, asked_of, path)
    kept = _chosen(resolved, methods)
    longer = {f"{key}-longer": key for key in raw.converged if key in kept}
    kept |= {twin: twice_as_long(resolved[key], f"{path}, converged") for twin, key in longer.items()}
    refuse_namesakes(kept, raw.scorers, path)
    variants = {variant: [key for key in keys if key in kept] for variant, keys in raw.variants.items()}
    cost, space = plan_for(raw.cost, kept), plan_for(raw.space, kept)
    asked = {*(methods or raw.methods), *(key for keys in variants.values() for key in keys)}
    asked |= {key for plan in (cost, space) if plan for key in plan.methods}
    asked |= {method.teacher for method in kept.values()} | longer.keys()
    return Suite(
        name=path.stem,
        title=raw.title,
        datasets=list(dict.fromkeys(datasets)) or raw.datasets,
        settings=raw.settings,
        negatives=raw.negatives,
        seeds=_seeds(seeds) or raw.seeds,
        methods=kept,
        unranked=[key for key in kept if key not in asked],
        scorers=raw.scorers,
        shuffled_users=raw.shuffled_users,
        variants={variant: keys for variant, keys in variants.items() if keys},
        compare=[pair for pair in raw.compare if asked.issuperset(pair)],
        longer=longer,
        cost=cost,
        space=space,
        with_neighbours=[key for key in kept if "neighbours" in by_hand.get(key, {})],
        with_stem_fit=[key for key in kept if "stem_fit" in by_hand.get(key, {})],
    )


def name_for_others(suite: str) -> str:
    """What whoever has the package types for a suite: its name, also where it was named by its file.

    Args:
        suite: As for `load_suite`, which has read it.

    Returns:
        A name out of `list_suites`, or the name, without its folder, of a file that the package has not.
    """
    path = _find(suite)
    ours = path.stem in list_suites() and path.read_bytes() == _find(path.stem).read_bytes()
    return path.stem if ours else path.name


def _with_preset(tables: dict[str, Any], path: Path, preset: str) -> _Written:
    """A suite as a preset has it; the other is held to be sound, too, so that no fault waits in it."""
    full = parse(_SuiteFile, tables, path)
    first_seed = {key: value for key, value in tables.items() if key != "preset"} | {"seeds": full.seeds[:1]}
    quick = parse(_Written, merged(first_seed, full.preset.quick), f"{path}, preset.quick")
    return quick if preset == "quick" else full


def _collect(raw: _Collection, path: Path, methods: Sequence[str], load: Callable[..., Suite]) -> Suite:
    """A suite made up of others, each with those of the methods that it has."""
    suites, known = [], set()
    for name in raw.suites:
        here = name if name in list_suites() else path.parent / name
        whole = load(here)
        if whole.suites:
            found, expected = f"{name!r}, which names others itself", "suites with methods of their own"
            raise InputError(Fault(f"{path}, suites", found, expected))
        known |= set(whole.methods)
        own = [key for key in methods if key in whole.methods]
        if own:
            whole = load(here, methods=own)
        if own or not methods:
            suites.append(whole)
    for key in methods:
        if key not in known:
            raise InputError(unknown_name("a method of the suites", key, known, "argument methods"))
    every = [dataset for suite in suites for dataset in suite.datasets]
    return Suite(
        name=path.stem, title=raw.title, datasets=list(dict.fromkeys(every)), methods={}, suites=suites
    )


def _chosen(resolved: dict[str, Method], methods: Sequence[str]) -> dict[str, Method]:
    """Some of a suite's methods, after those they need; all of them if none is named."""
    if not methods:
        return resolved
    kept: set[str] = set()
    for key in methods:
        if key not in resolved:
            raise InputError(unknown_name("a method of the suite", key, list(resolved), "argument methods"))
        wanted: list[str | None] = [key]
        while wanted:
            if (needed := wanted.pop()) is not None and needed not in kept:
                kept.add(needed)
                wanted += [resolved[needed].teacher, resolved[needed].start]
    return {key: method for key, method in resolved.items() if key in kept}


def check_seed(seed: int, where: str = "argument seed") -> None:
    """Refuse what is no seed.

    Args:
        seed: Of a fit.
        where: The argument, for the message.

    Raises:
        InputError: If it is none.
    """
    if not 0 <= seed < _SEEDS:
        raise InputError(Fault(where, str(seed), f"a whole number from 0 to {_SEEDS - 1:,}"))


def _seeds(seeds: Sequence[int]) -> list[int]:
    for seed in seeds:
        check_seed(seed, "argument seeds")
    return list(dict.fromkeys(seeds))


def _refuse_unknown(datasets: Sequence[str], where: str) -> None:
    for name in datasets:
        if name not in list_datasets():
            raise InputError(unknown_name("a dataset", name, list_datasets(), where))


def _resolve(
    key: str,
    raw: _Written,
    path: Path,
    over: dict[str, Any],
    into: dict[str, Method],
    pupils: tuple[str, ...],
) -> None:
    """Add a method, `over` laid over it, after those it needs; `pupils` are those that it is needed by."""
    if key in into:
        return
    if key in pupils:
        circle = " needs ".join([*pupils[pupils.index(key) :], key])
        raise InputError(Fault(f"{path}, method {key}", f"a circle ({circle})", "methods without one"))
    tables = merged(method_tables(key, raw.every_method, raw.method, f"{path}, methods"), over)
    method = parse(Method, tables, f"{path}, method {key}")
    if method.teacher is None and raw.method.get(key, {}).get("own_network"):
        where, expected = (
            f"{path}, method {key}, own_network",
            "a method with a teacher, whose network it may be",
        )
        raise InputError(Fault(where, "true, and no teacher", expected, "remove it"))
    if method.options:
        method = method.model_copy(update={"options": _placed(method.options, path, key)})
    for needed in (method.teacher, method.start):
        if needed is not None:
            _resolve(needed, raw, path, over, into, (*pupils, key))
    if method.teacher is not None and into[method.teacher].validation == method.validation:
        where = f"{path}, method {key}, validation"
        found = f"{method.validation!r}, the half that its teacher {method.teacher} chose its epoch on"
        raise InputError(Fault(where, found, "the other half (paper, Sec. 3.2.2)"))
    into[key] = method


def _placed(options: dict[str, Any], path: Path, key: str) -> dict[str, Any]:
    """A model's options, with the files of `{ file = "…" }` beside the suite's own, as paths."""
    placed = {}
    for name, value in options.items():
        if isinstance(value, dict) and set(value) == {"file"}:
            if not isinstance(value["file"], str):
                where = f"{path}, method {key}, options.{name}.file"
                raise InputError(Fault(where, shown(value["file"]), "text in quotes"))
            placed[name] = (path.parent / value["file"]).absolute()
        else:
            placed[name] = value
    return placed


def _find(name: str | Path) -> Path:
    if isinstance(name, Path) or name.endswith(".toml"):
        return Path(name)
    if name in list_suites():
        return Path(str(files("outfitbench.suites") / "files" / f"{name}.toml"))
    otherwise = "or give the path of a .toml file"
    raise InputError(unknown_name("a suite", str(name), list_suites(), "argument suite", otherwise))
