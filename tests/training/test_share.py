"""Two processes at one step, over gloo or NCCL: the loss and the gradients of a single one.

The other process runs this file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from outfitbench.models import create_model
from outfitbench.training.batches import Batch
from outfitbench.training.history import Environment
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.objectives.objective import Outfits
from outfitbench.training.ranks import connect
from outfitbench.training.share import WHOLE, Share
from outfitbench.training.step import TrainingStep

ON_TWO_GPUS = [
    pytest.mark.cuda,
    pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are no two GPUs"),
    pytest.mark.filterwarnings("ignore"),  # NCCL's warnings are not ours
]


def a_batch() -> Batch:
    draw = torch.Generator().manual_seed(0)
    kinds = torch.tensor([[0, 1, 2]] * 4)
    positives, negatives = (Outfits(torch.randint(9, (4, 3), generator=draw), kinds) for _ in range(2))
    items = torch.randn(9, 6, generator=draw)
    users, categories = torch.tensor([0, 1, 2, 0]), torch.zeros(9, dtype=torch.int64)
    return Batch(users, items, categories, positives, negatives, posted=None)


def a_step(share: Share) -> TrainingStep:
    torch.manual_seed(1)
    model = create_model("student-xs", num_users=3, input_kind="features", feature_size=6)
    entries = [OBJECTIVES.entry(name) for name in ("n-pair", "bpr")]
    objectives = {entry.name: (1.0, entry.value(entry.options(), model)) for entry in entries}
    return TrainingStep(model, objectives, None, share)


def together(rank: int, meeting: Path, device: str) -> dict[str, Any]:
    """How far the two are off, and what is drawn next."""
    where = Environment(device=device, precision="fp32", threads=1, ranks=2)
    fabric = connect(where, rank, "ddp_find_unused_parameters_true", meeting)
    batch = a_batch().to(fabric.device)
    alone = a_step(WHOLE).to(fabric.device)
    loss, _ = alone(batch)
    loss.backward()
    shared = a_step(Share.of(fabric))
    step, _ = fabric.setup(shared, torch.optim.SGD(shared.parameters(), 0.1))
    found, _ = step(batch)
    fabric.backward(found)
    drawn = float(torch.rand(1))
    torch.distributed.destroy_process_group()
    off = {"": float(((found - loss).abs() / loss.abs()).detach())}
    for (name, own), (_, other) in zip(alone.named_parameters(), shared.named_parameters(), strict=True):
        if own.grad is not None:
            assert own.grad.abs().max() > 0, name
            off[name] = float((own.grad - other.grad).abs().max() / own.grad.abs().max())
    return {"ranks": fabric.world_size, "off": off, "drawn": drawn}


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=ON_TWO_GPUS)])
def test_two_processes_give_the_loss_and_gradients_of_one(tmp_path: Path, device: str) -> None:
    meeting = tmp_path / "meeting"
    command = [sys.executable, __file__, str(meeting), device]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        mine = together(0, meeting, device)
        theirs = json.loads(other.communicate()[0])
    for found in (mine, theirs):
        assert found["ranks"] == 2
        assert len(found["off"]) > 5
        assert max(found["off"].values()) < 1e-5
    assert mine["drawn"] == theirs["drawn"], "what is drawn after the items are encoded is the same for both"


if __name__ == "__main__":
    print(json.dumps(together(1, Path(sys.argv[1]), sys.argv[2])))
