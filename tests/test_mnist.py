"""MNIST: looked for, checked, downloaded whole or not at all, and replaced where it cannot be had.

All but the last test run on tiny files of the same format.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aecourse import data
from aecourse.data import load_mnist, stand_in, torchvision_datasets

NAMES = [
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
]


def write_mnist(folder, n=3):
    """Write n images and labels, all values of each its index, as the real files hold them."""
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        images = "images" in name
        shape = (n, 28, 28) if images else (n,)
        header = b"".join(k.to_bytes(4, "big") for k in (0x0800 + len(shape), *shape))
        values = bytes(i for i in range(n) for _ in range(784 if images else 1))
        (raw / name).write_bytes(header + values)
    return raw


@pytest.fixture(autouse=True)
def nothing_else_to_find(monkeypatch, tmp_path):
    monkeypatch.delenv("AECOURSE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def downloads(monkeypatch):
    """Let torchvision's download do what a test puts into the list, and record where."""
    behaviour, folders = [write_mnist], []

    def download(self):
        folders.append(Path(self.root))
        if not self._check_exists():
            behaviour[0](self.root)

    monkeypatch.setattr(torchvision_datasets.torchvision_datasets().MNIST, "download", download)
    return behaviour, folders


def no_network(folder):
    raise RuntimeError("Error downloading train-images:\n<urlopen error no route\nto host>")


def test_what_is_loaded(tmp_path):
    write_mnist(tmp_path)
    split = data.mnist(tmp_path)
    assert split.source == "MNIST"
    for samples in (split.train, split.test):
        assert (samples.x.shape, samples.x.dtype) == ((3, 1, 28, 28), torch.float32)
        torch.testing.assert_close(samples.x[:, 0, 5, 7], torch.tensor([0, 1, 2]) / 255)
        assert (samples.y.tolist(), samples.y.dtype) == ([0, 1, 2], torch.int64)


def test_the_folders_are_searched_in_order(tmp_path, monkeypatch):
    for place, n in (("root", 1), ("variable", 2), ("cache/aecourse", 3)):
        write_mnist(tmp_path / place, n)
    monkeypatch.setenv("AECOURSE_DATA", str(tmp_path / "variable"))
    assert len(data.mnist(tmp_path / "root").train) == 1
    assert len(data.mnist(tmp_path / "empty").train) == 2
    assert len(data.mnist().train) == 2
    monkeypatch.delenv("AECOURSE_DATA")
    assert len(data.mnist().train) == 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stand_in", [True, False])
def test_a_truncated_file_is_refused(tmp_path, name, stand_in):
    path = write_mnist(tmp_path) / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(
        ValueError, match=f"{name} to have {len(whole)} bytes, got {len(whole) - 1}"
    ):
        data.mnist(tmp_path, stand_in=stand_in)
    for n_bytes in (0, 3, 6):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(ValueError, match=r"Delete .*MNIST to download it again"):
            data.mnist(tmp_path, stand_in=stand_in)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_one_byte_too_long_is_refused(tmp_path, name):
    with (write_mnist(tmp_path) / name).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ValueError, match=f"{name} to have"):
        data.mnist(tmp_path)


