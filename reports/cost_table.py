"""The cost tables: the paper's Table 5 extended by engine and device, requests, start-up, and parity."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from .ceiling_table import ceiling_table
from .costs import LATENCY, CostGroup, effort_label, machine_label, sampled, versions_label
from .engines_table import engines_table
from .markdown import Notes, code, escape, table
from .measured import cell, median_interval, named, share_of_reference, tail
from .quantities import BLANK
from .speed_table import speed_table
from .workloads_table import workloads_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..suites.records import CostRecord

__all__ = ["cost_section"]

_STARTS = {"load": "Load", "compile": "Compile", "first_call": "First call"}
_PARTS = {"recommend_decode": "Decode", "recommend_encode": "Encode", "recommend_score": "Score and rank"}
_ALEXNET_SIZE = 224
_GPU_MEMORY = (
    "On CUDA: memory of the device; in PyTorch what its allocator held, in ONNX Runtime what the device's "
    "use grew by, its libraries included, so the two do not compare."
)
_SMALL_IMAGES = (
    f"Images below {_ALEXNET_SIZE} pixels leave AlexNet a map smaller than the 6 × 6 that its fully "
    "connected layers take, and its values are repeated to fill it: such networks have the paper's "
    "parameters, but one cut for such images would need fewer of them."
)


def cost_section(groups: Sequence[CostGroup]) -> str:
    """The tables of each machine and dataset."""
    parts = []
    if len(groups) > 1:
        parts.append("Other machines, versions, datasets or measuring rules stand in tables of their own.")
    namesakes = Counter((group.dataset, machine_label(group.machine)) for group in groups)
    for group in groups:
        subject = f" for {escape(group.dataset)}" if group.dataset else ""
        several = namesakes[group.dataset, machine_label(group.machine)] > 1
        apart = f" (data {code(group.data_fingerprint[:12])})" if several and group.data_fingerprint else ""
        parts += [
            f"### Measured{subject}{apart} on {escape(machine_label(group.machine))}",
            _circumstances(group),
            engines_table(group),
            _efficiency(group),
            _requests(group),
            _phases(group),
            speed_table(group),
            workloads_tables(group),
            ceiling_table(group),
            _parity(group),
        ]
    return "\n\n".join(part for part in parts if part)


def _circumstances(group: CostGroup) -> str:
    """Under what the figures were taken: what of it is not told is said to be unknown."""
    machine = group.machine
    lines = [
        f"Processor: {escape(machine.processor)}, generation (family.model.stepping) "
        f"{escape(machine.generation) or 'unknown'}; instruction sets: "
        f"{escape(', '.join(sorted(machine.cpu_flags))) or 'none that matter'}. "
        f"Versions: {escape(versions_label(machine)) or 'unknown'}. "
        f"Measuring rules version {group.evaluator_version}."
    ]
    for number, session in enumerate(group.sessions, start=1):
        records = [record for record in group.taken if record.session == session]
        dates = " and ".join(sorted({escape(record.date) for record in records}))
        effort = escape(effort_label(records))
        clocks = " and ".join(sorted({f"{r.clock / 1e9:.2f} GHz" for r in records if r.clock}))
        lines.append(
            f"Session {number} ({code(session)}): taken {dates}; clock: {clocks or 'not known'}; "
            f"{_kept_to(records)}; effort: {effort}; code: {_codes(records)}."
        )
    if len(group.sessions) > 1:
        lines.append("Ratios are taken within a session only.")
    if all(record.device == "cpu" for record in group.taken):
        lines.append("No GPU was measured.")
    return "  \n".join(lines)


def _codes(records: Sequence[CostRecord]) -> str:
    """Hashes of what measured."""
    codes = sorted({record.code for record in records if record.code})
    return " and ".join(map(code, codes)) or "not recorded"


def _kept_to(records: Sequence[CostRecord]) -> str:
    """The cores that the measured processes were kept to."""
    kept = sorted({record.cores for record in records if record.cores})
    if not kept:
        return "cores that processes were kept to: not recorded"
    return "processes kept to " + " and ".join(
        f"core{'s' if len(cores) > 1 else ''} {', '.join(map(str, cores))}" for cores in kept
    )


def _efficiency(group: CostGroup) -> str:
    notes = Notes()
    runs = sorted({measured.n for record in group.records if (measured := sampled(record, "recommend"))})
    batches = sorted({record.batch for record in group.records if sampled(record, "batch_memory")})
    rows = [
        named(record, group)
        | ({"Time": cell(record, "recommend", notes, spread=True)} if runs else {})
        | {
            "Memory": cell(record, "peak_memory", notes),
        }
        | ({"Memory of a batch": cell(record, "batch_memory", notes)} if batches else {})
        | {
            "# Params": cell(record, "parameters", notes),
            "Ratio": share_of_reference(record, group, "parameters"),
            "FLOPs": cell(record, "flops", notes),
            "File": cell(record, "file_size", notes),
        }
        for record in group.records
    ]
    legend = [
        f"Time: to recommend to every user, mean ± standard deviation over runs (n = {_range(runs)}), "
        "after one that does not count."
        if runs
        else "",
        "Memory: peak of a process of its own beyond that of one that only imported the engine.",
        f"Of a batch: the same after a request of {_range(batches)} outfits." if batches else "",
        _GPU_MEMORY if any(record.device == "cuda" for record in group.records) else "",
        f"Ratio: parameters relative to {_reference(group)}. FLOPs: of one request, a multiply-add is two, "
        "and products with padding count. File: the files that the engine loads.",
        _SMALL_IMAGES if any(_repeats_its_map(record) for record in group.records) else "",
    ]
    return _below(rows, " ".join(filter(None, legend)), notes)


def _repeats_its_map(record: CostRecord) -> bool:
    """Whether it is an AlexNet with its fully connected layers, on images smaller than they are made for."""
    small = record.input_kind == "image" and record.input_size < _ALEXNET_SIZE
    return small and record.backbone in ("alexnet", "alexnet-large", "alexnet-m", "alexnet-s")


def _requests(group: CostGroup) -> str:
    notes = Notes()
    on_device = any(sampled(record, "device_latency") for record in group.records)
    rows = []
    for record in group.records:
        latency = sampled(record, LATENCY)
        cells = named(record, group) | {
            "Latency": cell(record, LATENCY, notes),
            "95 % interval": median_interval(latency),
            "p95": tail(latency, 0.95, notes),
            "p99": tail(latency, 0.99, notes),
            "n": str(latency.n) if latency else BLANK,
            "Ratio": share_of_reference(record, group, LATENCY),
        }
        if on_device:
            cells["On the device"] = cell(record, "device_latency", notes)
        rows.append(cells | {"Throughput": cell(record, "throughput", notes)})
    batches = sorted({record.batch for record in group.records if sampled(record, "throughput")})
    legend = (
        f"Latency: median of one warm request ({_request(group)}), one sample a call, with its nonparametric "
        f"interval. Ratio: relative to {_reference(group)}, the median of the ratios turn by turn. "
        f"Throughput: in batches of {_range(batches)}."
    )
    return _below(rows, legend, notes)


def _reference(group: CostGroup) -> str:
    return "the teacher's" if group.has_teacher else "those of the largest model"


def _request(group: CostGroup) -> str:
    """What a request of the group's records holds, as far as they say it."""
    inputs = {"image": "from decoded images to the score", "features": "from feature vectors to the score"}
    kinds = " or ".join(inputs[kind] for kind in sorted({r.input_kind for r in group.records}, reverse=True))
    sizes = sorted({record.outfit_size for record in group.records})
    outfit = f"one outfit of {_range(sizes)} items"
    return f"one user, {outfit}, {kinds}"


