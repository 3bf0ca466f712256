"""The autoencoder: what it learns, and that a training that was killed ends where it would have ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training import autoencoder
from outfitbench.training.autoencoder import Autoencoder, latent_codes, train_autoencoder
from outfitbench.training.autoencoder_options import AutoencoderOptions
from outfitbench.training.checkpoint import PROGRESS_FILE, Checkpoint
from outfitbench.training.errors import TrainingError
from outfitbench.training.history import Environment
from outfitbench.training.neighbours import neighbour_table
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

CPU = Environment(device="cpu", precision="fp32", threads=1)
QUICK = AutoencoderOptions(epochs=4, batch_size=16, image_size=16, latent=8)
ALL = np.arange(60)


@pytest.fixture(autouse=True)
def one_thread():
    """As `CPU` says, which the caller has to enter."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def drawn_images(size: int) -> np.ndarray:
    """Sixty plain images on white, each a rectangle; 20 colours of three almost equal images."""
    rng = np.random.default_rng(0)
    images = np.full((60, size, size, 3), 255, dtype=np.uint8)
    colours = rng.integers(0, 200, size=(20, 3))
    quarter = size // 4
    for item in range(60):
        wide = 2 * quarter + (item % 20) % 3
        images[item, quarter : 3 * quarter, quarter : quarter + wide] = colours[item % 20] + item // 20
    return images


IMAGES = drawn_images(16)


def test_the_image_comes_out_at_its_size():
    for size in (16, 32, 64):
        model = Autoencoder(size, latent=5)
        assert model(torch.rand(2, 3, size, size)).shape == (2, 3, size, size)
        assert model.encoder(torch.rand(2, 3, size, size)).shape == (2, 5)


def test_it_tells_images_again_better_than_their_mean_and_finds_their_like(tmp_path):
    options = AutoencoderOptions(epochs=20, batch_size=4, learning_rate=3e-3, image_size=16, latent=8)
    model, losses = train_autoencoder(IMAGES, ALL, options, 0, tmp_path, CPU)
    assert len(losses) == 20
    assert losses[-1] < 0.8 * np.var(IMAGES / 255, axis=0).mean() < losses[0]
    codes = latent_codes(model, IMAGES, ALL)
    assert (codes.shape, codes.dtype) == ((60, 8), np.float32)
    alike = neighbour_table(codes, np.zeros(60, int), count=2)
    assert (alike % 20 == (ALL % 20)[:, None]).mean() > 0.9


def test_loss_is_the_mean_over_images(tmp_path):
    """With a rate that moves nothing, that of the initial network; 60 images are no multiple of 16."""
    still = AutoencoderOptions(epochs=1, batch_size=16, image_size=16, latent=8, learning_rate=1e-30)
    model, losses = train_autoencoder(IMAGES, ALL, still, 3, tmp_path, CPU)
    pixels = torch.from_numpy(IMAGES).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        assert losses == pytest.approx([float((model(pixels) - pixels).square().mean())], rel=1e-5)


def test_only_the_given_items_are_learnt_from(tmp_path):
    some = ALL[::2]
    others_changed = IMAGES.copy()
    others_changed[1::2] = 7
    one, losses = train_autoencoder(IMAGES, some, QUICK, 0, tmp_path / "a", CPU)
    other, same_losses = train_autoencoder(others_changed, some, QUICK, 0, tmp_path / "b", CPU)
    assert losses == same_losses
    assert_same_weights(one, other)


def test_the_seed_decides(tmp_path):
    losses = [
        train_autoencoder(IMAGES, ALL, QUICK, seed, tmp_path / str(run), CPU)[1]
        for run, seed in enumerate((1, 1, 2))
    ]
    assert losses[0] == losses[1] != losses[2]


def test_codes_in_any_order(tmp_path):
    model, _ = train_autoencoder(IMAGES, ALL, QUICK, 0, tmp_path, CPU)
    order = np.array([7, 3, 50])
    np.testing.assert_allclose(
        latent_codes(model, IMAGES, order), latent_codes(model, IMAGES, ALL)[order], atol=1e-6
    )
    assert latent_codes(model, IMAGES, ALL[:0]).shape == (0, 8)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path_factory.mktemp("whole"), CPU)


def assert_same_weights(one, other):
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


@pytest.mark.parametrize("batches", [1, 4, 9, 15])
def test_stopped_in_an_epoch_it_ends_with_the_same_bits(batches, whole, tmp_path, monkeypatch):
    """Four batches an epoch: in the first, at the end of one, in later ones."""
    left = batches
    pixels = autoencoder._pixels

    def dying(images, device):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return pixels(images, device)

    with monkeypatch.context() as patch:
        patch.setattr(autoencoder, "_pixels", dying)
        with pytest.raises(KeyboardInterrupt):
            train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path, CPU)
    model, losses = train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path, CPU)
    assert losses == whole[1]
    assert_same_weights(model, whole[0])