def test_a_tilde_in_the_variable_is_the_home_folder(tmp_path, monkeypatch):
    write_mnist(tmp_path / "x")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # the same on Windows
    monkeypatch.setenv("AECOURSE_DATA", "~/x")
    assert len(data.mnist().train) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_magic_number_is_refused(tmp_path, name):
    path = write_mnist(tmp_path) / name
    path.write_bytes(b"\x1f\x8b\x08\x00" + path.read_bytes()[4:])  # a gzip file, renamed
    with pytest.raises(ValueError, match=rf"{name} to begin with the number 20\d\d, got 529205248"):
        data.mnist(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(tmp_path, name):
    (write_mnist(tmp_path) / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"all of MNIST in .* missing: .*{name}.*Delete"):
        data.mnist(tmp_path)


def test_labels_of_another_number_are_refused(tmp_path):
    raw, more = write_mnist(tmp_path), write_mnist(tmp_path / "more", 4)
    os.replace(more / NAMES[1], raw / NAMES[1])
    with pytest.raises(ValueError, match=r"got 3 images of \[28, 28\] and 4 labels"):
        data.mnist(tmp_path)


def test_a_download_goes_to_a_temporary_folder_first(tmp_path, downloads):
    _, folders = downloads
    assert len(data.mnist(tmp_path / "new").train) == 3
    assert folders[0].parent == tmp_path / "new"
    assert sorted(os.listdir(tmp_path / "new")) == ["MNIST"]
    data.mnist(tmp_path / "new")
    assert len(folders) == 1  # the second time it is there


def half(folder):
    raw = write_mnist(folder)
    path = raw / NAMES[0]
    path.write_bytes(path.read_bytes()[:100])


def interrupted(folder):
    half(folder)
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [(interrupted, KeyboardInterrupt), (half, ConnectionError), (no_network, ConnectionError)],
)
def test_a_download_that_breaks_off_leaves_nothing_and_may_be_repeated(
    tmp_path, downloads, behaviour, error
):
    downloads[0][0] = behaviour
    with pytest.raises(error):
        data.mnist(tmp_path, stand_in=False)
    assert os.listdir(tmp_path) == []
    downloads[0][0] = write_mnist
    assert len(data.mnist(tmp_path).train) == 3


def test_without_a_network_the_stand_in_warns_and_says_so(tmp_path, downloads):
    downloads[0][0] = no_network
    with pytest.warns(UserWarning, match="could not be downloaded .*no route to host.*stand in"):
        split = data.mnist(tmp_path)
    assert split.source.startswith("stand-in")
    for samples in (split.train, split.test):
        assert samples.x.shape[1:] == (1, 28, 28)
        assert (samples.x.min() >= 0, samples.x.max() <= 1) == (True, True)
        assert torch.bincount(samples.y).min() > 300
    with pytest.raises(ConnectionError, match=r"Is there a network.*may also be copied to"):
        data.mnist(tmp_path, stand_in=False)


def test_the_stand_in_keeps_training_and_test_apart(tmp_path, downloads, monkeypatch):
    downloads[0][0] = no_network
    white, black = (
        data.Samples(torch.full((2, 64), v), torch.full((2,), int(v))) for v in (0.0, 1.0)
    )
    monkeypatch.setattr(stand_in, "digits", lambda: data.Split(white, black, "two"))
    with pytest.warns(UserWarning, match="stand in"):
        split = data.mnist(tmp_path)
    assert split.train.x.max() == 0
    assert set(split.train.y.tolist()) == {0}
    assert (split.test.x.amax(dim=(1, 2, 3)) > 0.99).all()


def test_the_stand_in_draws_the_same_digit_in_a_frame_as_mnist_does():
    small = data.digits().test
    large = stand_in.enlarge(small, 2, torch.Generator().manual_seed(0))
    assert torch.equal(large.y[::2], small.y)
    edge = torch.ones(28, 28, dtype=torch.bool)
    edge[2:-2, 2:-2] = False
    assert large.x[:, 0, edge].mean() < 0.01  # a margin, as MNIST has
    # Shrunk again, each is nearer to its own original than to nearly all others.
    shrunk = torch.nn.functional.interpolate(large.x[:, :, 4:24, 4:24], (8, 8), mode="area")
    nearest = torch.cdist(shrunk.flatten(1), small.x).argmin(dim=1)
    own = torch.arange(len(small)).repeat_interleave(2)
    assert (nearest == own).float().mean() > 0.5  # by chance it would be 1 in 360
    assert (small.y[nearest] == large.y).float().mean() > 0.9