def _phases(group: CostGroup) -> str:
    """Start-up, and the parts of recommending to every user; only what some record has."""
    columns = _STARTS | _PARTS | {"encode_throughput": "Encoding"}
    columns = {name: title for name, title in columns.items() if any(sampled(r, name) for r in group.records)}
    if not columns:
        return ""
    notes = Notes()
    rows = [
        named(record, group) | {title: cell(record, name, notes) for name, title in columns.items()}
        for record in group.records
    ]
    said = {
        "starting up": _STARTS,
        "the parts of recommending to every user": _PARTS,
        "encoding items": ["encode_throughput"],
    }
    told = [words for words, names in said.items() if any(name in columns for name in names)]
    return _below(rows, f"Medians: {', '.join(told)}.", notes)


def _parity(group: CostGroup) -> str:
    notes = Notes()
    rows = [
        named(record, group)
        | {
            "Largest difference of a score": _figure(record, "max_abs_difference", "{:.1e}"),
            "Kendall τ": _figure(record, "kendall_tau", "{:.4f}"),
            "Top-k overlap": _figure(record, "top_k_overlap", "{:.3f}"),
        }
        for record in group.records
        if record.parity
    ]
    legend = (
        "Agreement with PyTorch on the same weights, in the scores and in the order of made candidates; of "
        "variants made one of another, with the weights that the last was made of. How a variant ranks "
        "beside its fit stands under Compression."
    )
    return _below(rows, legend, notes) if rows else ""


def _figure(record: CostRecord, name: str, form: str) -> str:
    value = record.parity.get(name, math.nan)
    return form.format(value).replace("-", "−") if abs(value) < 1e9 else BLANK


def _range(numbers: Sequence[int]) -> str:
    return " to ".join(dict.fromkeys(str(number) for number in (*numbers[:1], *numbers[-1:]))) or BLANK


def _below(rows: Sequence[dict[str, str]], legend: str, notes: Notes) -> str:
    """A table with its legend and its notes."""
    parts = [table(rows, text_columns=2), legend, str(notes)]
    return "\n\n".join(part for part in parts if part)