def test_a_finished_training_is_not_repeated(whole, tmp_path, monkeypatch):
    train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path, CPU)
    monkeypatch.setattr(autoencoder, "_run_epoch", None)
    model, losses = train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path, CPU)
    assert losses == whole[1]
    assert_same_weights(model, whole[0])


def test_the_state_says_where_it_was_computed_and_is_cleared_like_a_fits(tmp_path):
    where = Environment(device="cpu", precision="fp32", threads=3)
    train_autoencoder(IMAGES, ALL, QUICK, 0, tmp_path, where)
    assert Checkpoint(tmp_path).environment() == where
    Checkpoint(tmp_path).clear()
    assert not list(tmp_path.iterdir())


def _broken(path):
    path.write_bytes(path.read_bytes()[:-100])


def _without_a_buffer(path):
    tensors = load_file(path)
    del tensors["optimizer.exp_avg.encoder.0.bias"]
    save_file(tensors, path, {"losses": "[0.1]"})


def _wrong_losses(path):
    save_file(load_file(path), path, {"losses": '{"a": 1}'})


@pytest.mark.parametrize("spoil", [_broken, _without_a_buffer, _wrong_losses])
def test_a_spoilt_state_counts_as_none(spoil, whole, tmp_path):
    train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path, CPU)
    spoil(tmp_path / PROGRESS_FILE)
    model, losses = train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path, CPU)
    assert losses == whole[1]
    assert_same_weights(model, whole[0])


def test_the_state_of_another_training_counts_as_none(whole, tmp_path):
    train_autoencoder(IMAGES, ALL, QUICK, 6, tmp_path, CPU)
    assert train_autoencoder(IMAGES, ALL, QUICK, 5, tmp_path, CPU)[1] == whole[1]


def test_a_training_that_diverges(tmp_path):
    wild = AutoencoderOptions(epochs=2, batch_size=16, image_size=16, latent=8, learning_rate=1e20)
    with pytest.raises(TrainingError, match=r"epoch 1/2: found a loss of .*; lower neighbours.learning_rate"):
        train_autoencoder(IMAGES, ALL, wild, 0, tmp_path, CPU)


@pytest.mark.parametrize(
    ("images", "ids", "message"),
    [
        (
            IMAGES[:, :8],
            ALL,
            r"images: found uint8 of shape \(60, 8, 16, 3\), expected uint8 \(items, 16, 16, 3\)",
        ),
        (IMAGES.astype(float), ALL, r"images: found float64 of shape"),
        (IMAGES, ALL[:0], r"ids: found none, expected at least one image"),
    ],
)
def test_bad_input_is_one_clear_line(images, ids, message, tmp_path):
    with pytest.raises(InputError, match=message):
        train_autoencoder(images, ids, QUICK, 0, tmp_path, CPU)


@pytest.mark.parametrize("options", [{"image_size": 24}, {"latent": 0}, {"momentum": 0.9}, {"epochs": "4"}])
def test_options_that_cannot_be(options):
    with pytest.raises(ValidationError):
        AutoencoderOptions(**options)


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import torch
from outfitbench.training.autoencoder import train_autoencoder
from outfitbench.training.autoencoder_options import AutoencoderOptions
from outfitbench.training.history import Environment
torch.set_num_threads(1)
options = AutoencoderOptions.model_validate_json(sys.argv[1])
where = Environment(device="cpu", precision="fp32", threads=1)
train_autoencoder(np.load(sys.argv[2]), np.arange(200), options, 0, Path(sys.argv[3]), where)
"""


def test_killed_it_ends_with_the_same_bits(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, size=(200, 16, 16, 3)).astype(np.uint8)
    np.save(tmp_path / "images.npy", images)
    options = AutoencoderOptions(epochs=8, batch_size=16, image_size=16, latent=8)
    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, options.model_dump_json(), tmp_path / "images.npy", killed],
        stdout=subprocess.DEVNULL,
    )
    while not (killed / PROGRESS_FILE).exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    run_epoch, epochs = autoencoder._run_epoch, []

    def counted(*arguments):
        epochs.append(arguments[-1])
        return run_epoch(*arguments)

    whole, losses = train_autoencoder(images, np.arange(200), options, 0, tmp_path / "whole", CPU)
    monkeypatch.setattr(autoencoder, "_run_epoch", counted)
    model, same_losses = train_autoencoder(images, np.arange(200), options, 0, killed, CPU)
    assert same_losses == losses
    assert_same_weights(model, whole)
    assert 0 < len(epochs) < 8