def centres(n, rows, columns):
    """Enlarge one picture n times, with the same turns and shifts for each; centres of mass."""
    picture = torch.zeros(1, 8, 8)
    picture[0, rows, columns] = 1
    small = data.Samples(picture.flatten(1), torch.zeros(1, dtype=torch.int64))
    large = stand_in.enlarge(small, n, torch.Generator().manual_seed(0)).x[:, 0]
    mass, pixel = large.sum(dim=(1, 2)), torch.arange(28.0)
    x, y = (large.sum(dim=over) @ pixel / mass for over in (1, 2))
    return torch.stack([x, y], dim=1)


def test_the_stand_ins_turns_neither_shear_nor_mirror():
    corner, right, below = (centres(500, *at) for at in ((2, 2), (2, 5), (5, 2)))
    across, down = right - corner, below - corner
    length = across.norm(dim=1)
    turned = torch.stack([-across[:, 1], across[:, 0]], dim=1)  # by a quarter, as down is
    assert ((down - turned).norm(dim=1) < 0.06 * length).all()
    angle = torch.rad2deg(torch.atan2(across[:, 1], across[:, 0]))
    assert -12 < angle.min() < -8 < 8 < angle.max() < 12
    assert abs(angle.mean()) < 1
    assert 6.5 < length.min() < 7 < 8 < length.max() < 8.6  # three pixels, of 20/8 and a tenth


def test_the_stand_in_is_shifted_to_both_sides_independently():
    middle = centres(2000, slice(3, 5), slice(3, 5)) - 13.5
    assert abs(torch.corrcoef(middle.T)[0, 1]) < 0.1
    for shift in middle.T:
        assert -1.9 < shift.min() < -1.2 < 1.2 < shift.max() < 1.9
        assert abs(shift.mean()) < 0.1


def test_a_named_folder_that_cannot_be_written_is_an_error(tmp_path, downloads, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match=r"file.* cannot be written .*Pass another folder as root"):
        data.mnist(tmp_path / "file")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(load_mnist.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(PermissionError, match=r"cannot be written .*Permission denied"):
        data.mnist(tmp_path)
    monkeypatch.setenv("AECOURSE_DATA", str(tmp_path))
    with pytest.raises(PermissionError, match="cannot be written"):
        data.mnist()
    monkeypatch.delenv("AECOURSE_DATA")
    with pytest.warns(UserWarning, match="cannot be written"):  # the cache folder nobody named
        assert data.mnist().source.startswith("stand-in")


def test_a_folder_that_can_only_be_read_is_read(tmp_path, monkeypatch):
    raw = write_mnist(tmp_path)
    for path in (*raw.iterdir(), raw, raw.parent, tmp_path):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert len(data.mnist(tmp_path).train) == 3
    finally:
        for path in (tmp_path, raw.parent, raw):
            path.chmod(0o755)


def test_torchvision_is_imported_beside_any_torch():
    # In a fresh process: an import that failed halfway once must not leave traces.
    code = (
        "from aecourse.data.torchvision_datasets import torchvision_datasets\n"
        "print(torchvision_datasets().MNIST.__name__)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout.strip(), result.returncode) == ("MNIST", 0), result.stderr


REAL = os.environ.get("AECOURSE_DATA") or str(Path.home() / ".cache" / "aecourse")


@pytest.mark.skipif(
    not (Path(REAL) / "MNIST" / "raw").is_dir() and not os.environ.get("CI"),
    reason="needs the real MNIST: set AECOURSE_DATA to a folder that holds MNIST/raw",
)
def test_the_real_mnist():
    split = data.mnist(REAL, stand_in=False)
    assert (len(split.train), len(split.test), split.source) == (60_000, 10_000, "MNIST")
    # Mean and standard deviation of its pixels, and its count of each digit, are widely known.
    assert split.train.x.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert split.train.x.std().item() == pytest.approx(0.3081, abs=5e-5)
    known = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert torch.bincount(split.train.y).tolist() == known
